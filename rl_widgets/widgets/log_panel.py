"""The tab of the logs: of the entry script, the supervisor and every node."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets

from rl_widgets.view.charts.marks import EventMark
from rl_widgets.view.logs import files as log_files
from rl_widgets.view.logs import page as log_page
from rl_widgets.view.logs import words as log_words
from rl_widgets.view.logs.files import LogFile, LogSource
from rl_widgets.view.logs.live import LiveLog
from rl_widgets.view.logs.page import LogPage
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.filling import Filling
from rl_widgets.widgets.log_download import LogDownload
from rl_widgets.widgets.log_pane import LogPane
from rl_widgets.widgets.log_search_bar import LogSearchBar
from rl_widgets.widgets.panel import Panel, PanelContext, set_shown, set_value

#: Seconds between two looks at which logs there are.
_LIST = 5.0
#: A log that grows is sent at most twice a second, and at most as many characters a second.
_PERIOD, _PER_SECOND = 0.5, 120_000


class LogPanel(Panel):
    """A log, live at its end or in pages."""

    title = "Logs"

    def __init__(self, context: PanelContext, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(context)
        self._clock = clock
        self._sources: list[LogSource] = []
        self._files: list[LogFile] = []
        self._source: LogSource | None = None
        self._file: LogFile | None = None
        # Until a person chooses, it is the entry script's log as soon as there is one.
        self._by_person = False
        self._child = context.child
        self._over = False
        self._listed = -_LIST
        self._live: LiveLog | None = None
        #: What is shown while it is not followed.
        self._page: LogPage | None = None
        self._pages = 0
        self._next_sending = 0.0
        self._filling = Filling()
        self._build()

    def _build(self) -> None:
        post = self.context.post
        self._source_choice = ipywidgets.Dropdown(tooltip="Whose log is shown")
        self._file_choice = ipywidgets.Dropdown(tooltip="Which of its files is shown")
        self._follow = ipywidgets.ToggleButton(
            value=True, description="Follow", tooltip="Show new lines as they are written"
        )
        self._start = _button("Start", "Show the first lines", self._show_start, post)
        self._older = _button("Older", "Show the 1,000 lines before", self._show_older, post)
        self._newer = _button("Newer", "Show the 1,000 lines after", self._show_newer, post)
        self._end = _button("End", "Show the last lines", self._show_end, post)
        self._search = LogSearchBar(post, self._show_found, self._draw_lines)
        self._download = LogDownload(self.context.reader.run_id, post, self._chosen)
        self._heading = ipywidgets.HTML()
        self._pane = LogPane()
        self._listen(self._source_choice, self._choose_source)
        self._listen(self._file_choice, self._choose_file)
        self._listen(self._follow, self._follow_or_not)
        paging = (self._start, self._older, self._newer, self._end)
        first = _bar(self._source_choice, self._file_choice, *self._search.widgets)
        second = _bar(self._follow, *paging, self._download.button)
        self.widget = ipywidgets.VBox(
            [first, self._heading, self._pane.widget, second, self._download.offered]
        )
        self._bars = (first, second, self._pane.widget)
        self.controls = (
            *(self._source_choice, self._file_choice, self._follow, *paging),
            *(self._download.button, *self._search.controls),
        )

    def draw(self, view: RunView) -> None:
        now = self._clock()
        ended = view.final and not self._over
        if self._child != self.context.child:
            self._child, self._by_person = self.context.child, False
            self._source = None
            self._listed = now - _LIST
        if ended or now - self._listed >= _LIST:
            self._listed = now
            self._list()
        self._over = view.final
        set_shown(self._follow, not view.final)
        if self._live is None or self._page is not None:
            return
        # A run that has ended is drawn once more, and never again.
        if now >= self._next_sending or view.final:
            if self._live.look():
                self._draw_lines()
            elif ended:
                self._draw_heading()
            self._enable()

    def show(self, mark: EventMark) -> None:
        # Of a node that was lost, its own log; the attempt that begins is in the script's.
        if not mark.thing:
            usual = log_files.usual(self._sources)
            if usual is not None:
                self._choose_source(usual.name)
            return
        ends = f"/nodes/{mark.thing}"
        # It may have begun since the last look.
        self._sources = log_files.sources(self._folder, self._child)
        for source in self._sources:
            if source.name.endswith(ends):
                self._choose_source(source.name)

    def close(self) -> None:
        self._search.stop()
        self._download.take_back()

    # -- which log -----------------------------------------------------------------------------

    def _list(self) -> None:
        self._sources = log_files.sources(self._folder, self._child)
        source = next((s for s in self._sources if s == self._source), None)
        if source is None or not self._by_person:
            source = log_files.usual(self._sources)
        if source != self._source:
            self._source, self._file = source, None
        self._list_files()

    def _list_files(self) -> None:
        source = self._source
        self._files = [] if source is None else log_files.files(self._folder, source)
        names = tuple((s.label, s.name) for s in self._sources)
        self._fill(self._source_choice, names, None if source is None else source.name)
        chosen = None if self._file is None else self._file.name
        file = next((f for f in self._files if f.name == chosen), None)
        if file is None and chosen is not None:
            # It has gone; what was seen of it stays until it is back or another one is chosen.
            file = self._file
        elif file is None and self._files:
            file = self._files[0]
        listed = [*self._files, *([file] if file and file not in self._files else [])]
        sizes = tuple((log_words.option(f), f.name) for f in listed)
        self._fill(self._file_choice, sizes, None if file is None else file.name)
        set_shown(self._file_choice, source is not None and source.folder)
        for part in self._bars:
            set_shown(part, bool(self._sources))
        changed = (None if file is None else file.name) != chosen or self._live is None
        self._file = file
        if changed:
            self._open()

    def _choose_source(self, name: str) -> None:
        source = next((s for s in self._sources if s.name == name), None)
        if source is None or source == self._source:
            return
        self._source, self._file, self._by_person = source, None, True
        self._live = None
        self._list_files()

    def _choose_file(self, name: str) -> None:
        file = next((f for f in self._files if f.name == name), None)
        if file is None or (self._file is not None and file.name == self._file.name):
            return
        self._file, self._by_person = file, True
        self._open()

    def _open(self) -> None:
        """Show the chosen file's end."""
        self._download.take_back()
        self._page = None
        path = self._path
        self._live = None if path is None else LiveLog(path)
        self._search.search_in(path)
        if self._live is not None:
            self._live.look()
        self._set_following(True)
        self._pane.scroll_to(end=True)
        self._draw_lines()
        self._enable()

    # -- which lines ---------------------------------------------------------------------------

    def _follow_or_not(self, follow: bool) -> None:
        if follow:
            self._show_end()
        elif self._page is None and self._live is not None:
            # It stands still where it is.
            self._page = self._live.page()
            self._draw_heading()
            self._enable()

    def _show_start(self) -> None:
        if (path := self._path) is not None:
            self._show(log_page.after(path, 0), end=False)

    def _show_older(self) -> None:
        if (path := self._path) is not None:
            self._show(log_page.before(path, self._shown.start), end=True)

    def _show_newer(self) -> None:
        if (path := self._path) is not None:
            self._show(log_page.after(path, self._shown.end), end=False)

    def _show_end(self) -> None:
        """The end of a run that goes on is its live end."""
        self._page = None
        self._search.forget_place()
        self._set_following(True)
        if self._live is not None:
            self._live.look()
        self._pane.scroll_to(end=True)
        self._draw_lines()
        self._enable()

    def _show_found(self, offset: int) -> None:
        if (path := self._path) is None:
            return
        self._show(log_page.around(path, offset), end=False, found=True)

    def _show(self, page: LogPage, end: bool, found: bool = False) -> None:
        if not page.trouble and not page.lines and page.size:
            return
        self._page = page
        self._pages += 1
        if not found:
            self._search.forget_place()
        self._set_following(False)
        self._pane.scroll_to(end)
        self._draw_lines()
        self._enable()

    @property
    def _shown(self) -> LogPage:
        if self._page is not None:
            return self._page
        return LogPage(0, 0, 0) if self._live is None else self._live.page()

    def _draw_lines(self) -> None:
        live = self._live
        base: object = self._pages
        if self._page is None and live is not None:
            base = (live.path, live.base)
        sent = self._pane.show(self._shown.lines, base, self._search.places, self._search.here)
        self._next_sending = self._clock() + max(_PERIOD, sent / _PER_SECOND)
        self._draw_heading()

    def _draw_heading(self) -> None:
        live = self._live
        following = self._page is None
        value = log_words.heading(
            self._file,
            self._shown,
            following and not self._over,
            live.notice if live is not None and following else "",
            self._over,
        )
        set_value(self._heading, value=value)

    def _enable(self) -> None:
        page = self._shown
        at_end = self._page is None or page.end >= page.size
        for button in (self._start, self._older):
            set_value(button, disabled=page.start <= 0)
        set_value(self._newer, disabled=at_end)
        set_value(self._end, disabled=self._page is None)

    # -- what its widgets say ------------------------------------------------------------------

    @property
    def _folder(self) -> Path:
        return self.context.reader.run_folder

    @property
    def _path(self) -> Path | None:
        return None if self._file is None else self._folder / self._file.name

    def _chosen(self) -> tuple[LogFile, Path] | None:
        return None if self._file is None else (self._file, self._folder / self._file.name)

    def _listen(self, widget: ipywidgets.Widget, command: Callable[[Any], None]) -> None:
        def heard(change: Any) -> None:
            # What this panel sets itself is no person's doing.
            if not self._filling.here and change["new"] is not None:
                self.context.post(functools.partial(command, change["new"]))

        widget.observe(heard, names="value")

    def _set_following(self, value: bool) -> None:
        with self._filling:
            set_value(self._follow, value=value)

    def _fill(
        self, choice: ipywidgets.Dropdown, options: tuple[tuple[str, str], ...], value: str | None
    ) -> None:
        with self._filling, choice.hold_sync():
            if choice.options != options:
                choice.options = options
            if choice.value != value:
                choice.value = value


def _bar(*parts: ipywidgets.Widget) -> ipywidgets.Box:
    bar = ipywidgets.Box(parts)
    bar.add_class("rlw-log-bar")
    return bar


def _button(
    words: str, tooltip: str, command: Callable[[], None], post: Callable[[Any], None]
) -> ipywidgets.Button:
    button = ipywidgets.Button(description=words, tooltip=tooltip)
    button.on_click(lambda _: post(command))
    return button
