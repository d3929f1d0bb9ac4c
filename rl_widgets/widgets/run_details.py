"""`RunDetails(run).show()`: the live view of a run in a notebook."""

from __future__ import annotations

import functools
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from rl_widgets.store.errors import UserError
from rl_widgets.view import html, style, text, wording
from rl_widgets.view.curve import AXES
from rl_widgets.view.escape import escape
from rl_widgets.view.follower import Follower
from rl_widgets.view.reader import RunReader
from rl_widgets.view.run_view import RunView
from rl_widgets.widgets.cancel import CancelControl
from rl_widgets.widgets.chart import CurveChart
from rl_widgets.widgets.command_thread import CommandThread
from rl_widgets.widgets.saved_form import SavedForm
from rl_widgets.widgets.subshells import answer_while_busy

if TYPE_CHECKING:
    from rl_widgets.run import Run


class RunDetails(ipywidgets.VBox):  # type: ignore[misc]
    """The live view of a run: state, times, child runs, reward, log; with a button to cancel it.

    `show()`, or the object as the last expression of a cell, displays it and returns at once. It
    follows the run on threads of its own, which end with the run; while no page shows it, it
    rests. `RunDetails(ws.get_run(run_id))` finds a run again, from any kernel and at any time.
    """

    #: The x-axis of the chart: 'iteration', 'env_steps' or 'time'.
    axis = traitlets.Enum(list(AXES), default_value="iteration")

    # A view that could not be made is closed, too.
    _follower: Follower | None = None
    _chart: CurveChart

    def __init__(self, run: Run, **kwargs: Any) -> None:
        if not hasattr(run, "workspace") or not hasattr(run, "id"):
            raise UserError(
                f"RunDetails takes a Run, such as exp.submit(...) or ws.get_run(run_id) gives, not "
                f"{type(run).__name__}."
            )
        self._run = run
        self._key = uuid.uuid4().hex[:12]
        self._lock = threading.Lock()
        self._newest: RunView | None = None
        self._saved: SavedForm | None = None
        self._reader = RunReader.of(run)
        self._thread = CommandThread(f"rl_widgets shows {run.id}", self._switch_off)
        self._workspace = run.workspace
        self._workspace.refresh(self._reader.run_id)
        self._view = self._reader.read()
        self._build()
        super().__init__(children=self._parts(), **kwargs)
        for name in ("rlw", "rlw-card", f"rlw-live-{self._key}"):
            self.add_class(name)
        # Nought, and not None, has the front end count the views.
        self._view_count = 0
        self._draw(self._view)
        answer_while_busy(self, self._axis_choice, *self._cancel.buttons)
        self.observe(self._on_view_count, names="_view_count")
        self.observe(self._on_axis, names="axis")

    # -- the public part -----------------------------------------------------------------------

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Display the view and return at once; in a plain script print its text once.

        The arguments are the reference's and have nothing to act on here.
        """
        shell = _notebook_shell()
        if shell is None or self.comm is None:
            print(text.text(self._view))
            return
        bundle = super()._repr_mimebundle_()
        # The words beside the widget are for pages that draw none; they are never brought up to
        # date, so they tell no state.
        bundle["text/plain"] = f"RunDetails({self._view.header.run_id})"
        shell.display_pub.publish(data=bundle, metadata={})
        self._saved = SavedForm(shell, self._key)
        self._saved.show(self._view)
        # The page's count of its views may come late: a kernel that is busy with this very cell
        # hears nothing of it where comms do not use subshells. Until told otherwise, it is shown.
        self._follow()

    def get_widget_data(self) -> dict[str, Any]:
        """What the view shows, as a dict of texts, numbers, lists and dicts."""
        if self._follower is None or not self._follower.alive:
            # Nobody keeps it up to date: look now.
            reader = RunReader.of(self._run, self.axis)
            self._workspace.refresh(reader.run_id)
            return reader.read().as_dict()
        return self._view.as_dict()

    @property
    def following(self) -> bool:
        """Whether a thread of this view runs."""
        follows = self._follower is not None and self._follower.alive
        return follows or self._thread.alive

    def close(self) -> None:
        """End the threads and remove the view."""
        if self._follower is not None:
            self._follower.stop(wait=2.0)
        if hasattr(self, "_chart"):
            self._chart.close()
        super().close()

    def _ipython_display_(self) -> None:
        self.show()

    def _repr_html_(self) -> str:
        return html.document(self._view, self._key, time.strftime("%Y-%m-%d %H:%M:%S"))

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/plain": text.text(self._view), "text/html": self._repr_html_()}

    def __repr__(self) -> str:
        head = self._view.header
        return f"RunDetails(Experiment: {head.experiment}, Id: {head.run_id}, {head.badge.text})"

    def __str__(self) -> str:
        return text.text(self._view)

    # -- its widgets ---------------------------------------------------------------------------

    def _build(self) -> None:
        self._style = ipywidgets.HTML(f"<style>{style.sheet()}{style.folding(self._key)}</style>")
        self._style.layout.display = "none"
        pieces = {
            "header": html.header,
            "trouble": html.trouble,
            "failure": html.failure,
            "warnings": html.warnings,
            "facts": html.facts,
            "criteria": html.criteria,
            "children": html.children,
            "log_heading": lambda view: html.log_heading(view.log),
            "log": lambda view: html.log_lines(view.log),
            "message": _message,
            "note": _note,
        }
        self._pieces = {name: (ipywidgets.HTML(), make) for name, make in pieces.items()}
        self._pieces["log"][0].add_class("rlw-log")
        self._pieces["log"][0].add_class("rlw-log-live")
        self._cancel = CancelControl(self._thread.post, self._run.cancel)
        self._axis_choice = ipywidgets.ToggleButtons(
            options=[(words, key) for key, words in AXES.items()],
            value=self.axis,
            tooltips=[f"Draw the curve over {words.lower()}" for words in AXES.values()],
            style={"button_width": "auto"},
        )
        self._axis_choice.add_class("rlw-axes")
        self._axis_choice.observe(self._on_axis_choice, names="value")
        self._chart = CurveChart()
        # A figure that is made where it cannot be seen measures itself wrongly: it comes into the
        # page with its first curve.
        self._chart_place = ipywidgets.VBox([], layout=ipywidgets.Layout(width="100%"))

    def _parts(self) -> list[ipywidgets.Widget]:
        piece = {name: widget for name, (widget, _) in self._pieces.items()}
        piece["header"].layout.flex = "1 1 300px"
        top = ipywidgets.Box(
            [piece["header"], self._cancel.widget],
            layout=ipywidgets.Layout(
                display="flex", flex_flow="row wrap", align_items="flex-start", overflow="visible"
            ),
        )
        self._chart_title = ipywidgets.HTML()
        self._chart_title.layout.flex = "1 1 200px"
        chart_head = ipywidgets.Box(
            [self._chart_title, self._axis_choice],
            layout=ipywidgets.Layout(
                display="flex", flex_flow="row wrap", align_items="center", margin="12px 0 0 0"
            ),
        )
        names = ("trouble", "failure", "warnings", "facts", "criteria", "children")
        return [
            self._style,
            top,
            *(piece[name] for name in names),
            chart_head,
            piece["message"],
            self._chart_place,
            piece["note"],
            piece["log_heading"],
            piece["log"],
        ]

    def _draw(self, view: RunView) -> None:
        """Show a view. One message at most for each widget that changes."""
        self._view = view
        for widget, make in self._pieces.values():
            value = make(view)
            if widget.value != value:
                widget.value = value
            display = None if value else "none"
            if widget.layout.display != display:
                widget.layout.display = display
        title = _chart_title(view)
        if self._chart_title.value != title:
            self._chart_title.value = title
        self._chart.draw(view.curve)
        if not view.curve.empty and not self._chart_place.children:
            self._chart_place.children = [self._chart.widget]
        display = "none" if view.curve.empty else None
        if self._axis_choice.layout.display != display:
            self._axis_choice.layout.display = display
        self._cancel.draw(view)

    # -- the run's thread reads, the view's thread draws ---------------------------------------

    def _follow(self) -> None:
        """Follow the run, unless that is done or it has ended."""
        with self._lock:
            if self._view.final or (self._follower is not None and self._follower.alive):
                return
            self._follower = Follower(
                self._reader,
                self._view,
                self._take,
                functools.partial(self._workspace.refresh, self._reader.run_id),
            )
            self._follower.start()

    def _take(self, view: RunView) -> None:
        # On the follower's thread: only the newest view is worth drawing.
        self._newest = view
        self._thread.post(self._draw_newest)

    def _draw_newest(self) -> None:
        view, self._newest = self._newest, None
        if view is None:
            return
        self._draw(view)
        if self._saved is not None:
            self._saved.update(view)

    def _switch_off(self, _error: Exception) -> None:
        if self._follower is not None:
            self._follower.stop()

    # -- what comes from the page: commands for the view's thread, nothing more ----------------

    def _on_view_count(self, change: Any) -> None:
        self._thread.post(functools.partial(self._rest_or_follow, bool(change["new"])))

    def _rest_or_follow(self, shown: bool) -> None:
        follower = self._follower
        if follower is not None and follower.alive:
            follower.paused = not shown
        elif shown:
            self._follow()

    def _on_axis_choice(self, change: Any) -> None:
        self.axis = change["new"]

    def _on_axis(self, change: Any) -> None:
        self._thread.post(functools.partial(self._draw_over, change["new"]))

    def _draw_over(self, axis: str) -> None:
        if self._axis_choice.value != axis:
            self._axis_choice.value = axis
        follower = self._follower
        if follower is not None and follower.alive:
            follower.set_axis(axis)
            return
        self._reader.axis = axis
        self._draw(self._reader.view())


def _notebook_shell() -> Any:
    """IPython's shell where a Jupyter front end listens to it, else None."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell if hasattr(shell, "kernel") else None


def _chart_title(view: RunView) -> str:
    name = wording.shown(view.curve.metric, 60) or "Reward"
    return f'<div class="rlw-heading">{escape(name)}</div>'


def _message(view: RunView) -> str:
    if not view.chart_message:
        return ""
    return f'<div class="rlw-empty">{escape(view.chart_message)}</div>'


def _note(view: RunView) -> str:
    parts = [view.curve.note] if view.curve.note else []
    if view.curve.target is not None and not view.curve.empty:
        parts.append(f"The run stops at the dashed line ({wording.goal(view.curve.target)}).")
    return f'<div class="rlw-note">{escape(" ".join(parts))}</div>' if parts else ""
