"""What the live views share: shown once, followed while a page shows them, closed whole."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
import uuid
from collections.abc import Sequence
from typing import Any

import ipywidgets

from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view.following_thread import FollowingThread
from rl_widgets.widgets.command_thread import CommandThread
from rl_widgets.widgets.owned import close_owned
from rl_widgets.widgets.pace import wait_for_making
from rl_widgets.widgets.saved_form import SavedForm
from rl_widgets.widgets.subshells import CELLS, PAGE, Answering


class LiveView(ipywidgets.VBox):
    """A card that a thread follows while a page shows it, and that another thread draws.

    A subclass calls `_begin`, makes its parts and `_thread`, which draws, and then calls the
    constructor; `_final`, `_begun_again` and `_new_follower` tell what it follows.
    """

    _thread: CommandThread
    # A view that could not be made is closed, too.
    _follower: FollowingThread | None = None
    _saved: SavedForm | None = None
    _closed = False

    def __init__(self, parts: Sequence[ipywidgets.Widget], **kwargs: Any) -> None:
        super().__init__(children=parts, **kwargs)
        for name in ("rlw", "rlw-card", f"rlw-live-{self._key}"):
            self.add_class(name)
        # Nought, and not None, has the front end count the views.
        self._view_count = 0
        self.observe(self._on_view_count, names="_view_count")

    def _begin(self, messages: int) -> None:
        """What its parts ask for; waits while the page is still making other views."""
        if notebook_shell() is not None:
            wait_for_making(messages)
        self._key = uuid.uuid4().hex[:12]
        self._lock = threading.Lock()
        self._answering = Answering()

    # -- what a subclass has ---------------------------------------------------------------------

    @property
    def _final(self) -> bool:
        """Whether what was seen last is an end."""
        raise NotImplementedError

    def _begun_again(self) -> bool:
        """Whether it goes on although its end was seen. May raise `StoreError`."""
        raise NotImplementedError

    def _new_follower(self) -> FollowingThread:
        raise NotImplementedError

    def _let_go(self) -> None:
        """Give back what is no widget, when the view is closed."""

    # -- shown, followed, closed -----------------------------------------------------------------

    def follow(self) -> None:
        """Follow what is shown, unless that is done or all of it has ended: for a view that is put
        into another widget instead of shown by `show()`."""
        with self._lock:
            if self._closed or (self._follower is not None and self._follower.alive):
                return
            if self._final and not self._goes_on():
                return
            self._follower = self._new_follower()
            self._follower.start()

    @property
    def following(self) -> bool:
        """Whether a thread of this view runs."""
        return (self._follower is not None and self._follower.alive) or self._thread.alive

    def close(self) -> None:
        """End the threads and remove the view."""
        if self._follower is not None:
            self._follower.stop(wait=2.0)
        if self._saved is not None:
            self._saved.close()
        self._closed = True
        self._let_go()
        close_owned(self)
        super().close()

    def _ipython_display_(self) -> None:
        self.show()

    def show(self) -> None:
        """Display the view and return at once."""
        raise NotImplementedError

    def _display(self, shell: Any, words: str, saved: SavedForm, seen: Any) -> None:
        """Show it, with what a saved notebook keeps as a second output, and follow.

        `words` are for pages that draw no widgets; they are never brought up to date, so they tell
        no state. `seen` is what was seen last.
        """
        bundle = super()._repr_mimebundle_()
        bundle["text/plain"] = words
        shell.display_pub.publish(data=bundle, metadata={})
        self._answering.shown(shell)
        if self._saved is not None:
            self._saved.close()
        self._saved = saved
        saved.show(seen)
        # The page's count of its views may come late: a kernel that is busy with this very cell
        # hears nothing of it where comms do not use subshells. Until told otherwise, it is shown.
        CELLS.at_end(self._cell_ended)
        self.follow()

    def _goes_on(self) -> bool:
        with contextlib.suppress(RLWidgetsError, OSError):
            return self._begun_again()
        return False

    def _cell_ended(self) -> None:
        # Which may have resumed a run that had ended.
        if self._final and not self._closed:
            self._thread.post_once("follow", self.follow)

    def _on_view_count(self, change: Any) -> None:
        PAGE.hears()
        self._thread.post(functools.partial(self._rest_or_follow, bool(change["new"])))

    def _rest_or_follow(self, shown: bool) -> None:
        follower = self._follower
        if follower is not None and follower.alive:
            follower.paused = not shown
        elif shown:
            self.follow()


def notebook_shell() -> Any:
    """IPython's shell where a Jupyter front end listens to it, else None."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell if hasattr(shell, "kernel") else None
