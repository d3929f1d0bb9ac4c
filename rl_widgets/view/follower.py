"""Follows one run on a thread of its own and hands on a new `RunView` whenever it changes."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable

from rl_widgets.store.errors import NotFoundError, RLWidgetsError
from rl_widgets.view import wording
from rl_widgets.view.following_thread import FollowingThread
from rl_widgets.view.reader import RunReader
from rl_widgets.view.run_view import RunView

_log = logging.getLogger(__name__)

#: Seconds between two looks at whether the record has changed.
LOOK = 0.1
#: Seconds between two looks while nobody watches.
PAUSED_LOOK = 1.0
#: The shortest time between two views, so that no page gets more than four a second.
SHORTEST = 0.25
#: The durations of a quiet run are brought up to date this often: a run with a result each second
#: brings its own.
TICK = 1.2
#: How often a run is looked after whose supervisor may be gone.
REFRESH = 3.0
#: The wait after an error of the record, and the longest one.
RETRY, LONGEST_RETRY = 1.0, 15.0


class Follower(FollowingThread):
    """Calls `on_view` on its own thread until the run has ended, and then once more.

    `first` is the view that there is already. `refresh` is called now and then ('whoever looks
    next'). An error of the record is handed on as a view with its sentence, and tried again, for
    ever. While `paused`, only a change of state is handed on.

    `wait_turn(stop)` returns once the page may be sent another view, or when `stop` is set. What
    is handed on is read after it: the newest, however long it took.
    """

    def __init__(
        self,
        reader: RunReader,
        first: RunView,
        on_view: Callable[[RunView], None],
        refresh: Callable[[], None] | None = None,
        wait_turn: Callable[[threading.Event], None] | None = None,
    ) -> None:
        super().__init__(f"rl_widgets follows {reader.run_id}")
        self._reader = reader
        self._last = first
        self._on_view = on_view
        self._refresh = refresh
        self._wait_turn = wait_turn
        # `first` may be of before the run's last change.
        self._stale = True
        self._handed_on = 0.0
        #: The reader's count of changes that the last view has.
        self._changes = -1
        #: Whether the last look brought no more than durations as of now.
        self._ticked = False

    def _run(self) -> None:
        retry = RETRY
        while not self._stop.is_set():
            try:
                self._follow()
                return
            except NotFoundError:
                self._trouble("This run was deleted from the workspace.")
                return
            except (RLWidgetsError, OSError, sqlite3.Error) as error:
                if not self._last.trouble:
                    retry = RETRY
                again = f"Trying again in {retry:.0f} s; the run itself goes on."
                self._trouble(f"{error} {again}")
                self._stop.wait(retry)
                retry = min(retry * 2, LONGEST_RETRY)
            except Exception as error:  # noqa: BLE001 a view that raises is switched off, aloud
                _log.exception("The view of %s has ended", self._reader.run_id)
                self._trouble(wording.stands_still(error, "RunDetails"))
                return

    def _follow(self) -> None:
        with self._reader.watching():
            refreshed = 0.0
            while not self._stop.is_set():
                now = time.monotonic()
                if self._refresh is not None and now - refreshed >= REFRESH:
                    refreshed = now
                    self._refresh()
                self._wake.clear()
                self._reader.take_in()
                self._stale = self._stale or self._reader.differs()
                view = self._look()
                if view is not None and view.final:
                    return
                if view is not None and not self._ticked:
                    self._stop.wait(max(0.0, SHORTEST - (time.monotonic() - now)))
                else:
                    # News that come right after a tick do not wait for it.
                    self._wake.wait(PAUSED_LOOK if self._paused else LOOK)

    def _look(self) -> RunView | None:
        """One look; returns the view that was handed on, if one was."""
        reader, last = self._reader, self._last
        due = time.monotonic() - self._handed_on >= TICK
        self._ticked = False
        if self._paused:
            if not self._stale or reader.read_status() == last.header.status:
                return None
        elif not (self._stale or last.trouble or reader.changes != self._changes):
            if not due:
                return None
            self._wait()
            reader.read_log()
            self._ticked = True
            return self._hand_on(reader.tick(last))
        if not self._changed() and not last.trouble and not due:
            # It was another run of the workspace that changed.
            return None
        self._wait()
        self._changed()
        self._changes = reader.changes
        return self._hand_on(reader.view())

    def _changed(self) -> bool:
        """Bring the reader up to date; tells whether the run has changed since the last view."""
        self._reader.refresh()
        self._stale = False
        return self._reader.changes != self._changes

    def _wait(self) -> None:
        if self._wait_turn is not None:
            self._wait_turn(self._stop)

    def _hand_on(self, view: RunView) -> RunView:
        self._last = view
        self._handed_on = time.monotonic()
        self._tell()
        return view

    def _trouble(self, sentence: str) -> None:
        self._stale = True
        if self._last.trouble != sentence:
            self._last = self._last.with_trouble(sentence)
            self._tell()

    def _tell(self) -> None:
        # A slow disk may have answered after `stop`.
        if not self._stop.is_set():
            self._on_view(self._last)
