"""Small charts drawn by bqplot: at most twelve figures, used again for other metrics."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

import bqplot
import ipywidgets
import numpy as np
from ipywidgets.widgets.widget_string import HTMLStyle

from rl_widgets.view.charts.lines import Frame
from rl_widgets.view.charts.small_charts import PER_PAGE, ChartPage, SmallChart
from rl_widgets.view.html import metrics as html_metrics
from rl_widgets.widgets.chart import Axis, LinesChart, Pointer, label_axis, set_data
from rl_widgets.widgets.command_thread import Command
from rl_widgets.widgets.panel import set_value
from rl_widgets.widgets.subshells import answer_while_busy

_HEIGHT = "130px"
_CURSOR = "#8a94a0"
#: Columns that tell where the pointer is; twelve figures have them all, so they are not many.
_COLUMNS = 30
_KEPT = {"x": True, "y": True}


class SmallCharts:
    """The charts of a page in a grid. A figure is made when it is first needed, then used again.

    All share one x-axis, one cursor and one layout, each of which is one widget: a cursor that
    moves is one message for all of them. `widget` is what is displayed. All methods are to be
    called on the view's own thread; `post` is how a click gets there. `on_point(x)` comes on
    whatever thread brings the page's messages, in the axis' units.
    """

    def __init__(self, post: Callable[[Command], None], on_point: Callable[[float], None]) -> None:
        self._post = post
        self._shared = _Shared(on_point)
        self._cells: list[_Cell] = []
        self._page = ChartPage()
        #: The class of the grid, no other's in the page.
        self.key = f"rlw-grid-{uuid.uuid4().hex[:8]}"
        self.widget = ipywidgets.Box()
        for name in ("rlw-grid", self.key):
            self.widget.add_class(name)

    def draw(self, page: ChartPage) -> None:
        """Show a page of at most twelve charts; sends nothing that is shown already."""
        self._page = page
        while len(self._cells) < min(PER_PAGE, len(page.charts)):
            clicked = functools.partial(self._post, functools.partial(self._turn, len(self._cells)))
            self._cells.append(_Cell(self._shared, clicked, page.charts[len(self._cells)]))
        if page.charts:
            self._shared.draw(page.charts[0].frame)
        cells = self._cells[: len(page.charts)]
        for cell, chart in zip(cells, page.charts, strict=True):
            cell.draw(chart, page.x_title)
        shown = [cell.widget for cell in cells]
        if list(self.widget.children) != shown:
            self.widget.children = shown

    def point_at(self, x: float | None) -> None:
        """Draw the cursor at `x`, or none."""
        self._shared.point_at(x)

    def keep(self, n: int) -> None:
        """Close all figures but the first `n`."""
        self.widget.children = self.widget.children[:n]
        for cell in self._cells[n:]:
            cell.close()
        del self._cells[n:]

    def _turn(self, place: int) -> None:
        """From chart to table, or back."""
        if place < len(self._cells) and place < len(self._page.charts):
            self._cells[place].turn(self._page.x_title)


class _Shared:
    """What all small charts have in common."""

    def __init__(self, on_point: Callable[[float], None]) -> None:
        self._on_point = on_point
        self.x = bqplot.LinearScale(min=0.0, max=1.0)
        self.unit = bqplot.LinearScale(min=0.0, max=1.0)
        self.x_axis = Axis(scale=self.x, grid_lines="none")
        self.cursor = bqplot.Lines(
            x=np.empty(0),
            y=np.empty(0),
            scales={"x": self.x, "y": self.unit},
            colors=[_CURSOR],
            stroke_width=1,
            preserve_domain=_KEPT,
        )
        self.pointer = Pointer(_COLUMNS, self._pointed)
        answer_while_busy(self.pointer.columns)
        self.figure_layout = ipywidgets.Layout(width="100%", height=_HEIGHT, min_width="120px")
        self.layout = ipywidgets.Layout()
        self.html_style = HTMLStyle()
        self.button_style = ipywidgets.ButtonStyle()

    def draw(self, axes: Frame) -> None:
        _stretch(self.x, axes.x_low, axes.x_high)
        label_axis(self.x_axis, "", axes.x_ticks, axes.x_words)

    def point_at(self, x: float | None) -> None:
        _move(self.cursor, (self.x.min, self.x.max), x)

    def _pointed(self, part: float) -> None:
        self._on_point(self.x.min + part * (self.x.max - self.x.min))


class _Cell:
    """One chart: its words, its figure, and its table in place of the figure."""

    def __init__(self, shared: _Shared, on_click: Callable[[], None], chart: SmallChart) -> None:
        # Each part is made with what it shows: that is a message less for each.
        axes = chart.frame
        self._y = bqplot.LinearScale(min=axes.y_low, max=axes.y_high)
        self._line = bqplot.Lines(
            x=chart.line.x,
            y=axes.y(chart.line.y),
            scales={"x": shared.x, "y": self._y},
            preserve_domain=_KEPT,
            **_style(chart),
        )
        self._y_axis = Axis(scale=self._y, side="left")
        self._figure = bqplot.Figure(
            marks=[shared.pointer.columns, self._line, shared.cursor],
            axes=[shared.x_axis, self._y_axis],
            scale_x=shared.x,
            scale_y=shared.unit,
            fig_margin={"top": 8, "bottom": 22, "left": 46, "right": 14},
            animation_duration=0,
            padding_x=0.0,
            padding_y=0.0,
            display_toolbar=False,
            layout=shared.figure_layout,
            _dom_classes=["rlw-chart"],
        )
        self._words = {"layout": shared.layout, "style": shared.html_style}
        self._head = ipywidgets.HTML(html_metrics.head(chart), **self._words)
        self._table: ipywidgets.HTML | None = None
        self._button = ipywidgets.Button(
            icon="table",
            tooltip="Show as table",
            layout=shared.layout,
            style=shared.button_style,
        )
        self._button.add_class("rlw-as-table")
        self._button.on_click(lambda _: on_click())
        answer_while_busy(self._button)
        self.widget = ipywidgets.VBox(
            [self._head, self._figure, self._button], layout=shared.layout
        )
        self.widget.add_class("rlw-small-chart")
        self._chart: SmallChart | None = None
        self._as_table = False

    def draw(self, chart: SmallChart, x_title: str) -> None:
        if chart is self._chart:
            return
        other = self._chart is None or chart.curve.metric != self._chart.curve.metric
        self._chart = chart
        set_value(self._head, value=html_metrics.head(chart))
        if other and self._as_table:
            self.turn(x_title)
        elif self._as_table:
            self._draw_table(chart, x_title)
        else:
            self._draw_line(chart)

    def turn(self, x_title: str) -> None:
        """From chart to table, or back; what is not seen is not brought up to date."""
        if self._chart is None:
            return
        self._as_table = not self._as_table
        if self._as_table:
            seen = self._draw_table(self._chart, x_title)
        else:
            self._draw_line(self._chart)
            seen = self._figure
        self.widget.children = [self._head, seen, self._button]
        set_value(
            self._button,
            icon="times" if self._as_table else "table",
            tooltip="Show as chart" if self._as_table else "Show as table",
        )

    def close(self) -> None:
        own = (self.widget, self._head, self._button, self._figure)
        for part in (*own, self._line, self._y_axis, self._y):
            part.close()
        if self._table is not None:
            self._table.close()

    def _draw_table(self, chart: SmallChart, x_title: str) -> ipywidgets.HTML:
        if self._table is None:
            self._table = ipywidgets.HTML(**self._words)
            self._table.add_class("rlw-rows")
        set_value(self._table, value=html_metrics.table(chart, x_title))
        return self._table

    def _draw_line(self, chart: SmallChart) -> None:
        axes = chart.frame
        _stretch(self._y, axes.y_low, axes.y_high)
        label_axis(self._y_axis, "", axes.y_ticks, axes.y_words)
        set_data(self._line, chart.line.x, axes.y(chart.line.y), _style(chart))


class TogetherChart(LinesChart):
    """One chart of several metrics, with the cursor."""

    def __init__(self) -> None:
        self._unit = bqplot.LinearScale(min=0.0, max=1.0)
        self._cursor: bqplot.Lines | None = None
        super().__init__(height="320px")

    def point_at(self, x: float | None) -> None:
        """Draw the cursor at `x`, or none."""
        assert self._cursor is not None
        axes = self.frame
        _move(self._cursor, None if axes is None else (axes.x_low, axes.x_high), x)

    def _above(self) -> list[bqplot.Mark]:
        if self._cursor is None:
            self._cursor = bqplot.Lines(
                x=np.empty(0),
                y=np.empty(0),
                scales={"x": self._x, "y": self._unit},
                colors=[_CURSOR],
                stroke_width=1,
                preserve_domain=_KEPT,
            )
        return [self._cursor]


def _style(chart: SmallChart) -> dict[str, Any]:
    # One point alone is a line of no length: its round ends make it a dot.
    width = 6.0 if chart.points == 1 else chart.line.width
    return {"colors": [chart.line.colour], "stroke_width": width}


def _stretch(scale: bqplot.LinearScale, low: float, high: float) -> None:
    if (scale.min, scale.max) != (low, high):
        with scale.hold_sync():
            scale.min, scale.max = low, high


def _move(cursor: bqplot.Lines, span: tuple[float, float] | None, x: float | None) -> None:
    if span is None or x is None or not span[0] <= x <= span[1]:
        set_data(cursor, np.empty(0), np.empty(0))
    else:
        set_data(cursor, np.array([x, x], np.float64), np.array([0.0, 1.0]))
