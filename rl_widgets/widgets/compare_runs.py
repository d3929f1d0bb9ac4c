"""`CompareRuns([run1, run2]).show()`: several runs beside each other in a notebook."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets

from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view import wording
from rl_widgets.view.charts import curve_table, legend, looking, printed_legend
from rl_widgets.view.charts.lines import frame
from rl_widgets.view.charts.printed_legend import PrintedLegend
from rl_widgets.view.comparison import choice as choices
from rl_widgets.view.comparison import exported, lines_file, opening
from rl_widgets.view.comparison.comparison import Comparison
from rl_widgets.view.comparison.follower import ComparisonFollower
from rl_widgets.view.comparison.seed_statistics import MEAN
from rl_widgets.view.html import comparison as html_compare
from rl_widgets.view.html import run as html_run
from rl_widgets.view.style import sheet as style
from rl_widgets.widgets.chart import PLOT_HEIGHT
from rl_widgets.widgets.command_thread import Command, CommandThread, Spacing
from rl_widgets.widgets.compare_controls import ZOOM, CompareControls
from rl_widgets.widgets.live_view import LiveView, notebook_shell
from rl_widgets.widgets.offer import Offer
from rl_widgets.widgets.pace import PACE
from rl_widgets.widgets.panel import set_shown, set_value
from rl_widgets.widgets.reward_chart import RewardChart
from rl_widgets.widgets.saved_form import SavedForm
from rl_widgets.widgets.subshells import answer_while_busy

if TYPE_CHECKING:
    from rl_widgets.run import Run
    from rl_widgets.workspace import Workspace

#: What the making of a view sends.
_MESSAGES = 150
#: Seconds between two drawings while a person moves the chart or the cursor.
_PACE = 0.08


class CompareRuns(LiveView):
    """Several runs in one chart, their results and what differs in their settings; live.

    `runs` are runs, or ids of runs of `workspace`; they may be of different workspaces, and a child
    run counts as its run. `group` is 'seed' (what was submitted but for the seed is one group),
    'none', or the name of a tag. A group's line is the mean or the interquartile mean (`statistic`
    'mean' or 'iqm') over its runs with a 95 % bootstrap interval, on a common grid that ends where
    the first of them ends. `target` is the value for 'steps to target' (default: what the runs stop
    at). Raises `UserError` for what cannot be compared.
    """

    def __init__(
        self,
        runs: Sequence[Run | str],
        metric: str | None = None,
        axis: str = "env_steps",
        smoothing: float = 0.0,
        group: str = "seed",
        statistic: str = MEAN,
        target: float | None = None,
        workspace: Workspace | None = None,
    ) -> None:
        self._choice = choices.checked(metric, axis, smoothing, group, statistic, target)
        self._comparer = opening.comparer(runs, workspace, metric)
        self._begin(_MESSAGES)
        self._trouble = ""
        self._cursor: float | None = None
        self._printed: PrintedLegend | None = None
        self._pointed_at = 0.0
        #: A page sends more places a second than are worth drawing.
        self._spacing = Spacing(_PACE)
        self._thread = CommandThread("rl_widgets shows a comparison", self._switch_off)
        self._found = self._comparer.compare(self._choice)
        self._build()
        super().__init__(self._parts())
        self._draw(self._found)
        answer_while_busy(self, *self._controls.all(), *self._chart.controls)

    # -- the public part -----------------------------------------------------------------------

    def show(self) -> None:
        """Display the comparison and return at once; in a plain script print its text once."""
        shell = notebook_shell()
        if shell is None or self.comm is None:
            print(html_compare.text(self._found))
            return
        saved = SavedForm(shell, self._key, html_compare.document, html_compare.text)
        self._display(shell, repr(self), saved, self._found)

    def get_widget_data(self) -> dict[str, Any]:
        """The results, groups and differences, as a dict of texts, numbers, lists and dicts."""
        if self._follower is None or not self._follower.alive:
            self._comparer.look_after()
            self._comparer.read()
            self._found = self._comparer.compare(self._choice)
        return exported.as_dict(self._found)

    def to_frame(self) -> Any:
        """The results as a pandas DataFrame with a row for each run, as they are shown now."""
        return exported.frame(self._found)

    def _repr_html_(self) -> str:
        return html_compare.document(self._found, self._key, time.strftime("%Y-%m-%d %H:%M:%S"))

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs)
        words = html_compare.text(self._found)
        return {**bundle, "text/plain": words, "text/html": self._repr_html_()}

    def __repr__(self) -> str:
        return f"CompareRuns({len(self._comparer.readers)} runs, {self._found.header.status})"

    def __str__(self) -> str:
        return html_compare.text(self._found)

    # -- its widgets ---------------------------------------------------------------------------

    def _build(self) -> None:
        sheet = style.sheet(f".rlw-live-{self._key}")
        self._style = ipywidgets.HTML(f"<style>{sheet}{style.folding(self._key)}</style>")
        self._style.layout.display = "none"
        self._pieces = {
            "heading": (ipywidgets.HTML(), html_compare.heading),
            "trouble": (ipywidgets.HTML(), html_compare.trouble),
            "title": (ipywidgets.HTML(), html_compare.chart_title),
            "notes": (ipywidgets.HTML(), html_compare.notes),
            "results": (ipywidgets.HTML(), html_compare.results),
            "differences": (ipywidgets.HTML(), html_compare.differences),
        }
        self._legend, self._answers_late, self._table = (ipywidgets.HTML() for _ in range(3))
        self._download = Offer(self._thread.post)
        self._chart = RewardChart(
            self._pointed,
            lambda: self._thread.post_once("window", self._moved),
            lambda _kind, _index: None,
        )
        # A figure that is made where it cannot be seen measures itself wrongly: it comes into the
        # page with its first line.
        self._place = ipywidgets.VBox([], layout=ipywidgets.Layout(width="100%"))
        tags = dict.fromkeys(t for r in self._comparer.readers for t in r.record.tags)
        controls = self._controls = CompareControls(self._choice, tuple(tags))
        controls.offer(self._found.metric or "reward", self._comparer.metrics())
        clicked: dict[ipywidgets.Button, Command] = {
            controls.whole: self._show_all,
            controls.back: functools.partial(self._step, -1),
            controls.forward: functools.partial(self._step, 1),
            controls.closer: functools.partial(self._zoom, True),
            controls.wider: functools.partial(self._zoom, False),
            controls.png: self._save_png,
            controls.csv: self._save_csv,
        }
        controls.connect(self._thread, self._choose, self._redraw, clicked)

    def _parts(self) -> list[ipywidgets.Widget]:
        piece = {name: widget for name, (widget, _) in self._pieces.items()}
        return [
            self._style,
            *(piece["heading"], self._answers_late, piece["trouble"], piece["title"]),
            *(self._controls.widget, self._legend, self._place),
            *(self._download.widget, self._table),
            *(piece[n] for n in ("notes", "results", "differences")),
        ]

    def _draw(self, found: Comparison, page_moves: bool = False) -> None:
        """Show a comparison. One message at most for each widget that changes."""
        self._found = found
        for widget, make in self._pieces.values():
            value = make(found)
            set_value(widget, value=value)
            set_shown(widget, bool(value))
        late = self._answering.only_between_cells and not found.final
        going = next((r.run_id for r in self._comparer.readers if not r.record.final), "")
        set_value(self._answers_late, value=html_run.answers_late(going) if late else "")
        set_shown(self._answers_late, late)
        controls = self._controls
        controls.offer(found.metric or "reward", self._comparer.metrics())
        grouped = any(g.n > 1 for g in found.groups)
        shown = bool(found.lines)
        whole = self._choice.window is None and self._cursor is None
        zooms = controls.mode.value == ZOOM
        wanted = {controls.statistic: grouped, controls.whole: not whole}
        wanted |= {controls.closer: zooms, controls.wider: zooms}
        wanted[self._table] = controls.table.value
        # The way to another chart stays where this one has nothing to draw.
        stays = (controls.metric, controls.axis)
        for part in (*controls.all(), self._legend, self._table, self._place):
            set_shown(part, part in stays or (shown and wanted.get(part, True)))
        if shown:
            self._draw_lines(found, page_moves)
            if not self._place.children:
                self._place.children = [self._chart.widget]

    def _draw_lines(self, found: Comparison, page_moves: bool = False) -> None:
        self._chart.zoom(self._controls.mode.value == ZOOM)
        title = wording.shown(found.metric, 40)
        positive = any((line.y > 0).any() for line in found.lines)
        set_value(self._controls.log, disabled=not positive)
        log = self._controls.log.value and positive
        if log:
            title += " (log)"
        axes = frame(found.lines, found.x_title, title, self._choice.window, log)
        self._chart.draw_in(axes, found.lines, move=not page_moves)
        self._draw_cursor()
        entries = html_compare.entries_of(found)
        # The single runs of a group have its colour, fainter: they need no row of their own.
        entries = tuple(e for e in entries if not e.faint) or entries
        smoothing = self._choice.smoothing
        title = found.header.title + (f", smoothing {smoothing:.2f}" if smoothing else "")
        rows = printed_legend.rows(title, entries)
        self._printed = printed_legend.placed(rows, found.lines, axes, PLOT_HEIGHT, self._printed)
        self._chart.print_legend(self._printed)
        words = html_compare.table(found) if self._controls.table.value else ""
        set_value(self._table, value=words)

    def _draw_cursor(self) -> None:
        self._chart.show_cursor(self._cursor)
        x, window = self._cursor, self._choice.window
        if x is None and window is not None and self._found.lines:
            # Without a cursor, the last of what is seen.
            line = self._found.lines[0]
            inside = line.x <= window[1]
            x = legend.beside(line.x[inside], line.y[inside], None, -1)
        set_value(self._legend, value=html_compare.legend_of(self._found, x))

    # -- a thread reads, the view's thread draws -----------------------------------------------

    @property
    def _final(self) -> bool:
        return self._found.final

    def _begun_again(self) -> bool:
        return bool(self._comparer.begun_again())

    def _new_follower(self) -> ComparisonFollower:
        return ComparisonFollower(self._comparer, self._take, PACE.wait_turn)

    def _let_go(self) -> None:
        if hasattr(self, "_chart"):
            self._download.take_back()

    def _take(self, trouble: str) -> None:
        # On the follower's thread.
        self._trouble = trouble
        self._thread.post_once("news", self._show_news)

    def _show_news(self) -> None:
        # What the page has moved to meanwhile is taken over first, not undone.
        self._redraw(page_moves=self._take_window())
        if self._saved is not None:
            self._saved.update(self._found)
        PACE.drawn()

    def _redraw(self, page_moves: bool = False, lines_only: bool = False) -> None:
        try:
            found = self._comparer.compare(self._choice)
            if found.unit != self._found.unit and self._choice.axis == "time":
                # The axis has gone over from seconds to minutes, or to hours.
                self._scale(self._found.unit / found.unit)
                page_moves = False
                found = self._comparer.compare(self._choice)
        except RLWidgetsError as error:
            self._draw(self._found.with_trouble(str(error)))
            return
        if self._trouble:
            found = found.with_trouble(self._trouble)
        if lines_only and found.lines:
            self._found = found
            self._draw_lines(found, page_moves)
            set_shown(self._controls.whole, True)
            return
        self._draw(found, page_moves)

    def _scale(self, by: float) -> None:
        """Express what the page shows of the axis in another unit."""
        if self._cursor is not None:
            self._cursor *= by
        window = self._choice.window
        if window is not None:
            self._choice = replace(self._choice, window=(window[0] * by, window[1] * by))

    def _switch_off(self, error: Exception) -> None:
        if self._follower is not None:
            self._follower.stop()
        self._found = self._found.with_trouble(wording.stands_still(error, "CompareRuns"))
        widget, make = self._pieces["trouble"]
        set_value(widget, value=make(self._found))
        set_shown(widget, True)

    # -- what comes from the page: commands for the view's thread, nothing more ----------------

    def _choose(self, name: str) -> None:
        value = self._controls.of_choice()[name].value
        if name == "metric" and (value == self._found.metric or value is None):
            return
        if getattr(self._choice, name) == value:
            return
        window = None if name == "axis" else self._choice.window
        self._choice = replace(self._choice, **{name: value, "window": window})
        self._cursor = None if name == "axis" else self._cursor
        self._redraw()

    def _show_all(self) -> None:
        self._cursor = None
        self._choice = replace(self._choice, window=None)
        self._redraw()

    def _save_png(self) -> None:
        self._chart.save_png(curve_table.file_name("comparison", self._found.metric, "png"))

    def _save_csv(self) -> None:
        self._download.show(lines_file.download(self._found))

    def _step(self, direction: int) -> None:
        axes = self._chart.frame
        if axes is None or not self._found.lines:
            return
        if self._controls.mode.value == ZOOM:
            self._choice = replace(self._choice, window=looking.panned(axes, direction))
            self._redraw()
            return
        line = self._found.lines[0]
        self._cursor = legend.beside(line.x, line.y, self._cursor, direction)
        self._draw_cursor()
        set_shown(self._controls.whole, True)

    def _zoom(self, closer: bool) -> None:
        axes = self._chart.frame
        window = None if axes is None else looking.zoomed(axes, closer)
        if window is not None and self._found.lines:
            self._choice = replace(self._choice, window=window)
            self._redraw()

    def _pointed(self, x: float) -> None:
        self._pointed_at = x
        self._thread.post_once("cursor", self._point)

    def _point(self) -> None:
        self._spacing.wait()
        found = looking.nearest(self._found.lines, self._pointed_at)
        if found is not None:
            self._cursor = found
            self._draw_cursor()
            set_shown(self._controls.whole, True)

    def _moved(self) -> None:
        if looking.moved_to(self._chart.frame, self._chart.window) is None:
            return
        self._spacing.wait()
        if self._take_window():
            self._redraw(page_moves=True, lines_only=True)

    def _take_window(self) -> bool:
        """Take over where the page has moved to; tells whether it has."""
        window = looking.moved_to(self._chart.frame, self._chart.window)
        if window is None or self._controls.mode.value != ZOOM:
            return False
        self._choice = replace(self._choice, window=window)
        return True
