"""TensorBoards of runs: each a process of its own that ends with this one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from rl_widgets.store.errors import RLWidgetsError

#: How many there are at a time, and seconds without a request after which one ends.
MOST, IDLE = 3, 1800.0

#: `Tensorboard` belongs to the notebook's widgets, which no server loads. Its process ends when the
#: pipe from this one does, however this one ends.
_MAIN = """
import sys
from rl_widgets import Tensorboard, Workspace
board = Tensorboard(Workspace(folder=sys.argv[1]).get_run(sys.argv[2]))
print(board.start(), flush=True)
sys.stdin.buffer.read()
board.stop()
"""


class Board:
    """The TensorBoard of one run, which may still be starting."""

    def __init__(self, folder: Path, run_id: str) -> None:
        self.asked = time.monotonic()
        self._url = ""
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the board
        self._process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, str(folder), run_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )
        self._reading = threading.Thread(target=self._read, name="rl_widgets board", daemon=True)
        self._reading.start()

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port, None while it starts. Raises `RLWidgetsError` where it did not."""
        if self._url:
            parts = urlsplit(self._url)
            return parts.hostname or "localhost", parts.port or 80
        if self._reading.is_alive():
            return None
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        raise RLWidgetsError(
            f"TensorBoard did not start: {lines[-1] if lines else 'it said nothing'}"
        )

    @property
    def ended(self) -> bool:
        """Whether its process is gone."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End it; nothing is left."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reading.join(5)
        self._process.stdout.close()
        self._said.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._url = self._process.stdout.readline().decode("utf-8", "replace").strip()


class Boards:
    """The boards of a server by run; the one that was asked for longest ago makes room."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._boards: OrderedDict[str, Board] = OrderedDict()

    def address(self, folder: Path, run_id: str) -> tuple[str, int] | None:
        """Where the board of a run answers, started at the first call; None while it starts.

        Raises `RLWidgetsError` with what went wrong; the next call tries again.
        """
        over: list[Board] = []
        try:
            with self._lock:
                board = self._boards.get(run_id)
                if board is None:
                    board = self._boards[run_id] = Board(folder, run_id)
                board.asked = time.monotonic()
                self._boards.move_to_end(run_id)
                while len(self._boards) > MOST:
                    over.append(self._boards.popitem(last=False)[1])
                try:
                    return board.address
                finally:
                    if board.ended:
                        # What it said is told once; the next call starts another one.
                        over.append(self._boards.pop(run_id))
        finally:
            # Not under the lock: the end of one takes seconds, and every page of the others asks.
            for one in over:
                one.close()

    def end_idle(self) -> None:
        """End those that nobody has asked for lately."""
        now = time.monotonic()
        with self._lock:
            idle = [i for i, board in self._boards.items() if now - board.asked > IDLE]
            over = [self._boards.pop(run_id) for run_id in idle]
        for board in over:
            board.close()

    def close(self) -> None:
        """End all."""
        with self._lock:
            while self._boards:
                self._boards.popitem()[1].close()
