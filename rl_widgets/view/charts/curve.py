"""A metric as a line: its x-axis, its gaps, the newest attempt, thinned to what can be seen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import tsdownsample

from rl_widgets.view import wording
from rl_widgets.view.charts.band import Band, band
from rl_widgets.view.charts.band import thinned as thinned_band
from rl_widgets.view.charts.marks import TIME_UNITS, EventMark, Places, at_words, marks
from rl_widgets.view.charts.smoothing import smoothed
from rl_widgets.view.events import Event
from rl_widgets.view.series import Floats, Series, joined

#: Points that a line is thinned to; smallest and largest values are kept.
MAX_POINTS = 2000
#: Points of a window that a person moves: the page draws them anew at each step of the mouse.
WINDOW_POINTS = 1000

#: The x-axes that a person may choose, with their words; and of a line that tells none of them.
_BY_PLACE = "logged value"
AXES = {"env_steps": "Env steps", "iteration": "Iteration", "time": "Time"}

#: The unit of time, in seconds, for a run of at most so many seconds.
_TIME_UNITS = ((300, 1.0), (10_800, 60.0), (math.inf, 3600.0))

Chosen = slice | npt.NDArray[np.bool_]


def _nothing() -> Floats:
    return np.empty(0)


@dataclass(frozen=True)
class Look:
    """How a person wants a curve: what is drawn of it, and not what it says.

    `smoothing` is the weight of an exponential moving average, 0 for none. `log` leaves out what
    has no logarithm. `window` is the part of the axis that is seen, in the axis' own units, and
    is drawn at full resolution. `unit` fixes the unit of time, in seconds.
    """

    smoothing: float = 0.0
    log: bool = False
    window: tuple[float, float] | None = None
    unit: float | None = None


AS_IT_IS = Look()


@dataclass(frozen=True)
class Curve:
    """A line to draw; `x` and `y` have the shape (n,), n <= 2000, y is NaN at a gap.

    `points` counts what was logged, `gaps` those of it that are not finite, `masked` those that a
    logarithmic axis has no place for; `note` says in words what the line does not show; `target`
    is the value at which the run stops, if it does. `band_x`, `low` and `high` (m,), m <= 500, are
    the band of the smallest and largest values; empty where none are logged. `smooth_x` and
    `smooth_y` are the line after smoothing, empty without. `episodes` is how many episodes the
    newest value is the mean of. `unit` is how many env steps, iterations or seconds one unit of
    the axis is.
    """

    metric: str = ""
    axis: str = "env_steps"
    x_title: str = "env steps"
    x: Floats = field(default_factory=_nothing)
    y: Floats = field(default_factory=_nothing)
    points: int = 0
    gaps: int = 0
    last: float | None = None
    lowest: float | None = None
    highest: float | None = None
    target: float | None = None
    note: str = ""
    sentence: str = ""
    unit: float = 1.0
    masked: int = 0
    band_x: Floats = field(default_factory=_nothing)
    low: Floats = field(default_factory=_nothing)
    high: Floats = field(default_factory=_nothing)
    smooth_x: Floats = field(default_factory=_nothing)
    smooth_y: Floats = field(default_factory=_nothing)
    episodes: float | None = None
    marks: tuple[EventMark, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not bool(np.isfinite(self.y).any())

    @property
    def by_place(self) -> bool:
        """Whether x counts the values, 1 to n, because nothing tells where they lie on the axis."""
        return self.x_title.startswith(_BY_PLACE)


def companions(metric: str) -> tuple[str, str] | None:
    """The names of the smallest and largest values beside a mean; None where it is no mean."""
    head, mean, tail = metric.rpartition("_mean")
    return (f"{head}_min{tail}", f"{head}_max{tail}") if mean else None


def curve(
    series: Series,
    axis: str,
    started: float | None,
    iterations: Series | None = None,
    env_steps: Series | None = None,
    target: float | None = None,
    *,
    low: Series | None = None,
    high: Series | None = None,
    episodes: Series | None = None,
    events: Iterable[Event] = (),
    look: Look = AS_IT_IS,
) -> Curve:
    """The line of a metric over `axis`, one of `AXES`.

    `started` (seconds since the epoch) is where the time axis begins; `iterations` and `env_steps`
    are metrics that tell both for points that were logged without. `low` and `high` are the
    metrics of the smallest and largest values, `episodes` of how many episodes the mean is.
    """
    places, title = placed(series, axis, started, iterations, env_steps, look.unit)
    x, y = places.x, places.y
    finite = y[np.isfinite(y)]
    values = {
        "last": float(finite[-1]) if len(finite) else None,
        "lowest": float(finite.min()) if len(finite) else None,
        "highest": float(finite.max()) if len(finite) else None,
    }
    gaps = len(y) - len(finite)
    masked = int((finite <= 0).sum()) if look.log else 0
    y = np.where(y > 0, y, np.nan) if masked else y
    smooth = smoothed(y, look.smoothing)
    around: Band = (_nothing(), _nothing(), _nothing())
    if low is not None and high is not None:
        edges = [
            placed(edge, axis, started, iterations, env_steps, places.unit)[0]
            for edge in (low, high)
        ]
        around = band(*((edge.x, edge.y) for edge in edges))
        seen = _seen(around[0], look.window)
        around = thinned_band((around[0][seen], around[1][seen], around[2][seen]))
    seen = _seen(x, look.window)
    most = MAX_POINTS if look.window is None else WINDOW_POINTS
    thin_x, thin_y = thinned(x[seen], y[seen], most)
    smooth_x, smooth_y = _nothing(), _nothing()
    if look.smoothing > 0:
        smooth_x, smooth_y = thinned(x[seen], smooth[seen], most)
    return Curve(
        metric=series.name,
        axis=axis,
        x_title=title,
        x=thin_x,
        y=thin_y,
        points=len(y),
        gaps=gaps,
        target=target,
        note=_note(len(y), gaps, masked),
        sentence=_sentence(wording.shown(series.name), places, title, values),
        unit=places.unit,
        masked=masked,
        band_x=around[0],
        low=around[1],
        high=around[2],
        smooth_x=smooth_x,
        smooth_y=smooth_y,
        episodes=None if episodes is None else episodes.last(),
        marks=marks(events, places, smooth, target, title),
        **values,
    )


def placed(
    series: Series,
    axis: str,
    started: float | None,
    iterations: Series | None = None,
    env_steps: Series | None = None,
    unit: float | None = None,
) -> tuple[Places, str]:
    """All points of a metric's newest attempts over `axis`, and the axis' title.

    Values that are not finite are NaN.
    """
    keep = _newest_attempt(series)
    x, title, unit = _x(series, keep, axis, started, iterations, env_steps, unit)
    value = series.column("value")[keep]
    y = np.where(np.isfinite(value), value, np.nan)
    times, attempts = series.column("time")[keep], series.column("attempt")[keep]
    known = np.isfinite(x)
    if not known.all():
        x, y, times, attempts = x[known], y[known], times[known], attempts[known]
    if len(x) > 1 and not (np.diff(x) > 0).all():
        order = np.argsort(x, kind="stable")
        # Of several values at one place (a script and its callback log the same) the newest.
        if axis != "time":
            order = order[np.append(x[order][1:] != x[order][:-1], True)]
        x, y, times, attempts = x[order], y[order], times[order], attempts[order]
    begins: tuple[tuple[float, int], ...] = ()
    if len(attempts) and attempts[0] != attempts[-1]:
        numbers, first = np.unique(attempts, return_index=True)
        begins = tuple((float(x[at]), int(n)) for n, at in zip(numbers[1:], first[1:], strict=True))
    began = started if started is not None else float(times.min(initial=np.inf))
    return Places(axis, x, y, times, begins, unit, began), title


def _note(points: int, gaps: int, masked: int) -> str:
    parts = []
    of = f"of {wording.plural(points, 'value')}"
    if gaps:
        be = "is" if gaps == 1 else "are"
        parts.append(f"{gaps:,} {of} {be} NaN or infinite and left out of the line.")
    if masked:
        be = "is" if masked == 1 else "are"
        parts.append(f"{masked:,} {of} {be} 0 or less and left out of the logarithmic axis.")
    return " ".join(parts)


def _sentence(name: str, places: Places, title: str, values: dict[str, float | None]) -> str:
    known = np.flatnonzero(np.isfinite(places.y))
    if not len(known):
        return f"{name}: no value yet."
    place = at_words(places.axis, places.unit, title, float(places.x[known[-1]]))
    return (
        f"{name}: {wording.plural(len(places.y), 'value')}, from "
        f"{wording.number(values['lowest'])} to {wording.number(values['highest'])}, last "
        f"{wording.number(values['last'])} {place}."
    )


def _seen(x: Floats, window: tuple[float, float] | None) -> slice:
    """What lies in the window, with a quarter of it on both sides for whoever moves it."""
    if window is None:
        return slice(None)
    room = (window[1] - window[0]) / 4
    first = int(np.searchsorted(x, window[0] - room)) - 1
    return slice(max(0, first), int(np.searchsorted(x, window[1] + room, side="right")) + 1)


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


def _newest_attempt(series: Series) -> Chosen:
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
    keep: Chosen,
    axis: str,
    started: float | None,
    iterations: Series | None,
    env_steps: Series | None,
    unit: float | None,
) -> tuple[Floats, str, float]:
    times = series.column("time")[keep]
    if axis == "time":
        began = started if started is not None else times.min(initial=np.inf)
        seconds = times - began
        if unit is None:
            span = float(seconds.max(initial=0.0))
            unit = next(scale for limit, scale in _TIME_UNITS if span <= limit)
        return seconds / unit, f"time since the start ({TIME_UNITS[unit]})", unit
    own = series.column("step" if axis == "iteration" else "env_steps")[keep]
    title = "iteration" if axis == "iteration" else "env steps"
    known = np.isfinite(own)
    # Points without an x of their own beside points with one are the same results, logged twice.
    if known.sum() * 3 >= max(1, len(own)):
        return own, title, 1.0
    for other in (iterations, env_steps) if axis == "iteration" else (env_steps, iterations):
        if other is None or not len(other):
            continue
        own_axis = (other is iterations) == (axis == "iteration")
        for column in (("value",) if own_axis else ()) + (
            "step" if axis == "iteration" else "env_steps",
        ):
            x = joined(other, times, column)
            if np.isfinite(x).any():
                return x, title, 1.0
    return np.arange(1.0, len(times) + 1), f"{_BY_PLACE} (no {title} known)", 1.0
