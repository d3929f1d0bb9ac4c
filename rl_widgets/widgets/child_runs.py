"""Head and workers of a run: a table, and the choice of whose metrics, logs and nodes are shown."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import ipywidgets

from rl_widgets.view import child_table, children, wording
from rl_widgets.view.child_table import ChildTable
from rl_widgets.view.html import children as html_children
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.panel import PanelContext, set_shown, set_value

#: Seconds between two drawings of what nodes use, as often as it is sampled; a node's death is
#: drawn at once.
_PERIOD, _PERIOD_OF_MANY = 2.0, 4.0
_MANY = 24


class ChildRuns:
    """`widget` is the table with the choice above it; `redraw` has the open tab drawn again.

    Everything but the constructor runs on the view's own thread.
    """

    def __init__(
        self,
        context: PanelContext,
        redraw: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context = context
        self._redraw = redraw
        self._clock = clock
        self._drawn_at = 0.0
        self._drawn: object = None
        #: The node of the mark that was clicked last.
        self._marked = ""
        self._table = ipywidgets.HTML()
        self._table.add_class("rlw-children-box")
        self._choice = ipywidgets.ToggleButtons(
            options=[("Whole run", "")],
            tooltips=["Show what belongs to the whole run"],
            style={"button_width": "auto"},
        )
        self._all = ipywidgets.ToggleButton(description="Show all nodes")
        bar = ipywidgets.Box([self._choice, self._all])
        bar.add_class("rlw-children-bar")
        self._bar = bar
        self.widget = ipywidgets.VBox([bar, self._table])
        self.controls = (self._choice, self._all)
        self._choice.observe(self._heard(self._choose), names="value")
        self._all.observe(self._heard(self._show_all), names="value")

    def draw(self, view: RunView) -> None:
        """Bring the table up to date."""
        reader = self._context.reader
        roles = tuple(child.role for child in reader.children)
        set_shown(self.widget, bool(roles))
        if not roles:
            return
        options = (("Whole run", ""), *((children.LABELS.get(r, r), r) for r in roles))
        if tuple(self._choice.options) != options:
            # Its first option stays the first, so that nothing is chosen by this.
            tooltips = ["Show what belongs to " + (r or "the whole run") for _, r in options]
            set_value(self._choice, options=options, tooltips=tooltips)
        set_shown(self._choice, len(roles) > 1)
        states = (view.final, *((c.id, c.status, c.message) for c in reader.children))
        drawn = (states, tuple((n.name, n.state) for n in reader.nodes))
        period = _PERIOD_OF_MANY if self._all.value and len(reader.nodes) > _MANY else _PERIOD
        if drawn != self._drawn or self._clock() - self._drawn_at >= period:
            self._drawn = drawn
            self._draw_table()

    def show_node(self, name: str) -> None:
        """Mark a node's row, with whatever keeps it from being seen out of the way."""
        reader = self._context.reader
        role = next((r.role for r in reader.children for n in reader.nodes
                     if n.run == r.id and n.name == name), None)  # fmt: skip
        if role is None:
            return
        self._marked = name
        if self._context.child not in (None, role):
            set_value(self._choice, value="")
            self._choose("")
        rows = self._draw_table().rows
        if not any(row.node and row.label == wording.shown(name) for row in rows):
            set_value(self._all, value=True)
            self._draw_table()

    def _draw_table(self) -> ChildTable:
        self._drawn_at = self._clock()
        found = child_table.child_table(
            self._context.reader, time.time(), self._context.child, self._all.value
        )
        set_value(self._table, value=html_children.table(found, wording.shown(self._marked)))
        words = "Show fewer nodes" if self._all.value else f"Show all {found.nodes:,} nodes"
        set_value(self._all, description=words)
        set_shown(self._all, bool(found.hidden) or self._all.value)
        return found

    def _choose(self, role: str) -> None:
        if (role or None) != self._context.child:
            self._context.child = role or None
            self._draw_table()
            self._redraw()

    def _show_all(self, _: bool) -> None:
        self._draw_table()

    def _heard(self, command: Callable[[Any], None]) -> Callable[[Any], None]:
        def heard(change: Any) -> None:
            if change["new"] is not None:
                self._context.post(functools.partial(command, change["new"]))

        return heard
