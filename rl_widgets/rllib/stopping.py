"""When a run stops: criteria that some result can really have.

Tune only warns about a criterion that no result has, and the run never stops.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from rl_widgets.rllib.catalogue import metric_names
from rl_widgets.rllib.errors import StopError, nearest
from rl_widgets.store.mistakes import shown

#: At the top of a result: Tune's own names, and those that `results.py` writes.
TOP_NAMES: Final = (
    "training_iteration",
    "time_total_s",
    "time_since_restore",
    "iterations_since_restore",
    "timestamp",
    "timesteps_total",
    "episodes_total",
    "episodes_this_iter",
    "episodes_in_mean",
    "episode_reward_mean",
    "episode_reward_min",
    "episode_reward_max",
    "episode_len_mean",
    "num_env_steps_sampled_lifetime",
    "num_healthy_workers",
)

#: Parts of a result whose names RLlib lists, and parts where a module or a loss names them.
_LISTED: Final = ("env_runners", "evaluation/env_runners", "fault_tolerance", "learner_group")
_OPEN: Final = ("learners", "timers", "perf", "env_runners/module_episode_return_mean",
                "env_runners/agent_episode_return_mean", "custom_metrics")  # fmt: skip


def check_stop(stop: Any, *, own_callbacks: bool = False) -> Any:
    """Check stop criteria; nested dictionaries become paths with slashes.

    `own_callbacks`: the script writes into results itself, so unknown names may yet come. Functions
    and Tune's `Stopper` pass as they are. Raises `StopError`.
    """
    if stop is None or not isinstance(stop, Mapping):
        return stop
    flat = _flatten(stop)
    for name, value in flat.items():
        said = f"The stop criterion {shown(name)} is {shown(value)}"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise StopError(
                f"{said}; it must be a number (the run stops when the result reaches it)."
            )
        if not abs(value) <= sys.float_info.max:
            raise StopError(f"{said}; it must be finite.")
        if name.startswith("time_") and value <= 0:
            raise StopError(f"{said}; seconds must be above 0.")
        if not can_be_in_a_result(name) and not own_callbacks:
            raise StopError(
                f"No result has a {shown(name)}, so it would never stop the run."
                f"{_nearest_result(name)}"
            )
    return flat


def reached(criteria: Mapping[str, float], result: Mapping[str, Any]) -> str:
    """Which of the criteria a result has reached, in words; '' for none."""
    from ray.tune.utils import flatten_dict

    flat = flatten_dict(dict(result))
    for name, value in criteria.items():
        if name in flat and flat[name] >= value:
            return f"{name} reached {flat[name]:g} (stop at {value:g})"
    return ""


def can_be_in_a_result(name: str) -> bool:
    """Whether a result may have a value of that name (a path with slashes)."""
    if name in TOP_NAMES:
        return True
    part, _, leaf = name.rpartition("/")
    if part in _LISTED:
        return leaf in metric_names()
    return any(part == prefix or part.startswith(f"{prefix}/") for prefix in _OPEN)


@cache
def rllib_metrics() -> frozenset[str]:
    """Every name of a metric that RLlib itself uses, read from it; `catalogue.json` keeps them."""
    from ray.rllib.utils import metrics

    names = {
        value
        for key, value in vars(metrics).items()
        if key.isupper() and isinstance(value, str) and "/" not in value
    }
    return frozenset(
        names | {"num_healthy_workers", "num_remote_worker_restarts",
                 "num_env_runners_dropped_lifetime", "learner_group_ts_dropped_lifetime"}
    )  # fmt: skip


def _nearest_result(name: str) -> str:
    if can_be_in_a_result(f"env_runners/{name}"):
        return f" Did you mean 'env_runners/{name}'?"
    return nearest(name, _suggestions())


def _suggestions() -> list[str]:
    episode = [name for name in metric_names() if name.startswith(("episode_", "num_e"))]
    return [*TOP_NAMES, *(f"env_runners/{name}" for name in episode)]


def _flatten(stop: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in stop.items():
        if isinstance(value, Mapping):
            flat.update(_flatten(value, f"{prefix}{name}/"))
        else:
            flat[f"{prefix}{name}"] = value
    return flat
