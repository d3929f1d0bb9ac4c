"""A form stays true while nobody types: a compute target that is deleted, a queue that grows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from rl_widgets.store.errors import StoreError
from rl_widgets.view.following_thread import FollowingThread

if TYPE_CHECKING:
    from rl_widgets.store.database import Store

#: Seconds between two looks at whether the record has changed.
LOOK = 0.5


class FormWatch(FollowingThread):
    """Calls `changed`, on its own thread, when compute targets have changed, or the runs that wait
    for their nodes or hold some.

    While `paused` it does not look; afterwards it does so at once.
    """

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        super().__init__("rl_widgets watches compute targets")
        self._store, self._changed = store, changed
        self._high, self._seen = 0, -1
        self._known: Hashable = None

    def _run(self) -> None:
        version = self._store.watch()
        try:
            while not self._stop.is_set():
                self._wake.clear()
                if self._paused:
                    self._wake.wait()
                    continue
                try:
                    now = version.read()
                    if now != self._seen:
                        self._look()
                        self._seen = now
                except (StoreError, OSError, sqlite3.Error):
                    pass  # a record that cannot be read now may be at the next look
                self._stop.wait(LOOK)
        finally:
            version.close()

    def _look(self) -> None:
        found = self._store.changes(self._high)
        self._high = found.high
        if found.targets != self._known:
            self._known = found.targets
            self._changed()
