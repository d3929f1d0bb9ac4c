"""The head of the live view."""

from __future__ import annotations

import ipywidgets

from rl_widgets.run import Run
from rl_widgets.view.html import header as html_header
from rl_widgets.view.reader import RunReader
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.panel import set_value


class HeaderBar:
    """`widget` shows name, state, times and what to copy, with the button that cancels beside it.

    What stays the same is a widget of its own: what a person has opened or selected stays so.
    """

    def __init__(self, run: Run, reader: RunReader, cancel: ipywidgets.Widget) -> None:
        self._title = ipywidgets.HTML()
        self._times = ipywidgets.HTML()
        run_id = reader.run_id
        url = (run.parent or run).get_portal_url()
        fixed = html_header.identity(run_id) + html_header.ways(run_id, url, str(reader.run_folder))
        who = ipywidgets.VBox([self._title, self._times, ipywidgets.HTML(fixed)])
        who.add_class("rlw-who")
        self.widget = ipywidgets.Box([who, cancel])
        self.widget.add_class("rlw-header")

    def draw(self, view: RunView) -> None:
        """Show the state and the times of `view`."""
        set_value(self._title, value=html_header.title(view.header))
        set_value(self._times, value=html_header.times(view.header))
