"""The reward chart. The only module that knows bqplot."""

from __future__ import annotations

from typing import Any

import bqplot
import ipywidgets
import numpy as np

from rl_widgets.view import picture
from rl_widgets.view.curve import Curve

_HEIGHT = "290px"


class CurveChart:
    """One curve with its axes and its target, drawn again by few messages.

    `widget` is what is displayed. All methods are to be called on the view's own thread.
    """

    def __init__(self) -> None:
        self._x = bqplot.LinearScale(min=0.0, max=1.0)
        self._y = bqplot.LinearScale(min=0.0, max=1.0)
        scales = {"x": self._x, "y": self._y}
        self._line = bqplot.Lines(
            x=np.empty(0),
            y=np.empty(0),
            scales=scales,
            colors=["#2a78d6"],
            stroke_width=2,
            preserve_domain={"x": True, "y": True},
        )
        self._target = bqplot.Lines(
            x=np.empty(0),
            y=np.empty(0),
            scales=scales,
            colors=["#2fa35f"],
            line_style="dashed",
            stroke_width=1.5,
            preserve_domain={"x": True, "y": True},
        )
        self._x_axis = bqplot.Axis(
            scale=self._x,
            label="env steps",
            label_offset="34px",
            grid_lines="none",
            tick_format="~s",
        )
        self._y_axis = bqplot.Axis(
            scale=self._y,
            side="left",
            label="",
            label_offset="46px",
            grid_lines="solid",
            tick_format="~g",
        )
        self.widget = bqplot.Figure(
            marks=[self._target, self._line],
            axes=[self._x_axis, self._y_axis],
            fig_margin={"top": 12, "bottom": 46, "left": 66, "right": 18},
            animation_duration=0,
            padding_x=0.0,
            padding_y=0.0,
            layout=ipywidgets.Layout(width="100%", height=_HEIGHT, min_width="200px"),
        )
        self._drawn: tuple[Any, ...] = ()

    def draw(self, curve: Curve) -> None:
        """Show a curve; sends nothing where it is the one that is shown."""
        what = (curve.metric, curve.axis, curve.points, curve.gaps, curve.last, curve.target)
        if what == self._drawn or curve.empty:
            return
        self._drawn = what
        # The scales first: with a curve that grows, a line never leaves its frame.
        x_low, x_high = _round_range(*picture.x_range(curve), curve.axis == "time")
        y_low, y_high = picture.y_range(curve)
        for scale, low, high in ((self._x, x_low, x_high), (self._y, y_low, y_high)):
            with scale.hold_sync():
                scale.min, scale.max = low, high
        _label(self._x_axis, curve.x_title, picture.ticks(x_low, x_high, 7))
        _label(self._y_axis, _axis_title(curve.metric), picture.ticks(y_low, y_high, 6))
        with self._line.hold_sync():
            self._line.x, self._line.y = curve.x, curve.y
        # An empty mark stays as it is: no message.
        if curve.target is not None:
            x, y = np.array([x_low, x_high]), np.array([curve.target, curve.target])
            if not (np.array_equal(self._target.x, x) and np.array_equal(self._target.y, y)):
                with self._target.hold_sync():
                    self._target.x, self._target.y = x, y

    def close(self) -> None:
        """Close the widgets."""
        parts = (self._line, self._target, self._x_axis, self._y_axis, self._x, self._y)
        for part in (self.widget, *parts):
            part.close()


def _round_range(low: float, high: float, time: bool) -> tuple[float, float]:
    """A little room on the right, so that the axis moves now and then and not at each point."""
    if high <= low:
        return low, high
    step = 10.0 ** np.floor(np.log10(high - low)) / 2
    return low, float(np.ceil(high / step + 1e-9) * step)


def _label(axis: bqplot.Axis, title: str, ticks: list[float]) -> None:
    with axis.hold_sync():
        axis.label = title
        # Left to itself the axis cuts its range into equal parts, at numbers like 24.8663.
        if not np.array_equal(axis.tick_values, ticks):
            axis.tick_values = ticks


def _axis_title(metric: str) -> str:
    return metric if len(metric) <= 36 else metric[:35] + "…"
