"""Stop criteria."""

import pytest

from rl_widgets.rllib.errors import StopError
from rl_widgets.rllib.stopping import check_stop


@pytest.mark.parametrize(
    "name",
    [
        "episode_reward_mean",
        "episodes_total",
        "timesteps_total",
        "time_total_s",
        "training_iteration",
        "num_env_steps_sampled_lifetime",
        "env_runners/episode_return_mean",
        "env_runners/num_episodes_lifetime",
        "evaluation/env_runners/episode_return_mean",
        "learners/default_policy/entropy",
    ],
)
def test_old_and_new_names_pass(name):
    assert check_stop({name: 18}) == {name: 18}


def test_nested_criteria_become_paths():
    assert check_stop({"env_runners": {"episode_return_mean": 18}}) == {
        "env_runners/episode_return_mean": 18
    }


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        ({"episode_reward_maen": 18}, "Did you mean 'episode_reward_mean'"),
        ({"episode_return_mean": 18}, "Did you mean 'env_runners/episode_return_mean'"),
        ({"env_runners/episode_reward_mean": 18}, "Did you mean"),
        ({"time_total": 5}, "Did you mean 'time_total_s'"),
        ({"episode_reward_mean": "18"}, "must be a number"),
        ({"episode_reward_mean": True}, "must be a number"),
        ({"episode_reward_mean": float("nan")}, "finite"),
        ({"episode_reward_mean": 10**400}, "finite"),
        ({"episode_reward_mean": -(10**5000)}, "finite"),
        ({"time_total_s": 0}, "above 0"),
    ],
)
def test_a_criterion_that_can_never_stop_the_run_is_an_error(stop, words):
    with pytest.raises(StopError, match=words):
        check_stop(stop)


def test_names_that_the_scripts_own_callbacks_may_write():
    assert check_stop({"my_score": 3}, own_callbacks=True) == {"my_score": 3}


def test_functions_and_nothing_pass():
    assert check_stop(None) is None
    assert check_stop(len) is len
