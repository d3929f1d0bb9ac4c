"""The tab of the checkpoints in a real JupyterLab: what there is, to take along, to go on from."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from rl_widgets import Workspace
from rl_widgets.store import statuses
from tests.browser.conftest import Browser, Lab
from tests.view.fixture_runs import FixtureRun, make
from tests.view.test_checkpoints import delete, save

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture
def run(own_home: Path) -> FixtureRun:
    run = make(Workspace().folder)
    run.start()
    for iteration in range(1, 60):
        run.result(iteration, -21 + iteration / 3, take_in=False)
    first = save(run, 10, -18.0)
    for iteration, reward in ((20, -14.3), (30, -11.0), (40, -7.6), (50, -8.1)):
        save(run, iteration, reward)
    delete(run, first)
    run.write_log("a line\n" * 2000)
    run.end(statuses.FAILED, {"message": "KeyError: 'no such thing'", "type": "KeyError"})
    return run


def test_checkpoints_are_shown_offered_and_gone_on_from(
    lab: Lab, browser: Browser, run: FixtureRun, tmp_path: Path
) -> None:
    lab.write(
        "over.ipynb",
        "from rl_widgets import *\nws = Workspace()",
        f"RunDetails(ws.get_run('{run.run_id}')).show()",
    )
    browser.open("over.ipynb")
    browser.run_all()
    page = browser.page
    view = page.locator(".rlw-card.jupyter-widgets")
    view.wait_for()
    view.get_by_role("tab", name="Checkpoints").click()
    rows = view.locator(".rlw-checkpoints tr")
    rows.nth(5).wait_for()
    assert [row.split("\t")[-1] for row in rows.all_inner_texts()[1:]] == [
        "last", "best", "", "", "deleted",
    ]  # fmt: skip
    view.get_by_role("tab", name="Checkpoints").scroll_into_view_if_needed()
    browser.picture("checkpoints-light")

    view.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as waiting:
        view.get_by_role("link", name="Save attempt-1-iteration-000050.zip").click()
    waiting.value.save_as(tmp_path / "taken.zip")
    names = zipfile.ZipFile(tmp_path / "taken.zip").namelist()
    assert names == ["attempt-1-iteration-000050/learner/state.pkl"]

    files = view.locator(".rlw-files select")
    view.get_by_placeholder("Search the names of files").fill("driver")
    browser.wait_until(lambda: files.locator("option").count() == 1, "the file that was searched")
    files.select_option(index=0)
    view.get_by_role("button", name="Download file").click()
    with page.expect_download() as waiting:
        view.get_by_role("link", name="Save driver_log.txt").click()
    waiting.value.save_as(tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_text() == "a line\n" * 2000

    # This run was never submitted: what hinders a resume is said where it was asked.
    view.get_by_role("button", name="Resume from the last").click()
    view.get_by_text("go on from the last checkpoint?").wait_for()
    view.get_by_role("button", name="Yes, resume it").click()
    view.get_by_text("was not submitted").wait_for()
    browser.use_theme("JupyterLab Dark")
    browser.picture("checkpoints-dark")
    assert browser.our_errors() == []
