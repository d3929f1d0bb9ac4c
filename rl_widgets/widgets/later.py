"""What is done when nothing has happened for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rl_widgets.widgets.command_thread import Command

#: Seconds without a change.
QUIET = 1.0


class Later:
    """Each call puts the command off: it is posted when a second passes without another call."""

    def __init__(self, post: Callable[[Command], None], command: Command) -> None:
        self._post, self._command = post, command
        self._timer: threading.Timer | None = None

    def __call__(self) -> None:
        self.cancel()
        self._timer = threading.Timer(QUIET, self._post, [self._command])
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        """Do it no more."""
        if self._timer is not None:
            self._timer.cancel()
