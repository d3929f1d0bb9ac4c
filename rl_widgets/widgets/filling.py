"""Tells what a thread sets in controls itself from what a person chooses in the page."""

from __future__ import annotations

import threading


class Filling:
    """`with filling:` the controls are set; an observer that finds `filling.here` has not to act.

    A person may choose at the same time: what comes on any other thread is the person's doing.
    """

    def __init__(self) -> None:
        self._thread: int | None = None

    def __enter__(self) -> None:
        self._thread = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._thread = None

    @property
    def here(self) -> bool:
        """Whether the calling thread is the one that sets the controls."""
        return self._thread == threading.get_ident()
