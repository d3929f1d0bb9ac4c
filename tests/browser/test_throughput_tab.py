"""The tab of throughput and learning in a real JupyterLab: what limits a run, and a warning."""

from __future__ import annotations

import math
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from rl_widgets.store import statuses
from tests.browser.conftest import Browser, Lab
from tests.view.fixture_runs import make

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

SHARES = {
    "emulation": 0.55,
    "inference": 0.2,
    "connectors": 0.05,
    "idle": 0.02,
    "learner": 0.4,
    "learner_idle": 0.55,
}


def test_what_limits_a_run_and_how_it_learns_is_live(
    lab: Lab, browser: Browser, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(own_home, run_id="pong_1", ago=900.0)
    run.start()
    began = time.time() - 600.0

    def results(first: int, last: int, **more: float) -> None:
        """A result for each three seconds of the last ten minutes."""
        phases = {f"throughput/phase_{name}_s": 3.0 * share for name, share in SHARES.items()}
        for i in range(first, last):
            with monkeypatch.context() as at:
                clock = SimpleNamespace(time=lambda i=i: began + 3.0 * i)
                at.setattr("rl_widgets.store.logger.time", clock)
                run.result(i, -21 + i / 10, take_in=False)
                run.logger.log_metrics({**phases, "throughput/env_runners": 1.0, **more}, step=i)
        run.take_in()

    results(1, 100)
    lab.write("one.ipynb", "from rl_widgets import *\nRunDetails(Workspace().get_run('pong_1'))")
    browser.open("one.ipynb")
    browser.run_all()
    view = browser.page.locator(".rlw-card.jupyter-widgets")
    view.wait_for()
    view.get_by_role("tab", name="Throughput").click()
    limit = view.locator(".rlw-limit")
    limit.get_by_text("emulation").wait_for()
    bars = view.locator(".rlw-phases")
    assert "emulation" in (bars.first.get_attribute("aria-label") or "")
    assert view.locator(".rlw-finding").count() == 0
    view.locator(".rlw-findings").scroll_into_view_if_needed()
    browser.picture("throughput-light")

    # The same tab, a result later.
    SHARES.update(emulation=0.1, inference=0.1, idle=0.7, learner=0.95, learner_idle=0.0)
    results(100, 199, **{"learner/total_loss": math.nan})
    limit.get_by_text("learner limits the run").wait_for()
    warning = view.locator(".rlw-finding", has_text="learner/total_loss is NaN")
    warning.wait_for()
    browser.use_theme("JupyterLab Dark")
    browser.picture("throughput-dark")
    run.end(statuses.COMPLETED)
    limit.get_by_text("When the run ended").wait_for()
    assert browser.our_errors() == []
