"""The panel outside its own place: JupyterLab's Running panel, and Notebook 7."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl_widgets.store import statuses
from tests.panel.conftest import Lab, recorded

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def test_runs_are_in_the_running_panel(lab: Lab, own_home: Path) -> None:
    first, second = recorded(own_home, "pong_a"), recorded(own_home, "pong_b")
    recorded(own_home, "pong_done", statuses.COMPLETED)
    lab.open()
    lab.page.evaluate("() => window.jupyterapp.shell.activateById('jp-running-sessions')")
    panel = lab.page.locator("#jp-running-sessions")
    items = panel.locator(".jp-RunningSessions-item", has_text="rllib-pong")
    lab.wait_until(lambda: items.count() == 2, "the two runs that go on")
    lab.picture("running-panel")
    items.filter(has_text="pong_b").locator(".jp-RunningSessions-itemLabel").click()
    lab.run_page().get_by_text("Running").first.wait_for()

    store = first.workspace.store
    everything = panel.get_by_text("Cancel All")
    dialog = lab.page.locator(".jp-Dialog")
    everything.click()
    dialog.get_by_text("cancel all runs of this workspace").wait_for()
    dialog.get_by_role("button", name="Cancel", exact=True).click()
    dialog.wait_for(state="detached")
    assert not store.runs.get(first.run_id).cancel_reason

    everything.click()
    dialog.locator(".jp-mod-accept").click()
    for run in (first, second):
        lab.wait_until(
            lambda run=run: store.runs.get(run.run_id).cancel_reason, "each run being canceled"
        )
        run.end(statuses.CANCELED)
    lab.wait_until(lambda: items.count() == 0, "no run going on")


def test_the_panel_in_notebook_7(lab: Lab, own_home: Path) -> None:
    recorded(own_home, "pong_1", statuses.COMPLETED)
    lab.server.write("one.ipynb", "1 + 1")
    lab.open("notebooks/one.ipynb")
    lab.page.wait_for_selector(".jp-Notebook .jp-Cell", state="visible")
    # What Notebook says of its own settings while it starts is not ours.
    lab.errors.clear()
    lab.show_panel()
    lab.line("pong_1").wait_for()
    lab.line("pong_1").click(button="right")
    lab.page.locator(".rlp-menu").get_by_text("Insert into notebook").click()
    cells = lab.page.locator(".jp-Notebook .jp-CodeCell")
    lab.wait_until(lambda: cells.count() == 2, "a second cell")
    lab.picture("panel-notebook-7")
    # Notebook has sheets of paper for lists that scroll; the panel's is none.
    for part in ("outer", "viewport"):
        look = lab.page.locator(f".rlp-runs .jp-WindowedPanel-{part}")
        assert look.evaluate("e => getComputedStyle(e).boxShadow") == "none"

    # It has no main area: JupyterLab opens the run in a page of its own.
    with lab.page.context.expect_page() as opened:
        lab.line("pong_1").click()
    page = opened.value
    page.wait_for_function("() => window.jupyterapp?.restored")
    page.locator(".rlp-page:visible").get_by_text("Completed").first.wait_for(timeout=60_000)
    # Of two pages of Notebook and JupyterLab each asks the other for its name.
    lab.errors[:] = [error for error in lab.errors if "Window name candidate" not in error]
