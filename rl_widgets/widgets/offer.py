"""A link that holds a file: made when asked for, and gone by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

import ipywidgets

from rl_widgets.widgets.command_thread import Command
from rl_widgets.widgets.panel import set_shown, set_value

#: Seconds for which it stays: it holds the whole file, which no notebook should keep.
STAYS = 120.0


class Offer:
    """`widget` shows what `show` was given, for two minutes."""

    def __init__(self, post: Callable[[Command], None]) -> None:
        self._post = post
        self._timer: threading.Timer | None = None
        self.widget = ipywidgets.HTML()
        set_shown(self.widget, False)

    def show(self, html: str) -> None:
        """Show it; what was shown before goes."""
        self.take_back()
        set_value(self.widget, value=html)
        set_shown(self.widget, True)
        self._timer = threading.Timer(STAYS, lambda: self._post(self.take_back))
        self._timer.daemon = True
        self._timer.start()

    def take_back(self) -> None:
        """Remove what was shown."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        set_value(self.widget, value="")
        set_shown(self.widget, False)
