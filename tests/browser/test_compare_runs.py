"""CompareRuns and the tab of the configuration in a real JupyterLab."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import pytest

from rl_widgets import Workspace
from rl_widgets.store import statuses
from rl_widgets.view.configuration import ALGORITHM_FILE
from tests.browser.conftest import ARTIFACTS, Browser, Lab
from tests.view.test_compare import add, definition, grow

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

COMPARE = """
from rl_widgets import *
ws = Workspace()
runs = [run for run in Experiment(ws, "compare").get_runs()][::-1]
view = CompareRuns(runs)
view.show()
"""


def learning(n: int, seed: int, best: float) -> list[float]:
    wave = [math.sin(i / 7 + seed) for i in range(n)]
    return [-21 + (best + 21) * i / (i + 25) + w for i, w in enumerate(wave)]


def seeds(ws: Workspace) -> None:
    for lr, best in ((0.001, 19), (0.0003, 10)):
        for seed in range(1, 4):
            live = lr == 0.001 and seed == 3
            run = add(
                ws,
                f"lr{lr:g}-seed{seed}",
                learning(80 if live else 160 + 10 * seed, seed, best),
                per=3000,
                status=statuses.RUNNING if live else statuses.COMPLETED,
                definition=definition(lr=lr, seed=seed),
            )
            (ws.run_folder(run.id) / "head").mkdir()


def test_seeds_are_compared_live_and_in_both_themes(
    lab: Lab, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = Workspace()
    seeds(ws)
    live = next(
        r for r in ws.experiments["compare"].get_runs() if r.display_name == "lr0.001-seed3"
    )
    # A lock that is held says that the run has a supervisor.
    from rl_widgets.backend.liveness import RunLock

    lock = RunLock.acquire(ws.run_folder(live.id))
    assert lock is not None
    try:
        lab.write("compare.ipynb", COMPARE)
        browser.open("compare.ipynb")
        browser.run_all()
        page = browser.page
        view = page.locator(".rlw-card.jupyter-widgets")
        view.wait_for()
        assert "Comparison of 6 runs in 2 groups" in view.inner_text()
        assert "5 completed, 1 running" in view.inner_text()
        lines = view.locator(".bqplot path.line")
        browser.wait_until(lambda: lines.count() >= 8, "the lines")
        assert view.locator(".bqplot path.area").count() >= 2
        text = view.inner_text()
        assert "lr 0.001 (mean of 3)" in text
        assert "95 % interval" in text
        assert "bootstrap" in text
        browser.picture("compare-runs-light")
        grow(ws, live.id, [33.5], 3000, time.time() - 200, first=81)
        browser.wait_until(lambda: "33.50" in view.inner_text(), "the new value", 20)
        view.get_by_role("button", name="IQM").click()
        browser.wait_until(lambda: "IQM of 3" in view.inner_text(), "the interquartile mean")
        view.get_by_role("button", name="Iteration").click()
        browser.wait_until(lambda: "iteration" in view.locator(".bqplot").inner_text(), "the axis")
        # A cursor over the chart tells the values of every line.
        box = view.locator(".bqplot").first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
        browser.wait_until(lambda: "at iteration" in view.inner_text(), "the cursor's place")
        view.get_by_role("button", name="Table").click()
        view.locator(".rlw-curve-table tbody tr").first.wait_for()
        with page.expect_download() as saved:
            view.get_by_role("button", name="PNG").click()
        saved.value.save_as(ARTIFACTS / "compare-runs-saved-light.png")
        ws.store.runs.set(live.id, status=statuses.COMPLETED, ended=time.time())
        browser.wait_until(lambda: "6 completed" in view.inner_text(), "the end", 30)
        browser.use_theme("JupyterLab Dark")
        browser.picture("compare-runs-dark")
        assert browser.our_errors() == []
    finally:
        lock.close()


def test_the_configuration_is_searched_copied_and_tensorboard_is_a_click_away(
    lab: Lab, browser: Browser, tmp_path: Path
) -> None:
    ws = Workspace()
    run = add(ws, "configured", learning(50, 1, 10), definition=definition(lr=0.001))
    path = ws.run_folder(run.id) / ALGORITHM_FILE
    path.parent.mkdir(parents=True)
    settings = [
        {"name": n, "group": "training", "value": v, "default": d, "said_as": s}
        for n, v, d, s in (("lr", 0.001, 0.0005, "lr"), ("gamma", 0.99, 0.99, None))
    ]
    notes = ["'sample_async' has no effect in RLlib 2.60."]
    path.write_text(json.dumps({"algorithm": "IMPALA", "settings": settings, "notes": notes}))
    lab.write(
        "configuration.ipynb",
        f"from rl_widgets import *\nRunDetails(Workspace().get_run({run.id!r})).show()",
    )
    browser.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    browser.open("configuration.ipynb")
    browser.run_all()
    page = browser.page
    view = page.locator(".rlw-card.jupyter-widgets")
    view.wait_for()
    view.get_by_text("Configuration", exact=True).click()
    table = view.locator("table.rlw-config")
    table.wait_for()
    assert table.locator("tbody tr").first.inner_text().startswith("Script")
    assert "sample_async" in view.inner_text()
    view.get_by_role("button", name="Copy as Python").click()
    view.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"# The run {run.id} again")
    compile(copied, "cell", "exec")
    view.get_by_placeholder("Search settings").fill("gamma")
    browser.wait_until(lambda: table.locator("tbody tr").count() == 1, "the search")
    view.get_by_placeholder("Search settings").fill("")
    browser.wait_until(lambda: table.locator("tbody tr").count() > 5, "all rows")
    browser.picture("configuration-light")
    # The page's own server has a TensorBoard of the run, under its login.
    link = view.get_by_role("link", name="TensorBoard")
    assert (link.get_attribute("href") or "").endswith(f"/rl-widgets/tensorboard/{run.id}/")
    with page.context.expect_page() as opened:
        link.click()
    board = opened.value
    browser.wait_until(lambda: board.title() == "TensorBoard", "TensorBoard", 90)
    board.close()
    browser.use_theme("JupyterLab Dark")
    browser.picture("configuration-dark")
    assert browser.our_errors() == []
