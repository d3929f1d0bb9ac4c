"""All metrics of a run in groups, and which of them is the main one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rl_widgets.view import wording

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


#: The groups that every run has, in their order; each with the prefixes of names that belong to
#: it. Any other prefix is a group of its own.
_PREFIXES = {
    "rollout": ("env_runners", "rollout"),
    "evaluation": ("evaluation",),
    "learner": ("learner", "learners"),
    "throughput": ("throughput", "timers"),
    "resources": ("resources", "perf"),
}
_GROUP_OF = {prefix: group for group, prefixes in _PREFIXES.items() for prefix in prefixes}
#: How names without a prefix begin that tell of the rollout; the others are the script's own.
_ROLLOUT = ("episode", "num_", "timesteps", "time_", "env_steps", "training_iteration", "hist_")
#: The group of names that neither have a prefix nor are known.
OTHER = "other"


@dataclass(frozen=True)
class Group:
    """Metrics that belong together, by name."""

    name: str
    metrics: tuple[str, ...]

    @property
    def title(self) -> str:
        """Its words, such as 'Learner (12)'."""
        name = self.name if self.name not in {*_PREFIXES, OTHER} else self.name.capitalize()
        return f"{wording.shown(name, 40)} ({len(self.metrics):,})"


def groups(names: Iterable[str]) -> tuple[Group, ...]:
    """Metrics by group: the known ones first, then by the part of their names before the '/'."""
    found: dict[str, list[str]] = {group: [] for group in _PREFIXES}
    other: list[str] = []
    for name in dict.fromkeys(names):
        head, slash, _ = name.partition("/")
        if slash and head:
            found.setdefault(_GROUP_OF.get(head, head), []).append(name)
        elif name.startswith(_ROLLOUT):
            found["rollout"].append(name)
        else:
            other.append(name)
    # What a person looks for first comes first; counters and clocks come last.
    found["rollout"].sort(key=lambda n: 2 if n in _BOOKKEEPING else not n.startswith("episode_"))
    # A prefix that is itself "other" and the names without one are one group.
    other = found.pop(OTHER, []) + other
    together = {**found, OTHER: other}
    return tuple(Group(name, tuple(metrics)) for name, metrics in together.items() if metrics)


def search(names: Iterable[str], words: str) -> list[str]:
    """The names that have each of the words in them, in any order and case."""
    wanted = words.casefold().split()
    return [name for name in names if all(word in name.casefold() for word in wanted)]


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
