"""The cursor that is joined over all charts of a live view."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds after which the pointer is taken for gone: a chart is not told that it was left.
POINTED = 15.0

Listener = Callable[[float | None], None]


class Cursor:
    """A place on the x-axis that all charts share; `x` is None while nobody points at one.

    To be used on the view's own thread. A listener is called with each new place.
    """

    def __init__(self) -> None:
        self.x: float | None = None
        #: When a pointer was last over a chart; None since a button has set the place.
        self._pointed_at: float | None = None
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Have `listener` called from now on."""
        self._listeners.append(listener)

    def move(self, x: float | None) -> None:
        """Be at `x`, to stay: env steps, iterations or seconds since the start.

        A chart of hours or minutes divides it by its curve's `unit`.
        """
        self._pointed_at = None
        self._go(x)

    def point(self, x: float) -> None:
        """As `move`, of a pointer that is over a chart: until it was away for a while."""
        self._pointed_at = time.monotonic()
        self._go(x)

    def forget(self) -> None:
        """Be nowhere, where the pointer was away for a while."""
        if self._pointed_at is not None and time.monotonic() - self._pointed_at > POINTED:
            self.move(None)

    def _go(self, x: float | None) -> None:
        if x != self.x:
            self.x = x
            for listener in list(self._listeners):
                listener(x)
