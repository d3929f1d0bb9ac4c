"""The cursor that is joined over all charts of a live view."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[float | None], None]


class Cursor:
    """A place on the x-axis that all charts share; `x` is None while nobody points at one.

    To be used on the view's own thread. A listener is called with each new place.
    """

    def __init__(self) -> None:
        self.x: float | None = None
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Have `listener` called from now on."""
        self._listeners.append(listener)

    def move(self, x: float | None) -> None:
        """Point at `x`: env steps, iterations or seconds since the start.

        A chart of hours or minutes divides it by its curve's `unit`.
        """
        if x != self.x:
            self.x = x
            for listener in list(self._listeners):
                listener(x)
