"""The reward chart, drawn by bqplot: read by a cursor, zoomed, marked with events, saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import bqplot
import ipywidgets
import numpy as np

from rl_widgets.view.charts.marks import EVENT_LOOKS, EventMark
from rl_widgets.view.charts.printed_legend import ROW, SIGN, PrintedLegend
from rl_widgets.view.series import Floats
from rl_widgets.widgets.chart import KEPT, NOTHING, PLOT_HEIGHT, LinesChart, Pointer, set_data
from rl_widgets.widgets.subshells import answer_while_busy

#: Columns that tell where the pointer is.
_COLUMNS = 120
#: The colour of words, which is the theme's.
_TEXT = "var(--rlw-text)"


class RewardChart(LinesChart):
    """Lines with a cursor, marks of events, and a window that a person moves.

    bqplot has one interaction at a time. In *Read* there is none, and what lies under the lines
    and over them answers: columns that tell where the pointer is, marks that tell what they are
    and what was clicked. In *Zoom* the figure's interaction pans and zooms the x-axis.

    `on_point(x)`, `on_window()` and `on_mark(kind, index)` come on whatever thread brings the
    page's messages; everything else is to be called on the view's own thread.
    """

    def __init__(
        self,
        on_point: Callable[[float], None],
        on_window: Callable[[], None],
        on_mark: Callable[[str, int], None],
    ) -> None:
        self._unit = bqplot.LinearScale(min=0.0, max=1.0)
        self._unit_x = bqplot.LinearScale(min=0.0, max=1.0)
        self._events: dict[str, bqplot.Scatter] = {}
        self._on_mark = on_mark
        self.pointer = Pointer(_COLUMNS, lambda part: on_point(self._at(part)))
        super().__init__()
        self.widget.add_class("rlw-reward")
        self._zoom = bqplot.PanZoom(scales={"x": [self._x]})
        self._x.observe(lambda _change: on_window(), names=["min", "max"])

    @property
    def controls(self) -> tuple[ipywidgets.Widget, ...]:
        """What the page sends messages of."""
        return (self.widget, self.pointer.columns, self._x, self._zoom)

    @property
    def window(self) -> tuple[float, float]:
        """What of the x-axis the page shows."""
        return float(self._x.min), float(self._x.max)

    def zoom(self, on: bool) -> None:
        """Have the page move the x-axis, or read from it."""
        interaction = self._zoom if on else None
        if self.widget.interaction is not interaction:
            self.widget.interaction = interaction

    def show_cursor(self, x: float | None) -> None:
        """A line at `x`, in the axis' units; none for None."""
        at = NOTHING if x is None else np.array([x, x])
        set_data(self._cursor, at, np.array([0.0, 1.0])[: len(at)])

    def show_events(self, marks: Sequence[EventMark]) -> None:
        """Marks on the line; those of one kind are told apart by their place among them."""
        if self.frame is None:
            return
        kinds = {mark.kind for mark in marks}
        new = [kind for kind in EVENT_LOOKS if kind in kinds and kind not in self._events]
        for kind in new:
            self._events[kind] = self._scatter(kind)
        if new:
            self._arrange(list(self._marks))
        for kind, scatter in self._events.items():
            own = [mark for mark in marks if mark.kind == kind]
            names = np.array([mark.text for mark in own])
            y = self.frame.y(np.array([mark.y for mark in own], np.float64))
            x = np.array([mark.x for mark in own], np.float64)
            known = np.isfinite(y)
            set_data(scatter, x[known], y[known], {"names": names[known]})

    def save_png(self, file_name: str) -> None:
        """Have the page save the figure as a picture, at twice its size."""
        self.widget.save_png(file_name, 2)

    def print_legend(self, legend: PrintedLegend) -> None:
        """Have a saved picture say what its lines are; the page itself does not show it.

        The page draws a picture from what it has by then, so that this comes before the click.
        """
        rows = legend.rows
        x = np.full(len(rows), 1.0 if legend.right else 0.0)
        down = (np.arange(len(rows)) + 0.8) * ROW / PLOT_HEIGHT
        if legend.low:
            down += 1 - (len(rows) + 0.8) * ROW / PLOT_HEIGHT
        left = 10 - (int(legend.width) + 18 if legend.right else 0)
        signs, words = self._printed
        style = {
            # What has no sign, a title, stands in its place.
            "text": np.array([row.sign or row.words for row in rows], np.str_),
            "colors": [row.colour or _TEXT for row in rows] or [_TEXT],
            "opacities": np.array([0.5 if row.faint else 1.0 for row in rows] or [1.0]),
            "x_offset": left,
        }
        y: Floats = np.subtract(1.0, down, dtype=np.float64)
        set_data(signs, x, y, style)
        texts = np.array([row.words if row.sign else "" for row in rows], np.str_)
        set_data(words, x, y, {"text": texts, "x_offset": left + SIGN})

    def _at(self, part: float) -> float:
        low, high = self.window
        return low + part * (high - low)

    def _below(self) -> list[bqplot.Mark]:
        return [self.pointer.columns]

    def _above(self) -> list[bqplot.Mark]:
        return [self._cursor, *self._events.values(), *self._printed]

    @cached_property
    def _cursor(self) -> bqplot.Lines:
        return bqplot.Lines(
            x=NOTHING,
            y=NOTHING,
            scales={"x": self._x, "y": self._unit},
            preserve_domain=KEPT,
            colors=["#8a94a0"],
            stroke_width=1.0,
        )

    @cached_property
    def _printed(self) -> tuple[bqplot.Label, bqplot.Label]:
        """Signs and words of the legend that only a saved picture shows."""
        signs, words = (
            bqplot.Label(
                x=NOTHING,
                y=NOTHING,
                text=np.array([], np.str_),
                scales={"x": self._unit_x, "y": self._unit},
                preserve_domain=KEPT,
                default_size=11,
                font_weight=weight,
                colors=[_TEXT],
            )
            for weight in ("bold", "normal")
        )
        return signs, words

    def _scatter(self, kind: str) -> bqplot.Scatter:
        look = EVENT_LOOKS[kind]
        scatter = bqplot.Scatter(
            x=NOTHING,
            y=NOTHING,
            names=np.array([], np.str_),
            names_unique=False,
            display_names=False,
            scales={"x": self._x, "y": self._y},
            preserve_domain=KEPT,
            marker=look.marker,
            colors=[look.colour],
            stroke="var(--rlw-ground)",
            stroke_width=1.5,
            default_size=95,
            tooltip=bqplot.Tooltip(fields=["name"], show_labels=False),
        )
        scatter.on_element_click(lambda _mark, sent: self._clicked(kind, sent))
        answer_while_busy(scatter)
        return scatter

    def _clicked(self, kind: str, sent: Any) -> None:
        index = (sent.get("data") or {}).get("index")
        if isinstance(index, int):
            self._on_mark(kind, index)
