"""The second output of a cell: HTML and text that a saved notebook keeps of a live view.

JupyterLab shows 'model not found' for a widget whose kernel is gone and ignores the HTML beside
it; so the HTML is an output of its own, folded away by a style sheet while the widget lives.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from rl_widgets.view import text
from rl_widgets.view.comparison.comparison import Comparison
from rl_widgets.view.form_view import FormView
from rl_widgets.view.html import run as html
from rl_widgets.view.run_view import RunView

#: A saved form is written anew at each change of state, and at most this often otherwise.
PERIOD = 60.0


class SavedForm:
    """Shows a view as HTML and text, and brings that up to date in place.

    `document` (of a view, a key and a time in words) and `words` make its forms; by default those
    of a run.
    """

    def __init__(
        self,
        shell: Any,
        key: str,
        document: Callable[[Any, str, str], str] = html.document,
        words: Callable[[Any], str] = text.text,
    ) -> None:
        self._shell = shell
        self._key = key
        self._document, self._words = document, words
        self._display_id = f"rl_widgets-{uuid.uuid4().hex}"
        self._lock = threading.Lock()
        self._shown_status = ""
        self._shown_revision = -1
        self._shown_at = 0.0
        #: What was published when a cell had last ended, and when.
        self._ended_status: str | None = None
        self._ended_at = 0.0
        self._latest: RunView | Comparison | FormView | None = None
        self._hooked = self._closed = False

    def show(self, view: RunView | Comparison | FormView) -> None:
        """Display the form, below what the cell has displayed so far."""
        self._publish(view, update=False)
        if not view.final:
            self._hook()

    def update(self, view: RunView | Comparison | FormView) -> None:
        """Take note of a new view; publishes it where the state has changed, or in its time."""
        self._latest = view
        if not view.final:
            self._hook()  # also of a run that has ended and begun again
        due = time.monotonic() - self._shown_at >= PERIOD
        if view.header.status != self._shown_status or view.trouble or due:
            self._publish(view, update=True)

    def close(self) -> None:
        """Publish what has not been, for the last time."""
        self._closed = True
        self._unhook()
        latest = self._latest
        if latest is not None and latest.revision != self._shown_revision:
            self._publish(latest, update=True)

    def _cell_ended(self, _result: Any = None) -> None:
        latest = self._latest
        if latest is None:
            return
        # Also where it was published before: that may have been between two cells.
        now, status = time.monotonic(), latest.header.status
        if latest.final or status != self._ended_status or now - self._ended_at >= PERIOD:
            self._ended_status, self._ended_at = status, now
            self._publish(latest, update=True)
        if latest.final:
            self._unhook()

    def _hook(self) -> None:
        # What is sent while a cell runs reaches the front end as that cell's message; some
        # (nbclient) hear no other.
        if not self._hooked and not self._closed:
            self._hooked = True
            self._shell.events.register("post_run_cell", self._cell_ended)

    def _unhook(self) -> None:
        if self._hooked:
            self._hooked = False
            self._shell.events.unregister("post_run_cell", self._cell_ended)

    def _publish(self, view: RunView | Comparison | FormView, update: bool) -> None:
        with self._lock:
            self._shown_status = view.header.status
            self._shown_revision = view.revision
            self._shown_at = time.monotonic()
            as_of = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime())
            self._shell.display_pub.publish(
                data={
                    "text/html": self._document(view, self._key, as_of),
                    "text/plain": self._words(view),
                },
                metadata={},
                transient={"display_id": self._display_id},
                update=update,
            )
