"""What becomes of a training result, without a training."""

import json
import math

import pytest

from rl_widgets.rllib.env_runner import EPISODE_LENGTHS, EPISODE_RETURNS
from rl_widgets.rllib.results import (
    EpisodeWindow,
    ResultCallback,
    add_old_names,
    call_legacy,
    metrics_of,
)


def result(iteration=1, returns=(), lengths=None, steps=100, episodes=None):
    lengths = [10] * len(returns) if lengths is None else lengths
    return {
        "training_iteration": iteration,
        "time_total_s": 1.5 * iteration,
        "time_this_iter_s": 1.5,
        "num_env_steps_sampled_lifetime": float(steps),
        "env_runners": {
            EPISODE_RETURNS: list(returns),
            EPISODE_LENGTHS: list(lengths),
            # RLlib's own, over the last iteration alone.
            "episode_return_mean": returns[-1] if returns else math.nan,
            "num_episodes_lifetime": float(len(returns) if episodes is None else episodes),
            "num_env_steps_sampled": 60,
        },
        "learners": {
            "__all_modules__": {"num_env_steps_trained_lifetime": 50, "num_env_steps_trained": 30},
            "default_policy": {
                "total_loss": 0.5, "pi_loss": 90.0, "mean_pi_loss": 0.3, "vf_loss": 80.0,
                "mean_vf_loss": 0.2, "entropy": 1.7,
                "diff_num_grad_updates_vs_sampler_policy": 2.5,
                "num_trainable_parameters": math.nan,
            },
        },
        "fault_tolerance": {"num_healthy_workers": 2, "num_remote_worker_restarts": 1},
    }  # fmt: skip


class Algorithm:
    class config:
        metrics_num_episodes_for_smoothing = 3


def test_the_mean_is_over_the_last_episodes_and_not_over_an_iteration():
    window = EpisodeWindow(3)
    first = result(1, [1.0, 2.0])
    add_old_names(first, window)
    second = result(2, [6.0], episodes=3)
    add_old_names(second, window)
    third = result(3, [10.0], episodes=4)
    add_old_names(third, window)
    assert first["episode_reward_mean"] == 1.5
    assert second["episode_reward_mean"] == 3.0
    assert third["episode_reward_mean"] == 6.0
    assert third["env_runners"]["episode_return_mean"] == 6.0
    assert (third["episode_reward_min"], third["episode_reward_max"]) == (2.0, 10.0)
    assert (third["episodes_total"], third["episodes_this_iter"]) == (4, 1)
    assert third["episodes_in_mean"] == 3
    assert EPISODE_RETURNS not in third["env_runners"]


def test_one_episode_alone_counts_though_it_comes_as_a_bare_number():
    window = EpisodeWindow(100)
    add_old_names(result(1, [4.0]), window)
    alone = result(2, episodes=2)
    alone["env_runners"].update({EPISODE_RETURNS: 8.0, EPISODE_LENGTHS: 12})
    add_old_names(alone, window)
    assert alone["episode_reward_mean"] == 6.0
    assert alone["episodes_in_mean"] == alone["episodes_total"] == 2


def test_the_mean_stays_when_no_episode_ends_in_an_iteration():
    window = EpisodeWindow(100)
    add_old_names(result(1, [4.0, 6.0]), window)
    quiet = result(2, [], episodes=2)
    add_old_names(quiet, window)
    assert quiet["episode_reward_mean"] == 5.0
    assert quiet["episodes_this_iter"] == 0


def test_before_the_first_episode_there_is_no_mean():
    start = result(1)
    add_old_names(start, EpisodeWindow(100))
    assert "episode_reward_mean" not in start
    assert start["episodes_total"] == 0
    assert start["timesteps_total"] == 100
    assert "episode_reward_mean" not in metrics_of(start)


def test_metrics_are_numbers_under_the_names_of_the_field():
    one = result(1, [1.0])
    add_old_names(one, EpisodeWindow(100))
    metrics = metrics_of(one)
    assert metrics["learner/policy_loss"] == 0.3
    assert metrics["learner/vf_loss"] == 0.2
    assert metrics["learner/entropy"] == 1.7
    assert metrics["learner/policy_lag_updates"] == 1.5  # RLlib counts the update itself, too
    assert metrics["throughput/env_steps_sampled_per_s"] == 40.0
    assert metrics["throughput/env_steps_trained_per_s"] == 20.0
    assert metrics["num_healthy_env_runners"] == 2
    assert metrics["num_env_runner_restarts"] == 1
    assert all(isinstance(value, float) for value in metrics.values())


def test_an_iteration_without_an_update_has_no_loss_and_one_with_nan_has():
    """RLlib 2.60 gives NaN for all that nobody counted in an iteration."""
    one = result(1, [1.0])
    learners = one["learners"]
    learners["default_policy"] |= {"total_loss": math.nan, "entropy": math.nan}
    add_old_names(one, EpisodeWindow(100))
    assert math.isnan(metrics_of(one)["learner/total_loss"])
    learners["__all_modules__"]["num_env_steps_trained"] = math.nan
    learners["default_policy"]["diff_num_grad_updates_vs_sampler_policy"] = math.nan
    one["env_runners"]["num_env_steps_sampled"] = math.nan
    metrics = metrics_of(one)
    for name in ("total_loss", "entropy", "policy_lag_updates"):
        assert f"learner/{name}" not in metrics
    assert metrics["learner/policy_loss"] == 0.3
    assert metrics["throughput/env_steps_trained_per_s"] == 0.0
    assert metrics["throughput/env_steps_sampled_per_s"] == 0.0


def test_a_callback_of_083_sees_nan_before_the_first_episode_and_may_write():
    start = result(1)
    add_old_names(start, EpisodeWindow(100))
    seen = []

    def on_train_result(info):
        seen.append(info["result"]["episode_reward_mean"])
        info["result"]["mine"] = 7

    call_legacy(on_train_result, None, start)
    assert math.isnan(seen[0])
    assert start["mine"] == 7
    assert "episode_reward_mean" not in start


@pytest.fixture
def run_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RL_WIDGETS_RUN_ID", "pong_1_0123abcd")
    monkeypatch.setenv("RL_WIDGETS_RUN_FOLDER", str(tmp_path))
    monkeypatch.setenv("RL_WIDGETS_ATTEMPT", "1")
    return tmp_path


def lines(folder):
    return [
        json.loads(line)
        for file in sorted((folder / "spool").glob("*.jsonl"))
        for line in file.read_text().splitlines()
    ]


def test_an_iteration_is_one_line_of_the_run(run_folder):
    callback = ResultCallback()
    for iteration in (1, 2):
        callback(
            algorithm=Algorithm, result=result(iteration, [1.0], steps=100 * iteration, episodes=1)
        )
    written = lines(run_folder)
    assert [(line["s"], line["e"]) for line in written] == [(1, 100), (2, 200)]
    assert written[1]["m"]["episode_reward_mean"] == 1.0


def test_what_a_callback_logs_belongs_to_its_iteration_and_is_there_once(run_folder):
    def on_train_result(info):
        from rl_widgets import Run

        run = Run.get_context()
        run.log("episode_reward_mean", info["result"]["episode_reward_mean"])
        run.log("mine", 3.0)
        run.log("with a step of its own", 4.0, step=77)

    callback = ResultCallback(legacy=on_train_result)
    callback(algorithm=Algorithm, result=result(1))
    callback(algorithm=Algorithm, result=result(2, [5.0]))
    written = lines(run_folder)
    with_mean = [line for line in written if "episode_reward_mean" in line["m"]]
    assert [(line["s"], line["m"]["episode_reward_mean"]) for line in with_mean] == [(2, 5.0)]
    assert [line["s"] for line in written if "mine" in line["m"]] == [1, 2]
    assert [line["s"] for line in written if "with a step of its own" in line["m"]] == [77, 77]


def test_outside_of_a_job_nothing_is_logged(monkeypatch, capsys):
    monkeypatch.delenv("RL_WIDGETS_RUN_FOLDER", raising=False)
    ResultCallback()(algorithm=Algorithm, result=result(1, [1.0]))
    assert capsys.readouterr().out == ""
