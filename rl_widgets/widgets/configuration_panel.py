"""The tab of the configuration: what a run was given, and the servers that tell more of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets

from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view.configuration import Configuration, configuration, stamp
from rl_widgets.view.html import configuration as html_configuration
from rl_widgets.view.jupyter_server import page_of
from rl_widgets.view.ray_dashboard import ray_dashboard
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.panel import Panel, PanelContext, set_shown, set_value
from rl_widgets.widgets.tensorboard import Tensorboard

#: Seconds between two looks at whether the Ray dashboard and a Jupyter server are there.
_LOOK = 2.0


class ConfigurationPanel(Panel):
    """Settings in a searchable table, the code of the run, TensorBoard and the Ray dashboard."""

    title = "Configuration"

    def __init__(self, context: PanelContext, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(context)
        self._clock = clock
        self._stamp: tuple[Any, ...] | None = None
        self._found = Configuration()
        self._looked = -_LOOK
        self._board: Tensorboard | None = None
        self._board_words = ""
        #: Where the Jupyter server has a TensorBoard of the run; '' without such a server.
        self._served = ""
        self._closed = False
        self._code, self._notes, self._table = (ipywidgets.HTML() for _ in range(3))
        self._links, self._dashboard = ipywidgets.HTML(), ipywidgets.HTML()
        self._table.add_class("rlw-config-rows")
        self._search = ipywidgets.Text(
            placeholder="Search settings, values, versions …",
            continuous_update=True,
            layout=ipywidgets.Layout(width="280px", max_width="100%"),
        )
        self._search.add_class("rlw-search")
        self._changed = ipywidgets.ToggleButton(
            value=False,
            description="Only what differs",
            tooltip="Leave out the settings that are as their defaults",
        )
        self._start = ipywidgets.Button(
            description="Start TensorBoard", tooltip="The real TensorBoard on this run, live"
        )
        self._stop = ipywidgets.Button(
            description="Stop TensorBoard", tooltip="End the server; the run goes on"
        )
        for widget, command in ((self._search, self._fill), (self._changed, self._fill)):
            widget.observe(lambda _, c=command: context.post(c), names="value")
        self._start.on_click(lambda _: context.post(self._start_board))
        self._stop.on_click(lambda _: context.post(self._stop_board))
        servers = ipywidgets.Box([self._start, self._stop, self._links])
        searching = ipywidgets.Box([self._search, self._changed])
        for box in (servers, searching):
            box.add_class("rlw-servers")
            box.layout.flex_flow = "row wrap"
        self.widget = ipywidgets.VBox(
            [self._code, servers, self._dashboard, self._notes, searching, self._table]
        )
        self.controls = (self._search, self._changed, self._start, self._stop)
        self._show_board()

    def draw(self, view: RunView) -> None:
        reader = self.context.reader
        new = stamp(reader)
        if new != self._stamp:
            try:
                self._found = configuration(reader)
            except RLWidgetsError:
                # The view itself says so; the next tick tries again.
                return
            self._stamp = new
            code = self._found.code
            set_value(self._code, value=html_configuration.code(code) if code else "")
            set_shown(self._code, bool(code))
            notes = html_configuration.notes(self._found)
            set_value(self._notes, value=notes)
            set_shown(self._notes, bool(notes))
            self._fill()
        now = self._clock()
        if view.final or now - self._looked >= _LOOK:
            self._looked = now
            dashboard = html_configuration.dashboard(ray_dashboard(reader))
            set_value(self._dashboard, value=dashboard)
            self._served = page_of(reader, "tensorboard")
            self._show_board()

    def close(self) -> None:
        self._closed = True
        self._stop_board()

    def _fill(self) -> None:
        rows = self._found.matching(self._search.value, self._changed.value)
        page = html_configuration.table(rows, len(self._found.settings))
        set_value(self._table, value=page)

    # -- TensorBoard: it takes seconds to start and to end, so that a thread waits for it --------

    def _start_board(self) -> None:
        if self._board is not None or self._closed:
            return
        self._board = board = Tensorboard([self.context.run])
        self._board_words = "TensorBoard is starting …"
        self._show_board()

        def start() -> None:
            words = ""
            try:
                board.start()
            except (RLWidgetsError, OSError) as error:
                words = str(error)
            self.context.post(lambda: self._board_started(board, words))

        threading.Thread(target=start, name="starts TensorBoard", daemon=True).start()

    def _board_started(self, board: Tensorboard, words: str) -> None:
        if board is not self._board:
            # It was stopped, or the view closed, while it started.
            threading.Thread(target=board.stop, name="ends TensorBoard", daemon=True).start()
            return
        self._board_words = words
        if words:
            self._board = None
        self._show_board()

    def _stop_board(self) -> None:
        board, self._board, self._board_words = self._board, None, ""
        if board is not None:
            threading.Thread(target=board.stop, name="ends TensorBoard", daemon=True).start()
        if not self._closed:
            self._show_board()

    def _show_board(self) -> None:
        url = None if self._board is None else self._board.url
        # One that was started here is shown until it is ended.
        served = self._served if self._board is None else ""
        set_shown(self._start, self._board is None and not served)
        set_shown(self._stop, self._board is not None)
        page = html_configuration.tensorboard(url, self._board_words, served)
        set_value(self._links, value=page)
        set_shown(self._links, bool(page))
