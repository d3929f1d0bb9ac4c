"""The button that offers a log to take along."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import ipywidgets

from rl_widgets.view.logs import download as log_download
from rl_widgets.view.logs.files import LogFile
from rl_widgets.widgets.command_thread import Command
from rl_widgets.widgets.panel import set_shown, set_value

#: Seconds for which the link stays: it holds the whole file.
_STAYS = 120.0


class LogDownload:
    """`button` makes `offered`: nothing is sent before, and it goes by itself."""

    def __init__(
        self,
        run_id: str,
        post: Callable[[Command], None],
        chosen: Callable[[], tuple[LogFile, Path] | None],
    ) -> None:
        self._run_id = run_id
        self._post = post
        self._chosen = chosen
        self._timer: threading.Timer | None = None
        self.button = ipywidgets.Button(
            description="Download", tooltip="Offer this log as a file, in all its length"
        )
        self.button.on_click(lambda _: post(self._offer))
        self.offered = ipywidgets.HTML()
        set_shown(self.offered, False)

    def take_back(self) -> None:
        """Remove what was offered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        set_value(self.offered, value="")
        set_shown(self.offered, False)

    def _offer(self) -> None:
        self.take_back()
        found = self._chosen()
        if found is None:
            return
        set_value(self.offered, value=log_download.offer(self._run_id, *found))
        set_shown(self.offered, True)
        self._timer = threading.Timer(_STAYS, lambda: self._post(self.take_back))
        self._timer.daemon = True
        self._timer.start()
