"""The reward chart with what a person chooses about it."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import ipywidgets

from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view import episodes, wording
from rl_widgets.view.charts import curve_table, legend, looking, printed_legend, reward_lines
from rl_widgets.view.charts.curve import Curve, Look
from rl_widgets.view.charts.lines import Frame, Line, frame
from rl_widgets.view.charts.marks import EventMark, grouped
from rl_widgets.view.charts.printed_legend import PrintedLegend
from rl_widgets.view.charts.reference_curve import run_label
from rl_widgets.view.escape import escape
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.chart import PLOT_HEIGHT
from rl_widgets.widgets.command_thread import Command, Once, Spacing
from rl_widgets.widgets.offer import Offer
from rl_widgets.widgets.panel import Panel, PanelContext, set_shown, set_value
from rl_widgets.widgets.reward_chart import RewardChart
from rl_widgets.widgets.reward_controls import ZOOM, RewardControls
from rl_widgets.widgets.reward_references import RewardReferences

#: Seconds between two drawings while a person moves the chart or the cursor.
_PACE = 0.12


class RewardPanel(Panel):
    """The curve of the main metric over a chosen axis; above the tabs, and always shown."""

    title = "Reward"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self._title = ipywidgets.HTML(layout=ipywidgets.Layout(flex="1 1 200px"))
        self._message, self._legend, self._note, self._trouble, self._table = (
            ipywidgets.HTML() for _ in range(5)
        )
        self._download = Offer(context.post)
        self._once = Once(self._post)
        self._controls = RewardControls(context.reader.axis)
        self._chart = RewardChart(
            self._pointed, lambda: self._once("window", self._moved), self._mark_clicked
        )
        # A figure that is made where it cannot be seen measures itself wrongly: it comes into the
        # page with its first curve.
        self._place = ipywidgets.VBox([], layout=ipywidgets.Layout(width="100%"))
        flex = {"display": "flex", "flex_flow": "row wrap", "align_items": "center"}
        head = ipywidgets.Box(
            [self._title, self._controls.axis],
            layout=ipywidgets.Layout(margin="12px 0 0 0", overflow="visible", **flex),
        )
        self.widget = ipywidgets.VBox(
            [
                head,
                self._controls.tools,
                self._controls.reference,
                self._trouble,
                self._message,
                self._legend,
                self._place,
                self._note,
                self._download.widget,
                self._table,
            ]
        )
        self.controls = (*self._controls.all(), *self._chart.controls)
        self._spacing = Spacing(_PACE)
        self._view: RunView | None = None
        self._curve: Curve | None = None
        self._lines: list[Line] = []
        self._marks: tuple[EventMark, ...] = ()
        #: What the page shows of the axis while it does not follow, in units of so much.
        self._window: tuple[float, float] | None = None
        self._window_unit = 1.0
        self._pointed_at = 0.0
        self._failed = False
        self._references = RewardReferences(
            context, self._controls, lambda words: _say(self._trouble, words, "rlw-warning")
        )
        self._printed: PrintedLegend | None = None
        context.cursor.listen(self._show_cursor)
        self._connect()

    def set_reference(self, *what: Any) -> None:
        """Draw these beside the run: each a Run, a run's id, or the path of a CSV file.

        None at all removes what there is. Raises `UserError`. May be called on any thread.
        """
        self._references.set(*what)
        self._post(self._redraw)

    # -- drawing, on the view's own thread -----------------------------------------------------

    def draw(self, view: RunView) -> None:
        if view.curve.axis != self.context.reader.axis:
            # It was on its way when a person chose another axis.
            view = self.context.reader.view()
        self._view = view
        self.context.cursor.forget()
        self._redraw(page_moves=self._take_window())
        # What could not be read a moment ago can be.
        if self._failed:
            self._failed = False
            _say(self._trouble, "", "")

    def choose_axis(self, axis: str) -> None:
        """Draw the curve over another axis, as if a person had chosen it."""
        set_value(self._controls.axis, value=axis)
        self._draw_over()

    def _draw_over(self) -> None:
        # The control tells the axis, and is not set to what is drawn: a choice that comes while
        # this thread draws would be lost.
        reader, axis = self.context.reader, self._controls.axis.value
        if reader.axis != axis:
            reader.axis = axis
            self._window = None
            self.context.cursor.move(None)
            view = reader.view()
            self.draw(view)
            self.context.redraw(view)

    def close(self) -> None:
        self._download.take_back()

    def _redraw(self, page_moves: bool = False) -> None:
        view = self._view
        if view is None:
            return
        controls = self._controls
        drawn = self._drawn(view)
        name = wording.shown(drawn.metric, 60) or "Reward"
        set_value(self._title, value=f'<div class="rlw-heading">{escape(name)}</div>')
        _say(self._message, view.chart_message, "rlw-empty")
        shown = not view.curve.empty
        for part in (controls.axis, controls.tools, self._legend):
            set_shown(part, shown)
        set_shown(controls.reference, shown and controls.compare.value)
        if shown:
            set_value(controls.log, disabled=(drawn.highest or 0.0) <= 0)
            troubles = self._draw_lines(drawn, page_moves)
            _say(self._note, " ".join([*reward_lines.notes(drawn), *troubles]), "rlw-note")
            if not self._place.children:
                self._place.children = [self._chart.widget]
        set_shown(self._note, shown and bool(self._note.value))
        if controls.table.value:
            found = curve_table.table(self.context.reader, drawn.metric, curve_table.SHOWN)
            set_value(self._table, value=curve_table.html(found))

    def _drawn(self, view: RunView) -> Curve:
        """The curve of the view, or the one that a person wants to see in its place."""
        controls = self._controls
        unit = view.curve.unit
        if self._window is not None and unit != self._window_unit:
            by = self._window_unit / unit
            self._window = (self._window[0] * by, self._window[1] * by)
            self._window_unit = unit
        look = Look(controls.smoothing.value, controls.log.value, self._window, unit)
        if view.curve.empty or look == Look(unit=unit):
            return view.curve
        return self.context.reader.curve_as(look)

    def _draw_lines(self, drawn: Curve, page_moves: bool) -> list[str]:
        """Draw the curve and what is beside it; returns sentences on what could not be drawn."""
        controls = self._controls
        look = Look(controls.smoothing.value, controls.log.value, self._window, drawn.unit)
        # Its numbers are of the unit of before, where minutes have become hours.
        page_moves = page_moves and self._curve is not None and drawn.unit == self._curve.unit
        others, troubles = self._references.lines(drawn.axis, look)
        self._lines = [*reward_lines.lines(drawn), *self._evaluation(look), *others]
        title = wording.shown(drawn.metric)
        if controls.log.value:
            title += " (log)"
        spanned = [*self._lines, *reward_lines.target(drawn, self._window)]
        axes = frame(spanned, drawn.x_title, title, self._window, look.log)
        target = reward_lines.target(drawn, (axes.x_low, axes.x_high))
        self._curve = drawn
        self._chart.zoom(controls.mode.value == ZOOM)
        self._chart.draw_in(axes, [*self._lines, *target], move=not page_moves)
        self._marks = grouped(drawn.marks, axes.x_low, axes.x_high)
        self._chart.show_events(self._marks)
        self._draw_cursor()
        self._print_legend(axes)
        in_zoom = controls.mode.value == ZOOM
        for button in (controls.closer, controls.wider):
            set_shown(button, in_zoom)
        self._offer_follow()
        return troubles

    def _evaluation(self, look: Look) -> list[Line]:
        """The greedy evaluations, where there are any and a person wants them."""
        reader, switch = self.context.reader, self._controls.evaluation
        there = episodes.MEAN in reader.names()
        set_shown(switch, there)
        if not (there and switch.value):
            return []
        return reward_lines.evaluation(reader.curve_as(replace(look, smoothing=0), episodes.MEAN))

    def _print_legend(self, axes: Frame) -> None:
        """Have a picture that is saved say what is drawn: of what it says, little ever changes."""
        assert self._curve is not None
        record = self.context.reader.record
        lines = [*self._lines, *reward_lines.target(self._curve)]
        found = legend.entries(lines, None) + legend.of_events(self._marks)
        title = run_label(record.experiment, record.display_name, record.id)
        rows = printed_legend.rows(title, found, self._controls.smoothing.value)
        self._printed = printed_legend.placed(rows, lines, axes, PLOT_HEIGHT, self._printed)
        self._chart.print_legend(self._printed)

    def _offer_follow(self) -> None:
        follows = self._window is None and self.context.cursor.x is None
        # It keeps its place: the chart is not to move under the pointer.
        set_value(self._controls.follow.layout, visibility="hidden" if follows else "visible")

    def _draw_cursor(self) -> None:
        drawn = self._curve
        if drawn is None:
            return
        at = self.context.cursor.x
        x = None if at is None else at / drawn.unit
        self._chart.show_cursor(x)
        newest = x is None and self._window is None
        if x is None and self._window is not None:
            # Without a cursor, the last of what is seen.
            inside = drawn.x <= self._window[1]
            x = legend.beside(drawn.x[inside], drawn.y[inside], None, -1)
        where = reward_lines.where(drawn, x, newest)
        found = legend.entries([*self._lines, *reward_lines.target(drawn)], x) + legend.of_events(
            self._marks
        )
        set_value(self._legend, value=legend.html(found, where, drawn.sentence))

    # -- what comes from the page: commands for the view's thread, nothing more ----------------

    def _connect(self) -> None:
        controls = self._controls

        def changed(widget: ipywidgets.Widget, command: Command) -> None:
            widget.observe(lambda _change: self._once(str(id(widget)), command), names="value")

        def clicked(button: ipywidgets.Button, command: Command) -> None:
            button.on_click(lambda _button: self._post(command))

        changed(controls.axis, self._draw_over)
        for widget in (controls.mode, controls.smoothing, controls.log, controls.evaluation):
            changed(widget, self._redraw)
        changed(controls.compare, self._compare)
        changed(controls.table, self._show_table)
        clicked(controls.back, functools.partial(self._step, -1))
        clicked(controls.forward, functools.partial(self._step, 1))
        clicked(controls.closer, functools.partial(self._zoom, True))
        clicked(controls.wider, functools.partial(self._zoom, False))
        clicked(controls.follow, self._follow)
        clicked(controls.add, self._add)
        clicked(controls.clear, self._clear)
        clicked(controls.png, self._save_png)
        clicked(controls.csv, self._save_csv)

    def _post(self, command: Command) -> None:
        def carry_out() -> None:
            try:
                command()
            except RLWidgetsError as error:
                # A record that cannot be read just now is no reason to switch the view off.
                self._failed = True
                _say(self._trouble, str(error), "rlw-warning")

        self.context.post(carry_out)

    def _pointed(self, x: float) -> None:
        self._pointed_at = x
        self._once("cursor", self._point)

    def _point(self) -> None:
        drawn = self._curve
        if drawn is None:
            return
        self._spacing.wait()
        x = legend.nearest(drawn.x, drawn.y, self._pointed_at)
        if x is not None:
            self.context.cursor.point(x * drawn.unit)

    def _show_cursor(self, _x: float | None) -> None:
        self._draw_cursor()
        self._offer_follow()

    def _moved(self) -> None:
        axes = self._chart.frame
        if self._curve is None or looking.moved_to(axes, self._chart.window) is None:
            return
        self._spacing.wait()
        if self._take_window():
            self._redraw(page_moves=True)

    def _take_window(self) -> bool:
        """Take over where the page has moved to; tells whether it has.

        Each drawing does so first: else one that comes before the page's news would undo them.
        """
        window = looking.moved_to(self._chart.frame, self._chart.window)
        if self._curve is None or window is None or self._controls.mode.value != ZOOM:
            return False
        self._window, self._window_unit = window, self._curve.unit
        return True

    def _mark_clicked(self, kind: str, index: int) -> None:
        same = [mark for mark in self._marks if mark.kind == kind]
        if index < len(same):
            self._post(functools.partial(self._open, same[index]))

    def _open(self, mark: EventMark) -> None:
        if mark.opens:
            self.context.open(mark)
        elif self._curve is not None:
            # There is no more to it than the values at its place.
            self.context.cursor.move(mark.x * self._curve.unit)

    def _step(self, direction: int) -> None:
        drawn, axes = self._curve, self._chart.frame
        if drawn is None or axes is None:
            return
        if self._controls.mode.value == ZOOM:
            self._look_at(*looking.panned(axes, direction))
            return
        at = self.context.cursor.x
        x = legend.beside(drawn.x, drawn.y, None if at is None else at / drawn.unit, direction)
        if x is not None:
            self.context.cursor.move(x * drawn.unit)

    def _zoom(self, closer: bool) -> None:
        axes = self._chart.frame
        window = None if axes is None else looking.zoomed(axes, closer)
        if window is not None:
            self._look_at(*window)

    def _look_at(self, low: float, high: float) -> None:
        if self._curve is not None:
            self._window, self._window_unit = (low, high), self._curve.unit
            self._redraw()

    def _follow(self) -> None:
        self._window = None
        self.context.cursor.move(None)
        self._redraw()

    def _compare(self) -> None:
        self._references.offer()
        self._redraw()

    def _add(self) -> None:
        if self._references.add():
            self._redraw()

    def _clear(self) -> None:
        self._references.clear()
        self._redraw()

    def _show_table(self) -> None:
        if not self._controls.table.value:
            set_value(self._table, value="")
        self._redraw()

    def _save_png(self) -> None:
        if self._curve is not None:
            run_id = self.context.reader.run_id
            self._chart.save_png(curve_table.file_name(run_id, self._curve.metric, "png"))

    def _save_csv(self) -> None:
        if self._curve is not None:
            reader = self.context.reader
            found = curve_table.table(reader, self._curve.metric, curve_table.MAX_ROWS)
            self._download.show(curve_table.download(found, reader.run_id))


def _say(widget: ipywidgets.HTML, words: str, look: str) -> None:
    set_value(widget, value=f'<div class="{look}">{escape(words)}</div>' if words else "")
    set_shown(widget, bool(words))
