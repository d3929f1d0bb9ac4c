"""The tab of throughput and of how the learning goes."""

from __future__ import annotations

import ipywidgets

from rl_widgets.view import diagnosis
from rl_widgets.view.html import throughput as html_throughput
from rl_widgets.view.run_view import RunView
from rl_widgets.view.throughput import throughput
from rl_widgets.widgets.panel import Panel, PanelContext, set_value


class ThroughputPanel(Panel):
    """What limits the run, figures and phases; below, what is unusual about its learning."""

    title = "Throughput"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self._throughput = ipywidgets.HTML()
        self._findings = ipywidgets.HTML()
        self.widget = ipywidgets.VBox([self._throughput, self._findings])

    def draw(self, view: RunView) -> None:
        reader = self.context.reader
        set_value(self._throughput, value=html_throughput.throughput(throughput(reader)))
        nothing = "" if view.findings else diagnosis.nothing(reader)
        set_value(self._findings, value=html_throughput.findings(view.findings, nothing))
