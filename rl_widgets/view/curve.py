"""A metric as a line: its x-axis, its gaps, the newest attempt, thinned to what can be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import tsdownsample

from rl_widgets.view import wording
from rl_widgets.view.series import Floats, Series, joined

#: Points that a line is thinned to; smallest and largest values are kept.
MAX_POINTS = 2000

#: The x-axes that a person may choose, with their words.
AXES = {"env_steps": "Env steps", "iteration": "Iteration", "time": "Time"}


@dataclass(frozen=True)
class Curve:
    """A line to draw; `x` and `y` have the shape (n,), n <= 2000, y is NaN at a gap.

    `points` counts what was logged, `gaps` those of it that are not finite; `note` says in words
    what the line does not show; `target` is the value at which the run stops, if it does.
    """

    metric: str = ""
    axis: str = "env_steps"
    x_title: str = "env steps"
    x: Floats = field(default_factory=lambda: np.empty(0))
    y: Floats = field(default_factory=lambda: np.empty(0))
    points: int = 0
    gaps: int = 0
    last: float | None = None
    lowest: float | None = None
    highest: float | None = None
    target: float | None = None
    note: str = ""
    sentence: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not bool(np.isfinite(self.y).any())


def curve(
    series: Series,
    axis: str,
    started: float | None,
    iterations: Series | None = None,
    env_steps: Series | None = None,
    target: float | None = None,
) -> Curve:
    """The line of a metric over `axis`, one of `AXES`.

    `started` (seconds since the epoch) is where the time axis begins; `iterations` and `env_steps`
    are metrics that tell both for points that were logged without.
    """
    keep = _newest_attempt(series)
    x, title = _x(series, keep, axis, started, iterations, env_steps)
    y = np.where(np.isfinite(series.column("value")[keep]), series.column("value")[keep], np.nan)
    placed = np.isfinite(x)
    x, y = x[placed], y[placed]
    if len(x) > 1 and not (np.diff(x) > 0).all():
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
        # Of several values at one place (a script and its callback log the same) the newest.
        newest = np.append(x[1:] != x[:-1], True)
        if axis != "time":
            x, y = x[newest], y[newest]
    finite = y[np.isfinite(y)]
    gaps = len(y) - len(finite)
    values = {
        "last": float(finite[-1]) if len(finite) else None,
        "lowest": float(finite.min()) if len(finite) else None,
        "highest": float(finite.max()) if len(finite) else None,
    }
    note = ""
    if gaps:
        be = "is" if gaps == 1 else "are"
        note = (
            f"{gaps:,} of {wording.plural(len(y), 'value')} {be} NaN or infinite and left out of "
            "the line."
        )
    name = wording.shown(series.name)
    sentence = f"{name}: no value yet."
    if len(finite):
        place = _at_last(x, y)
        where = wording.number(place) if axis == "time" else wording.count(place)
        sentence = (
            f"{name}: {wording.plural(len(y), 'value')}, from {wording.number(values['lowest'])} "
            f"to {wording.number(values['highest'])}, last {wording.number(values['last'])} at "
            f"{title} {where}."
        )
    thin_x, thin_y = thinned(x, y)
    return Curve(
        metric=series.name,
        axis=axis,
        x_title=title,
        x=thin_x,
        y=thin_y,
        points=len(y),
        gaps=gaps,
        target=target,
        note=note,
        sentence=sentence,
        **values,
    )


def thinned(x: Floats, y: Floats, n: int = MAX_POINTS) -> tuple[Floats, Floats]:
    """At most `n` points of a line by min-max-LTTB; a gap (NaN) between two stays a gap."""
    if len(x) <= n:
        return x, y
    finite = np.flatnonzero(np.isfinite(y))
    if not len(finite):
        return x[:0], y[:0]
    # A gap is an index into the finite points before which something is missing.
    breaks = np.flatnonzero(np.diff(finite) > 1) + 1
    room = n - min(len(breaks), n // 2)
    xs, ys = x[finite], y[finite]
    chosen = np.arange(len(xs))
    if len(xs) > room:
        chosen = tsdownsample.MinMaxLTTBDownsampler().downsample(
            np.ascontiguousarray(xs), np.ascontiguousarray(ys), n_out=room
        )
        chosen = np.unique(chosen.astype(np.int64))
    if not len(breaks):
        return xs[chosen], ys[chosen]
    block = np.searchsorted(breaks, chosen, side="right")
    at = np.flatnonzero(np.diff(block)) + 1
    at = at[:: max(1, math.ceil(len(at) / max(1, n - len(chosen))))]
    middle = (xs[chosen][at - 1] + xs[chosen][at]) / 2
    return np.insert(xs[chosen], at, middle), np.insert(ys[chosen], at, np.nan)


def _at_last(x: Floats, y: Floats) -> float:
    return float(x[np.flatnonzero(np.isfinite(y))[-1]])


def _newest_attempt(series: Series) -> slice | np.ndarray[tuple[int], np.dtype[np.bool_]]:
    attempts = series.column("attempt")
    if not len(attempts) or attempts[0] == attempts[-1]:
        return slice(None)
    steps, times = series.column("step"), series.column("time")
    keep = np.ones(len(attempts), np.bool_)
    for attempt in np.unique(attempts)[1:]:
        newer = attempts >= attempt
        first = np.nanmin(np.where(newer, steps, np.nan), initial=np.inf)
        keep &= newer | ~(steps >= first)
        # Points without a step: nothing tells where the attempt took over but the clock.
        keep &= newer | ~(np.isnan(steps) & (times >= times[newer].min()))
    return keep


def _x(
    series: Series,
    keep: slice | np.ndarray[tuple[int], np.dtype[np.bool_]],
    axis: str,
    started: float | None,
    iterations: Series | None,
    env_steps: Series | None,
) -> tuple[Floats, str]:
    times = series.column("time")[keep]
    if axis == "time":
        if not len(times):
            return times, "time (s)"
        seconds = times - (started if started is not None else times.min())
        span = float(seconds.max())
        for limit, scale, unit in ((300, 1, "s"), (10_800, 60, "min"), (math.inf, 3600, "h")):
            if span <= limit:
                return seconds / scale, f"time since the start ({unit})"
    own = series.column("step" if axis == "iteration" else "env_steps")[keep]
    title = "iteration" if axis == "iteration" else "env steps"
    known = np.isfinite(own)
    # Points without an x of their own beside points with one are the same results, logged twice.
    if known.sum() * 3 >= max(1, len(own)):
        return own, title
    for other in (iterations, env_steps) if axis == "iteration" else (env_steps, iterations):
        if other is None or not len(other):
            continue
        own_axis = (other is iterations) == (axis == "iteration")
        for column in (("value",) if own_axis else ()) + (
            "step" if axis == "iteration" else "env_steps",
        ):
            x = joined(other, times, column)
            if np.isfinite(x).any():
                return x, title
    return np.arange(1.0, len(times) + 1), f"logged value (no {title} known)"
