"""Follows several runs on one thread, until all of them have ended."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable

from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view import wording
from rl_widgets.view.comparison.comparer import Comparer
from rl_widgets.view.following_thread import FollowingThread

_log = logging.getLogger(__name__)

#: Seconds between two looks, and while nobody watches.
LOOK, PAUSED_LOOK = 1.0, 5.0
#: How often runs are looked after whose supervisors may be gone.
REFRESH = 3.0
RETRY, LONGEST_RETRY = 1.0, 15.0


class ComparisonFollower(FollowingThread):
    """Calls `on_news(trouble)` on its own thread whenever runs have changed, and after their end.

    `trouble` is '' or why nothing can be read now. `wait_turn` is as a `Follower`'s.
    """

    def __init__(
        self,
        comparer: Comparer,
        on_news: Callable[[str], None],
        wait_turn: Callable[[threading.Event], None] | None = None,
    ) -> None:
        super().__init__("rl_widgets follows the runs of a comparison")
        self._comparer = comparer
        self._on_news = on_news
        self._wait_turn = wait_turn
        self._retry = RETRY

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
                return
            except (RLWidgetsError, OSError, sqlite3.Error) as error:
                self._on_news(f"{error} Trying again in {self._retry:.0f} s; the runs go on.")
                self._stop.wait(self._retry)
                self._retry = min(self._retry * 2, LONGEST_RETRY)
            except Exception as error:  # noqa: BLE001 a view that raises is switched off, aloud
                _log.exception("The view of a comparison has ended")
                self._on_news(wording.stands_still(error, "CompareRuns"))
                return

    def _follow(self) -> None:
        stores = {str(r.store.path): r.store for r in self._comparer.readers}
        versions = [store.watch() for store in stores.values()]
        try:
            seen: list[int] = []
            stale, refreshed = False, -REFRESH
            while not self._stop.is_set():
                now = time.monotonic()
                if now - refreshed >= REFRESH:
                    refreshed = now
                    self._comparer.look_after()
                self._comparer.take_in()
                self._wake.clear()
                current = [version.read() for version in versions]
                stale, seen = stale or current != seen, current
                if stale:
                    paused = self._paused
                    if self._wait_turn is not None and not paused:
                        self._wait_turn(self._stop)
                    self._comparer.read()
                    # While nobody watches, the end of all is news, and nothing else.
                    if not paused or self._comparer.final:
                        self._on_news("")
                        stale, self._retry = False, RETRY
                if self._comparer.final:
                    return
                self._wake.wait(PAUSED_LOOK if self._paused else LOOK)
        finally:
            for version in versions:
                version.close()
