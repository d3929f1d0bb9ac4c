"""Two threads beside the server: one tells what has changed, one looks after runs left alone."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable

from rl_widgets.server.run_table import News
from rl_widgets.server.served import Served
from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view.following_thread import FollowingThread

_log = logging.getLogger(__name__)

#: Seconds between two looks at the record's number of changes.
LOOK = 0.2
#: Seconds between two looks at what runs without a supervisor have logged.
TAKE_IN = 0.8
#: Seconds of each look that go into numbers which a request could not wait for.
CATCH_UP = 0.1
#: Seconds until it is tried again to read a record that cannot be read.
RETRY = 2.0


class Watcher(FollowingThread):
    """Calls `tell` on its own thread whenever runs or targets have changed."""

    def __init__(self, served: Served, tell: Callable[[News], None]) -> None:
        super().__init__("rl_widgets watches the workspace")
        self._served = served
        self._tell = tell
        self._trouble = ""
        #: The runs with a supervisor that had not ended at the last look.
        self.active: tuple[str, ...] = ()

    def _run(self) -> None:
        taken_in = 0.0
        while not self._stop.is_set():
            try:
                table = self._served.table
                self.active = tuple(r.id for r in table.active() if r.role == "parent")
                if time.monotonic() - taken_in >= TAKE_IN:
                    taken_in = time.monotonic()
                    self._take_in()
                table.catch_up(CATCH_UP)
                news = table.news()
                if news is not None:
                    self._tell(news)
                self._trouble = ""
                self._stop.wait(LOOK)
            except (RLWidgetsError, OSError, sqlite3.Error) as error:
                self._say(str(error))
                self._stop.wait(RETRY)
            except Exception:  # noqa: BLE001 - a look that fails must not be the last one
                _log.exception("A look at the workspace has failed")
                self._stop.wait(RETRY)

    def _take_in(self) -> None:
        """What a cell or a script logs has no supervisor that takes it into the record."""
        for record in self._served.table.active():
            if record.role == "interactive":
                self._served.reader(record.id).take_in()

    def _say(self, sentence: str) -> None:
        if sentence != self._trouble:
            _log.warning("%s", sentence)
        self._trouble = sentence


class Caretaker(FollowingThread):
    """Ends what runs have left whose supervisor is gone, at once and every `period` seconds."""

    def __init__(self, served: Served, period: float) -> None:
        super().__init__("rl_widgets looks after runs")
        #: How often it has looked.
        self.looks = 0
        self._served = served
        self._period = period

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                workspace = self._served.workspace
                for record in self._served.table.active():
                    if self._stop.is_set():
                        return
                    workspace.refresh(record.id)
            except (RLWidgetsError, OSError, sqlite3.Error) as error:
                _log.warning("Runs could not be looked after: %s", error)
            except Exception:  # noqa: BLE001 - as above
                _log.exception("Runs could not be looked after")
            self.looks += 1
            self._stop.wait(self._period)
