"""How the processes of IMPALA and APPO are spread over a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from rl_widgets.rllib.presets import preset
from rl_widgets.rllib.sizing import NodeCapacity, Sizing, capacities, size

PRESET = preset("IMPALA", atari=True, name="impala-atari")


def cluster(*cpus: float, head_gpus: float = 0, worker_gpus: float = 0) -> list[NodeCapacity]:
    return [
        NodeCapacity(c, worker_gpus if i else head_gpus, head=i == 0) for i, c in enumerate(cpus)
    ]


def sized(nodes: list[NodeCapacity], *, cuda: bool = True, **given: Any) -> Sizing:
    return size(nodes, PRESET, given, cuda=cuda)


@pytest.mark.parametrize(
    ("nodes", "main", "runners"),
    [
        (cluster(1), 1, 0),
        (cluster(2), 1, 1),
        (cluster(1, 1), 1, 1),
        (cluster(1, 1, 1), 1, 2),
        (cluster(4), 1, 2),
        (cluster(8), 3, 5),
        (cluster(6, 4, 4), 5, 9),
        (cluster(6, 4, 4, head_gpus=1), 1, 13),
        (cluster(16, 16, 16, 16), 16, 32),
        (cluster(16, 16, 16, 16, head_gpus=1), 1, 63),
    ],
)
def test_from_two_cores_to_sixty_four(nodes: list[NodeCapacity], main: int, runners: int) -> None:
    settings = sized(nodes).settings
    assert settings.get("num_cpus_for_main_process", 1) == main
    assert settings["num_env_runners"] == runners
    assert main + runners <= max(2, sum(node.cpus for node in nodes))


def test_all_is_chosen_for_a_reason_in_one_line() -> None:
    sizing = sized(cluster(6, 4, 4, head_gpus=1))
    assert sizing.reasons[0] == "The learner is on the head's GPU."
    assert sizing.reasons[1] == "13 env runners: 14 CPUs less 1 of the main process."
    assert "updates old" in sizing.reasons[2]
    assert sizing.settings["num_gpus_per_learner"] == 1


def test_two_cores_train_with_the_preset_as_it_is() -> None:
    assert sized(cluster(2)).settings == {"num_env_runners": 1}


@pytest.mark.parametrize("runners", [1, 2, 3, 6, 13, 32, 63])
def test_samples_under_way_are_a_few_updates(runners: int) -> None:
    settings = PRESET | sized(cluster(1), num_env_runners=runners).settings
    sample = settings["num_envs_per_env_runner"] * settings["rollout_fragment_length"]
    batch = settings["train_batch_size_per_learner"]
    assert batch % sample == 0
    under_way = runners * sample * settings["max_requests_in_flight_per_env_runner"]
    assert under_way / batch <= 4


def test_a_gpu_on_a_worker_node_gets_a_remote_learner() -> None:
    settings = sized(cluster(4, 4, worker_gpus=1)).settings
    assert settings["num_learners"] == settings["num_gpus_per_learner"] == 1
    assert settings["num_env_runners"] == 7


def test_a_gpu_that_this_torch_cannot_use_is_left() -> None:
    sizing = sized(cluster(4, head_gpus=1), cuda=False)
    assert "num_gpus_per_learner" not in sizing.settings
    assert "without CUDA" in sizing.reasons[0]


def test_gpus_that_are_not_used_are_named() -> None:
    assert "2 more are free" in sized(cluster(8, head_gpus=3)).reasons[0]


@pytest.mark.parametrize(
    "given",
    [
        {"num_env_runners": 5},
        {"num_cpus_for_main_process": 2},
        {"num_gpus_per_learner": 0},
        {"train_batch_size_per_learner": 500},
        {"num_envs_per_env_runner": 3},
        {"rollout_fragment_length": 7},
        {"num_learners": 2},
    ],
)
def test_what_a_script_sets_is_left_alone(given: dict[str, Any]) -> None:
    settings = sized(cluster(6, 4, 4, head_gpus=1), **given).settings
    assert not set(settings) & set(given)


def test_env_runners_of_several_cpus() -> None:
    assert sized(cluster(9, 4, head_gpus=1), num_cpus_per_env_runner=2).settings[
        "num_env_runners"
    ] == (4 + 2)


def test_nodes_as_ray_tells_them() -> None:
    head = {"CPU": 2.0, "GPU": 1.0, "node:__internal_head__": 1.0}
    found = capacities(
        [{"Alive": True, "Resources": head}, {"Alive": False, "Resources": {"CPU": 8.0}},
         {"Alive": True, "Resources": {}}]
    )  # fmt: skip
    assert found == [NodeCapacity(2, 1, head=True), NodeCapacity(0)]


def test_a_cluster_without_a_cpu_is_left_alone() -> None:
    assert sized(cluster(0, 0)) == Sizing()
    assert sized([]) == Sizing()


@pytest.mark.parametrize(
    ("nodes", "given", "main"),
    [
        (cluster(8), {"num_env_runners": 7}, 1),
        (cluster(8), {"num_env_runners": 6}, 2),
        (cluster(8), {"num_env_runners": 3}, 3),
        (cluster(5), {"num_env_runners": 4}, 1),
        (cluster(6, 2, 2, 2, 2), {"num_env_runners": 13}, 1),
        (cluster(8), {"num_env_runners": 12, "num_cpus_per_env_runner": 0.5}, 2),
        (cluster(8), {"num_env_runners": 20}, 1),
    ],
)
def test_the_main_process_leaves_room_for_what_was_asked_for(
    nodes: list[NodeCapacity], given: dict[str, Any], main: int
) -> None:
    assert sized(nodes, **given).settings.get("num_cpus_for_main_process", 1) == main


def test_env_runners_that_evaluate_have_their_cpus() -> None:
    sizing = sized(cluster(8), evaluation_num_env_runners=1)
    assert sizing.settings["num_cpus_for_main_process"] + sizing.settings["num_env_runners"] == 7
    assert any("1 of the evaluation" in reason for reason in sizing.reasons)
