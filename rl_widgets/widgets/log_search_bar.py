"""The field in which a person searches a log."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import ipywidgets

from rl_widgets.view.escape import escape
from rl_widgets.view.html.log import Places
from rl_widgets.view.logs.search_process import LogSearch
from rl_widgets.widgets.command_thread import Command
from rl_widgets.widgets.panel import set_shown, set_value


class LogSearchBar:
    """`widgets` take what is searched for; `go(offset)` is called to show a found line.

    Everything but the constructor runs on the view's own thread. `drawn` is called where marks
    have changed.
    """

    def __init__(
        self,
        post: Callable[[Command], None],
        go: Callable[[int], None],
        drawn: Callable[[], None],
    ) -> None:
        self._post = post
        self._go = go
        self._drawn = drawn
        self._path: Path | None = None
        self._size = 0
        self._search: LogSearch | None = None
        self._jumped = False
        #: The offset of the found line that is shown.
        self.here: int | None = None
        self._text = ipywidgets.Text(
            placeholder="Search the whole log, then Enter",
            continuous_update=False,
            tooltip="Search the whole log; capitals and small letters are the same",
        )
        self._regex = ipywidgets.ToggleButton(
            description="Regex", tooltip="What is searched for is a regular expression"
        )
        self._previous = ipywidgets.Button(
            description="Previous", tooltip="Show the found line before"
        )
        self._next = ipywidgets.Button(description="Next", tooltip="Show the next found line")
        self._said = ipywidgets.HTML()
        for control in (self._text, self._regex):
            control.observe(lambda _: post(self._begin), names="value")
        self._text.on_msg(lambda _, content, __: self._entered(content))
        self._previous.on_click(lambda _: post(functools.partial(self._jump, -1)))
        self._next.on_click(lambda _: post(functools.partial(self._jump, 1)))
        self.controls = (self._text, self._regex, self._previous, self._next)
        self.widgets: tuple[ipywidgets.Widget, ...] = (*self.controls, self._said)
        self._show_result()

    @property
    def places(self) -> Places | None:
        """What is to be marked."""
        return None if self._search is None else self._search.places

    def search_in(self, path: Path | None) -> None:
        """Another log is shown: what is searched for is searched for in that one."""
        self._path = path
        self._begin()

    def forget_place(self) -> None:
        """A person has left the found line."""
        self.here = None
        self._show_result()

    def stop(self) -> None:
        """End a search that goes on."""
        if self._search is not None:
            self._search.stop()

    def _entered(self, content: dict[str, object]) -> None:
        # Enter also where the text is the same: the log may have grown.
        if content.get("event") == "submit":
            self._post(self._again)

    def _again(self) -> None:
        search = self._search
        if search is not None and search.done and search.pattern == self._text.value:
            self._begin()

    def _begin(self) -> None:
        self.stop()
        pattern, self.here, self._jumped = self._text.value, None, False
        self._search = None
        if pattern and self._path is not None:
            try:
                self._size = self._path.stat().st_size
            except OSError:
                self._size = 0
            self._search = LogSearch(self._path, pattern, self._regex.value, self._on_found)
            self._search.start()
        self._show_result()
        self._drawn()

    def _on_found(self, search: LogSearch) -> None:
        # On the search's own thread.
        self._post(functools.partial(self._take, search))

    def _take(self, search: LogSearch) -> None:
        if search is not self._search:
            return
        if search.offsets and not self._jumped:
            self._jumped = True
            self._jump(1)
        else:
            self._show_result()
        if search.done:
            self._drawn()

    def _jump(self, step: int) -> None:
        if self._search is None:
            return
        start = (-1 if step > 0 else self._size + 1) if self.here is None else self.here
        found = self._search.next(start, step)
        if found is not None:
            self.here = found
            self._go(found)
        self._show_result()

    def _show_result(self) -> None:
        search = self._search
        said = "" if search is None else search.sentence(self.here, self._size)
        wrong = search is not None and search.trouble
        style = "rlw-warning" if wrong else "rlw-note"
        value = f'<span class="{style}" role="status">{escape(said)}</span>' if said else ""
        set_value(self._said, value=value)
        for button in (self._previous, self._next):
            set_shown(button, search is not None and bool(search.offsets))
