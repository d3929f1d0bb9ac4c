"""Tells a run that is slow from one that hangs: by its own usual pace."""

from __future__ import annotations

from collections import deque
from statistics import median

#: A run hangs after this many of its usual iterations without an env step, but not before …
PATIENCE = 20
#: … this many seconds, which a checkpoint or an evaluation may take.
SHORTEST_SILENCE = 60.0
#: Only a run that has made this many iterations has a usual pace.
ENOUGH = 5


class Progress:
    """Follows how often a run logs new env steps. Times in seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=50)
        self._advances = -1
        self._last = 0.0
        self._hangs = False

    @property
    def usual(self) -> float:
        """The median time between two results, in seconds."""
        return median(self._gaps) if self._gaps else 0.0

    def silence(self, now: float) -> float:
        """Seconds since the last result with new env steps."""
        return now - self._last

    def update(self, advances: int, now: float) -> None:
        """Take note of how often there were new env steps so far (-1: none ever)."""
        if advances <= self._advances:
            return
        if self._advances >= 0 and not self._hangs:
            self._gaps.append(now - self._last)
        self._advances = advances
        self._last = now

    def changed(self, now: float) -> bool | None:
        """True when the run has begun to hang, False when it goes on again, None otherwise."""
        if len(self._gaps) < ENOUGH:
            return None
        hangs = self.silence(now) > max(SHORTEST_SILENCE, PATIENCE * self.usual)
        if hangs == self._hangs:
            return None
        self._hangs = hangs
        return hangs
