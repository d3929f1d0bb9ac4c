"""Charts of several lines in one frame, drawn by bqplot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bqplot
import ipywidgets
import numpy as np

from rl_widgets.view.charts.lines import Frame, Line, frame
from rl_widgets.view.series import Floats

_HEIGHT = "290px"
_MARGIN = {"top": 12, "bottom": 46, "left": 66, "right": 18}
#: Height of what lies between the axes of a chart of the usual height, in pixels.
PLOT_HEIGHT = 290.0 - _MARGIN["top"] - _MARGIN["bottom"]
_BAND_OPACITY = 0.16
#: No point, and marks that do not move their scales.
NOTHING: Floats = np.empty(0)
KEPT = {"x": True, "y": True}


class Axis(bqplot.Axis):
    """An axis whose words reach the page before the ticks that they are for.

    The page writes new ticks with the words that it has by then, and those last.
    """

    def send_state(self, key: Any = None) -> None:
        # ipywidgets keeps what it holds back in a set, whose order is any.
        super().send_state(sorted(key) if isinstance(key, (set, frozenset)) else key)


@dataclass
class _Marks:
    """What draws one line: its stroke and, once it has one, its band."""

    line: bqplot.Lines
    band: bqplot.Lines | None = None


class LinesChart:
    """Several lines, each with a band where it has one, brought up to date by few messages.

    `widget` is what is displayed; it belongs into the page only once it is seen, because a figure
    that is made where it cannot be seen measures itself wrongly. A line keeps its marks as long as
    its `name` is among those drawn. Its words (a legend) are the caller's. All methods are to be
    called on the view's own thread.
    """

    def __init__(self, height: str = _HEIGHT) -> None:
        self._x = bqplot.LinearScale(min=0.0, max=1.0)
        self._y = bqplot.LinearScale(min=0.0, max=1.0)
        self._x_axis = Axis(scale=self._x, label_offset="34px", grid_lines="none")
        self._y_axis = Axis(scale=self._y, side="left", label_offset="46px", grid_lines="solid")
        self.widget = bqplot.Figure(
            marks=self._below() + self._above(),
            axes=[self._x_axis, self._y_axis],
            fig_margin=_MARGIN,
            animation_duration=0,
            padding_x=0.0,
            padding_y=0.0,
            display_toolbar=False,
            layout=ipywidgets.Layout(width="100%", height=height, min_width="200px"),
        )
        self.widget.add_class("rlw-chart")
        self._marks: dict[str, _Marks] = {}
        self.frame: Frame | None = None

    def draw(
        self,
        lines: Sequence[Line],
        x_title: str,
        y_title: str,
        window: tuple[float, float] | None = None,
        log: bool = False,
    ) -> None:
        """Show these lines, the first one on top; sends nothing that is shown already."""
        self.draw_in(frame(lines, x_title, y_title, window=window, log=log), lines)

    def draw_in(self, axes: Frame, lines: Sequence[Line], move: bool = True) -> None:
        """As `draw`, in axes that are given.

        Without `move` the x-axis stays where it is: the page has moved it, and moves it on.
        """
        self.frame = axes
        # The scales first: with a curve that grows, a line never leaves its frame.
        if move:
            _set_range(self._x, axes.x_low, axes.x_high)
        _set_range(self._y, axes.y_low, axes.y_high)
        label_axis(self._x_axis, axes.x_title, axes.x_ticks, axes.x_words)
        label_axis(self._y_axis, axes.y_title, axes.y_ticks, axes.y_words)
        self._have([line.name for line in lines], lines)
        for line in lines:
            marks = self._marks[line.name]
            style = {
                "colors": [line.colour],
                "opacities": [line.opacity],
                "stroke_width": line.width,
                "line_style": "dashed" if line.dashed else "solid",
            }
            set_data(marks.line, line.x, axes.y(line.y), style)
            if marks.band is not None:
                x, edges = NOTHING, NOTHING
                band = line.band()
                if band is not None:
                    x, edges = band[0], axes.edges(band[1], band[2])
                set_data(marks.band, x, edges, {"fill_colors": [line.colour]})

    def _below(self) -> list[bqplot.Mark]:
        """Marks of a subclass that lie under all lines."""
        return []

    def _above(self) -> list[bqplot.Mark]:
        """Marks of a subclass that lie over all lines."""
        return []

    def _have(self, names: Sequence[str], lines: Sequence[Line]) -> None:
        """Have marks for these lines and no others."""
        gone = [name for name in self._marks if name not in names]
        new = [name for name in names if name not in self._marks]
        banded = [
            line.name
            for line in lines
            if line.low is not None and (line.name in new or self._marks[line.name].band is None)
        ]
        if not (gone or new or banded):
            return
        closed = [self._marks.pop(name) for name in gone]
        for name in new:
            self._marks[name] = _Marks(self._lines())
        for name in banded:
            self._marks[name].band = self._lines(
                fill="between", fill_opacities=[_BAND_OPACITY] * 2, stroke_width=0
            )
        self._arrange(names)
        for pair in closed:
            for mark in (pair.line, pair.band):
                if mark is not None:
                    mark.close()

    def _arrange(self, names: Iterable[str]) -> None:
        # The order of the dict is the order of the lines, the first one on top.
        self._marks = {name: self._marks[name] for name in names}
        pairs = list(self._marks.values())
        bands = [pair.band for pair in reversed(pairs) if pair.band is not None]
        strokes = [pair.line for pair in reversed(pairs)]
        self.widget.marks = self._below() + bands + strokes + self._above()

    def _lines(self, **style: Any) -> bqplot.Lines:
        return bqplot.Lines(
            x=NOTHING,
            y=NOTHING,
            scales={"x": self._x, "y": self._y},
            preserve_domain=KEPT,
            **style,
        )


class Pointer:
    """Columns that nobody sees: the page says over which of them the pointer is.

    `on_part(part)` gets the place as a part of the chart's width, 0 to 1, on whatever thread brings
    the page's messages. They do not lie on the x-axis, with which the page would draw them all
    again: 25 ms of every chart.
    """

    def __init__(self, count: int, on_part: Callable[[float], None]) -> None:
        self._on_part = on_part
        self._across = bqplot.LinearScale(min=0.0, max=1.0)
        self._up = bqplot.LinearScale(min=0.0, max=1.0)
        self.columns = bqplot.Bars(
            x=(np.arange(count) + 0.5) / count,
            y=np.ones(count),
            # The line that bars stand on stays out of the frame.
            base=-5.0,
            scales={"x": self._across, "y": self._up},
            preserve_domain=KEPT,
            opacities=[0.0],
            colors=["#808a96"],
            padding=0.0,
        )
        self.columns.on_hover(self._hovered)

    def _hovered(self, _mark: Any, sent: Any) -> None:
        part = (sent.get("data") or {}).get("x")
        if isinstance(part, (int, float)):
            self._on_part(float(part))


def set_data(
    mark: bqplot.Mark, x: Floats, y: Floats, style: Mapping[str, object] | None = None
) -> None:
    """Set data and style of a mark in one message, and only where they differ.

    Gaps at the ends are left out: bqplot writes a wrong path for a line that ends in one.
    """
    known = np.flatnonzero(np.isfinite(y).all(axis=0) if y.ndim == 2 else np.isfinite(y))
    ends = slice(known[0], known[-1] + 1) if len(known) else slice(0)
    # A band of one point is none, and bqplot would take its two edges for two points.
    enough = len(known) > (1 if y.ndim == 2 else 0)
    x, y = (x[ends], y[..., ends]) if enough else (NOTHING, NOTHING)
    new = {n: value for n, value in (style or {}).items() if not _same(getattr(mark, n), value)}
    if not (_same(mark.x, x) and _same(mark.y, y)):
        new |= {"x": x, "y": y}
    if new:
        with mark.hold_sync():
            for name, value in new.items():
                setattr(mark, name, value)


def _set_range(scale: bqplot.LinearScale, low: float, high: float) -> None:
    if (scale.min, scale.max) != (low, high):
        with scale.hold_sync():
            scale.min, scale.max = low, high


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return bool(a == b)


def label_axis(axis: Axis, title: str, ticks: tuple[float, ...], words: tuple[str, ...]) -> None:
    """Set title, ticks and their words in one message, and only where they differ."""
    labels = {_key(tick): word for tick, word in zip(ticks, words, strict=True)}
    with axis.hold_sync():
        axis.label = title if len(title) <= 36 else title[:35] + "…"
        # Left to itself the axis cuts its range into equal parts, at numbers like 24.8663.
        if axis.tick_values is None or not np.array_equal(axis.tick_values, ticks):
            axis.tick_values = np.array(ticks)
        if axis.tick_labels != labels:
            axis.tick_labels = labels


def _key(tick: float) -> str:
    """A number as JavaScript writes it: the page looks the words up by it."""
    if tick == 0 or 1e-6 <= abs(tick) < 1e21:
        return np.format_float_positional(tick + 0.0, trim="-")
    return repr(float(tick)).replace("e-0", "e-")
