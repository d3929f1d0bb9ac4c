"""Logs, child runs and the head of the view in a real JupyterLab, of runs without Ray."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from playwright.sync_api import Locator

from rl_widgets.store import statuses
from tests.browser.conftest import Browser, Lab
from tests.view.fixture_runs import FixtureRun, make
from tests.view.test_children import many

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CELL = "from rl_widgets import *\nRunDetails(Workspace().get_run('pong_{}'))"


def running(folder: Path, name: str) -> FixtureRun:
    fixture = make(folder, run_id=f"pong_{name}")
    fixture.start()
    chance = random.Random(1)
    for i in range(1, 60):
        fixture.result(i, -21 + i * 0.3, take_in=False)
        for child, node in (("head", "head"), ("worker", "worker-0"), ("worker", "worker-1")):
            fixture.logger.for_child(child).log_metrics(
                {
                    f"resources/{node}/cpu": chance.uniform(0.4, 1.9),
                    f"resources/{node}/memory_gb": 1 + i * 0.05,
                }
            )
    fixture.take_in()
    fixture.write_log(
        "".join(
            f"\x1b[36m(SingleAgentEnvRunner pid={1000 + i % 4})\x1b[0m \x1b[32mepisode {i}\x1b[0m "
            f"ended with reward {-21 + i % 9}.0\n"
            for i in range(5_000)
        )
    )
    for child, node in (("head", "head"), ("worker", "worker-0"), ("worker", "worker-1")):
        logs = fixture.folder / child / "nodes" / node
        logs.mkdir(parents=True)
        for file in ("raylet.out", "worker-" + "ab" * 28 + "-01000000-4711.out"):
            (logs / file).write_text(f"{file} of {node}\n" * 20)
    return fixture


def shown_view(browser: Browser) -> Locator:
    view = browser.page.locator(".rlw-card.jupyter-widgets")
    view.wait_for()
    return view


def test_a_log_is_followed_searched_and_paged(lab: Lab, browser: Browser, own_home: Path) -> None:
    fixture = running(own_home, "logs")
    lab.write("logs.ipynb", CELL.format("logs"))
    browser.open("logs.ipynb")
    browser.run_all()
    view = shown_view(browser)
    pane = view.locator(".rlw-log")
    pane.get_by_text("episode 4999").wait_for()
    # The live end is what is seen, and it stays so as the log grows.
    fixture.write_log("a new line\n" * 30 + "the newest line\n")
    browser.wait_until(lambda: seen(pane, "the newest line"), "the newest line in the box")
    browser.picture("logs-live-light")
    # Text that a person has selected stays while lines come.
    pane.get_by_text("episode 4100", exact=True).scroll_into_view_if_needed()
    pane.get_by_text("episode 4100", exact=True).click(click_count=2)
    selected = browser.page.evaluate("getSelection().toString()")
    assert selected.strip()
    fixture.write_log("one more line\n")
    browser.wait_until(lambda: "one more line" in pane.inner_text(), "one more line")
    assert browser.page.evaluate("getSelection().toString()") == selected

    # A search over the whole file jumps to what it finds, with lines before and after.
    view.get_by_placeholder("Search the whole log").fill("EPISODE 12")
    view.get_by_placeholder("Search the whole log").press("Enter")
    view.get_by_text("1 of 111 lines").wait_for()
    here = pane.locator(".rlw-here")
    assert "episode 12 ended" in here.inner_text()
    assert seen(pane, "episode 12")
    view.get_by_role("button", name="Next", exact=True).click()
    view.get_by_text("2 of 111 lines").wait_for()
    browser.wait_until(lambda: "episode 120 ended" in here.inner_text(), "the next line")
    assert seen(pane, "episode 12")
    browser.picture("logs-search-light")
    browser.use_theme("JupyterLab Dark")
    browser.picture("logs-search-dark")
    browser.use_theme("JupyterLab Light")

    # Pages; the kernel sends a page, never the file.
    view.get_by_role("button", name="Start", exact=True).click()
    pane.get_by_text("episode 0", exact=True).wait_for()
    assert seen(pane, "episode 0")
    view.get_by_role("button", name="Newer").click()
    pane.get_by_text("episode 1000", exact=True).wait_for()
    browser.wait_until(lambda: seen(pane, "episode 1000"), "the page's beginning")
    view.get_by_role("button", name="Older").click()
    browser.wait_until(lambda: seen(pane, "episode 999"), "the page's end")
    view.get_by_role("button", name="End", exact=True).click()
    browser.wait_until(lambda: seen(pane, "one more line"), "the end")

    # Another log, and a download of it.
    view.locator(".rlw-log-bar select").first.select_option(label="Node worker-1")
    pane.get_by_text("of worker-1").first.wait_for()
    view.locator(".rlw-log-heading", has_text="worker-1: process 4711: output").wait_for()
    view.get_by_role("button", name="Download", exact=True).click()
    with browser.page.expect_download() as download:
        view.get_by_text("Save worker-abab").click()
    file = download.value.path()
    assert file.read_text().count("of worker-1") == 20
    browser.picture("logs-node-light")
    assert browser.our_errors() == []


def test_child_runs_and_the_head_of_the_view(lab: Lab, browser: Browser, own_home: Path) -> None:
    fixture = running(own_home, "children")
    failed = running(own_home, "failed")
    trace = "Traceback (most recent call last):\n" + "".join(
        f'  File "train.py", line {i}, in step\n    reward += step({i})\n' for i in range(60)
    )
    trace += "ValueError: no environment <Pong>\n"
    failed.write_log(trace)
    failed.end(
        statuses.FAILED,
        {"message": "ValueError: no environment <Pong>", "file": "train.py", "line": 59}
        | {"traceback": trace},
    )
    lab.write("children.ipynb", CELL.format("children"), CELL.format("failed"))
    browser.open("children.ipynb")
    browser.run_all()
    views = browser.page.locator(".rlw-card.jupyter-widgets")
    browser.wait_until(lambda: views.count() == 2, "both views")
    view = views.first
    table = view.locator("table.rlw-children")
    table.locator("svg").first.wait_for()
    assert table.locator("tr.rlw-child").count() == 2
    assert "of 4 cores" in table.inner_text()
    view.get_by_text("min left").first.wait_for()
    # One click on the id selects all of it; with the keyboard a field does.
    view.locator("code.rlw-id").click()
    assert browser.page.evaluate("getSelection().toString()").strip() == "pong_children"
    view.get_by_text("Copy its id, folder or code").click()
    browser.page.keyboard.press("Tab")
    assert browser.page.evaluate("document.activeElement.value") == "pong_children"
    assert browser.page.evaluate(
        "document.activeElement.selectionEnd - document.activeElement.selectionStart"
    ) == len("pong_children")
    browser.picture("children-light")

    # A choice shows one child's nodes and logs.
    view.get_by_role("button", name="Workers").click()
    browser.wait_until(lambda: table.locator("tr.rlw-child").count() == 1, "the workers alone")
    view.locator(".rlw-log-heading", has_text="worker-0").wait_for()
    # What a person has opened stays open while the run goes on.
    assert view.locator(".rlw-who details[open]").count() == 1
    view.get_by_role("button", name="Whole run").click()
    view.locator(".rlw-log-heading", has_text="driver_log.txt").wait_for()

    # A dead node is seen at once; of 64 some are shown.
    worker = many(fixture, 64)
    fixture.workspace.store.nodes.set(worker, "worker-40", state="dead", reason="ended by SIGKILL")
    view.get_by_text("The node worker-40 died (ended by SIGKILL)").wait_for()
    assert table.locator(".rlw-badge.rlw-bad").inner_text() == "dead"
    browser.picture("children-dead-light")
    view.get_by_role("button", name="Show all 65 nodes").click()
    table.get_by_text("worker-63").wait_for()
    view.get_by_role("button", name="Show fewer nodes").click()
    browser.wait_until(lambda: table.get_by_text("worker-63").count() == 0, "few nodes")

    # The cause of a failure comes first; of a long traceback the end is seen.
    failure = views.nth(1).locator(".rlw-failure")
    failure.scroll_into_view_if_needed()
    last = failure.locator(".rlw-trace pre")
    assert last.evaluate(
        "pre => pre.getBoundingClientRect().bottom <= "
        "pre.parentElement.getBoundingClientRect().bottom + 2"
    )
    browser.picture("failure-light")
    browser.use_theme("JupyterLab Dark")
    view.scroll_into_view_if_needed()
    browser.picture("children-dark")
    browser.page.set_viewport_size({"width": 620, "height": 1700})
    browser.picture("children-narrow-dark")
    assert browser.our_errors() == []


def seen(pane: Locator, text: str) -> bool:
    """Whether a text stands in the visible part of the box."""
    return bool(
        pane.evaluate(
            """(pane, text) => {
                const walker = document.createTreeWalker(pane, NodeFilter.SHOW_TEXT);
                const box = pane.getBoundingClientRect();
                while (walker.nextNode()) {
                    const at = walker.currentNode.data.lastIndexOf(text);
                    if (at < 0) continue;
                    const range = document.createRange();
                    range.setStart(walker.currentNode, at);
                    range.setEnd(walker.currentNode, at + text.length);
                    const line = range.getBoundingClientRect();
                    if (line.top >= box.top - 1 && line.bottom <= box.bottom + 1) return true;
                }
                return false;
            }""",
            text,
        )
    )
