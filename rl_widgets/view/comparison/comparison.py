"""What a comparison of runs says: lines, results, groups, differences."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from rl_widgets.view.badge import Badge
from rl_widgets.view.charts.lines import Line
from rl_widgets.view.comparison.seed_statistics import Estimate
from rl_widgets.view.series import Floats


@dataclass(frozen=True)
class Result:
    """One run in the table. Numbers are None where there is none (yet)."""

    run_id: str
    name: str
    experiment: str
    badge: Badge
    group: int
    seed: str
    final: float | None
    best: float | None
    env_steps: float | None
    seconds: float | None
    target: float | None
    steps_to_target: float | None
    seconds_to_target: float | None


@dataclass(frozen=True)
class GroupResult:
    """A group in the table: `final` over its runs' last values, the steps of those that reached."""

    label: str
    colour: str
    n: int
    final: Estimate
    reached: int
    steps_to_target: Estimate


@dataclass(frozen=True)
class Difference:
    """A setting that is not the same in all runs: its value in each."""

    part: str
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Heading:
    """What is compared, and the states of the runs in words."""

    title: str
    status: str


@dataclass(frozen=True)
class Comparison:
    """All that is shown; `lines` are the groups' first, on top. `message` stands for no line."""

    revision: int
    header: Heading
    final: bool
    metric: str
    x_title: str
    lines: tuple[Line, ...]
    results: tuple[Result, ...]
    groups: tuple[GroupResult, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()
    message: str = ""
    #: Seconds of one unit of the x-axis over time.
    unit: float = 1.0
    trouble: str = ""
    sentence: str = ""

    def with_trouble(self, sentence: str) -> Comparison:
        """The same, with why it cannot be brought up to date."""
        return replace(self, trouble=sentence)


@dataclass(frozen=True)
class RunLine:
    """What one run has of the metric, at full resolution."""

    x: Floats = field(default_factory=lambda: np.empty(0))
    y: Floats = field(default_factory=lambda: np.empty(0))
    env_steps: Floats = field(default_factory=lambda: np.empty(0))
    times: Floats = field(default_factory=lambda: np.empty(0))
    values: Floats = field(default_factory=lambda: np.empty(0))
    title: str = ""
