"""A real run, from the panel's form to its end: seen by two browsers, over a restarted server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rl_widgets import Workspace
from rl_widgets.store import statuses
from tests.panel.conftest import Lab

ENV_STEPS = "num_env_steps_sampled_lifetime"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.cluster,
    pytest.mark.long,
    pytest.mark.timeout(600),
]


def test_a_run_is_submitted_watched_and_canceled(
    workspace: Workspace, new_lab: Callable[..., Lab]
) -> None:
    first, second = new_lab(), new_lab()
    for lab in (first, second):
        lab.open()
        lab.show_panel().get_by_text("There is no run yet").wait_for()

    first.page.get_by_role("button", name="New RL experiment…").click()
    form = first.run_page()
    # More than CartPole gives: it goes on until it is canceled.
    form.get_by_label("Mean episode reward", exact=True).fill("501")
    form.get_by_label("Checkpoint every", exact=True).fill("3")
    form.get_by_label("Worker nodes", exact=True).fill("1")
    form.get_by_label("Env runners", exact=True).fill("1")
    form.get_by_role("button", name="Submit").click()
    first.wait_until(lambda: second.lines().count() == 2, "the run in the other browser", 60)
    [run] = workspace.experiments["quickstart"].get_runs()

    page = first.run_page()
    page.get_by_text("Running").first.wait_for(timeout=240_000)
    page.locator(".u-over").first.wait_for(timeout=240_000)
    first.picture("run-page-live-light")
    env_steps = page.locator(".rlp-fact", has_text="env steps").first
    before = env_steps.inner_text()
    first.wait_until(lambda: env_steps.inner_text() != before, "more env steps", 120)

    page.get_by_role("tab", name="Checkpoints").click()
    page.get_by_role("tabpanel").locator("tbody tr").first.wait_for()

    # The run goes on without its server, and is found again.
    first.server.stop()
    assert workspace.get_run(run.id).status == statuses.RUNNING
    first.server.start()
    for lab in (first, second):
        lab.open()
        lab.show_panel()
        lab.line(run.id).wait_for()
    first.line(run.id).click()
    page.get_by_text("Running").first.wait_for()

    # Cancel asks first; the other browser sees the end.
    page.get_by_role("button", name="Cancel run").click()
    first.page.locator(".jp-Dialog").get_by_role("button", name="Cancel run").click()
    second.wait_until(
        lambda: "Canceled" in second.line(run.id).inner_text(), "the end in the other browser", 120
    )
    first.page.locator(".Toastify__toast", has_text="Canceled").wait_for()
    first.picture("run-page-canceled")
    assert workspace.get_run(run.id).status == statuses.CANCELED

    # It goes on from what it has saved, as its next attempt.
    def env_steps_made() -> float:
        found = workspace.get_run(run.id).get_metrics(name=ENV_STEPS)[ENV_STEPS]
        return float(max(found) if isinstance(found, list) else found)

    made = env_steps_made()
    page.get_by_role("tab", name="Checkpoints").click()
    page.get_by_role("button", name="Resume from the newest").click()
    first.wait_until(lambda: env_steps_made() > made, "more env steps than before", 240)
    page.get_by_text("Running").first.wait_for()
    assert workspace.get_run(run.id).get_details()["attempt"] == 2
    first.picture("run-page-resumed")
