"""The panel in a real JupyterLab, on recorded runs: the list, keyboard, themes, first steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_widgets.store import statuses
from rl_widgets.store.runs import RunRecord
from rl_widgets.workspace import Workspace
from tests.panel.conftest import Lab, Server, recorded
from tests.view.fixture_runs import make

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def test_runs_are_listed_searched_and_opened(lab: Lab, own_home: Path) -> None:
    live = recorded(own_home, "pong_live")
    recorded(own_home, "pong_failed", statuses.FAILED)
    recorded(own_home, "pong_done", statuses.COMPLETED)
    lab.open()
    panel = lab.show_panel()
    lab.wait_until(lambda: lab.lines().count() == 4, "an experiment with three runs")
    for name, state in (("pong_live", "Running"), ("pong_failed", "Failed")):
        lab.line(name).locator(".rlp-badge", has_text=state).wait_for()
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
    page.locator(".rlp-files").get_by_text("driver_log.txt").wait_for()

    lab.line("pong_live").click()
    lab.wait_until(lambda: "pong_live" in page.locator("h1").inner_text(), "the other page")
    best = page.locator(".rlp-fact", has_text="best")
    live.result(61, 17.9)
    lab.wait_until(lambda: "17.9" in best.inner_text(), "the new best in the page", 10)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Whole run").click()
    page.locator(".rlp-chart").get_by_text("Show as table").click()
    lab.wait_until(lambda: page.locator(".rlp-table tbody tr").count() == 50, "the table")
    chart = page.locator(".rlp-chart [role=img]")
    assert "episode_reward_mean: " in (chart.get_attribute("aria-label") or "")
    lab.picture("run-page-live-light")
    lab.use_theme("JupyterLab Dark")
    lab.picture("run-page-live-dark")

    # A reload brings both pages back.
    lab.wait_until(
        lambda: all(lab.server.restores(name) for name in ("pong_live", "pong_failed")),
        "the layout being saved",
    )
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


NARROWER = """() => {
    document.documentElement.style.setProperty("--jp-sidebar-min-width", "180px");
    const { shell } = window.jupyterapp;
    shell.collapseLeft();
    shell.activateById("rl-widgets");
}"""


def test_a_narrow_panel_does_not_overflow(lab: Lab, own_home: Path) -> None:
    name = "a run with a name that no narrow panel has the room for"
    run = make(own_home, run_id="pong_1", display_name=name)
    run.start()
    run.result(1, -20.5)
    run.end(statuses.COMPLETED)
    recorded(own_home, "pong_live")
    lab.open()
    panel = lab.show_panel()
    lab.line("pong_1").wait_for()
    # JupyterLab's themes keep a side panel at 250 pixels; a person's own may allow less.
    lab.page.evaluate(NARROWER)
    panel.wait_for()
    box = panel.bounding_box()
    handle = lab.page.locator("#jp-main-split-panel > .lm-SplitPanel-handle:visible").first
    edge = handle.bounding_box()
    assert box is not None
    assert edge is not None
    mouse = lab.page.mouse
    mouse.move(edge["x"] + edge["width"] / 2, 500)
    mouse.down()
    mouse.move(box["x"] + 200, 500, steps=5)
    mouse.up()
    width = "e => e.getBoundingClientRect().width"
    lab.wait_until(lambda: panel.evaluate(width) < 215, "the narrow panel")
    lab.picture("panel-200-pixels")
    wider = panel.evaluate(
        """panel => [...panel.querySelectorAll('*')]
            .filter(e => e.clientWidth && getComputedStyle(e).overflowX === 'visible')
            .filter(e => e.getBoundingClientRect().right
                > panel.getBoundingClientRect().right + 1)
            .map(e => `${e.tagName} ${e.className}`)"""
    )
    assert wider == []
    cut = lab.line("pong_1").locator(".rlp-run-name")
    assert cut.evaluate("e => e.scrollWidth > e.clientWidth")
    assert name in (lab.line("pong_1").locator(".rlp-run").get_attribute("title") or "")


def test_the_list_is_worked_with_keys_alone(lab: Lab, own_home: Path) -> None:
    for name in ("pong_a", "pong_b"):
        ended = recorded(own_home, name, statuses.COMPLETED)
        assert ended.lock is not None
        ended.lock.close()
    lab.open()
    lab.show_panel()
    lab.wait_until(lambda: lab.lines().count() == 3, "two runs")
    lab.lines().first.focus()
    keys = lab.page.keyboard
    focused = "() => document.activeElement?.dataset?.runId"
    keys.press("ArrowDown")
    lab.wait_until(lambda: lab.page.evaluate(focused) == "pong_b", "the newest run in focus")
    menu = lab.page.locator(".rlp-menu")
    keys.press("ContextMenu")
    menu.get_by_text("Pin to the top").wait_for()
    menu.get_by_text("Cancel run…").wait_for()
    keys.press("Escape")
    menu.wait_for(state="detached")
    lab.wait_until(lambda: lab.page.evaluate(focused) == "pong_b", "the focus where it was")
    keys.press("Enter")
    lab.run_page().get_by_text("Completed").first.wait_for()

    # Delete asks; the focus goes to the run in its place.
    lab.line("pong_b").focus()
    keys.press("Delete")
    dialog = lab.page.locator(".jp-Dialog")
    dialog.get_by_role("button", name="Delete").click()
    lab.wait_until(lambda: lab.lines().count() == 2, "one run less")
    lab.wait_until(lambda: lab.page.evaluate(focused) == "pong_a", "the other run in focus")


#: Scrolls the list by hand, frame by frame, and gives the longest frame in milliseconds.
SCROLLED = """async () => {
    const list = document.querySelector(".rlp-runs .jp-WindowedPanel-outer");
    let [longest, last] = [0, performance.now()];
    for (let i = 0; i < 60; i++) {
        list.scrollTop = i * 400;
        await new Promise(requestAnimationFrame);
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
    }
    return longest;
}"""


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
    counted = lab.page.locator(".rlp-runs-section .rlp-unseen")
    lab.wait_until(lambda: counted.inner_text() == "1,000 runs", "all runs")
    focused = "() => document.activeElement?.dataset?.runId"
    keys = lab.page.keyboard
    lab.lines().first.focus()
    keys.press("End")
    # Experiments come in the order of their newest run: the last one's oldest stands last.
    lab.wait_until(lambda: lab.page.evaluate(focused) == "run_0000", "the last run in focus")
    assert lab.line("run_0000").is_visible()
    assert lab.lines().count() < 60
    keys.press("PageUp")
    lab.wait_until(lambda: lab.page.evaluate(focused) not in (None, "run_0000"), "a page up")
    keys.press("Home")
    lab.wait_until(lambda: lab.lines().first.evaluate("e => e === document.activeElement"), "home")

    # The mouse scrolls the line in focus away: the tab key still reaches the list.
    lab.lines().nth(2).hover()
    keys.press("Tab")
    lab.page.mouse.wheel(0, 9000)
    lab.wait_until(lambda: lab.line("run_0999").count() == 0, "other runs in sight")
    lab.page.get_by_role("button", name="Archived").focus()
    keys.press("Tab")
    lab.wait_until(lambda: lab.page.evaluate(focused) is not None, "a run in focus by tab")
    assert lab.page.evaluate(
        "() => document.activeElement.getBoundingClientRect().top < innerHeight"
    )
    # A frame while the list is scrolled.
    took = lab.page.evaluate(SCROLLED)
    assert lab.page.locator(".Toastify__toast").count() == 0, "no end is told of that was before"
    print(f"the longest frame of a list that is scrolled: {took:.0f} ms")
    print(f"the list was painted {painted:.2f} s after the panel was asked for")
    lab.picture("panel-thousand")


def test_the_first_step_is_told(lab: Lab) -> None:
    lab.open()
    panel = lab.show_panel()
    panel.get_by_text("There is no run yet").wait_for()
    panel.get_by_role("button", name="New compute target…").click()
    target = lab.run_page()
    target.get_by_label("Name", exact=True).fill("workers!")
    lab.picture("new-target")
    wrong = target.locator(".rlp-field", has=lab.page.get_by_label("Name", exact=True))
    wrong.get_by_text("cannot name a compute target").wait_for()
    lab.picture("new-target-refused")
    target.get_by_label("Name", exact=True).fill("workers")
    target.get_by_label("Nodes at most").fill("3")
    target.get_by_role("button", name="Create").click()
    panel.locator(".rlp-target", has_text="workers").get_by_text("of 3").wait_for()
    assert lab.run_page().count() == 0, "the form is closed"
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
    assert panel.locator(".rlp-notice:visible").count() == 1
