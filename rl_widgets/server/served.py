"""The workspace that a server serves: opened at first use, and what is held of it."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rl_widgets.server.run_table import RunTable
from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view.reader import RunReader
from rl_widgets.workspace import Workspace

_log = logging.getLogger(__name__)

#: Runs that have ended whose points are held; those that go on are held all.
_MOST_ENDED = 6
_MOST_ACTIVE = 64
#: Characters of pages that are held.
_MOST_ANSWERED = 8_000_000
#: Seconds for which a page holds what it says of the files of a run that has ended.
_FILES_HOLD = 10.0


@dataclass(frozen=True)
class Limits:
    """What may be done through this server; 0 and () are no limit."""

    read_only: bool = False
    max_runs: int = 0
    max_nodes: int = 0
    allowed_targets: tuple[str, ...] = ()


#: The command line of a kernel by its name; raises `KeyError` where there is none.
FindKernel = Callable[[str], Sequence[str]]


def _no_kernel(name: str) -> Sequence[str]:
    raise KeyError(name)


class Served:
    """A workspace that any number of requests use at once.

    `configured` is its folder or a `config.json`; '' is what a notebook in `root` has by
    `Workspace.from_config()`. A folder that was removed is begun anew, as any kernel does.
    """

    def __init__(
        self, configured: str, root: Path, limits: Limits, find_kernel: FindKernel = _no_kernel
    ) -> None:
        self.limits = limits
        self.find_kernel = find_kernel
        self._configured = configured
        #: The folder that the server shows.
        self.root = root
        #: Held from the look at how many runs there are to the start of another.
        self.starting = threading.Lock()
        self._lock = threading.RLock()
        self._workspace: Workspace | None = None
        self._table: RunTable | None = None
        self._file: tuple[int, int] = (0, 0)
        self._readers: OrderedDict[str, RunReader] = OrderedDict()
        self._answers: OrderedDict[str, tuple[str, str]] = OrderedDict()

    @property
    def workspace(self) -> Workspace:
        """The workspace. Raises `StoreError` and `UserError` where it cannot be opened."""
        with self._lock:
            if self._workspace is not None and self._file != _identity(self._workspace):
                _log.warning("The workspace folder %s was removed", self._workspace.folder)
                self._close()
            if self._workspace is None:
                workspace = self._open()
                try:
                    self._table = RunTable(workspace.store, partial(self._held, workspace))
                except BaseException:
                    workspace.close()
                    raise
                self._workspace = workspace
                self._file = _identity(workspace)
            return self._workspace

    @property
    def table(self) -> RunTable:
        """All runs, up to date. Raises as `workspace` does."""
        with self._lock:
            workspace = self.workspace
            assert workspace is not None
            assert self._table is not None
            table = self._table
        table.refresh()
        return table

    def reader(self, run_id: str) -> RunReader:
        """The reader of a run, brought up to date. Raises `NotFoundError`, `StoreError`."""
        record = self.table.get(run_id)
        reader = self._held(self.workspace, record.id)
        reader.refresh()
        self._let_go()
        return reader

    def etag(self, kind: str, run_id: str | None = None) -> str:
        """What is the same as long as a page of all runs, or of one, says the same.

        While runs go on, a page of the kinds 'clock' and 'files' says something else each second;
        what the latter says of a run that has ended hangs on its files, too. Raises
        `NotFoundError`.
        """
        table = self.table
        parts = [table.revision if run_id is None else table.revision_of(run_id)]
        goes_on = table.active() if run_id is None else not table.get(run_id).final
        if kind in ("clock", "files") and goes_on:
            parts.append(int(time.time()))
        elif kind == "files":
            parts.append(int(time.time() / _FILES_HOLD))
        return '"' + "-".join(map(str, parts)) + '"'

    def answer(self, address: str, etag: str, make: Callable[[], str]) -> str:
        """The text of a page, made anew where its `etag` is another: forty may look at one run."""
        with self._lock:
            held = self._answers.get(address)
        if held is None or held[0] != etag:
            held = (etag, make())
        with self._lock:
            self._answers[address] = held
            self._answers.move_to_end(address)
            while sum(len(text) for _, text in self._answers.values()) > _MOST_ANSWERED:
                self._answers.popitem(last=False)
        return held[1]

    def close(self) -> None:
        """Close the record."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        self._readers.clear()
        self._answers.clear()
        if self._table is not None:
            self._table.close()
        if self._workspace is not None:
            self._workspace.close()
        self._table = self._workspace = None

    def _open(self) -> Workspace:
        if not self._configured:
            return Workspace.from_config(self.root)
        path = Path(self._configured).expanduser()
        if path.suffix == ".json":
            return Workspace.from_config(path)
        return Workspace(folder=path)

    def _held(self, workspace: Workspace, run_id: str) -> RunReader:
        with self._lock:
            reader = self._readers.get(run_id)
            if reader is None:
                folder = workspace.run_folder(run_id)
                reader = self._readers[run_id] = RunReader(workspace.store, run_id, folder)
            self._readers.move_to_end(run_id)
            return reader

    def _let_go(self) -> None:
        """Forget the points of runs that nobody has asked for lately."""
        with self._lock:
            ended = active = 0
            for run_id in reversed(list(self._readers)):
                final = self._final(run_id)
                ended, active = ended + final, active + (not final)
                if (ended if final else active) > (_MOST_ENDED if final else _MOST_ACTIVE):
                    del self._readers[run_id]

    def _final(self, run_id: str) -> bool:
        with contextlib.suppress(RLWidgetsError):
            if self._table is not None:
                return self._table.get(run_id).final
        return True


def _identity(workspace: Workspace) -> tuple[int, int]:
    try:
        status = os.stat(workspace.store.path)
    except OSError:
        return (0, 0)
    return status.st_dev, status.st_ino
