"""RunDetails in Notebook 7, which is JupyterLab's widgets on a page of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator

from rl_widgets.store import statuses
from tests.browser.conftest import Browser, Lab
from tests.view.fixture_runs import make
from tests.view.test_checkpoints import save
from tests.view.test_episodes import record

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def test_a_run_is_watched_in_notebook_7(lab: Lab, browser: Browser, own_home: Path) -> None:
    fixture = make(own_home, run_id="pong_1")
    fixture.start()
    fixture.result(1, -21.0)
    fixture.result(2, -20.0)
    fixture.write_log("learning\n")
    record(fixture, 1, b"a video")
    save(fixture, 2, 1.0)
    lab.write("one.ipynb", "from rl_widgets import *\nRunDetails(Workspace().get_run('pong_1'))")
    page = browser.page
    page.goto(f"{lab.base}/notebooks/one.ipynb?token={lab.token}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", state="visible")
    page.get_by_text("Python 3", exact=False).first.wait_for()
    browser.wait_for_kernel()
    # What Notebook says of its own settings while it starts is not ours.
    browser.errors.clear()
    browser.run_all()
    view = page.locator(".rlw-card.jupyter-widgets")
    view.wait_for()
    line = view.locator(".bqplot path.line[d]").first
    line.wait_for(state="attached")
    fixture.result(3, -5.0)
    facts = view.locator(".rlw-fact", has_text="best")
    browser.wait_until(lambda: "-5" in facts.inner_text(), "the new reward")
    browser.picture("notebook-7")

    # Every tab answers, also while its run goes on.
    def tab(name: str, shown: Locator) -> None:
        view.get_by_role("tab", name=name).click()
        shown.first.wait_for()
        browser.picture(f"notebook-7-{name.lower()}")

    tab("Metrics", view.locator(".rlw-small-chart .bqplot path.line"))
    tab("Throughput", view.get_by_text("env steps/s"))
    tab("Episodes", view.locator(".rlw-video-list option"))
    tab("Checkpoints", view.locator(".rlw-checkpoints tr", has_text="1.0"))
    tab("Configuration", view.locator("table.rlw-config tr"))
    tab("Logs", view.locator(".rlw-log", has_text="learning"))
    view.get_by_role("button", name="Time", exact=True).click()
    view.locator(".rlw-reward .axislabel", has_text="time since the start").wait_for()
    fixture.end(statuses.COMPLETED)
    view.get_by_text("Completed").first.wait_for()
    assert not page.locator(".rlw-saved").first.is_visible()
    assert browser.our_errors() == []
