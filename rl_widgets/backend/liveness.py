"""Who looks after a run: a lock on a file in the run's folder, held for life.

A lock tells what a process id cannot: it is given back by the system in the moment in which its
holder ends, however it ends, and no later process can be taken for it.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

FILE_NAME = "supervisor.lock"


class RunLock:
    """The lock of one run. Whoever holds it is the only one to change the run's state."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def acquire(cls, run_folder: Path) -> RunLock | None:
        """Take the lock, or None while another process holds it or the folder is gone."""
        try:
            fd = os.open(run_folder / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return None
        return cls(fd)

    @classmethod
    def inherited(cls, fd: int) -> RunLock:
        """The lock that the process that started this one has handed over."""
        os.set_inheritable(fd, False)
        return cls(fd)

    @classmethod
    def wait_until_free(cls, run_folder: Path, seconds: float) -> None:
        """Return when nobody holds the lock, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            lock = cls.acquire(run_folder)
            if lock is not None or not run_folder.exists():
                if lock is not None:
                    lock.close()
                return
            time.sleep(0.01)

    def close(self) -> None:
        """Let go of it here; a process to which it was handed over holds it on."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
