"""Which runs are compared: found, checked, read for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rl_widgets.store.errors import UserError
from rl_widgets.view.comparison.comparer import Comparer, readers_of

if TYPE_CHECKING:
    from rl_widgets.run import Run
    from rl_widgets.workspace import Workspace

#: More runs than these are no picture any more.
MOST_RUNS = 100


def comparer(
    runs: Sequence[Run | str], workspace: Workspace | None, metric: str | None
) -> Comparer:
    """A comparer that has read these runs. Raises `UserError` for what cannot be compared."""
    found = Comparer(readers_of(runs, workspace))
    if len(found.readers) > MOST_RUNS:
        raise UserError(f"CompareRuns compares at most {MOST_RUNS} runs, not {len(found.readers)}.")
    found.look_after()
    found.read()
    if metric is not None and metric not in found.metrics() and found.final:
        known = ", ".join(found.metrics()[:12]) or "none yet"
        raise UserError(f"No run has a metric {metric!r:.80}. There are: {known}.")
    return found
