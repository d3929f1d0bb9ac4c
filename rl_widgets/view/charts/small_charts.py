"""Small charts, a page of them: each metric's line and words, and one x-axis for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rl_widgets.view import catalogue, wording
from rl_widgets.view.charts.curve import Curve, Look, curve, thinned
from rl_widgets.view.charts.legend import value_at
from rl_widgets.view.charts.lines import PALETTE, Frame, Line, frame, rounded_x
from rl_widgets.view.reader import RunReader
from rl_widgets.view.series import Series

#: Charts of a page, points of a chart, and lines that one chart of several metrics may have.
PER_PAGE, MAX_POINTS, MAX_TOGETHER = 12, 500, len(PALETTE)

_TICKS = 3


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
        """The value that is drawn nearest to `x`, in words; '—' where there is none near.

        `x` is in the units of the axis.
        """
        if not self.placed:
            return "—"
        return _words(value_at(self.line.x, self.line.y, x))


@dataclass(frozen=True)
class ChartPage:
    """The charts of some metrics in their order, all over one x-axis.

    `unit` is how many env steps, iterations or seconds one unit of that axis is.
    """

    charts: tuple[SmallChart, ...] = ()
    x_title: str = ""
    unit: float = 1.0

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

    def page(
        self, metrics: Sequence[str], log: bool = False, beside: Curve | None = None
    ) -> ChartPage:
        """The charts of `metrics` over `reader.axis`; of no other metric is anything read.

        `beside` is the curve of another chart: what it spans of the axis, and its unit of time,
        are spanned here too. Raises `StoreError`.
        """
        if beside is not None and (beside.axis != self._reader.axis or not len(beside.x)):
            beside = None
        curves, newest = self._read(metrics, log, beside.unit if beside is not None else None)
        drawn = [c for c in curves if len(c.x)]
        # Where nothing tells the place of any value, their numbers are the axis.
        on_axis = [c for c in drawn if _placed(c)] or drawn
        known = {c.metric for c in on_axis}
        spanned = [*on_axis]
        if beside is not None and on_axis and _placed(beside) == _placed(on_axis[0]):
            spanned.append(beside)
        ends = [float(end) for c in spanned for end in (c.x[0], c.x[-1])]
        window = rounded_x(min(ends, default=0.0), max(ends, default=1.0))
        charts, made = [], {}
        for c, last in zip(curves, newest, strict=True):
            placed = c.metric in known or not len(c.x)
            key = (window, placed, last)
            before, chart = self._charts.get(c.metric, (None, None))
            if chart is None or before != key or chart.curve is not c:
                chart = _chart(c, window, log, placed, last)
            made[c.metric] = (key, chart)
            charts.append(chart)
        self._charts = made
        if not on_axis:
            return ChartPage(tuple(charts))
        return ChartPage(tuple(charts), on_axis[0].x_title, on_axis[0].unit)

    def _read(
        self, metrics: Sequence[str], log: bool, unit: float | None
    ) -> tuple[list[Curve], list[float | None]]:
        """The curve and the newest value of each metric."""
        reader = self._reader
        axis = reader.axis
        with reader.lock:
            names = (*catalogue.ITERATION_NAMES, *catalogue.ENV_STEP_NAMES)
            main = reader.metric or ""
            held = reader.several([*metrics, *names, *([main] if main else [])])
            iterations = _first(held, catalogue.ITERATION_NAMES)
            env_steps = _first(held, catalogue.ENV_STEP_NAMES)
            # Where a script logs neither as a metric, its main metric may carry them; given as
            # the other one, its column counts and not its values.
            if axis == "env_steps":
                iterations = iterations or held.get(main)
            else:
                env_steps = env_steps or held.get(main)
            started = reader.began
            series = [held.get(name) or Series(name) for name in metrics]
            if axis == "time" and unit is None and series:
                longest = max(series, key=lambda s: s.last("time") or 0.0)
                unit = curve(longest, axis, started).unit
            look = Look(log=log, unit=unit if axis == "time" else None)
            curves, made = [], {}
            for one in series:
                lengths = tuple(0 if s is None else len(s) for s in (one, iterations, env_steps))
                key = (lengths, axis, started, look)
                before, drawn = self._curves.get(one.name, (None, None))
                if drawn is None or before != key:
                    drawn = curve(
                        one, axis, started, iterations=iterations, env_steps=env_steps, look=look
                    )
                made[one.name] = (key, drawn)
                curves.append(drawn)
            self._curves = made
            values = [one.column("value") for one in series]
            return curves, [float(v[-1]) if len(v) else None for v in values]


def _words(value: float | None) -> str:
    """Many metrics count something: whole numbers as such."""
    whole = value is not None and value == round(value, 0) and abs(value) < 1e15
    return wording.count(value) if whole else wording.number(value)


def _first(held: dict[str, Series], names: Iterable[str]) -> Series | None:
    return next((held[name] for name in names if name in held), None)


def _placed(c: Curve) -> bool:
    """Whether its x is what the axis says, and not the number of the logged value."""
    return not c.x_title.startswith("logged value")


def _chart(
    c: Curve, window: tuple[float, float], log: bool, placed: bool, last: float | None
) -> SmallChart:
    notes = []
    if c.gaps:
        few = c.gaps < c.points or c.points == 1
        some = wording.plural(c.gaps, "value") if few else "Every value is"
        notes.append(f"{some} NaN or infinite.")
    if c.masked:
        notes.append(f"{wording.plural(c.masked, 'value')} ≤ 0 left out.")
    x = c.x
    if not placed:
        title = c.x_title.partition("(")[2].rstrip(")")
        notes.append(f"{title.capitalize()}: drawn in the order of its values.")
        # From edge to edge: their number says nothing on this axis.
        x = np.interp(x, (1.0, max(2.0, float(x[-1]))), window)
    # Gaps at the ends are no part of a line.
    known = np.flatnonzero(np.isfinite(c.y))
    ends = slice(known[0], known[-1] + 1) if len(known) else slice(0)
    x, y = thinned(x[ends], c.y[ends], MAX_POINTS)
    name = wording.shown(c.metric)
    line = Line(name, PALETTE[0], x, y, width=1.5)
    note = " ".join(notes)
    return SmallChart(
        curve=c,
        name=name,
        last=_words(last),
        note=note,
        sentence=f"{c.sentence} {note}".strip(),
        line=line,
        frame=frame([line], "", "", window=window, log=log, x_ticks=_TICKS, y_ticks=_TICKS),
        placed=placed,
    )
