"""The tab of all metrics: a list to search, and a page of charts."""

from __future__ import annotations

import functools
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import ipywidgets

from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view import catalogue, wording
from rl_widgets.view.charts.small_charts import MAX_TOGETHER, PER_PAGE, ChartPage, Charts
from rl_widgets.view.html import metrics as html_metrics
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.command_thread import Command, Once, Spacing
from rl_widgets.widgets.filling import Filling
from rl_widgets.widgets.owned import close_owned
from rl_widgets.widgets.panel import Panel, PanelContext, set_shown, set_value
from rl_widgets.widgets.small_chart import SmallCharts, TogetherChart

#: Small charts are drawn at most this often, in seconds; what a person does is drawn at once.
SHORTEST = 1.0
#: A page of charts is drawn anew for what is typed into the search: no more often than this.
FILTER_SHORTEST = 0.3
#: The cursor is drawn at most this often.
CURSOR_SHORTEST = 0.05


class MetricsPanel(Panel):
    """All metrics in groups: those of the list in pages of charts, or some in one chart.

    What is chosen in the list is drawn alone, or together in one chart; nothing chosen draws all
    that the list shows.
    """

    title = "Metrics"
    #: A page of charts, each with its value.
    messages = 2 * PER_PAGE

    def __init__(self, context: PanelContext, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(context)
        self._clock = clock
        self._charts = Charts(context.reader)
        self._small = SmallCharts(context.post, self._pointed)
        self._pointed_at: float | None = None
        self._one: TogetherChart | None = None
        self._view: RunView | None = None
        self._drawn: tuple[Any, ...] = ()
        self._drawn_at = -SHORTEST
        self._cursor_spacing = Spacing(CURSOR_SHORTEST, clock)
        self._filter_spacing = Spacing(FILTER_SHORTEST, clock)
        self._shown: ChartPage = ChartPage()
        #: All names, those that the list shows, and those of a person's choice that are there.
        self._names: list[str] = []
        self._listed: list[str] = []
        self._chosen: list[str] = []
        #: What a person has chosen, also where the child that is shown has nothing of it.
        self._wanted: list[str] = []
        self._wanted_group = ""
        self._number = 0
        self._are_together = False
        self._filling = Filling()
        self._once = Once(lambda command: context.post(command))
        self._build()
        context.cursor.listen(self._point_at)

    # -- its widgets ---------------------------------------------------------------------------

    def _build(self) -> None:
        self._search = ipywidgets.Text(placeholder="Search metrics", tooltip="Search metrics")
        self._group = ipywidgets.Dropdown(options=[("All metrics", "")], tooltip="Group")
        self._list = ipywidgets.SelectMultiple(options=[], tooltip="Metrics to draw", rows=12)
        self._hint = ipywidgets.HTML()
        self._log = ipywidgets.ToggleButton(description="Log scale", tooltip="Logarithmic y-axes")
        self._together = ipywidgets.Button(description="Together")
        self._as_table = ipywidgets.ToggleButton(
            description="Table", tooltip="The newest values of the chart as a table"
        )
        self._table = ipywidgets.HTML()
        self._clear = ipywidgets.Button(description="Show all")
        self._previous = ipywidgets.Button(description="Previous", tooltip="Previous page")
        self._next = ipywidgets.Button(description="Next", tooltip="Next page")
        self._page_text = ipywidgets.HTML()
        self._message = ipywidgets.HTML()
        self._trouble = ipywidgets.HTML()
        self._legend = ipywidgets.HTML()
        self._cursor_style = ipywidgets.HTML()
        self._cursor_style.layout.display = "none"
        self._place = ipywidgets.VBox([], layout=ipywidgets.Layout(display="none", width="100%"))
        bar = ipywidgets.Box(
            [
                *(self._previous, self._page_text, self._next),
                *(self._together, self._as_table, self._clear, self._log),
            ]
        )
        bar.add_class("rlw-metrics-bar")
        choice = ipywidgets.VBox([self._search, self._group, self._list, self._hint])
        choice.add_class("rlw-metrics-choice")
        parts = [self._trouble, self._message, self._small.widget, self._place, self._legend]
        charts = ipywidgets.VBox([bar, *parts, self._table, self._cursor_style])
        charts.add_class("rlw-metrics-charts")
        self.widget = ipywidgets.Box([choice, charts])
        self.widget.add_class("rlw-metrics")
        buttons = (self._previous, self._next, self._together, self._clear)
        self.controls = (self._search, self._group, self._list, self._log, self._as_table, *buttons)
        for widget in (self._search, self._group):
            widget.observe(self._heard_filter, names="value")
        for widget in (self._log, self._as_table):
            widget.observe(lambda _: self._once("look", self._draw), names="value")
        self._list.observe(self._heard_choice, names="index")
        self._previous.on_click(self._on(lambda: self._turn(-1)))
        self._next.on_click(self._on(lambda: self._turn(1)))
        self._together.on_click(self._on(self._put_together))
        self._clear.on_click(self._on(self._choose_none))

    def _on(self, command: Command) -> Any:
        """What a widget calls, on whichever thread: the command is for the view's own."""
        return lambda _: self.context.post(command)

    def _heard_filter(self, change: Any) -> None:
        if not self._filling.here:
            if change["owner"] is self._group:
                self._wanted_group = change["new"]
            self._once("filter", self._filter)

    def _heard_choice(self, change: Any) -> None:
        if not self._filling.here:
            # The names at once: the view's thread may draw another list before it hears of this.
            listed = self._listed
            names = [listed[i] for i in change["new"] if i < len(listed)]
            self.context.post(functools.partial(self._choose, names, listed))

    # -- drawing -------------------------------------------------------------------------------

    def draw(self, view: RunView) -> None:
        before, self._view = self._view, view
        what = (self.context.child, self.context.reader.axis, view.final)
        due = self._clock() - self._drawn_at >= SHORTEST
        if due or what != self._drawn or (view.final and view is not before):
            self._drawn = what
            self._draw()

    def _draw(self) -> None:
        """Bring everything up to date, now."""
        if self._view is None:
            return
        self._drawn_at = self._clock()
        self._draw_choice()
        drawn = self._chosen or self._listed
        pages = max(1, -(-len(drawn) // PER_PAGE))
        self._number = min(self._number, pages - 1)
        together = self._are_together and len(self._chosen) > 1
        first = self._number * PER_PAGE
        names = drawn[:MAX_TOGETHER] if together else drawn[first : first + PER_PAGE]
        trouble = ""
        try:
            self._shown = self._charts.page(names, self._log.value, self._view.curve)
        except (RLWidgetsError, OSError, sqlite3.Error) as error:
            # The next drawing tries again; the last one stands meanwhile.
            trouble = f"These charts are as they were last read. {error}"
        set_value(self._trouble, value=html_metrics.note(trouble))
        set_shown(self._trouble, bool(trouble))
        self._draw_bar(drawn, pages, together)
        message = self._why_empty() if not drawn else ""
        set_value(self._message, value=html_metrics.message(message))
        set_shown(self._message, bool(message))
        if together:
            self._draw_together()
        else:
            self._draw_apart()
        self._draw_cursor(self.context.cursor.x)

    def _draw_choice(self) -> None:
        """The list of names and its group."""
        reader = self.context.reader
        role = self.context.child
        child = next((c.id for c in reader.children if c.role == role), None) if role else None
        self._names = [] if role and child is None else reader.names(child)
        groups = catalogue.groups(self._names)
        in_order = [name for group in groups for name in group.metrics]
        options = [(f"All metrics ({len(in_order):,})", "")]
        options += [(group.title, group.name) for group in groups]
        group = self._wanted_group if self._wanted_group in [key for _, key in options] else ""
        if (tuple(options), group) != (tuple(self._group.options), self._group.value):
            with self._filling, self._group.hold_sync():
                self._group.options = options
                self._group.value = group
        inside = next((list(g.metrics) for g in groups if g.name == group), in_order)
        listed = catalogue.search(inside, self._search.value)
        self._chosen = [name for name in self._wanted if name in self._names]
        index = tuple(i for i, name in enumerate(listed) if name in self._chosen)
        if listed != self._listed:
            self._listed = listed
            labels = [wording.shown(name) for name in listed]
            with self._filling, self._list.hold_sync():
                self._list.options = list(zip(labels, range(len(labels)), strict=True))
                self._list.index = index
        else:
            with self._filling:
                set_value(self._list, index=index)

    def _draw_bar(self, drawn: list[str], pages: int, together: bool) -> None:
        several = pages > 1 and not together
        for widget in (self._previous, self._next, self._page_text):
            set_shown(widget, several)
        set_value(self._previous, disabled=self._number == 0)
        set_value(self._next, disabled=self._number >= pages - 1)
        page = f"Page {self._number + 1:,} of {pages:,}"
        set_value(self._page_text, value=html_metrics.note(page))
        set_shown(self._together, len(self._chosen) > 1)
        set_value(
            self._together,
            description="Draw apart" if together else "Draw together",
            tooltip="One chart for each" if together else "The chosen metrics in one chart",
        )
        set_shown(self._clear, bool(self._chosen))
        over = f"over {self._shown.x_title}" if drawn and self._shown.x_title else ""
        hint = f"{wording.plural(len(drawn), 'metric')} drawn {over}".strip()
        if self._chosen:
            hint = f"{len(self._chosen):,} of {len(self._names):,} chosen, drawn {over}".strip()
        if together and len(drawn) > MAX_TOGETHER:
            hint = f"The first {MAX_TOGETHER} of {len(drawn):,} chosen, drawn {over}".strip()
        more = "" if self._chosen else " Choose one in the list, or with Ctrl or Shift several."
        set_value(self._hint, value=html_metrics.note(f"{hint}.{more}" if self._names else ""))
        set_shown(self._list, bool(self._names))

    def _draw_apart(self) -> None:
        if self._one is not None:
            # A figure is nine widgets: there are never more than twelve.
            self._place.children = []
            close_owned(self._one)
            self._one = None
        set_shown(self._place, False)
        set_shown(self._legend, False)
        set_shown(self._as_table, False)
        set_shown(self._table, False)
        set_shown(self._small.widget, bool(self._shown.charts))
        self._small.draw(self._shown)

    def _draw_together(self) -> None:
        set_shown(self._small.widget, False)
        set_shown(self._place, True)
        set_shown(self._legend, True)
        if self._one is None:
            self._small.keep(PER_PAGE - 1)
            self._one = TogetherChart()
        self._one.draw(self._shown.together(), self._shown.x_title, "", log=bool(self._log.value))
        if not self._place.children:
            self._place.children = [self._one.widget]
        set_shown(self._as_table, True)
        set_shown(self._table, self._as_table.value)
        words = html_metrics.table_together(self._shown) if self._as_table.value else ""
        set_value(self._table, value=words)

    def _why_empty(self) -> str:
        view = self._view
        if self._names:
            words = wording.shown(self._search.value, 40)
            where = f" in the group {self._group.value}" if self._group.value else ""
            return f"No metric{where} has “{words}” in its name."
        who = f"The {self.context.child}" if self.context.child else "The run"
        final = view is not None and view.final
        return f"{who} logged no metric." if final else f"{who} has not logged a metric yet."

    # -- the joined cursor ---------------------------------------------------------------------

    def _point_at(self, x: float | None) -> None:
        if self.context.tab != self.title:
            return
        self._draw_cursor(x)

    def _pointed(self, x: float) -> None:
        # From the page, on any thread: of places that wait, only the newest counts.
        waits, self._pointed_at = self._pointed_at is not None, x
        if not waits:
            self.context.post(self._move_cursor)

    def _move_cursor(self) -> None:
        self._cursor_spacing.wait()
        x, self._pointed_at = self._pointed_at, None
        if x is not None:
            self.context.cursor.point(x * self._shown.unit)

    def _draw_cursor(self, x: float | None) -> None:
        x = None if x is None else x / self._shown.unit
        if self._one is not None:
            self._one.point_at(x)
            lines = self._shown.together()
            set_value(self._legend, value=html_metrics.together(self._shown, lines, x))
            return
        self._small.point_at(x)
        rules = html_metrics.cursor_rules(self._shown, self._small.key, x)
        set_value(self._cursor_style, value=rules)

    # -- what a person does; on the view's thread ------------------------------------------------

    def _filter(self) -> None:
        # What is typed meanwhile is put together.
        self._filter_spacing.wait()
        self._number = 0
        self._draw()

    def _choose(self, shown: list[str], listed: list[str]) -> None:
        """Take over what is chosen of a list; what the list does not show stays chosen."""
        hidden = [name for name in self._wanted if name not in listed]
        wanted = hidden + [n for n in self._wanted if n in shown]
        wanted += [name for name in shown if name not in wanted]
        if wanted != self._wanted:
            self._wanted = wanted
            self._number = 0
            self._draw()

    def _choose_none(self) -> None:
        self._wanted = []
        self._are_together = False
        self._draw()

    def _put_together(self) -> None:
        self._are_together = not self._are_together
        self._draw()

    def _turn(self, by: int) -> None:
        self._number = max(0, self._number + by)
        self._draw()
