"""The panel in a real JupyterLab, on recorded runs: list, page, link, cells, keyboard, themes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from rl_widgets.store import statuses
from rl_widgets.store.runs import RunRecord
from rl_widgets.view.configuration import ALGORITHM_FILE
from rl_widgets.workspace import Workspace
from tests.browser.test_episodes_tab import film
from tests.panel.conftest import Lab, Server
from tests.view.fixture_runs import FixtureRun, make
from tests.view.test_checkpoints import save
from tests.view.test_episodes import evaluate, record

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
    keys.press("ContextMenu")
    menu = lab.page.locator(".rlp-menu")
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
    target.get_by_role("button", name="Create").click()
    wrong = target.locator(".form-group", has=lab.page.get_by_label("Name", exact=True)).last
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
