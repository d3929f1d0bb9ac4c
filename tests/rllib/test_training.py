"""Real training, on a Ray of the tests' own."""

import linecache
import sys

import gymnasium as gym
import numpy as np
import pytest

from rl_widgets.rllib import tune
from rl_widgets.rllib.errors import ResourceRequestError

pytestmark = pytest.mark.cluster


class Broken(gym.Env):
    """Raises after some steps."""

    observation_space = gym.spaces.Box(-1, 1, (4,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, context=None):
        self.steps = 0

    def reset(self, seed=None, options=None):
        return np.zeros(4, np.float32), {}

    def step(self, action):
        self.steps += 1
        if self.steps > 40:
            raise KeyError("a door that is not there")
        return np.zeros(4, np.float32), 1.0, self.steps % 10 == 0, False, {}


class Nowhere(Broken):
    """Rewards are no numbers after some steps."""

    def step(self, action):
        self.steps += 1
        reward = float("nan") if self.steps > 300 else 1.0
        return np.zeros(4, np.float32), reward, self.steps % 10 == 0, False, {}


@pytest.fixture(scope="module")
def cluster():
    import ray
    from ray import cloudpickle

    # Workers cannot import this file, as they can what lies beside an entry script.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with pytest.MonkeyPatch.context() as patch:
        # A busy machine takes its time to start a Ray.
        patch.setenv("RAY_raylet_start_wait_time_s", "120")
        patch.setenv("RAY_agent_register_timeout_ms", "120000")
        ray.init(
            address="local", num_cpus=3, num_gpus=0, include_dashboard=False, log_to_driver=False,
            logging_level="ERROR",
        )  # fmt: skip
    yield
    ray.shutdown()


def test_a_request_that_can_never_be_met_ends_at_once(cluster, tmp_path):
    with pytest.raises(ResourceRequestError, match='"num_gpus": 0'):
        tune.run("IMPALA", config={"env": "CartPole-v1", "num_gpus": 1}, local_dir=tmp_path)
    with pytest.raises(ResourceRequestError, match='"num_workers" to 2'):
        tune.run("IMPALA", config={"env": "CartPole-v1", "num_workers": 90}, local_dir=tmp_path)


@pytest.mark.long
def test_impala_learns_and_stops_by_the_old_name(cluster, tmp_path, capsys):
    seen = []
    analysis = tune.run(
        "IMPALA",
        config={
            "env": "CartPole-v1",
            "num_gpus": 0,
            "num_workers": 1,
            "callbacks": {"on_train_result": lambda info: seen.append(info["result"])},
        },
        stop={"episode_reward_mean": 120, "timesteps_total": 400_000},
        local_dir=tmp_path,
        seed=1,
        checkpoint_at_end=True,
    )
    trial = analysis.trials[0]
    last = trial.last_result
    assert last["episode_reward_mean"] >= 120
    assert last["env_runners"]["episode_return_mean"] == last["episode_reward_mean"]
    assert last["timesteps_total"] == last["num_env_steps_sampled_lifetime"] > 1000
    assert trial.path.startswith(str(tmp_path))
    assert trial.checkpoint is not None
    said = capsys.readouterr().out
    assert "iteration 1 |" in said
    assert "episode_reward_mean reached" in said


@pytest.mark.long
def test_pong_is_learned_in_its_first_minute(cluster, tmp_path):
    """The score rises later; what it rises from is there after 60,000 env steps."""
    analysis = tune.run(
        "IMPALA",
        config={"env": "PongNoFrameskip-v4", "num_workers": 1},
        stop={"timesteps_total": 60_000},
        local_dir=tmp_path,
        seed=1,
    )
    [trial] = analysis.trials

    def mean(name):
        return trial.metric_analysis[f"learners/default_policy/{name}"]["last-10-avg"]

    # With frames as they are it was 0.04, with V-trace's bootstrap lost the values tend to 0.
    assert mean("vf_explained_var") > 0.3
    # Neither at random for ever nor collapsed, and close to the policy that sampled.
    assert 0.5 < mean("entropy") < 1.7915
    assert mean("kl_from_behaviour") < 0.1
    assert trial.last_result["episode_reward_mean"] >= -21


def test_what_an_environment_raises_is_what_the_script_ends_with(cluster, tmp_path):
    tune.register_env("broken", Broken)
    with pytest.raises(KeyError, match="a door that is not there") as error:
        tune.run(
            "IMPALA",
            config={"env": "broken", "num_workers": 1},
            stop={"time_total_s": 60},
            local_dir=tmp_path,
        )
    place = error.traceback[-1]
    assert place.path.name == "test_training.py"
    line = linecache.getline(str(place.path), place.lineno + 1)
    assert 'raise KeyError("a door that is not there")' in line


@pytest.mark.long
def test_a_loss_that_is_no_number_ends_the_training(cluster, tmp_path):
    tune.register_env("nowhere", Nowhere)
    with pytest.raises(FloatingPointError, match="is nan: training cannot go on"):
        tune.run(
            "IMPALA",
            config={"env": "nowhere", "num_workers": 1},
            stop={"time_total_s": 120},
            local_dir=tmp_path,
        )


@pytest.mark.long
def test_more_env_runners_than_cpus_share_them_and_train(cluster, tmp_path, capsys):
    [trial] = tune.run(
        "IMPALA",
        config={"env": "CartPole-v1", "num_workers": 4},
        stop={"training_iteration": 1},
        local_dir=tmp_path,
    ).trials
    assert "Warning: 4 env runners share the CPUs, 0.5 for each" in capsys.readouterr().out
    assert trial.last_result["num_env_steps_sampled_lifetime"] > 0
