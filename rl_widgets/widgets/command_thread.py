"""A thread that carries out commands one after the other, and is there only while there are any."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

Command = Callable[[], None]


class Once:
    """Posts a command under a name, unless one of that name waits already."""

    def __init__(self, post: Callable[[Command], None]) -> None:
        self._post = post
        self._lock = threading.Lock()
        self._waiting: set[str] = set()

    def __call__(self, name: str, command: Command) -> None:
        with self._lock:
            if name in self._waiting:
                return
            self._waiting.add(name)

        def carry_out() -> None:
            with self._lock:
                self._waiting.discard(name)
            command()

        self._post(carry_out)


class Spacing:
    """Keeps drawings apart: `wait` returns no sooner than so many seconds after it last did.

    On the thread that draws, of what a page sends faster than is worth drawing; `Once` puts
    together what comes meanwhile.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._last = -math.inf

    def wait(self) -> None:
        """Wait for as long as is left."""
        time.sleep(max(0.0, self._last + self._seconds - self._clock()))
        self._last = self._clock()


class CommandThread:
    """Whoever calls `post`, the commands run on one thread, in order.

    The (daemon) thread ends after `linger` seconds without a command and starts again with the
    next one. A command that raises is handed to `on_error`, on the same thread.
    """

    def __init__(
        self, name: str, on_error: Callable[[Exception], None], linger: float = 1.2
    ) -> None:
        self._name = name
        self._on_error = on_error
        self._linger = linger
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._once = Once(self.post)
        self._thread: threading.Thread | None = None
        self._busy = False

    def post(self, command: Command) -> None:
        """Have a command carried out; returns at once."""
        with self._lock:
            self._commands.put(command)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def post_once(self, name: str, command: Command) -> None:
        """As `post`, unless one of this name waits already."""
        self._once(name, command)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None

    @property
    def busy(self) -> bool:
        """Whether a command is waiting or being carried out."""
        return self._busy or not self._commands.empty()

    def _work(self) -> None:
        while True:
            self._busy = False
            try:
                command = self._commands.get(timeout=self._linger)
            except queue.Empty:
                with self._lock:
                    if self._commands.empty():
                        self._thread = None
                        return
                continue
            self._busy = True
            try:
                command()
            except Exception as error:  # noqa: BLE001 the thread outlives a command
                _log.exception("%s: a command failed", self._name)
                self._on_error(error)
