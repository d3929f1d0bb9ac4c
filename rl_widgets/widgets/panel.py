"""A part of the live view that is drawn by itself: a tab, or the reward chart above them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import ipywidgets

from rl_widgets.view.charts.marks import EventMark
from rl_widgets.view.reader import RunReader
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.command_thread import Command
from rl_widgets.widgets.cursor import Cursor

if TYPE_CHECKING:
    from rl_widgets.run import Run


@dataclass
class PanelContext:
    """What the parts of one live view share.

    `post` has a command carried out on the view's own thread: what a callback of a widget, which
    may come on any thread, does and nothing else. `child` is the child run that a person chose
    ("head" or "worker"), None for the whole run. `open` shows what a mark on a curve stands for,
    `tab` is the title of the tab that is shown. `cursor` is joined over all charts.
    """

    run: Run
    reader: RunReader
    post: Callable[[Command], None]
    open: Callable[[EventMark], None]
    child: str | None = None
    tab: str = ""
    cursor: Cursor = field(default_factory=Cursor)
    #: Draws the tab that is shown, when what it is drawn over has changed.
    redraw: Callable[[RunView], None] = lambda _view: None
    #: Has the view follow the run that has begun again.
    again: Callable[[], None] = lambda: None


class Panel:
    """One part. Everything but the constructor runs on the view's own thread.

    It is made when it is first shown (a figure of bqplot that is made where it cannot be seen
    measures itself wrongly), and drawn only while it is shown. It asks `context.reader` for what
    it draws; what has not changed is not sent again.
    """

    #: The words on its tab.
    title: ClassVar[str] = ""
    #: Messages that one drawing of it takes.
    messages: ClassVar[int] = 2

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        #: What is displayed: each panel makes its own.
        self.widget: ipywidgets.Widget
        #: The widgets that a person uses: they answer also while the kernel is busy.
        self.controls: tuple[ipywidgets.Widget, ...] = ()

    def draw(self, view: RunView) -> None:
        """Show a view, or the same one again after `context.child` has changed."""

    def show(self, mark: EventMark) -> None:
        """Bring into view what a mark on the reward curve stands for; the tab has been drawn."""

    def close(self) -> None:
        """Let go of what is no widget; those are closed with the view."""


def set_value(widget: ipywidgets.Widget, **traits: object) -> None:
    """Set traits in one message, and only those that differ."""
    new = {name: value for name, value in traits.items() if getattr(widget, name) != value}
    if new:
        with widget.hold_sync():
            for name, value in new.items():
                setattr(widget, name, value)


def set_shown(widget: ipywidgets.DOMWidget, shown: bool) -> None:
    """Have a widget take its place in the page, or none."""
    display = None if shown else "none"
    if widget.layout.display != display:
        widget.layout.display = display
