"""The phases of a real training, on a Ray of this test's own: they add up to the time it took."""

import json

import pytest

from rl_widgets.rllib import tune
from rl_widgets.rllib.phases import ENV_RUNNER_PHASES

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    import ray

    folder = tmp_path_factory.mktemp("run")
    for made in ("head", "job"):  # as a supervisor makes them
        (folder / made).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_raylet_start_wait_time_s", "120")
        patch.setenv("RAY_agent_register_timeout_ms", "120000")
        # The training's process logs as it does in a job.
        patch.setenv("RL_WIDGETS_RUN_ID", "phases_1_0123abcd")
        patch.setenv("RL_WIDGETS_RUN_FOLDER", str(folder))
        patch.setenv("RL_WIDGETS_ATTEMPT", "1")
        ray.init(
            address="local", num_cpus=3, num_gpus=0, include_dashboard=False, log_to_driver=False,
            logging_level="ERROR",
        )  # fmt: skip
        yield folder
        ray.shutdown()


def logged(folder, since):
    lines = [
        json.loads(line)
        for file in (folder / "spool").glob("*.jsonl")
        for line in file.read_text().splitlines()
    ]
    found = [line for line in lines if "training_iteration" in line.get("m", {})]
    return sorted((line for line in found if line["t"] > since), key=lambda line: line["t"])


def total(results, name):
    return sum(line["m"].get(f"throughput/{name}", 0.0) for line in results)


MINIBATCHES = {"train_batch_size_per_learner": 600, "minibatch_size": 200}


@pytest.mark.parametrize(
    ("algorithm", "config"),
    [
        pytest.param("IMPALA", {"num_workers": 1}, marks=pytest.mark.long),
        pytest.param("PPO", {"num_workers": 1, **MINIBATCHES}, marks=pytest.mark.long),
        pytest.param("PPO", {"num_workers": 0, **MINIBATCHES}, marks=pytest.mark.long),
    ],
    ids=["side by side", "in turns", "in one process"],
)
def test_phases_add_up_to_the_time_that_passed(algorithm, config, run_folder, tmp_path):
    before = logged(run_folder, 0.0)
    since = before[-1]["t"] if before else 0.0
    tune.run(
        algorithm,
        config={"env": "CartPole-v1", "num_gpus": 0, **config},
        stop={"training_iteration": 8},
        local_dir=tmp_path,
        verbose=0,
    )
    # The first result also has what was before it.
    first, *results = logged(run_folder, since)
    assert len(results) == 7
    seconds = results[-1]["t"] - first["t"]
    runner = sum(total(results, f"phase_{phase}_s") for phase in ENV_RUNNER_PHASES)
    # A sample that is under way at an iteration's end counts for the next one.
    assert 0.6 * seconds < runner < 1.4 * seconds
    learning = ("learner", "batches", "learner_weights", "learner_idle")
    learner = sum(total(results, f"phase_{phase}_s") for phase in learning)
    assert 0.5 * seconds < learner < 1.4 * seconds
    for phase in ("emulation", "inference", "connectors", "learner", "batches"):
        assert total(results, f"phase_{phase}_s") > 0.0
    assert results[-1]["m"]["throughput/env_runners"] == 1.0
    assert results[-1]["m"]["throughput/logical_cpus"] == 3.0
