"""The panel in a real JupyterLab, on recorded runs: list, page, link, cells, keyboard, themes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_widgets.store import statuses
from rl_widgets.store.runs import RunRecord
from rl_widgets.workspace import Workspace
from tests.panel.conftest import Lab, Server
from tests.view.fixture_runs import FixtureRun, make

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def recorded(folder: Path, run_id: str, status: str = "", results: int = 60) -> FixtureRun:
    """A run with a curve and a log, going on or ended."""
    fixture = make(folder, run_id=run_id)
    fixture.start()
    fixture.use_resources()
    for i in range(1, results):
        fixture.result(i, -21 + i * 0.3, take_in=False)
    fixture.take_in()
    fixture.write_log("\x1b[32m(IMPALA)\x1b[0m the last line\n")
    if status:
        error = {"message": "ValueError: no <environment>", "file": "a.py", "line": 3}
        fixture.end(status, error if status == statuses.FAILED else None)
    return fixture


def test_runs_are_listed_searched_and_opened(lab: Lab, own_home: Path) -> None:
    live = recorded(own_home, "pong_live")
    recorded(own_home, "pong_failed", statuses.FAILED)
    recorded(own_home, "pong_done", statuses.COMPLETED)
    lab.open()
    panel = lab.show_panel()
    lab.wait_until(lambda: lab.lines().count() == 4, "an experiment with three runs")
    assert "Running" in lab.line("pong_live").inner_text()
    assert "Failed" in lab.line("pong_failed").inner_text()
    assert lab.line("pong_done").locator("path").get_attribute("d")
    lab.picture("panel-light")

    # A change is in the list within a second or so, without anything being asked for by hand.
    live.result(60, 17.5)
    lab.wait_until(lambda: "17.5" in lab.line("pong_live").inner_text(), "the new best", 10)

    panel.get_by_role("searchbox", name="Search runs").fill("failed")
    lab.wait_until(lambda: lab.lines().count() == 2, "what fits the search")
    panel.get_by_role("searchbox", name="Search runs").fill("")
    lab.wait_until(lambda: lab.lines().count() == 4, "all runs")

    lab.line("pong_failed").click()
    page = lab.run_page()
    page.get_by_text("ValueError: no <environment>").first.wait_for()
    page.locator(".u-over").first.wait_for()
    page.get_by_text("head-cpu").first.wait_for()
    lab.wait_until(lambda: "the last line" in page.locator("[role=log]").inner_text(), "the log")
    lab.picture("run-page-failed-light")
    page.get_by_role("tab", name="Metrics").click()
    lab.wait_until(lambda: page.locator("figure .u-over").count() > 2, "small charts")
    page.get_by_role("tab", name="Files").click()
    page.get_by_text("driver_log.txt").first.wait_for()

    lab.line("pong_live").click()
    lab.wait_until(lambda: "pong_live" in page.locator("h1").inner_text(), "the other page")
    best = page.locator(".rlw-fact", has_text="best")
    live.result(61, 17.9)
    lab.wait_until(lambda: "17.9" in best.inner_text(), "the new best in the page", 10)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Whole run").click()
    page.get_by_text("Table", exact=True).click()
    lab.wait_until(lambda: page.locator(".rlw-table td").count() > 50, "the table")
    lab.use_theme("JupyterLab Dark")
    lab.picture("run-page-live-dark")

    # A reload brings both pages back.
    lab.page.wait_for_timeout(1500)
    lab.page.reload()
    lab.ready()
    lab.wait_until(
        lambda: (
            lab.page.locator(".lm-DockPanel .lm-TabBar-tabLabel", has_text="pong_").count() == 2
        ),
        "both pages after the reload",
    )
    lab.show_panel()
    lab.wait_until(lambda: lab.lines().count() == 4, "the list after the reload")
    lab.picture("panel-dark")


def test_the_list_is_worked_with_keys_alone(lab: Lab, own_home: Path) -> None:
    for name in ("pong_a", "pong_b"):
        recorded(own_home, name, statuses.COMPLETED)
    lab.open()
    lab.show_panel()
    lab.wait_until(lambda: lab.lines().count() == 3, "two runs")
    lab.lines().first.focus()
    keys = lab.page.keyboard
    focused = "() => document.activeElement?.dataset?.runId"
    keys.press("ArrowDown")
    lab.wait_until(lambda: lab.page.evaluate(focused) == "pong_b", "the newest run in focus")
    keys.press("ContextMenu")
    menu = lab.page.locator(".rlw-menu")
    menu.get_by_text("Pin to the top").wait_for()
    menu.get_by_text("Cancel run…").wait_for()
    keys.press("Escape")
    menu.wait_for(state="detached")
    lab.wait_until(lambda: lab.page.evaluate(focused) == "pong_b", "the focus where it was")
    keys.press("Enter")
    lab.run_page().get_by_text("Completed").first.wait_for()


def test_a_link_opens_a_run_and_leaves_a_clean_address(lab: Lab, own_home: Path) -> None:
    recorded(own_home, "pong_1", statuses.COMPLETED)
    lab.open("rl-widgets/open/pong_1")
    lab.run_page().get_by_text("Completed").first.wait_for()
    assert "rl-widgets-run" not in lab.page.url


def test_a_cell_is_inserted_and_runs(lab: Lab, own_home: Path) -> None:
    recorded(own_home, "pong_1", statuses.COMPLETED)
    lab.server.write("one.ipynb", "1 + 1")
    lab.open("lab/tree/one.ipynb")
    lab.page.wait_for_selector(".jp-Notebook .jp-Cell", state="visible")
    lab.show_panel()
    lab.line("pong_1").wait_for()
    lab.line("pong_1").click(button="right")
    lab.page.locator(".rlw-menu").get_by_text("Insert into notebook").click()
    cells = lab.page.locator(".jp-Notebook .jp-CodeCell")
    lab.wait_until(lambda: cells.count() == 2, "a second cell")
    assert "ws.get_run('pong_1')" in cells.nth(1).inner_text().replace('"', "'")

    # The same by drag and drop.
    run = lab.line("pong_1").bounding_box()
    to = cells.nth(1).bounding_box()
    assert run is not None
    assert to is not None
    mouse = lab.page.mouse
    mouse.move(run["x"] + 60, run["y"] + 20)
    mouse.down()
    mouse.move(run["x"] + 90, run["y"] + 20, steps=4)
    lab.page.locator(".rlw-drag").wait_for()
    mouse.move(to["x"] + 200, to["y"] + 10, steps=8)
    mouse.up()
    lab.wait_until(lambda: cells.count() == 3, "a third cell")
    assert lab.run_page().count() == 0, "the end of a drag is no click"

    lab.page.wait_for_function(
        """() => {
            const context = window.jupyterapp?.shell?.currentWidget?.sessionContext;
            return context?.isReady && context.session?.kernel?.status === "idle";
        }"""
    )
    lab.execute("notebook:run-all-cells")
    lab.page.locator(".rlw-card.jupyter-widgets").first.wait_for(timeout=120_000)
    lab.picture("panel-inserted-cell")


def test_a_thousand_runs_scroll(lab: Lab, own_home: Path) -> None:
    store = Workspace(folder=own_home).store
    for i in range(1000):
        record = RunRecord(
            id=f"run_{i:04}",
            role="parent",
            experiment=f"experiment-{i % 4}",
            type="reinforcementlearning",
            created=time.time() - i,
            status=statuses.COMPLETED,
            ended=time.time(),
            definition={},
        )
        store.runs.add(record, [], {})
    lab.open()
    asked = time.monotonic()
    lab.show_panel()
    lab.lines().nth(3).wait_for()
    painted = time.monotonic() - asked
    counted = lab.page.locator(".rlw-runs-section .rlw-unseen")
    lab.wait_until(lambda: counted.inner_text() == "1,000 runs", "all runs")
    lab.lines().first.focus()
    lab.page.keyboard.press("End")
    lab.wait_until(
        lambda: lab.page.evaluate("() => document.activeElement?.dataset?.runId") is not None,
        "the last run in focus",
    )
    assert lab.lines().count() < 60
    print(f"the list was painted {painted:.2f} s after the panel was asked for")
    lab.picture("panel-thousand")


def test_the_first_step_is_told(lab: Lab) -> None:
    lab.open()
    panel = lab.show_panel()
    panel.get_by_text("There is no run yet").wait_for()
    panel.get_by_role("button", name="New compute target…").click()
    dialog = lab.page.locator(".jp-Dialog")
    dialog.get_by_label("Name").fill("workers")
    dialog.get_by_role("button", name="Create").click()
    panel.locator(".rlw-target", has_text="workers").wait_for()
    panel.get_by_role("button", name="New RL experiment…").click()
    form = lab.run_page()
    form.get_by_text("Environment").first.wait_for()
    lab.picture("panel-first-step")
    lab.use_theme("JupyterLab Dark")
    lab.picture("panel-first-step-dark")


def test_a_server_without_the_extension_is_said(
    make_server: Callable[..., Server], new_lab: Callable[..., Lab]
) -> None:
    without = make_server("--ServerApp.jpserver_extensions=rl_widgets.server=False")
    lab = new_lab(without)
    lab.open()
    panel = lab.show_panel()
    panel.get_by_text("has no rl_widgets extension").wait_for()
    assert panel.locator(".rlw-notice:visible").count() == 1


def test_below_a_base_url(
    make_server: Callable[..., Server], new_lab: Callable[..., Lab], own_home: Path
) -> None:
    recorded(own_home, "pong_1", statuses.COMPLETED)
    lab = new_lab(make_server(base="/user/ann/"), width=900)
    lab.open("rl-widgets/open/pong_1")
    lab.run_page().locator(".u-over").first.wait_for()
    lab.show_panel()
    lab.line("pong_1").wait_for()
    lab.picture("panel-narrow")
