"""The head of the live view."""

from __future__ import annotations

import contextlib
import math
import time

import ipywidgets

from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view.html import header as html_header
from rl_widgets.view.jupyter_server import page_of
from rl_widgets.view.reader import RunReader
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.panel import set_shown, set_value

#: Seconds between two looks for the server that has the run's page.
_LOOK_S = 10.0


class HeaderBar:
    """`widget` shows name, state, times and what to copy, with the button that cancels beside it.

    What stays the same is a widget of its own: what a person has opened or selected stays so.
    """

    def __init__(self, reader: RunReader, cancel: ipywidgets.Widget) -> None:
        self._title = ipywidgets.HTML()
        self._times = ipywidgets.HTML()
        run_id = reader.run_id
        self._reader = reader
        self._page = ipywidgets.HTML()
        self._looked = -math.inf
        fixed = html_header.copied_identity(run_id) + html_header.ways(
            run_id, str(reader.run_folder)
        )
        who = ipywidgets.VBox([self._title, self._times, self._page, ipywidgets.HTML(fixed)])
        who.add_class("rlw-who")
        self.widget = ipywidgets.Box([who, cancel])
        self.widget.add_class("rlw-header")

    def draw(self, view: RunView) -> None:
        """Show the state and the times of `view`."""
        set_value(self._title, value=html_header.title(view.header))
        set_value(self._times, value=html_header.times(view.header))
        if time.monotonic() - self._looked > _LOOK_S:
            # A server may come, and go, while the view is shown.
            self._looked = time.monotonic()
            # What keeps the record from being read is said elsewhere.
            with contextlib.suppress(RLWidgetsError, OSError):
                page = html_header.page(page_of(self._reader, "open"))
                set_value(self._page, value=page)
                set_shown(self._page, bool(page))
