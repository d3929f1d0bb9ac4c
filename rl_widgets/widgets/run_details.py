"""`RunDetails(run).show()`: the live view of a run in a notebook."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from rl_widgets.store import statuses
from rl_widgets.store.errors import RLWidgetsError, UserError
from rl_widgets.store.ingest import TAKE_IN_SECONDS
from rl_widgets.view import text, wording
from rl_widgets.view.charts.curve import AXES
from rl_widgets.view.charts.marks import EventMark
from rl_widgets.view.follower import Follower
from rl_widgets.view.html import run as html
from rl_widgets.view.reader import RunReader
from rl_widgets.view.run_view import RunView
from rl_widgets.view.style import sheet as style
from rl_widgets.widgets.cancel import CancelControl
from rl_widgets.widgets.checkpoints_panel import CheckpointsPanel
from rl_widgets.widgets.child_runs import ChildRuns
from rl_widgets.widgets.command_thread import CommandThread
from rl_widgets.widgets.configuration_panel import ConfigurationPanel
from rl_widgets.widgets.episodes_panel import EpisodesPanel
from rl_widgets.widgets.header_bar import HeaderBar
from rl_widgets.widgets.live_view import LiveView, notebook_shell
from rl_widgets.widgets.log_panel import LogPanel
from rl_widgets.widgets.metrics_panel import MetricsPanel
from rl_widgets.widgets.pace import PACE
from rl_widgets.widgets.panel import Panel, PanelContext, set_shown, set_value
from rl_widgets.widgets.reward_panel import RewardPanel
from rl_widgets.widgets.saved_form import SavedForm
from rl_widgets.widgets.subshells import CELLS, answer_while_busy
from rl_widgets.widgets.throughput_panel import ThroughputPanel

if TYPE_CHECKING:
    from rl_widgets.run import Run


_log = logging.getLogger(__name__)

#: What the making of a view sends.
_MESSAGES = 360
#: Seconds after which a page that answers, and draws no view, shows none.
_UNSEEN = 3.0

#: The tabs, in their order.
PANELS: tuple[type[Panel], ...] = (
    LogPanel,
    MetricsPanel,
    ThroughputPanel,
    EpisodesPanel,
    CheckpointsPanel,
    ConfigurationPanel,
)


class RunDetails(LiveView):
    """The live view of a run: state, times, child runs, reward, log; with a button to cancel it.

    `show()`, or the object as the last expression of a cell, displays it and returns at once. It
    follows the run on threads of its own, which end with the run; while no page shows it, it
    rests. `RunDetails(ws.get_run(run_id))` finds a run again, from any kernel and at any time.

    `reference`: what is drawn behind the reward: another run, a run's id, the path of a CSV file,
    or a list of these. `axis`: the x-axis of the chart, 'env_steps', 'iteration' or 'time'. Raises
    `UserError` where one cannot be taken.
    """

    #: The x-axis that the page shows; to set it is to choose it there.
    axis = traitlets.Enum(list(AXES), default_value="env_steps")

    def __init__(
        self, run: Run, reference: Any = None, *, axis: str = "env_steps", **kwargs: Any
    ) -> None:
        if not hasattr(run, "workspace") or not hasattr(run, "id"):
            raise UserError(
                f"RunDetails takes a Run, such as exp.submit(...) or ws.get_run(run_id) gives, not "
                f"{type(run).__name__}."
            )
        if axis not in [*AXES]:
            raise UserError(f"axis is one of {', '.join(AXES)}, not {axis!r:.60}.")
        self._begin(_MESSAGES)
        self._run = run
        self._newest: RunView | None = None
        self._shown_at = 0.0
        self._reader = RunReader.of(run, axis)
        self._thread = CommandThread(f"rl_widgets shows {run.id}", self._switch_off)
        # Of its own, so that a run can be canceled while the view waits for a slow disk.
        self._canceling = CommandThread(f"rl_widgets cancels {run.id}", self._switch_off)
        self._cancel_drawn: tuple[bool, str] | None = None
        self._workspace = run.workspace
        self._workspace.refresh(self._reader.run_id, TAKE_IN_SECONDS)
        self._view = self._reader.read()
        self._build()
        if reference is not None:
            several = isinstance(reference, (list, tuple))
            self._reward.set_reference(*(reference if several else [reference]))
        super().__init__(self._parts(), axis=axis, **kwargs)
        self._draw(self._view)
        answer_while_busy(self, self._tabs, *self._reward.controls, *self._cancel.buttons)
        answer_while_busy(*self._child_runs.controls)
        self.observe(self._on_axis, names="axis")

    # -- the public part -----------------------------------------------------------------------

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Display the view and return at once; in a plain script print its text once.

        The arguments are the reference's and have nothing to act on here.
        """
        shell = notebook_shell()
        if shell is None or self.comm is None:
            print(text.text(self._view))
            return
        self._shown_at = time.monotonic()
        words = f"RunDetails({self._view.header.run_id})"
        self._display(shell, words, SavedForm(shell, self._key), self._view)

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
        return super().following or self._canceling.alive

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
        sheet = style.sheet(f".rlw-live-{self._key}")
        self._style = ipywidgets.HTML(f"<style>{sheet}{style.folding(self._key)}</style>")
        self._style.layout.display = "none"
        pieces = {
            "trouble": html.trouble,
            "failure": html.failure,
            "warnings": html.warnings,
            # One widget, because each is a message for each result.
            "progress": html.progress,
        }
        self._pieces = {name: (ipywidgets.HTML(), make) for name, make in pieces.items()}
        self._answers_late = ipywidgets.HTML()
        self._cancel = CancelControl(self._canceling.post, self._run.cancel)
        self._context = PanelContext(self._run, self._reader, self._thread.post, self._open)
        self._context.again = self._follow_again
        self._context.redraw = self._draw_over
        self._header = HeaderBar(self._reader, self._cancel.widget)
        self._child_runs = ChildRuns(self._context, lambda: self._draw_tab(self._view))
        self._reward = RewardPanel(self._context)
        #: The tabs' panels, by their place; one that was never shown is not made.
        self._panels: dict[int, Panel] = {}
        self._tab_troubles = [ipywidgets.HTML() for _ in PANELS]
        self._tabs = ipywidgets.Tab([ipywidgets.VBox([told]) for told in self._tab_troubles])
        self._tabs.titles = [panel.title for panel in PANELS]
        self._tabs.add_class("rlw-tabs")
        self._tabs.observe(self._on_tab, names="selected_index")

    def _parts(self) -> list[ipywidgets.Widget]:
        piece = {name: widget for name, (widget, _) in self._pieces.items()}
        names = ("trouble", "failure", "warnings", "progress")
        above = [
            self._header.widget,
            self._answers_late,
            *(piece[n] for n in names),
            self._child_runs.widget,
        ]
        return [self._style, *above, self._reward.widget, self._tabs]

    def _draw(self, view: RunView) -> None:
        """Show a view. One message at most for each widget that changes."""
        if self._closed:
            return
        self._view = view
        self._header.draw(view)
        for widget, make in self._pieces.values():
            value = make(view)
            set_value(widget, value=value)
            set_shown(widget, bool(value))
        late = self._answering.only_between_cells and not view.final
        set_value(self._answers_late, value=html.answers_late(view.header.run_id) if late else "")
        set_shown(self._answers_late, late)
        for part in (self._child_runs, self._reward):
            self._unless_unread(functools.partial(part.draw, view))
        self._draw_tab(view)
        self._draw_cancel(view)

    def _draw_cancel(self, view: RunView) -> None:
        before, self._cancel_drawn = self._cancel_drawn, (view.final, view.header.status)
        if before is None:  # nobody can have pressed it yet
            self._cancel.draw(view)
        elif before != self._cancel_drawn:
            self._canceling.post(functools.partial(self._cancel.draw, view))

    def _unless_unread(self, draw: Callable[[], None]) -> None:
        """Draw a part, or leave it as it is while the record cannot be read."""
        try:
            draw()
        except (RLWidgetsError, OSError):
            # The follower meets the same trouble, says it, and hands on a view once it is over.
            _log.warning("A part of the view could not be read", exc_info=True)

    def _draw_over(self, view: RunView) -> None:
        """A person has chosen another axis: all else of the page goes over to it."""
        self._view = view
        self.axis = view.curve.axis
        self._draw_tab(view)

    def _draw_tab(self, view: RunView, mark: EventMark | None = None) -> None:
        """Draw the tab that is shown, with what a mark stands for in view."""
        place = self._tabs.selected_index
        self._context.tab = "" if place is None else PANELS[place].title
        if place is None or self._closed:
            return
        title, found = PANELS[place].title, ""
        try:
            panel = self._panels.get(place)
            if panel is None:
                panel = self._panels[place] = PANELS[place](self._context)
                self._tabs.children[place].children = [self._tab_troubles[place], panel.widget]
                answer_while_busy(*panel.controls)
            panel.draw(view)
            if mark is not None:
                panel.show(mark)
                panel.controls[0].focus()  # the page moves there, with the keyboard
        except (RLWidgetsError, OSError):
            # The follower meets the same trouble, says it, and hands on a view once it is over.
            _log.warning("The tab %s could not be read", title, exc_info=True)
        except Exception as error:  # noqa: BLE001 one tab is no reason to stop all others
            _log.exception("The tab %s could not be drawn", title)
            found = f"This tab could not be drawn ({type(error).__name__}: {error!s:.300})."
        set_value(self._tab_troubles[place], value=html.warning(found))
        set_shown(self._tab_troubles[place], bool(found))

    def _all_panels(self) -> list[Panel]:
        return [self._reward, *self._panels.values()] if hasattr(self, "_reward") else []

    def _open(self, mark: EventMark) -> None:
        """Show what a mark on the curve stands for."""
        if mark.kind == "node_lost":
            self._child_runs.show_node(mark.thing)
        self._tabs.selected_index = [panel.title for panel in PANELS].index(mark.opens)
        self._draw_tab(self._view, mark)

    # -- the run's thread reads, the view's thread draws ---------------------------------------

    @property
    def _final(self) -> bool:
        return self._view.final

    def _begun_again(self) -> bool:
        return self._reader.read_status() not in statuses.FINAL

    def _new_follower(self) -> Follower:
        return Follower(
            self._reader,
            self._view,
            self._take,
            functools.partial(self._workspace.refresh, self._reader.run_id, TAKE_IN_SECONDS),
            PACE.wait_turn,
        )

    def _let_go(self) -> None:
        for panel in self._all_panels():
            panel.close()

    def _follow_again(self) -> None:
        """The run has begun again: show what it is now, and what comes."""
        self._draw(self._reader.read())
        self.follow()

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
        place = self._tabs.selected_index
        PACE.drawn(0 if place is None else PANELS[place].messages)
        unseen = not self._view_count and PACE.heard and not CELLS.running
        if unseen and self._follower is not None:
            # A page draws a cell when it is first scrolled to, and counts the view then. The count
            # may wait for the cell that is running, so nothing is known before its end.
            self._follower.paused = time.monotonic() - self._shown_at > _UNSEEN

    def _switch_off(self, error: Exception) -> None:
        if self._follower is not None:
            self._follower.stop()
        self._view = self._view.with_trouble(wording.stands_still(error, "RunDetails"))
        widget, make = self._pieces["trouble"]
        set_value(widget, value=make(self._view))
        set_shown(widget, True)

    # -- what comes from the page: commands for the view's thread, nothing more ----------------

    def _on_tab(self, _change: Any) -> None:
        self._thread.post(lambda: self._draw_tab(self._view))

    def _on_axis(self, change: Any) -> None:
        draw = functools.partial(self._reward.choose_axis, change["new"])
        self._thread.post(functools.partial(self._unless_unread, draw))
