"""Compute targets: the article's two cells, and every wrong value refused with a sentence."""

from __future__ import annotations

import pytest

from rl_widgets import AmlCompute, ComputeTarget, ComputeTargetException, ConflictError, Workspace


def configuration(**values: object):
    return AmlCompute.provisioning_configuration(
        **{"vm_size": "STANDARD_D2_V2", "max_nodes": 4, **values}
    )


def test_the_articles_cells(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    config = AmlCompute.provisioning_configuration(
        vm_size="standard_nc6",
        min_nodes=0,
        max_nodes=2,
        vnet_resourcegroup_name=ws.resource_group,
        vnet_name="your_vnet",
        subnet_name="default",
    )
    target = ComputeTarget.create(ws, "head-gpu", config)
    target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
    assert "have been provisioned: 0" in capsys.readouterr().out
    assert type(ws.compute_targets["head-gpu"]) is AmlCompute
    status = target.get_status().serialize()
    assert status["vmSize"] == "STANDARD_NC6"
    assert status["scaleSettings"] == {
        "minNodeCount": 0,
        "maxNodeCount": 2,
        "nodeIdleTimeBeforeScaleDown": "PT1800S",
    }
    assert (status["currentNodeCount"], status["allocationState"]) == (0, "Steady")
    assert set(status["nodeStateCounts"].values()) == {0}


def test_a_target_is_found_by_its_name_or_not_at_all(ws: Workspace) -> None:
    ComputeTarget.create(ws, "worker-cpu", configuration())
    assert ComputeTarget(workspace=ws, name="worker-cpu").vm_size == "STANDARD_D2_V2"
    with pytest.raises(
        ComputeTargetException, match=r"no compute target 'nope'.*local, worker-cpu"
    ):
        ComputeTarget(workspace=ws, name="nope")


def test_sizes_are_listed_and_may_be_ones_own(ws: Workspace) -> None:
    sizes = {s["name"]: s for s in AmlCompute.supported_vmsizes(ws)}
    assert sizes["STANDARD_NC6"] == {
        "name": "STANDARD_NC6", "vCPUs": 6, "gpus": 1, "memoryGB": 56,
    }  # fmt: skip
    assert sizes["STANDARD_D2_V2"]["vCPUs"] == 2
    assert {"LOCAL", "LOCAL_1"} <= set(sizes)
    own = AmlCompute.provisioning_configuration(cpus=3, memory_gb=5, max_nodes=1)
    assert "cpus=3" in repr(ComputeTarget.create(ws, "own-size", own))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"vm_size": "STANDARD_X"}, "There is no size 'STANDARD_X'"),
        ({"vm_size": ""}, "vm_size is needed"),
        ({"max_nodes": None}, "max_nodes is needed"),
        ({"max_nodes": 0}, "max_nodes is a whole number from 1"),
        ({"max_nodes": "4"}, "max_nodes is a whole number"),
        ({"max_nodes": True}, "max_nodes is a whole number"),
        ({"max_nodes": 10**9}, "max_nodes is a whole number"),
        ({"min_nodes": -1}, "min_nodes is a whole number"),
        ({"min_nodes": 5}, r"min_nodes \(5\) is greater than max_nodes \(4\)"),
        ({"idle_seconds_before_scaledown": -1}, "idle_seconds_before_scaledown"),
        ({"vm_priority": "high"}, "'dedicated' or 'lowpriority'"),
        ({"vnet_name": "v"}, "vnet_resourcegroup_name and subnet_name is missing"),
        ({"cpus": 2}, "either vm_size or cpus"),
        ({"vm_size": "", "cpus": 0}, "cpus is a whole number from 1"),
        ({"vm_size": "", "cpus": 1, "memory_gb": float("nan")}, "memory_gb is a number"),
    ],
)
def test_wrong_configurations_are_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ComputeTargetException, match=sentence):
        configuration(**values)


@pytest.mark.parametrize("name", ["", "a", "1abc", "a_b", "a" * 25, "abc-", "<b>", None, "a/b"])
def test_wrong_names_are_refused(ws: Workspace, name: str) -> None:
    with pytest.raises(ComputeTargetException, match="cannot name a compute target"):
        ComputeTarget.create(ws, name, configuration())


def test_a_name_is_taken_once(ws: Workspace) -> None:
    ComputeTarget.create(ws, "w1", configuration())
    with pytest.raises(ComputeTargetException, match="already"):
        ComputeTarget.create(ws, "w1", configuration())


def test_scale_settings_change_and_targets_go(ws: Workspace) -> None:
    target = ComputeTarget.create(ws, "w1", configuration())
    target.update(min_nodes=1, max_nodes=2)
    assert target.get_status().current_node_count == 1
    with pytest.raises(ComputeTargetException, match="greater"):
        target.update(min_nodes=3)
    with pytest.raises(ComputeTargetException, match="would never be reached"):
        target.wait_for_completion(min_node_count=3)
    target.delete()
    assert "w1" not in ws.compute_targets
    with pytest.raises(ComputeTargetException, match="has been deleted"):
        target.get_status()
    with pytest.raises(ConflictError, match="cannot be deleted"):
        ws.compute_targets["local"].delete(force=True)
