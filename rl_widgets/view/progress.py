"""How far a run is on its way to each stop criterion, and how long it may still take."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rl_widgets.view import catalogue, wording
from rl_widgets.view.series import Series


@dataclass(frozen=True)
class Criterion:
    """`text` is 'reward 12.4 of 18'; `fraction` lies in 0..1, None where nothing is known yet."""

    name: str
    text: str
    value: float | None
    goal: float
    fraction: float | None
    remaining_s: float | None

    def left(self, over: bool = False) -> str:
        """How long it may still take by this one: 'about 4 min left'; `over`: the run has ended."""
        if self.fraction is not None and self.fraction >= 1:
            return "reached"
        if over or self.remaining_s is None:
            return ""
        word = "" if self.name in _LIMITS else "about "
        return f"{word}{wording.rough_duration(self.remaining_s)} left"


@dataclass(frozen=True)
class Pace:
    """What is known of a run's course: its metrics by name, and seconds of the script so far."""

    series: Callable[[str], Series | None]
    running_s: float | None


#: What is reached at a known time, and no estimate.
_LIMITS = {*catalogue.TIME_NAMES, "max_run_duration_seconds"}
_REWARDS = {*catalogue.REWARD_NAMES}
_ENV_STEPS = {*catalogue.ENV_STEP_NAMES, "num_env_steps_trained_lifetime"}


def criteria(definition: Mapping[str, Any], pace: Pace) -> tuple[Criterion, ...]:
    """A row for each stop criterion that is a number."""
    found = {}
    for name, goal in _flat(definition.get("stop")):
        found[name] = _criterion(name, goal, pace)
    limit: Any = definition.get("max_run_duration_seconds")
    shorter = [c.goal for c in found.values() if c.name == "time_total_s"]
    if _is_number(limit) and not any(g <= limit for g in shorter):
        found["max_run_duration_seconds"] = _time("max_run_duration_seconds", limit, pace.running_s)
    return tuple(found.values())


def reward_goal(definition: Mapping[str, Any]) -> float | None:
    """The reward at which a run stops, if it does."""
    return next((goal for name, goal in _flat(definition.get("stop")) if name in _REWARDS), None)


def time_left(rows: tuple[Criterion, ...]) -> str:
    """'about 4 min', 'at most 40 min', or '' where nothing can be said."""
    known = [r for r in rows if r.remaining_s is not None]
    if not known:
        return ""
    soonest = min(known, key=lambda r: r.remaining_s or 0.0)
    # Whatever else stops the run may do so earlier: a limit is no more than a bound.
    others = [r for r in rows if r is not soonest and r.remaining_s is None]
    word = "at most" if others else "about"
    return f"{word} {wording.rough_duration(soonest.remaining_s or 0.0)}"


def _flat(stop: Any, prefix: str = "") -> list[tuple[str, float]]:
    if not isinstance(stop, Mapping):
        return []
    found: list[tuple[str, float]] = []
    for key, value in stop.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found += _flat(value, f"{name}/")
        elif _is_number(value):
            found.append((name, float(value)))
    return found


def _is_number(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _criterion(name: str, goal: float, pace: Pace) -> Criterion:
    if name in catalogue.TIME_NAMES:
        series = _first(pace, catalogue.TIME_NAMES)
        seconds = None if series is None else series.last()
        return _time(name, goal, seconds if seconds is not None else pace.running_s)
    if name in _REWARDS:
        series = _first(pace, catalogue.REWARD_NAMES)
        value = None if series is None else series.last()
        remaining = None if series is None else _extrapolated(series, goal)
        start = None if series is None else _first_value(series)
        text = f"reward {_of(wording.number(value), wording.goal(goal))}"
        return Criterion(name, text, value, goal, _fraction(value, goal, start), remaining)
    if name in _ENV_STEPS:
        series, label = _first(pace, catalogue.ENV_STEP_NAMES), "env steps"
    elif name in catalogue.ITERATION_NAMES:
        series, label = _first(pace, catalogue.ITERATION_NAMES), "iteration"
    else:
        series, label = pace.series(name), wording.shown(name, 40)
    value = None if series is None else series.last()
    remaining = None if series is None else _extrapolated(series, goal)
    text = f"{label} {_of(wording.count(value), wording.goal(goal))}"
    return Criterion(name, text, value, goal, _fraction(value, goal, 0.0), remaining)


def _of(value: str, goal: str) -> str:
    return f"{value} of {goal}"


def _time(name: str, goal: float, seconds: float | None) -> Criterion:
    text = f"time {wording.count(seconds)} s of {wording.goal(goal)} s"
    remaining = None if seconds is None else max(0.0, goal - seconds)
    return Criterion(name, text, seconds, goal, _fraction(seconds, goal, 0.0), remaining)


def _fraction(value: float | None, goal: float, start: float | None) -> float | None:
    if value is None or start is None:
        return None
    if value >= goal:
        return 1.0
    if goal <= start:
        return None
    return min(1.0, max(0.0, (value - start) / (goal - start)))


def _first(pace: Pace, names: tuple[str, ...]) -> Series | None:
    for name in names:
        series = pace.series(name)
        if series is not None and len(series):
            return series
    return None


def _first_value(series: Series) -> float | None:
    values = series.column("value")
    finite = np.flatnonzero(np.isfinite(values[:1000]))
    return float(values[finite[0]]) if len(finite) else None


def _extrapolated(series: Series, goal: float) -> float | None:
    """Seconds to the goal at the pace of the last third; None where it is not getting nearer."""
    values, times = series.column("value"), series.unpaused()
    began = float(times[0]) if len(times) else 0.0
    first = len(values) - max(8, len(values) // 3)
    if first < 0:
        return None
    values, times = values[first:], times[first:]
    finite = np.isfinite(values)
    values, times = values[finite], times[finite]
    if len(values) < 5 or times[-1] - times[0] < 1.0:
        return None
    if values[-1] >= goal:
        return 0.0
    moments = times - times[0]
    slope = float(np.cov(moments, values)[0, 1] / moments.var(ddof=1))
    if slope <= 0:
        return None
    remaining = (goal - float(values[-1])) / slope
    # Beyond ten times what has been seen an estimate is a guess.
    seen = float(times[-1]) - began
    return remaining if remaining <= 10 * max(seen, 60.0) else None
