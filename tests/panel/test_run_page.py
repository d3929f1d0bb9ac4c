"""A run's page in a real JupyterLab, on recorded runs: its tabs, links to it, cells made of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from rl_widgets.store import statuses
from rl_widgets.view.configuration import ALGORITHM_FILE
from tests.browser.test_episodes_tab import film
from tests.panel.conftest import Lab, Server, recorded
from tests.view.fixture_runs import FixtureRun, make
from tests.view.test_checkpoints import save
from tests.view.test_episodes import evaluate, record

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def trained(folder: Path, run_id: str, patch: pytest.MonkeyPatch) -> FixtureRun:
    """A run of ten minutes with phases, an evaluation, checkpoints and a configuration."""
    fixture = make(folder, run_id=run_id, ago=3000.0)
    fixture.start()
    began = time.time() - 700.0
    for i in range(1, 201):
        with patch.context() as at:
            at.setattr(
                "rl_widgets.store.logger.time", SimpleNamespace(time=lambda i=i: began + 3.0 * i)
            )
            fixture.result(i, -21 + i * 0.1, take_in=False)
            phases = {f"throughput/phase_{name}_s": 3.0 * share for name, share in PHASES.items()}
            fixture.logger.log_metrics({**phases, "throughput/env_runners": 2.0}, step=i)
    save(fixture, 100, -11.0)
    save(fixture, 200, -1.0)
    settings = [
        {"group": "Training", "name": "lr", "value": 0.0006, "default": 0.0005, "said_as": "lr"},
        {"group": "Training", "name": "gamma", "value": 0.99, "default": 0.99, "said_as": None},
    ]
    algorithm = {
        "algorithm": "IMPALA",
        "settings": settings,
        "versions": {"ray": "2.60.0"},
        "notes": ["num_workers is called num_env_runners now."],
    }
    (fixture.folder / ALGORITHM_FILE).write_text(json.dumps(algorithm))
    return fixture


PHASES = {
    "emulation": 0.5,
    "inference": 0.2,
    "connectors": 0.1,
    "idle": 0.15,
    "learner": 0.4,
    "learner_idle": 0.55,
}


def test_the_tabs_of_a_run(
    lab: Lab, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(own_home, "pong_1", monkeypatch)
    for i in (1, 2):
        evaluate(run, 100 * i, -21.0 + i, span=1.0)
        record(run, 100 * i, film(tmp_path, 60, i), reward=-21.0 + i)
    run.take_in()
    run.end(statuses.FAILED, {"message": "ValueError: no more"})
    asked: list[str] = []
    lab.page.on("request", lambda request: asked.append(request.url))
    lab.open("rl-widgets/open/pong_1")
    page = lab.run_page()
    page.get_by_role("tab", name="Throughput").wait_for()
    lab.wait_until(lambda: page.locator("[role=log]").count() or page.get_by_text("no log"), "logs")
    parts = ("throughput", "diagnosis", "episodes", "checkpoints", "configuration")
    assert not [url for url in asked if any(f"pong_1/{part}" in url for part in parts)]

    front = page.locator("[role=tabpanel]:not([hidden])")

    def show(tab: str) -> None:
        page.get_by_role("tab", name=tab).click()
        front.scroll_into_view_if_needed()

    show("Throughput")
    front.locator(".rlp-limit", has_text="When the run ended").wait_for()
    assert "emulation" in (front.locator("[role=img]").first.get_attribute("aria-label") or "")
    front.get_by_text("sampled, env steps/s").wait_for()
    lab.picture("run-page-throughput-light")
    show("Diagnosis")
    front.locator("p").first.wait_for()
    lab.picture("run-page-diagnosis-light")

    show("Episodes")
    player = front.locator("video")
    player.wait_for()

    def state(words: str) -> float:
        return float(player.evaluate(f"video => Number(video.{words})"))

    lab.wait_until(lambda: state("readyState") >= 1, "the newest video's frames")
    newest = player.get_attribute("src")
    assert (state("paused"), state("autoplay"), state("controls")) == (1, 0, 1)
    assert newest is not None
    assert newest.endswith("200.mp4")
    front.locator(".rlp-video-list button").nth(1).click()
    lab.wait_until(lambda: (player.get_attribute("src") or "").endswith("100.mp4"), "the older")
    player.evaluate("video => { video.muted = true; return video.play(); }")
    lab.wait_until(lambda: state("currentTime") > 0.2, "the video playing")
    assert page.locator("video").count() == 1
    lab.picture("run-page-episodes-light")

    show("Checkpoints")
    paused = "video => video.paused"
    lab.wait_until(lambda: page.locator("video").evaluate(paused), "no play behind another tab")
    front.locator("tbody tr").nth(1).wait_for()
    assert "best, newest" in front.locator("tbody tr").first.inner_text()
    front.get_by_role("button", name="Resume from the newest").wait_for()
    front.get_by_role("button", name="Files of").first.click()
    with lab.page.expect_download() as download:
        front.get_by_role("link", name="state.pkl").click()
    assert Path(download.value.path()).stat().st_size == 1000
    lab.picture("run-page-checkpoints-light")

    show("Configuration")
    front.locator("tbody th", has_text="lr").wait_for()
    front.get_by_text("num_workers is called num_env_runners now.").wait_for()
    lab.picture("run-page-configuration-light")
    front.get_by_role("button", name="Only what differs").click()
    lab.wait_until(lambda: "gamma" not in front.locator("tbody").inner_text(), "fewer settings")

    lab.use_theme("JupyterLab Dark")
    for tab in ("Throughput", "Diagnosis", "Episodes", "Checkpoints", "Configuration"):
        show(tab)
        front.locator("p, table").first.wait_for()
        lab.picture(f"run-page-{tab.lower()}-dark")


def test_a_mark_on_the_chart_opens_its_checkpoint(
    lab: Lab, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(own_home, "pong_1", monkeypatch)
    for i in (50, 150):
        evaluate(run, 3 * i, -21.0 + i / 10)
    run.take_in()
    run.end(statuses.COMPLETED)
    lab.open("rl-widgets/open/pong_1")
    page = lab.run_page()
    page.locator(".rlp-legend", has_text="evaluation (greedy)").wait_for()
    over = page.locator(".rlp-chart .u-over")
    box = over.bounding_box()
    assert box is not None
    # The checkpoint of iteration 100, halfway; the dot at the pointer tells how high the line is.
    x = box["x"] + box["width"] * 99 / 199
    lab.page.mouse.move(x, box["y"] + 5, steps=3)
    dot = page.locator(".rlp-chart .u-cursor-pt").first.bounding_box()
    assert dot is not None
    lab.page.mouse.move(x, dot["y"] + dot["height"] / 2, steps=3)
    lab.wait_until(lambda: over.evaluate("e => e.style.cursor") == "pointer", "the mark's pointer")
    assert "iteration 100" in (over.get_attribute("title") or "")
    lab.picture("run-page-mark-light")
    lab.page.mouse.down()
    lab.page.mouse.up()
    row = page.locator("[role=tabpanel]:not([hidden]) tr.rlp-chosen")
    row.wait_for()
    assert "iteration-000100" in row.inner_text()
    lab.picture("run-page-opened-light")
    lab.use_theme("JupyterLab Dark")
    lab.picture("run-page-opened-dark")
    page.get_by_role("button", name="Evaluation").click()
    page.locator(".rlp-legend", has_text="evaluation").wait_for(state="detached")


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
    lab.page.locator(".rlp-menu").get_by_text("Insert into notebook").click()
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
    lab.page.locator(".rlp-drag").wait_for()
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
