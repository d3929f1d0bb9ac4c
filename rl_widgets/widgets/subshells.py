"""Widgets that answer while the kernel is busy with a cell."""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import ipywidgets


def answer_while_busy(*widgets: ipywidgets.Widget) -> None:
    """Have what comes from the page for these widgets handled where the page sends it.

    JupyterLab (4.4 and newer) sends it to a subshell, a thread beside the one that runs cells.
    ipykernel 7.4 redirects it to the shell in which the widget last spoke, which for a widget made
    by a cell is the very one that is busy, as in `show(); run.wait_for_completion()`. A comm
    without that redirection keeps the page's choice; elsewhere the attribute means nothing.
    """
    for widget in widgets:
        if widget.comm is not None:
            widget.comm._reply_subshell_for = None


class Cells:
    """Whether the kernel is running a cell, known from the first view that is shown.

    What a page sends before its subshell is there waits for the end of the cell.
    """

    def __init__(self) -> None:
        self.running = False
        self._shell: Any = None
        self._at_end: list[weakref.WeakMethod[Callable[[], None]]] = []

    def watch(self, shell: Any) -> None:
        """A cell shows a view in `shell` (IPython's) now."""
        self.running = True
        events = getattr(shell, "events", None)
        if events is not None and self._shell is not shell:
            self._shell = shell
            events.register("pre_run_cell", self._begun)
            events.register("post_run_cell", self._ended)

    def at_end(self, method: Callable[[], None]) -> None:
        """Have a bound method called after each cell, for as long as its object is there."""
        if method not in [known() for known in self._at_end]:
            self._at_end.append(weakref.WeakMethod(method))

    def _begun(self, _info: Any) -> None:
        self.running = True

    def _ended(self, _result: Any) -> None:
        self.running = False
        methods = [(known, known()) for known in self._at_end]
        self._at_end = [known for known, method in methods if method is not None]
        for _, method in methods:
            if method is not None:
                method()


#: Of this kernel.
CELLS = Cells()


class Page:
    """Where the page's newest message was heard: beside the cells, or on the thread that runs them.

    The first ones may be sent before the page has its subshell, so that one message alone says
    nothing about those that follow.
    """

    def __init__(self) -> None:
        #: None before anything came.
        self.heard_beside_cells: bool | None = None

    def hears(self) -> None:
        """Something came from the page, on the calling thread."""
        self.heard_beside_cells = threading.current_thread() is not threading.main_thread()


#: Of this kernel.
PAGE = Page()


class Answering:
    """Whether what a person does in the page is heard while a cell of the kernel runs.

    That takes a kernel with subshells, and a page that sends what its widgets say to one.
    """

    #: Seconds after which a page that shows a view has said so, if it is heard.
    PATIENCE = 6.0

    def __init__(self, page: Page = PAGE) -> None:
        self._page = page
        self._kernel_can = True
        self._shown = math.inf

    def shown(self, shell: Any) -> None:
        """A view goes to the page of `shell` (IPython's) now."""
        self._kernel_can = bool(
            getattr(getattr(shell, "kernel", None), "_supports_kernel_subshells", False)
        )
        self._shown = time.monotonic()
        CELLS.watch(shell)

    @property
    def only_between_cells(self) -> bool:
        """Whether the page is heard only while no cell runs."""
        beside = self._page.heard_beside_cells
        if not self._kernel_can or beside is False:
            return True
        return beside is None and time.monotonic() - self._shown > self.PATIENCE
