"""A form and its live estimator: what cannot be followed is said, and never stops the form."""

from __future__ import annotations

import pytest

from rl_widgets import ClusterForm, ExperimentForm, UserError, Workspace
from rl_widgets.store.errors import StoreError
from tests.widgets.conftest import control, settled


def test_a_script_that_there_is_not_is_said(form: ExperimentForm) -> None:
    form.estimator.entry_script = "mine.py"
    settled(form)
    assert "mine.py" in form.errors["entry_script"]
    assert "to be put right first" in form._pieces["status"].value
    assert form._submit.disabled


def test_an_estimator_with_what_no_form_has_is_said_until_it_is_gone(form: ExperimentForm) -> None:
    form.estimator.pip_requirements_file = "more.txt"
    control(form, "config.lr").value = "0.1"
    settled(form)
    assert "no field for" in form.errors[""]
    assert "no field for" in form._pieces["general"].value
    assert form.code == ""
    assert form._submit.disabled
    control(form, "worker_nodes").value = "many"
    settled(form)
    assert "whole number" in form._drawn.controls["worker_nodes"].said
    control(form, "worker_nodes").value = "2"
    form.estimator.pip_requirements_file = None
    settled(form)
    assert form.errors == {}
    assert not form._submit.disabled
    assert form.estimator.worker_configuration is not None
    assert form.estimator.worker_configuration.node_count == 2


def test_a_script_that_cannot_be_written_is_said(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Workspace) -> str:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr("rl_widgets.widgets.experiment_form.training_script", refuse)
        form = ExperimentForm(ws)
        assert form.errors == {"": "The disk is full."}
        with pytest.raises(UserError, match="no estimator yet: The disk is full"):
            form.estimator  # noqa: B018
    control(form, "config.lr").value = "0.1"
    assert form.errors == {}
    assert form.estimator.script_params["--config"] == {"lr": 0.1}
    settled(form)
    form.close()


def test_what_a_cluster_form_lacks_is_said_until_it_is_gone(ws: Workspace) -> None:
    form = ClusterForm(ws)
    form.estimator.pip_requirements_file = "more.txt"
    for nodes in ("1", "2"):
        control(form, "worker_nodes").value = nodes
        settled(form)
        assert "no field for" in form.errors[""]
        assert "no field for" in form._pieces["general"].value
        assert form._pieces["code"].value == ""
        assert "<svg" in form._pieces["picture"].value
    form.estimator.pip_requirements_file = None
    settled(form)
    assert form.errors == {}
    assert "node_count=2" in form.code
    form.close()


def test_a_variable_that_is_taken_over_stays_null(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cret")
    values = {"environment_variables": {"TOKEN": None}}
    named = {"experiment": "secrets", "environment": "CartPole-v1"}
    for form in (ExperimentForm(ws, {**named, **values}), ClusterForm(ws, values)):
        known = form.estimator.environment_variables
        assert known == {"TOKEN": "s3cret"}
        form.estimator.environment_variables = {**known, "A": "1"}
        settled(form)
        assert form.values["environment_variables"] == {"TOKEN": None, "A": "1"}
        assert "s3cret" not in form.code
        form.estimator.environment_variables = {"TOKEN": "another"}
        settled(form)
        assert form.values["environment_variables"] == {"TOKEN": "another"}
        form.close()


def test_true_is_not_one(form: ExperimentForm) -> None:
    form.values = {**form.values, "tags": {"a": "b"}, "config": {"lr": 1}}
    settled(form)
    form.values = {**form.values, "config": {"lr": 1.0}}
    settled(form)
    assert repr(form.estimator.script_params["--config"]) == "{'lr': 1.0}"
