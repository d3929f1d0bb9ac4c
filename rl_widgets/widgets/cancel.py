"""The button that cancels a run, and asks once before it does."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from rl_widgets.store import statuses
from rl_widgets.view.escape import escape
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.command_thread import Command


class CancelControl:
    """`widget` shows 'Cancel run', then the question, then that it was asked for.

    `buttons` are all that it may show. `post` has a command carried out on the view's thread,
    `cancel` asks for the run's end.
    """

    def __init__(self, post: Callable[[Command], None], cancel: Callable[[], None]) -> None:
        self._cancel = cancel
        self._asked = False
        self._over = False
        self._question = ipywidgets.HTML()
        self._begin = _button("Cancel run", "End this run and stop its nodes", "")
        self._yes = _button("Yes, cancel it", "End the run now", "danger")
        self._no = _button("Keep it running", "Do nothing", "")
        self._begin.on_click(lambda _: post(self._ask))
        self._yes.on_click(lambda _: post(self._confirmed))
        self._no.on_click(lambda _: post(self._keep))
        self.buttons = (self._begin, self._yes, self._no)
        self.widget = ipywidgets.HBox(
            [self._begin], layout=ipywidgets.Layout(flex="0 0 auto", align_items="center")
        )
        self.widget.add_class("rlw-cancel")

    def draw(self, view: RunView) -> None:
        """Show what can be done in the state of `view`."""
        over = view.final or view.header.status == statuses.FINALIZING
        requested = view.header.status == statuses.CANCEL_REQUESTED
        if over or requested:
            self._over = True
            self._show([])
            display = "none"
        else:
            display = None
            if self._over:
                # It was resumed.
                self._over = self._asked = False
                self._show([self._begin])
        if self.widget.layout.display != display:
            self.widget.layout.display = display

    def _ask(self) -> None:
        if not self._over:
            self._say("Cancel this run? What it has logged is kept.")
            self._show([self._question, self._yes, self._no])

    def _keep(self) -> None:
        if not self._over:
            self._show([self._begin])

    def _confirmed(self) -> None:
        if self._over or self._asked:
            return
        self._asked = True
        self._say("Asking for the end of the run …")
        self._show([self._question])
        try:
            self._cancel()
        except Exception as error:  # noqa: BLE001 whatever hinders it is said where it was asked
            self._asked = False
            self._say(f"It could not be canceled: {error}")
            self._show([self._question, self._yes, self._no])

    def _say(self, sentence: str) -> None:
        self._question.value = f'<span class="rlw-question">{escape(sentence)}</span>'

    def _show(self, parts: list[ipywidgets.Widget]) -> None:
        if list(self.widget.children) != parts:
            self.widget.children = parts


def _button(words: str, tooltip: str, style: str) -> ipywidgets.Button:
    button = ipywidgets.Button(description=words, tooltip=tooltip, button_style=style)
    button.layout.width = "auto"
    return button
