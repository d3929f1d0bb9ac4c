"""All runs of the workspace as they were last read, and which of them have changed since."""

from __future__ import annotations

import itertools
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

from rl_widgets.server import summary
from rl_widgets.server.summary import Summary
from rl_widgets.store.database import Store
from rl_widgets.store.errors import NotFoundError, RLWidgetsError
from rl_widgets.store.runs import RunRecord
from rl_widgets.view.reader import RunReader

_log = logging.getLogger(__name__)

#: Seconds that one request takes for the runs' numbers, and one that is to be sorted by them. What
#: is left is announced as soon as it is known.
LOOK, SORTED_LOOK = 0.03, 1.0


@dataclass(frozen=True)
class News:
    """What has changed since it was last told; `runs` are ids, in no order."""

    revision: int
    runs: tuple[str, ...]
    targets: bool


class RunTable:
    """The (parent) runs of one record. Safe to use from several threads.

    A look costs microseconds where nothing has changed, and else reads what has.
    """

    def __init__(self, store: Store, reader: Callable[[str], RunReader]) -> None:
        self._store = store
        self._reader = reader
        self._lock = threading.RLock()
        self._version = store.watch()
        self._read_at: int | None = None
        self._high = -1
        self._count = 0
        self._active: Mapping[str, Hashable] = {}
        self._targets: Hashable = None
        self._records: dict[str, RunRecord] = {}
        self._revisions: dict[str, int] = {}
        # Ten a second since 1970: a server that is started again goes on with higher ones.
        self._numbers = itertools.count(int(time.time() * 10))
        self._revision = next(self._numbers)
        self._untold: set[str] = set()
        self._untold_targets = False
        self._summing = threading.Lock()
        self._summaries: dict[str, tuple[int, Summary]] = {}
        self._troubles: dict[str, str] = {}
        #: Runs whose numbers a request could not wait for.
        self._wanted: set[str] = set()

    def close(self) -> None:
        """Close its connection; it may not be used after."""
        self._version.close()

    def refresh(self) -> None:
        """Bring the runs up to date. Raises `StoreError`."""
        with self._lock:
            version = self._version.read()
            if version == self._read_at:
                return
            self._read()
            self._read_at = version

    def _read(self) -> None:
        found = self._store.changes(self._high)
        changed = set(found.runs)
        for run_id in {*found.active, *self._active}:
            if found.active.get(run_id) != self._active.get(run_id):
                changed.add(run_id)
        if self._high < 0 or found.count < self._count:
            # Some were deleted: which, only a look at all tells.
            records = {r.id: r for r in self._store.runs.several()}
            changed |= set(self._records) - set(records)
            self._records = records
        elif changed:
            self._records.update((r.id, r) for r in self._store.runs.several(changed))
        targets = found.targets != self._targets
        self._high, self._count = found.high, found.count
        self._active, self._targets = found.active, found.targets
        self._mark(changed, targets)

    def _mark(self, changed: Iterable[str], targets: bool = False) -> None:
        changed = set(changed)
        if not changed and not targets:
            return
        self._revision = next(self._numbers)
        for run_id in changed:
            if run_id in self._records:
                self._revisions[run_id] = self._revision
            else:
                self._revisions.pop(run_id, None)
                self._summaries.pop(run_id, None)
        self._untold |= changed
        self._untold_targets = self._untold_targets or targets

    def news(self) -> News | None:
        """What has not been told yet; None where there is nothing."""
        with self._lock:
            if not self._untold and not self._untold_targets:
                return None
            told = News(self._revision, tuple(self._untold), self._untold_targets)
            self._untold, self._untold_targets = set(), False
            return told

    @property
    def revision(self) -> int:
        """A number that grows with each change."""
        return self._revision

    def revision_of(self, run_id: str) -> int:
        """The revision with which a run has last changed. Raises `NotFoundError`."""
        with self._lock:
            self.get(run_id)
            return self._revisions[run_id]

    def get(self, run_id: str) -> RunRecord:
        """A run by its id. Raises `NotFoundError`."""
        record = self._records.get(run_id)
        if record is None:
            raise NotFoundError(f"There is no run {run_id!r:.200} in this workspace.")
        return record

    def all(self) -> list[RunRecord]:
        """All runs, in no order."""
        with self._lock:
            return list(self._records.values())

    def active(self) -> list[RunRecord]:
        """Those that have not ended."""
        return [record for record in self.all() if not record.final]

    def summaries(self, run_ids: Iterable[str], for_order: bool = False) -> Mapping[str, Summary]:
        """The numbers of some runs; where that takes long, older ones or none for now."""
        ids = list(run_ids)
        self._sum_up(ids, SORTED_LOOK if for_order else LOOK)
        with self._lock:
            self._wanted.update(i for i in ids if not self._is_fresh(i))
        found = {i: self._summaries.get(i) for i in ids}
        return {i: one[1] for i, one in found.items() if one is not None}

    def catch_up(self, seconds: float) -> None:
        """Look at some of the runs that a request could not wait for; then they have changed."""
        with self._lock:
            wanted = list(self._wanted)
        self._sum_up(wanted, seconds)

    def _is_fresh(self, run_id: str) -> bool:
        revision, held = self._revisions.get(run_id), self._summaries.get(run_id)
        return revision is not None and held is not None and held[0] == revision

    def _sum_up(self, run_ids: list[str], seconds: float) -> None:
        until = time.monotonic() + seconds
        if all(map(self._is_fresh, run_ids)) or not self._summing.acquire(timeout=seconds):
            return
        done: set[str] = set()
        try:
            for run_id in run_ids:
                if done and time.monotonic() > until:
                    break
                revision = self._revisions.get(run_id)
                if revision is None:
                    done.add(run_id)  # it was deleted
                elif not self._is_fresh(run_id):
                    found = self._look(run_id)
                    if found is not None:
                        self._summaries[run_id] = (revision, found)
                    done.add(run_id)
            self._tell_of(done)
        finally:
            self._summing.release()

    def _tell_of(self, done: set[str]) -> None:
        """Who was answered without the numbers of these runs is told that they have changed."""
        with self._lock:
            late = {i for i in done & self._wanted if self._is_fresh(i)}
            # One that has changed again meanwhile is still waited for.
            self._wanted -= late | {i for i in done if i not in self._revisions}
            self._mark(late)
            for run_id in late:
                # What is marked is what is said of the run: the numbers stay as fresh as they are.
                self._summaries[run_id] = (self._revisions[run_id], self._summaries[run_id][1])

    def _look(self, run_id: str) -> Summary | None:
        try:
            record = self.get(run_id)
            if record.final:
                return summary.of_ended(self._store, record)
            return summary.of_active(self._reader(run_id))
        except NotFoundError:
            return Summary()
        except (RLWidgetsError, OSError, sqlite3.Error, ValueError) as error:
            # One run that cannot be read is no reason to show none; it is tried again.
            if self._troubles.get(run_id) != str(error):
                self._troubles[run_id] = str(error)
                _log.warning("The numbers of %s could not be read: %s", run_id, error)
            return None

    def __len__(self) -> int:
        return len(self._records)
