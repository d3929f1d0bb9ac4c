"""A thread that follows something until it ends or is told to stop, and rests while unwatched."""

from __future__ import annotations

import threading


class FollowingThread:
    """Start, stop and pause of a daemon thread that carries out `_run`, which subclasses have."""

    def __init__(self, name: str) -> None:
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._paused = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self, wait: float = 0.0) -> None:
        """End the thread; `wait` is how long, in seconds, this waits for its end."""
        self._stop.set()
        self._wake.set()
        if wait and self.alive and threading.current_thread() is not self._thread:
            self._thread.join(wait)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def paused(self) -> bool:
        """Whether nobody watches."""
        return self._paused

    @paused.setter
    def paused(self, value: bool) -> None:
        if value != self._paused:
            self._paused = value
            self._wake.set()

    def _run(self) -> None:
        raise NotImplementedError
