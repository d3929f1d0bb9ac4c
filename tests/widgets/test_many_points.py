"""A script that logs a million points in a second: the view goes on, and shows them all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rl_widgets import Experiment, RunDetails, Workspace
from tests.widgets.conftest import Messages, NotebookShell, wait_until
from tests.widgets.test_run_details import display

COUNT, AT_ONCE = 1_000_000, 10_000


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(folder=tmp_path / "ws")
    yield workspace
    workspace.close()


@pytest.mark.long
def test_a_million_points_in_a_second(
    ws: Workspace, messages: Messages, shell: NotebookShell
) -> None:
    run = Experiment(ws, "many").start_logging()
    run.log("score", 0.0)
    details = RunDetails(run)
    details.show()
    display(details)
    values = np.sin(np.arange(COUNT) / 1000.0)
    values[123_456], values[654_321] = -7.0, 9.0
    messages.clear()
    began = time.monotonic()
    for i in range(0, COUNT, AT_ONCE):
        run.log_list("score", values[i : i + AT_ONCE].tolist())
    print(f"logged in {time.monotonic() - began:.1f} s")
    # It is live while they are taken in, and says how many there are.
    seen = set()

    def whole() -> bool:
        seen.add(details._view.curve.points)
        return details._view.curve.points == COUNT + 1

    wait_until(whole, "all points", 400)
    took = time.monotonic() - began
    print(f"shown after {took:.1f} s")
    assert len(seen) > 5
    assert len(messages) / took < 200
    curve = details._view.curve
    assert len(curve.y) <= 2000
    assert (curve.y.min(), curve.y.max()) == (-7.0, 9.0)
    details.close()
    wait_until(lambda: not details.following, "the end of the view's threads")
    run.complete()
