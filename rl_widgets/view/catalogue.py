"""All metrics of a run in groups, and which of them is the main one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Names of the mean episode return, best known first.
REWARD_NAMES = (
    "episode_reward_mean",
    "episode_return_mean",
    "env_runners/episode_return_mean",
    "env_runners/episode_reward_mean",
)

ITERATION_NAMES = ("training_iteration",)
ENV_STEP_NAMES = (
    "num_env_steps_sampled_lifetime",
    "timesteps_total",
    "num_env_steps_sampled",
    "env_steps",
)
SPEED_NAMES = ("throughput/env_steps_sampled_per_s", "env_steps_per_s")
TIME_NAMES = ("time_total_s",)

#: What is counted or measured beside the learning, and never the main metric by itself.
_BOOKKEEPING = {*ITERATION_NAMES, *ENV_STEP_NAMES, *SPEED_NAMES, *TIME_NAMES, "episodes_total"}


@dataclass(frozen=True)
class Group:
    """Metrics that belong together, by name."""

    name: str
    metrics: tuple[str, ...]


def groups(names: Iterable[str]) -> tuple[Group, ...]:
    """Metrics by the part of their name before the first '/'; those without are the rollout's."""
    found: dict[str, list[str]] = {"rollout": []}
    for name in dict.fromkeys(names):
        head, slash, _ = name.partition("/")
        group = head if slash and head and head != "env_runners" else "rollout"
        found.setdefault(group, []).append(name)
    return tuple(Group(name, tuple(metrics)) for name, metrics in found.items() if metrics)


def is_reward(name: str | None) -> bool:
    """Whether the metric has values only once an episode has ended."""
    return name in REWARD_NAMES


def candidates(names: Iterable[str]) -> list[str]:
    """Metrics that may be the main one where no reward is logged, best first.

    None where episodes are counted: their reward is the main metric, also before one has ended.
    """
    names = list(names)
    if "episodes_total" in names:
        return []
    return [n for n in names if n not in _BOOKKEEPING and not n.startswith("resources/")]
