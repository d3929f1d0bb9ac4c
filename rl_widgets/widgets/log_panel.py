"""The tab of the logs."""

from __future__ import annotations

import ipywidgets

from rl_widgets.view import html
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.panel import Panel, PanelContext, set_shown, set_value


class LogPanel(Panel):
    """The end of the driver's log."""

    title = "Logs"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self._heading = ipywidgets.HTML()
        self._lines = ipywidgets.HTML()
        for name in ("rlw-log", "rlw-log-live"):
            self._lines.add_class(name)
        self.widget = ipywidgets.VBox([self._heading, self._lines])

    def draw(self, view: RunView) -> None:
        lines = html.log_lines(view.log)
        set_value(self._heading, value=html.log_heading(view.log))
        set_value(self._lines, value=lines)
        set_shown(self._lines, bool(lines))
