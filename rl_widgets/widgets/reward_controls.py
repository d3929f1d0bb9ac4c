"""What a person uses about the reward chart."""

from __future__ import annotations

import ipywidgets

from rl_widgets.view.charts.curve import AXES
from rl_widgets.view.charts.smoothing import MOST

READ, ZOOM = "read", "zoom"


class RewardControls:
    """The widgets and how they lie; what they do is the panel's."""

    def __init__(self, axis: str) -> None:
        self.axis = ipywidgets.ToggleButtons(
            options=[(words, key) for key, words in AXES.items()],
            value=axis,
            tooltips=[f"Draw the curve over {words.lower()}" for words in AXES.values()],
            style={"button_width": "auto"},
        )
        self.axis.add_class("rlw-axes")
        self.mode = ipywidgets.ToggleButtons(
            options=[("Read", READ), ("Zoom", ZOOM)],
            value=READ,
            tooltips=[
                "Point at the chart to read its values; click a mark to open what it stands for",
                "Drag to move the chart, turn the wheel to zoom it",
            ],
            style={"button_width": "auto"},
        )
        self.back = _button("Earlier", "One point back; in Zoom, a quarter to the left")
        self.forward = _button("Later", "One point on; in Zoom, a quarter to the right")
        self.closer = _button("Zoom in", "Show less, larger")
        self.wider = _button("Zoom out", "Show more, smaller")
        self.follow = _button("Follow", "Back to the newest points")
        self.follow.layout.visibility = "hidden"
        self.smoothing = ipywidgets.FloatSlider(
            value=0.0,
            min=0.0,
            max=MOST,
            step=0.01,
            description="Smoothing",
            readout_format=".2f",
            tooltip="The weight of an exponential moving average; the faint line is as logged",
            layout=ipywidgets.Layout(width="186px", margin="0"),
            style={"description_width": "initial"},
        )
        self.log = _toggle("Log scale", "A logarithmic axis of values")
        self.evaluation = _toggle(
            "Evaluation", "The greedy evaluations of the policy as a line of their own"
        )
        self.evaluation.value = True
        self.compare = _toggle("Compare", "Draw another run, or a CSV file, beside this one")
        self.table = _toggle("Table", "The newest values as a table")
        self.png = _button("PNG", "Save the chart as a picture")
        self.csv = _button("CSV", "All values as a file")
        self.tools = ipywidgets.Box(
            [
                self.mode,
                self.back,
                self.forward,
                self.closer,
                self.wider,
                self.follow,
                self.smoothing,
                self.log,
                self.evaluation,
                self.compare,
                self.table,
                self.png,
                self.csv,
            ],
            layout=ipywidgets.Layout(
                display="flex", flex_flow="row wrap", align_items="center", overflow="visible"
            ),
        )
        self.tools.add_class("rlw-tools")
        self.name = ipywidgets.Combobox(
            placeholder="A run of this workspace, or the path of a CSV file",
            ensure_option=False,
            layout=ipywidgets.Layout(width="auto", flex="1 1 220px", max_width="520px", margin="0"),
        )
        self.add = _button("Add", "Draw it beside this run")
        self.clear = _button("Remove all", "Draw this run alone")
        self.reference = ipywidgets.Box(
            [self.name, self.add, self.clear],
            layout=ipywidgets.Layout(
                display="flex", flex_flow="row wrap", align_items="center", overflow="visible"
            ),
        )
        for name in ("rlw-tools", "rlw-reference"):
            self.reference.add_class(name)

    def all(self) -> tuple[ipywidgets.Widget, ...]:
        """All that send something."""
        return (self.axis, *self.tools.children, *self.reference.children)


def _button(words: str, tooltip: str) -> ipywidgets.Button:
    return ipywidgets.Button(
        description=words, tooltip=tooltip, layout=ipywidgets.Layout(width="auto")
    )


def _toggle(words: str, tooltip: str) -> ipywidgets.ToggleButton:
    return ipywidgets.ToggleButton(
        description=words, tooltip=tooltip, layout=ipywidgets.Layout(width="auto")
    )
