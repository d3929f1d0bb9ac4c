"""What has been read of one run, held once for all views of it in a process."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rl_widgets.store.database import Store
from rl_widgets.store.ingest import TAKE_IN_SECONDS, SpoolReader
from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import diagnosis
from rl_widgets.view.held_metrics import HeldMetrics
from rl_widgets.view.logs import tail

if TYPE_CHECKING:
    from rl_widgets.store.sqlite import DataVersion
    from rl_widgets.view.run_view import RunView

_LOG = Path("head") / "driver_log.txt"


class HeldRun:
    """Record, child runs, nodes, metrics and log of a run as they were last read.

    Twenty views of a run read it once: while somebody `watching()`s, `refresh` reads only where
    the record has changed since it was last read, whoever did that. Methods take `lock`.
    """

    def __init__(self, store: Store, run_id: str, run_folder: Path) -> None:
        self.store = store
        self.run_id = run_id
        self.run_folder = run_folder
        self.lock = threading.RLock()
        self.metrics = HeldMetrics(store.metrics)
        self.record: RunRecord | None = None
        self.children: list[RunRecord] = []
        self.nodes: list[NodeRecord] = []
        self.log = tail.LogTail(_LOG.name, None, (), False)
        #: How often something of this run was found changed.
        self.changes = 0
        #: What was judged of it, of which state and when (seconds since the epoch).
        self.judged: tuple[object, float] = (None, -math.inf)
        self.judgement: tuple[str, tuple[diagnosis.Finding, ...]] = ("", ())
        #: The newest view by axis, when it was made, and of how many `changes` and events.
        self.views: dict[str, tuple[RunView, float, tuple[int, int]]] = {}
        self._log_path = run_folder / _LOG
        self._log_stamp: tail.Stamp | None = None
        self._spool: SpoolReader | None = None
        self._version: DataVersion | None = None
        self._watchers = 0
        self._read_at: int | None = None
        self._pulse: Hashable = None

    @classmethod
    def of(cls, store: Store, run_id: str, run_folder: Path) -> HeldRun:
        """What is held already, or a new one."""
        key = (str(store.path), run_id)
        with _held_lock:
            held = _held.get(key)
            if held is None:
                held = _held[key] = cls(store, run_id, run_folder)
            return held

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be told cheaply, meanwhile, whether the record has changed. Raises `StoreError`."""
        with self.lock:
            if self._version is None:
                self._version = self.store.watch()
            self._watchers += 1
        try:
            yield
        finally:
            with self.lock:
                self._watchers -= 1
                if not self._watchers and self._version is not None:
                    self._version.close()
                    self._version = self._read_at = None

    def version(self) -> int | None:
        """A number that differs after a change of the record; None while nobody watches."""
        with self.lock:
            return None if self._version is None else self._version.read()

    def refresh(self) -> None:
        """Bring everything up to date. Raises `StoreError` and `NotFoundError`."""
        with self.lock:
            version = self.version()
            if version is None or version != self._read_at:
                self._read()
                self._read_at = version
            self.read_log()

    def _read(self) -> None:
        # Asked first: what changes meanwhile is read with the next look.
        pulse = self.store.pulse(self.run_id)
        if pulse == self._pulse and self.record is not None:
            return
        before = (self.record, self.children, self.nodes, self.metrics.count)
        record = self.record = self.store.runs.get(self.run_id)
        # Status first, numbers after: a run that reads as ended has all its points in them.
        self.children = self.store.runs.children(self.run_id)
        self.nodes = self.store.nodes.of([child.id for child in self.children])
        ids = [record.id, *(child.id for child in self.children)]
        self.metrics.look(ids, record.definition.get("stop") or ())
        if before != (self.record, self.children, self.nodes, self.metrics.count):
            self.changes += 1
        self._pulse = pulse

    def read_log(self) -> None:
        """Read the log's tail if the file has changed."""
        with self.lock:
            stamp = tail.stamp(self._log_path)
            if stamp != self._log_stamp:
                self.log = tail.tail(self._log_path)
                self._log_stamp = stamp
                self.changes += 1

    def take_in(self) -> None:
        """Take what has been logged into the record, as a supervisor else does."""
        with self.lock:
            if self._spool is None:
                self._spool = SpoolReader(self.store.metrics, self.run_id, self.run_folder)
            self._spool.take_in(TAKE_IN_SECONDS)


_held: weakref.WeakValueDictionary[tuple[str, str], HeldRun] = weakref.WeakValueDictionary()
_held_lock = threading.Lock()
