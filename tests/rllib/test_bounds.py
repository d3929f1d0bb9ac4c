"""Bounds of settings: none refuses what RLlib or a preset begins with; no count goes below zero."""

from __future__ import annotations

import pytest

from rl_widgets.rllib import catalogue
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.presets import PRESETS
from rl_widgets.rllib.settings import BOUNDS, bounds, check_value


@pytest.mark.parametrize("algorithm", catalogue.algorithms())
def test_what_rllib_begins_with_is_within_bounds(algorithm: str) -> None:
    config = catalogue.default_config(algorithm)
    for name, setting in config.settings.items():
        value = getattr(config, name, None)
        # `offline_sampling` is False, and text for all that RLlib says of its type.
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            check_value(name, value, setting.annotation)


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_begins_with_is_within_bounds(name: str) -> None:
    known = catalogue.default_config(name.split("-")[0].upper()).settings
    for setting, value in PRESETS[name].items():
        if setting in known and value is not None:
            check_value(setting, value, known[setting].annotation)


@pytest.mark.parametrize(
    "name",
    [
        *("num_learners", "num_sgd_iter", "sample_timeout_s", "evaluation_interval"),
        *("metrics_num_episodes_for_smoothing", "learner_queue_size", "env_task_fn_timeout_s"),
        *("min_sample_timesteps_per_iteration", "delay_between_env_runner_restarts_s"),
    ],
)
def test_counts_sizes_and_waits_are_not_negative(name: str) -> None:
    assert bounds(name)[0] in (0, 1)
    with pytest.raises(ConfigError, match=f"'{name}' is -1; it must be "):
        check_value(name, -1, int)


def test_ray_takes_minus_one_for_any_number_of_restarts() -> None:
    assert bounds("max_num_env_runner_restarts") == (None, None)


def test_every_bound_is_of_a_setting() -> None:
    known = {name for a in catalogue.algorithms() for name in catalogue.default_config(a).settings}
    assert set(BOUNDS) <= known


def test_a_bound_is_said_with_both_ends_as_a_person_writes_them() -> None:
    with pytest.raises(ConfigError, match="from 1 to 1,000,000,000"):
        check_value("train_batch_size_per_learner", 0, int)
    with pytest.raises(ConfigError, match="from 0 to 1"):
        check_value("gamma", 1.5, float)
