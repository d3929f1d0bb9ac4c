"""RunDetails where comms use no subshells: what a busy cell's view is told, it does at its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browser.conftest import Browser, Lab
from tests.view.fixture_runs import make

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

#: The article's own cell, as long as a file is there.
WATCH = """
import time
from pathlib import Path
from rl_widgets import *
RunDetails(Workspace().get_run("pong_1")).show()
while Path("busy").exists():
    time.sleep(0.1)
print("the cell has ended")
"""


def test_controls_answer_when_the_cell_ends_and_the_view_says_so(
    lab: Lab, browser: Browser, own_home: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "jupyter" / "settings" / "@jupyterlab" / "apputils-extension"
    (settings / "kernels-settings.jupyterlab-settings").write_text(
        json.dumps({"commsOverSubshells": "disabled"})
    )
    run = make(own_home, run_id="pong_1")
    run.start()
    run.result(1, -21.0)
    busy = lab.folder / "busy"
    busy.touch()
    lab.write("busy.ipynb", WATCH)
    browser.open("busy.ipynb")
    browser.run_all()
    view = browser.page.locator(".rlw-card.jupyter-widgets")
    view.wait_for()
    # It says so, names the way that is always there, and is live all the same.
    view.get_by_text("While a cell runs, the buttons here answer when it has ended").wait_for()
    assert "rl-widgets cancel pong_1" in view.inner_text()
    for i in range(2, 12):
        run.result(i, -21.0 + i)
    iteration = view.locator(".rlw-fact", has_text="iteration").locator("b")
    browser.wait_until(lambda: iteration.inner_text() == "11", "the newest result")
    view.get_by_text("Iteration", exact=True).click()
    run.result(12, -9.0)
    browser.wait_until(lambda: iteration.inner_text() == "12", "another result")
    axis = view.locator(".bqplot")
    assert axis.get_by_text("env steps", exact=True).count() == 1
    browser.picture("busy-without-subshells")
    busy.unlink()
    browser.page.get_by_text("the cell has ended").wait_for()
    axis.get_by_text("iteration", exact=True).wait_for()
    assert browser.our_errors() == []
