"""The reward chart with what a person chooses about it."""

from __future__ import annotations

import functools
from typing import Any

import ipywidgets
import numpy as np

from rl_widgets.view import wording
from rl_widgets.view.curve import AXES
from rl_widgets.view.escape import escape
from rl_widgets.view.lines import PALETTE, TARGET, Line
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.chart import LinesChart
from rl_widgets.widgets.panel import Panel, PanelContext, set_shown, set_value


class RewardPanel(Panel):
    """The curve of the main metric over a chosen axis; above the tabs, and always shown."""

    title = "Reward"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self._title = ipywidgets.HTML()
        self._title.layout.flex = "1 1 200px"
        self._message = ipywidgets.HTML()
        self._note = ipywidgets.HTML()
        self._axis = ipywidgets.ToggleButtons(
            options=[(words, key) for key, words in AXES.items()],
            value=context.reader.axis,
            tooltips=[f"Draw the curve over {words.lower()}" for words in AXES.values()],
            style={"button_width": "auto"},
        )
        self._axis.add_class("rlw-axes")
        self._axis.observe(self._on_axis, names="value")
        self._chart = LinesChart()
        # A figure that is made where it cannot be seen measures itself wrongly: it comes into the
        # page with its first curve.
        self._place = ipywidgets.VBox([], layout=ipywidgets.Layout(width="100%"))
        head = ipywidgets.Box(
            [self._title, self._axis],
            layout=ipywidgets.Layout(
                display="flex", flex_flow="row wrap", align_items="center", margin="12px 0 0 0"
            ),
        )
        self.widget = ipywidgets.VBox([head, self._message, self._place, self._note])
        self.controls = (self._axis,)

    def draw(self, view: RunView) -> None:
        name = wording.shown(view.curve.metric, 60) or "Reward"
        set_value(self._title, value=f'<div class="rlw-heading">{escape(name)}</div>')
        set_value(self._axis, value=self.context.reader.axis)
        message = view.chart_message
        for widget, words, look in (
            (self._message, message, "rlw-empty"),
            (self._note, _note(view), "rlw-note"),
        ):
            set_value(widget, value=f'<div class="{look}">{escape(words)}</div>' if words else "")
            set_shown(widget, bool(words))
        if not view.curve.empty:
            self._chart.draw(_lines(view), view.curve.x_title, wording.shown(view.curve.metric))
        if not view.curve.empty and not self._place.children:
            self._place.children = [self._chart.widget]
        set_shown(self._axis, not view.curve.empty)

    def close(self) -> None:
        self._chart.close()

    def _on_axis(self, change: Any) -> None:
        self.context.post(functools.partial(self.draw_over, change["new"]))

    def draw_over(self, axis: str) -> None:
        """Draw the curve over another axis."""
        reader = self.context.reader
        if reader.axis != axis:
            reader.axis = axis
            self.draw(reader.view())


def _note(view: RunView) -> str:
    parts = [view.curve.note] if view.curve.note else []
    if view.curve.target is not None and not view.curve.empty:
        parts.append(f"The run stops at the dashed line ({wording.goal(view.curve.target)}).")
    return " ".join(parts)


def _lines(view: RunView) -> list[Line]:
    curve = view.curve
    found = [Line("mean", PALETTE[0], curve.x, curve.y)]
    if curve.target is not None:
        ends = curve.x[[0, -1]]
        target = np.array([curve.target, curve.target])
        found.append(Line("target", TARGET, ends, target, dashed=True, width=1.5))
    return found
