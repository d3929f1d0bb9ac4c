"""Append-only spool files: how every process of a job records what it logs.

A process owns one file, `<run folder>/spool/<host>-<pid>.jsonl`, and one logged thing is one
`write` of one line. There is no lock, no thread and nothing that rests on a clean exit, because
RLlib ends its env runners by killing them; after a fork the child opens a file of its own. A point
is acknowledged when the write has returned. `rl_widgets.store.ingest` takes the lines into the
record.

A line is a JSON object (NaN and infinities as Python's json writes them):
`t` seconds since the epoch (UTC), `a` the attempt, `r` the child run ("head", "worker", or "" for
the parent), `s` the step, `e` the env steps, `m` numbers by name, `p` payloads by name with their
kind `k`, `d` a description.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import json
import os
import socket
import sys
import threading
import time
import warnings
import weakref
from collections import deque
from pathlib import Path
from typing import Any

from rl_widgets.store.errors import StoreError

#: Lines that are held in memory while the disk takes none; what comes after is refused aloud.
MAX_HELD_LINES = 100_000
#: A process that is no job's waits so many seconds for room before it ends.
PATIENCE = 5.0
_LOOK = 0.25


class SpoolWriter:
    """Writes the lines of this process into its own file under `folder`.

    A line that the disk does not take (full, quota) is held and written before the next one, so
    that a training run goes on over a full disk and nothing is lost once there is room again. A
    process that ends meanwhile waits for the room, `patience` seconds at most.
    """

    def __init__(self, folder: str | os.PathLike[str], patience: float = PATIENCE) -> None:
        self._folder = Path(folder)
        self._patience = patience
        self._pid = -1
        self._fd = -1
        self._lock = threading.Lock()
        self._held: deque[bytes] = deque()
        self._warned = False
        self._dumps = json.JSONEncoder(separators=(",", ":")).encode
        atexit.register(_at_exit, weakref.ref(self))

    def __del__(self) -> None:
        if self._fd >= 0 and os.getpid() == self._pid:
            with contextlib.suppress(OSError):
                os.close(self._fd)

    def append(self, record: dict[str, Any]) -> None:
        """Append one record as a line. Raises `StoreError` only when too many lines are held."""
        line = self._dumps(record).encode() + b"\n"
        with self._lock:
            if os.getpid() != self._pid:
                self._open()
            if not self._held:
                rest = self._write(line)
                if rest is None:
                    return
                line = rest
            elif len(self._held) >= MAX_HELD_LINES:
                raise StoreError(
                    f"The disk of {self._folder} takes no more and {MAX_HELD_LINES:,} logged "
                    "lines wait in memory already: free some space."
                )
            self._held.append(line)
            _holding.add(self)
            self._drain()

    def flush(self) -> None:
        """Write what is held and have the file on the disk. Raises `StoreError` if it cannot."""
        with self._lock:
            if os.getpid() != self._pid:
                self._open()
            self._drain()
            if self._held:
                raise StoreError(
                    f"{len(self._held):,} logged lines could not be written to {self._folder}: "
                    "the disk is full or over its quota. They are kept in memory; free some space."
                )
            os.fsync(self._fd)

    def _wait_for_room(self) -> None:
        if os.getpid() != self._pid or not self._held:
            return
        _say(
            f"{len(self._held):,} logged lines wait for room on the disk of {self._folder}; "
            "the process ends when they are written."
        )
        until = time.monotonic() + self._patience
        while self._held and time.monotonic() < until:
            with self._lock:
                self._drain()
            if self._held:
                time.sleep(_LOOK)
        if self._held:
            _say(f"{len(self._held):,} logged lines are lost: the disk stayed full.")

    def _open(self) -> None:
        pid = os.getpid()
        if self._pid not in (-1, pid):
            # A fork: the parent writes what it holds, and the file is the parent's.
            self._held.clear()
            os.close(self._fd)
        self._folder.mkdir(parents=True, exist_ok=True)
        host = "".join(c if c.isalnum() or c in "-." else "_" for c in socket.gethostname())
        path = self._folder / f"{host}-{pid}.jsonl"
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._pid = pid

    def _write(self, line: bytes) -> bytes | None:
        """Write a line; returns what the disk did not take of it, or None when all is written."""
        try:
            written = os.write(self._fd, line)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EINTR):
                raise
            written = 0
        if written == len(line):
            return None
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"The disk of {self._folder} is full: logged values are kept in memory "
                "until there is room.",
                stacklevel=4,
            )
        return line[written:]

    def _drain(self) -> None:
        while self._held:
            rest = self._write(self._held[0])
            if rest is not None:
                self._held[0] = rest
                return
            self._held.popleft()
        _holding.discard(self)


#: Those that hold lines live on, whoever has forgotten them.
_holding: set[SpoolWriter] = set()


def _at_exit(writer: weakref.ref[SpoolWriter]) -> None:
    alive = writer()
    if alive is not None:
        alive._wait_for_room()


def _say(sentence: str) -> None:
    # Where the output goes may be the full disk.
    with contextlib.suppress(OSError, ValueError):
        print(f"rl_widgets: {sentence}", file=sys.stderr, flush=True)
