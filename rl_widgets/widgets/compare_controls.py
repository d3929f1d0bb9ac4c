"""What a person uses about a comparison of runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ipywidgets

from rl_widgets.view import wording
from rl_widgets.view.charts.curve import AXES
from rl_widgets.view.charts.smoothing import MOST
from rl_widgets.view.comparison import seed_groups
from rl_widgets.view.comparison.choice import Choice
from rl_widgets.view.comparison.seed_statistics import STATISTICS
from rl_widgets.widgets.command_thread import Command, CommandThread

READ, ZOOM = "read", "zoom"


class CompareControls:
    """The widgets and how they lie; what they do is the view's."""

    def __init__(self, choice: Choice, tags: Sequence[str]) -> None:
        self.metric = ipywidgets.Dropdown(
            tooltip="The metric that is compared",
            layout=ipywidgets.Layout(width="220px", max_width="100%", margin="0"),
        )
        self.axis = _choices(AXES, choice.axis, "Draw the lines over this")
        self.axis.add_class("rlw-axes")
        self.mode = _choices(
            {READ: "Read", ZOOM: "Zoom"}, READ, "Point at the chart, or drag it and turn the wheel"
        )
        self.back = _button("Earlier", "One point back, or a quarter to the left")
        self.forward = _button("Later", "One point on, or a quarter to the right")
        self.closer = _button("Zoom in", "See less of the axis, larger")
        self.wider = _button("Zoom out", "See more of the axis")
        self.whole = _button("Follow", "Back to the whole, and to the newest values")
        self.smoothing = ipywidgets.FloatSlider(
            value=choice.smoothing,
            min=0.0,
            max=MOST,
            step=0.01,
            description="Smoothing",
            readout_format=".2f",
            tooltip="The weight of an exponential moving average",
            layout=ipywidgets.Layout(width="220px", margin="0"),
            style={"description_width": "initial"},
        )
        self.group = ipywidgets.Dropdown(
            options=_groupings(choice.group, tags),
            value=choice.group,
            tooltip="Which runs are one group",
            layout=ipywidgets.Layout(width="180px", margin="0"),
        )
        self.statistic = _choices(STATISTICS, choice.statistic, "The line of a group")
        self.log = ipywidgets.ToggleButton(
            description="Log scale",
            tooltip="A logarithmic axis of values",
            layout=ipywidgets.Layout(width="auto"),
        )
        self.table = ipywidgets.ToggleButton(
            description="Table",
            tooltip="The newest values as a table",
            layout=ipywidgets.Layout(width="auto"),
        )
        self.png = _button("PNG", "Save the chart as a picture")
        self.csv = _button("CSV", "The lines as a file")
        self.widget = ipywidgets.Box(
            [
                *(self.metric, self.axis, self.mode, self.back, self.forward),
                *(self.closer, self.wider, self.whole),
                *(self.smoothing, self.log, self.group, self.statistic),
                *(self.table, self.png, self.csv),
            ],
            layout=ipywidgets.Layout(
                display="flex", flex_flow="row wrap", align_items="center", overflow="visible"
            ),
        )
        self.widget.add_class("rlw-tools")

    def all(self) -> tuple[ipywidgets.Widget, ...]:
        """All that send something."""
        return tuple(self.widget.children)

    def of_choice(self) -> Mapping[str, ipywidgets.Widget]:
        """Those that set a field of the `Choice`, by its name."""
        return {
            "metric": self.metric,
            "axis": self.axis,
            "smoothing": self.smoothing,
            "group": self.group,
            "statistic": self.statistic,
        }

    def connect(
        self,
        thread: CommandThread,
        choose: Callable[[str], None],
        redraw: Command,
        clicked: Mapping[ipywidgets.Button, Command],
    ) -> None:
        """Have the view's thread carry out what a person does: a choice by its name, a look,
        and what each button is for."""
        for name, widget in self.of_choice().items():
            widget.observe(lambda _, n=name: thread.post_once(n, lambda: choose(n)), names="value")
        for widget in (self.mode, self.log, self.table):
            widget.observe(lambda _: thread.post_once("look", redraw), names="value")
        for button, command in clicked.items():
            button.on_click(lambda _, c=command: thread.post(c))

    def offer(self, metric: str, names: Sequence[str]) -> None:
        """Have these metrics to choose from; with new ones, `metric` is the one chosen."""
        offered = tuple(names) if metric in names else (metric, *names)
        if tuple(self.metric.options) != offered:
            with self.metric.hold_sync():
                self.metric.options = offered
                self.metric.value = metric


def _groupings(chosen: str, tags: Sequence[str]) -> list[tuple[str, str]]:
    names = dict.fromkeys(tags)
    if chosen.startswith(seed_groups.TAG):
        names.setdefault(chosen.removeprefix(seed_groups.TAG))
    by_tag = [(f"By tag {wording.shown(n, 30)}", f"{seed_groups.TAG}{n}") for n in names]
    alike = [("Seeds together", seed_groups.SEEDS), ("Each run alone", seed_groups.ALONE)]
    return [*alike, *by_tag]


def _choices(words: Mapping[str, str], value: str, tooltip: str) -> ipywidgets.ToggleButtons:
    return ipywidgets.ToggleButtons(
        options=[(text, key) for key, text in words.items()],
        value=value,
        tooltips=[tooltip] * len(words),
        style={"button_width": "auto"},
    )


def _button(words: str, tooltip: str) -> ipywidgets.Button:
    return ipywidgets.Button(
        description=words, tooltip=tooltip, layout=ipywidgets.Layout(width="auto")
    )
