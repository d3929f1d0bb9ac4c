"""Small charts, a page of them: each metric's line and words, and one x-axis for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rl_widgets.view import catalogue, wording
from rl_widgets.view.curve import Curve, curve, thinned
from rl_widgets.view.lines import PALETTE, Frame, Line, frame, rounded_x
from rl_widgets.view.reader import RunReader
from rl_widgets.view.series import Floats, Series

#: Charts of a page, points of a chart, and lines that one chart of several metrics may have.
PER_PAGE, MAX_POINTS, MAX_TOGETHER = 12, 500, len(PALETTE)

_TICKS = 3
_SECONDS = {"(s)": 1.0, "(min)": 60.0, "(h)": 3600.0}


@dataclass(frozen=True)
class SmallChart:
    """One metric: its line of at most 500 points in its frame, and its words.

    `last` is the value that was logged last, also where that is not finite. `placed` is False
    where nothing tells where its values belong on the x-axis. With `frame.log` the line has gaps
    where a value has no logarithm.
    """

    curve: Curve
    name: str
    last: str
    note: str
    sentence: str
    line: Line
    frame: Frame
    placed: bool

    @property
    def points(self) -> int:
        """How many points are drawn."""
        return int(np.isfinite(self.line.y).sum())

    def at(self, x: float) -> str:
        """The value that is drawn nearest to `x`, in words; '—' where there is none near."""
        xs, n = self.line.x, len(self.line.x)
        room = (self.frame.x_high - self.frame.x_low) * 0.02
        if not n or not self.placed or not xs[0] - room <= x <= xs[-1] + room:
            return "—"
        right = int(np.searchsorted(xs, x))
        near = min((i for i in (right - 1, right) if 0 <= i < n), key=lambda i: abs(xs[i] - x))
        value = float(self.line.y[near])
        return wording.number(value) if np.isfinite(value) else "—"


@dataclass(frozen=True)
class ChartPage:
    """The charts of some metrics in their order, all over one x-axis."""

    charts: tuple[SmallChart, ...] = ()
    x_title: str = ""

    def together(self) -> list[Line]:
        """Their lines for one chart, at most 8, each in a colour of its own."""
        return [
            replace(chart.line, colour=colour, key=chart.curve.metric)
            for chart, colour in zip(self.charts, PALETTE, strict=False)
        ]


class Charts:
    """Makes pages of charts; a chart whose metric has not grown since is the same object again."""

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._curves: dict[str, tuple[Any, Curve]] = {}
        self._charts: dict[str, tuple[Any, SmallChart]] = {}

    def page(self, metrics: Sequence[str], log: bool = False, time_title: str = "") -> ChartPage:
        """The charts of `metrics` over `reader.axis`; of no other metric is anything read.

        `time_title` is the title of another chart over time, whose unit is to be the same.
        Raises `StoreError`.
        """
        curves, newest = self._read(metrics)
        unit = ""
        if self._reader.axis == "time":
            unit = _unit([time_title, *(c.x_title for c in curves)])
        xs = [_in_unit(c, unit) for c in curves]
        placed = [_placed(c) or not len(c.x) for c in curves]
        if not any(len(c.x) and ok for c, ok in zip(curves, placed, strict=True)):
            placed = [True] * len(curves)
        seen = [x for x, ok in zip(xs, placed, strict=True) if ok and len(x)]
        ends = [float(end) for x in seen for end in (x[0], x[-1])]
        window = rounded_x(min(ends, default=0.0), max(ends, default=1.0))
        charts, made = [], {}
        for c, x, ok, last in zip(curves, xs, placed, newest, strict=True):
            key = (window, log, unit, ok, last)
            before, chart = self._charts.get(c.metric, (None, None))
            if chart is None or before != key or chart.curve is not c:
                chart = _chart(c, x, window, log, ok, last)
            made[c.metric] = (key, chart)
            charts.append(chart)
        self._charts = made
        titles = [c.x_title for c, ok in zip(curves, placed, strict=True) if ok and len(c.x)]
        title = titles[0] if titles else ""
        return ChartPage(tuple(charts), f"time since the start {unit}" if unit else title)

    def _read(self, metrics: Sequence[str]) -> tuple[list[Curve], list[float | None]]:
        """The curve and the newest value of each metric."""
        reader = self._reader
        with reader.lock:
            names = (*catalogue.ITERATION_NAMES, *catalogue.ENV_STEP_NAMES)
            main = reader.metric or ""
            held = reader.several([*metrics, *names, *([main] if main else [])])
            # Where a script logs neither as a metric, its main metric may carry them.
            iterations = _first(held, (*catalogue.ITERATION_NAMES, main))
            env_steps = _first(held, catalogue.ENV_STEP_NAMES)
            if reader.axis == "iteration" and env_steps is None:
                env_steps = held.get(main)
            record = reader.record
            started = record.started if record.role != "interactive" else record.created
            curves, newest, made = [], [], {}
            for name in metrics:
                series = held.get(name) or Series(name)
                lengths = tuple(0 if s is None else len(s) for s in (series, iterations, env_steps))
                key = (lengths, reader.axis, started)
                before, drawn = self._curves.get(name, (None, None))
                if drawn is None or before != key:
                    drawn = curve(
                        series, reader.axis, started, iterations=iterations, env_steps=env_steps
                    )
                made[name] = (key, drawn)
                curves.append(drawn)
                values = series.column("value")
                newest.append(float(values[-1]) if len(values) else None)
            self._curves = made
        return curves, newest


def _first(held: dict[str, Series], names: Iterable[str]) -> Series | None:
    return next((held[name] for name in names if name in held), None)


def _placed(c: Curve) -> bool:
    """Whether its x is what the axis says, and not the number of the logged value."""
    return not c.x_title.startswith("logged value")


def _unit(titles: Iterable[str]) -> str:
    """The unit of the first title that has one of time; '' where the axis is not time."""
    units = [title.rsplit(" ", 1)[-1] for title in titles]
    return next((unit for unit in units if unit in _SECONDS), "")


def _in_unit(c: Curve, unit: str) -> Floats:
    own = c.x_title.rsplit(" ", 1)[-1]
    if own == unit or own not in _SECONDS or not unit:
        return c.x
    return c.x * (_SECONDS[own] / _SECONDS[unit])


def _chart(
    c: Curve, x: Floats, window: tuple[float, float], log: bool, placed: bool, last: float | None
) -> SmallChart:
    notes = [_gaps(c)] if c.gaps else []
    y = c.y
    if not placed:
        title = c.x_title.partition("(")[2].rstrip(")")
        notes.append(f"{title.capitalize()}: drawn in the order of its values.")
        # From edge to edge: their number says nothing on this axis.
        x = np.interp(x, (1.0, max(2.0, float(x[-1]))), window)
    if log:
        lost = int((y <= 0).sum())
        if lost:
            # Of a line that has been thinned nobody knows how many.
            some = wording.plural(lost, "value") if c.points <= len(c.x) else "Values"
            notes.append(f"{some} ≤ 0 left out.")
            y = np.where(y > 0, y, np.nan)
    x, y = thinned(x, y, MAX_POINTS)
    name = wording.shown(c.metric)
    line = Line(name, PALETTE[0], x, y, width=1.5)
    note = " ".join(notes)
    return SmallChart(
        curve=c,
        name=name,
        last=wording.number(last),
        note=note,
        sentence=f"{c.sentence} {note}".strip(),
        line=line,
        frame=frame([line], "", "", window=window, log=log, x_ticks=_TICKS, y_ticks=_TICKS),
        placed=placed,
    )


def _gaps(c: Curve) -> str:
    if c.points == 1:
        return "Its value is NaN or infinite."
    if c.gaps == c.points:
        return "Every value is NaN or infinite."
    return f"{wording.plural(c.gaps, 'value')} NaN or infinite."
