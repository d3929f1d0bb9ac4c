"""Forms over HTTP: the fields, what is wrong with values, and the same object as a submission."""

from __future__ import annotations

from typing import Any

import pytest

from rl_widgets.forms.checking import KINDS, check
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.workspace import Workspace
from tests.server.conftest import Api

FORM = {"experiment": "by-http", "environment": "CartPole-v1"}
HEAD = {"name": "new-head", "vm_size": "STANDARD_D2_V2", "max_nodes": 2}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {"max_nodes": 3, "max_runs": 5, "allowed_targets": ["local", "new-head"]}


async def test_every_kind_has_its_fields(api: Api) -> None:
    for kind in KINDS:
        found = await api(f"fields/{kind}")
        assert found["properties"]
    assert found["required"] == ["experiment", "environment"]
    assert "there are compute_target" in (await api("fields/other", status=404))["message"]


async def test_values_are_checked_and_nothing_changes(api: Api, workspace: Workspace) -> None:
    before = workspace.store.targets.all(), workspace.store.runs.find()
    values = {**FORM, "worker_nodes": 1, "head_target": HEAD, "config": {"lr": 0.01}}
    found = await api("fields/experiment/check", "POST", {"values": values})
    assert found["errors"] == {}
    assert found["values"]["head_target"] == HEAD
    assert found["notes"][0].startswith("The head has 2 CPUs")
    assert found["picture"]["svg"].startswith("<svg")
    compile(found["code"], "code", "exec")
    bad = {**values, "config": {"lr": "<b>"}, "worker_node": 1}
    found = await api("fields/experiment/check", "POST", {"values": bad})
    assert found["errors"] == check(ExperimentFields, bad, workspace).errors
    assert set(found["errors"]) == {"worker_node", "config.lr"}
    assert found["code"] == ""
    assert (workspace.store.targets.all(), workspace.store.runs.find()) == before


async def test_what_the_server_would_refuse_is_said_at_the_field(api: Api) -> None:
    async def said(**change: Any) -> Any:
        body = {"values": {**FORM, **change}}
        return (await api("fields/experiment/check", "POST", body))["errors"]

    assert "at most 3 nodes" in (await said(worker_nodes=3))["worker_nodes"]
    other = {**HEAD, "name": "not-allowed"}
    assert "lets runs take" in (await said(head_target=other))["head_target"]
    large = {**HEAD, "max_nodes": 4}
    assert "at most 3 nodes" in (await said(head_target=large))["head_target.max_nodes"]


async def test_an_environment_that_only_a_kernel_has_is_left_to_it(api: Api) -> None:
    values = {**FORM, "environment": "Mine-v1"}
    found = await api("fields/experiment/check", "POST", {"values": values})
    assert set(found["errors"]) == {"environment"}
    body = {"values": values, "kernel": "other"}
    assert (await api("fields/experiment/check", "POST", body))["errors"] == {}


@pytest.mark.parametrize("body", [{}, {"values": [1]}, {"values": {}, "more": 1}, "[", "null"])
async def test_a_bad_request_is_refused(api: Api, body: Any) -> None:
    await api("fields/experiment/check", "POST", body, status=400)


async def test_the_same_object_is_submitted_as_a_group(
    api: Api, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_widgets.backend.submission.start_supervisor", lambda *_: None)
    values = {**FORM, "seeds": [1, 2], "head_target": HEAD, "config": '{"lr": 0.01}'}
    found = await api("runs", "POST", values, status=201)
    assert found["id"] == found["ids"][0]
    groups = [workspace.get_run(run_id).tags for run_id in found["ids"]]
    assert [tags["seed"] for tags in groups] == ["1", "2"]
    assert groups[0]["group"] == groups[1]["group"]
    assert "new-head" in workspace.compute_targets
    compile(found["code"], "code", "exec")
    said = await api("runs", "POST", {**FORM, "seeds": [1, 2, 3, 4]}, status=409)
    assert "5 active runs at a time; there are 2" in said["message"]
    said = await api("runs", "POST", {**FORM, "config": '{"lr": 1,\n x}'}, status=400)
    assert "line 2, column 2" in said["message"]
