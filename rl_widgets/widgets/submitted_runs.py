"""What a form has submitted, beneath it: the run, or the runs of a group beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ipywidgets

from rl_widgets.forms.submission import GROUP
from rl_widgets.view.html import form as html
from rl_widgets.widgets.command_thread import Command
from rl_widgets.widgets.compare_runs import CompareRuns
from rl_widgets.widgets.run_details import RunDetails
from rl_widgets.widgets.subshells import answer_while_busy

if TYPE_CHECKING:
    from collections.abc import Callable

    from rl_widgets.run import Run


def submitted(runs: Sequence[Run], post: Callable[[Command], None]) -> ipywidgets.Widget:
    """RunDetails of one run; of several, CompareRuns and a list from which to open each."""
    if len(runs) == 1:
        return _followed(runs[0])
    return _Group(runs, post).widget


def _followed(run: Run) -> RunDetails:
    details = RunDetails(run)
    details.follow()
    return details


class _Group:
    """The runs of a group. A run's own view is made when it is chosen."""

    def __init__(self, runs: Sequence[Run], post: Callable[[Command], None]) -> None:
        self._runs = {run.id: run for run in runs}
        self._views: dict[str, RunDetails] = {}
        compare = CompareRuns(runs)
        compare.follow()
        options = [("Choose a run …", ""), *((_name(run), run.id) for run in runs)]
        self.list = ipywidgets.Dropdown(
            options=options,
            value="",
            description=f"{len(runs)} runs",
            tooltip="Show one of the runs",
            style={"description_width": "initial"},
        )
        self.list.observe(lambda _: post(self._open), names="value")
        answer_while_busy(self.list)
        self._one = ipywidgets.VBox()
        heading = ipywidgets.HTML(html.heading("Runs of this submission"))
        self.widget = ipywidgets.VBox([heading, compare, self.list, self._one])

    def _open(self) -> None:
        chosen = self.list.value
        if chosen and chosen not in self._views:
            self._views[chosen] = _followed(self._runs[chosen])
        self._one.children = [self._views[chosen]] if chosen else []


def _name(run: Run) -> str:
    own = ", ".join(f"{k} {v}" for k, v in run.tags.items() if k != GROUP)
    return f"{own} ({run.id})" if own else run.id
