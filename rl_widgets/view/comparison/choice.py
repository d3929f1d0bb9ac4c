"""What a person chooses about a comparison of runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from rl_widgets.store.errors import UserError
from rl_widgets.view.charts.curve import AXES
from rl_widgets.view.charts.smoothing import MOST
from rl_widgets.view.comparison import seed_groups
from rl_widgets.view.comparison.seed_statistics import MEAN, STATISTICS


@dataclass(frozen=True)
class Choice:
    """What a person chooses: the metric (None: the main one), one of `AXES`, the weight of the
    smoothing, how runs are grouped, the statistic of a group, and the target (None: the goal).
    """

    metric: str | None = None
    axis: str = "env_steps"
    smoothing: float = 0.0
    group: str = seed_groups.SEEDS
    statistic: str = MEAN
    target: float | None = None
    #: The part of the axis that is seen, drawn at full resolution; None for all.
    window: tuple[float, float] | None = None


def checked(
    metric: Any, axis: Any, smoothing: Any, group: Any, statistic: Any, target: Any
) -> Choice:
    """The choice that code has made. Raises `UserError` for what cannot be."""
    if metric is not None and not isinstance(metric, str):
        raise UserError(f"metric is the name of a metric, or None, not {metric!r:.60}.")
    for name, value, words in (("axis", axis, AXES), ("statistic", statistic, STATISTICS)):
        if value not in words:
            raise UserError(f"{name} is one of {', '.join(words)}, not {value!r:.60}.")
    for name, value in (("smoothing", smoothing), ("target", 0.0 if target is None else target)):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise UserError(f"{name} is a finite number, not {value!r:.60}.")
    if not 0 <= smoothing <= MOST:
        raise UserError(f"smoothing lies between 0 and {MOST}; {smoothing:g} does not.")
    if group is None:
        group = seed_groups.ALONE
    if not isinstance(group, str) or not group:
        raise UserError(f"group is 'seed', 'none' or the name of a tag, not {group!r:.60}.")
    if group not in (seed_groups.SEEDS, seed_groups.ALONE):
        group = f"{seed_groups.TAG}{group.removeprefix(seed_groups.TAG)}"
    return Choice(metric, axis, float(smoothing), group, statistic, target)
