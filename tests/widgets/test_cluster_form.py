"""The form of a cluster, without a browser: targets old and new, the live estimator, code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rl_widgets import (
    AmlCompute,
    ClusterForm,
    ComputeTarget,
    ReinforcementLearningEstimator,
    UserError,
    WorkerConfiguration,
    Workspace,
)
from rl_widgets.forms.opened import cluster_of
from rl_widgets.widgets.target_control import NEW
from tests.widgets.conftest import NotebookShell, control, settled, wait_until


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(folder=tmp_path / "ws")
    ComputeTarget.create(
        made, "old-nodes", AmlCompute.provisioning_configuration(vm_size="LOCAL_2", max_nodes=4)
    )
    yield made
    made.close()


def test_control_and_estimator_are_one(ws: Workspace) -> None:
    workers = WorkerConfiguration(2, "old-nodes")
    estimator = ReinforcementLearningEstimator(
        ".", entry_script="train.py", worker_configuration=workers
    )
    form = ClusterForm.from_estimator(estimator, ws)
    assert form.estimator is estimator
    assert control(form, "worker_nodes").value == "2"
    assert control(form, "worker_target").value == "=old-nodes"
    workers.node_count = 3
    estimator.max_run_duration_seconds = 60
    settled(form)
    assert control(form, "worker_nodes").value == "3"
    assert control(form, "max_run_duration_seconds").value == "60"
    control(form, "worker_nodes").value = "4"
    control(form, "head_target").value = "=old-nodes"
    assert form.errors == {"worker_nodes": form.errors["worker_nodes"]}  # 5 of 4 nodes
    assert workers.node_count == 3  # not yet
    control(form, "worker_nodes").value = "1"
    assert form.errors == {}
    assert workers.node_count == 1
    assert estimator.compute_target == "old-nodes"
    settled(form)
    assert "<svg" in form._pieces["picture"].value
    made: dict[str, Any] = {}
    exec(form.code, made)
    assert cluster_of(made["estimator"]) == cluster_of(estimator)
    assert made["estimator"].entry_script == "train.py"
    form.close()


def test_a_new_target_unfolds_and_is_made(ws: Workspace) -> None:
    form = ClusterForm(ws)
    assert form._make.layout.display == "none"
    control(form, "head_target").value = NEW
    settled(form)
    head = form._drawn.controls["head_target"]
    assert form._make.layout.display is None
    parts = head._parts  # type: ignore[attr-defined]
    parts["name"].control.value = "<b>"
    parts["max_nodes"].control.value = "none"
    settled(form)
    assert "&lt;b&gt;" in parts["name"].said or "none" in parts["max_nodes"].said
    assert form._make.disabled
    parts["name"].control.value = "new-nodes"
    parts["max_nodes"].control.value = "2"
    assert form.errors == {}
    assert form.values["head_target"] == {
        "name": "new-nodes",
        "vm_size": "LOCAL_2",
        "max_nodes": 2,
    }
    assert "new-nodes" in form.code
    settled(form)
    form._make.click()
    wait_until(lambda: "head_target" in form.values and isinstance(form.values["head_target"], str),
               "the new target")  # fmt: skip
    settled(form)
    assert "new-nodes" in ws.compute_targets
    assert control(form, "head_target").value == "=new-nodes"
    assert "created: new-nodes" in form._pieces["status"].value
    assert form.estimator.compute_target == "new-nodes"
    form.close()


def test_a_deleted_target_is_said(ws: Workspace) -> None:
    form = ClusterForm(ws, {"head_target": "old-nodes"}, locked=["head_target"])
    assert control(form, "head_target").disabled
    ws.compute_targets["old-nodes"].delete()
    form.values = {**form.values, "use_gpu": False}
    settled(form)
    assert "There is no compute target" in form._drawn.controls["head_target"].said
    assert form.code == ""
    form.close()


def test_a_target_that_is_deleted_or_made_is_noticed_while_nobody_types(
    ws: Workspace, shell: NotebookShell
) -> None:
    form = ClusterForm(ws, {"head_target": "old-nodes", "worker_nodes": 1})
    form.show()
    head = form._drawn.controls["head_target"]
    other = Workspace(folder=ws.folder)
    other.compute_targets["old-nodes"].delete()
    wait_until(lambda: "There is no compute target" in head.said, "the sentence at the field")
    assert form.code == ""
    configuration = AmlCompute.provisioning_configuration(cpus=3, max_nodes=2)
    ComputeTarget.create(other, "old-nodes", configuration)
    wait_until(lambda: not head.said, "the target's return")
    wait_until(lambda: "3 CPUs" in _picture(form), "the new size")
    # Nobody looks at a form that no page shows.
    form._view_count = 1
    form._view_count = 0
    watch = form._watch
    assert watch is not None
    assert watch.paused
    other.compute_targets["old-nodes"].delete()
    assert not head.said
    form._view_count = 1
    wait_until(lambda: "There is no compute target" in head.said, "the look at its return")
    other.close()
    settled(form)
    form.close()
    wait_until(lambda: not watch.alive, "the end of the watch")


def _picture(form: ClusterForm) -> str:
    return str(form._pieces["picture"].value)


def test_a_file_opens_the_same_cluster(ws: Workspace, tmp_path: Path) -> None:
    new = {"name": "new-nodes", "cpus": 2, "max_nodes": 3, "memory_gb": 1.5}
    values = {"head_target": "old-nodes", "worker_target": new, "worker_nodes": 2, "shm_size": "1g"}
    form = ClusterForm(ws, values)
    path = tmp_path / "cluster.yaml"
    form.save(path)
    again = ClusterForm.load(path, ws)
    assert again.values == form.values
    assert again.code == form.code
    path.write_text("version: 1\nworker_node: 3\n")
    with pytest.raises(UserError, match=r"line 2, column 1.*'worker_nodes'"):
        ClusterForm.load(path, ws)
    path.write_text("version: 7\n")
    with pytest.raises(UserError, match="version 7"):
        ClusterForm.load(path, ws)
    for one in (form, again):
        settled(one)
        one.close()


def test_what_no_form_can_show_is_refused(ws: Workspace) -> None:
    with pytest.raises(UserError, match="ReinforcementLearningEstimator"):
        ClusterForm.from_estimator("train.py", ws)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="no field"):
        ClusterForm.from_estimator(
            ReinforcementLearningEstimator(".", pip_requirements_file="r.txt"), ws
        )
