"""The reward chart in a real JupyterLab: read, zoomed, compared, saved, while a cell is busy."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from playwright.sync_api import Locator

from rl_widgets.store import statuses
from rl_widgets.store.logger import RunLogger
from tests.browser.conftest import ARTIFACTS, Browser, Lab
from tests.view.fixture_runs import FixtureRun, make

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

RUN, OTHER = "pong_1700000000_0badcafe", "pong_1700000001_0badf00d"


def result(fixture: FixtureRun, i: int, shift: float = 0.0) -> None:
    """One training result of a run that learns Pong, with all that goes with its mean."""
    mean = -20.8 + 39.2 / (1 + math.exp(-(i - 90 - shift) / 16)) + 0.8 * math.sin(i * 1.7)
    fixture.logger.log_metrics(
        {
            "training_iteration": i,
            "num_env_steps_sampled_lifetime": i * 16_000,
            "episodes_total": i * 6,
            "episode_reward_mean": mean,
            "episode_reward_min": max(-21.0, mean - 4.5),
            "episode_reward_max": min(21.0, mean + 3.5),
            "episodes_in_mean": min(100, i * 6),
        },
        step=i,
        env_steps=i * 16_000,
    )


def learned(home: Path, run_id: str, n: int, shift: float = 0.0) -> FixtureRun:
    fixture = make(home, run_id=run_id)
    fixture.start()
    for i in range(1, n + 1):
        if i >= 12:
            result(fixture, i, shift)
        if i in (60, 100, 140):
            details = {"path": f"head/checkpoints/{i}", "attempt": 1}
            fixture.logger.log_event(
                "checkpoint", f"Checkpoint of iteration {i}", i, i * 16_000, **details
            )
            (fixture.folder / "head/checkpoints" / str(i)).mkdir(parents=True)
    for i in range(20, n, 20):
        values = {"evaluation/episode_reward_mean": -21 + i / 6}
        fixture.logger.log_metrics(values, step=i, env_steps=i * 16_000)
    (fixture.folder / "head/videos").mkdir()
    for i, name in ((90, "older.mp4"), (120, "newer.mp4")):
        path = f"head/videos/{name}"
        (fixture.folder / path).write_bytes(name.encode())
        fixture.logger.log_event("video", f"Video of {i}", i, i * 16_000, path=path, size=9)
    (fixture.folder / "worker/nodes/worker-1").mkdir(parents=True)
    (fixture.folder / "worker/nodes/worker-1/raylet.err").write_text("killed\n")
    fixture.logger.log_event("node_lost", "worker-1 was lost", 75, 75 * 16_000, node="worker-1")
    fixture.take_in()
    return fixture


#: The article's own cell, and who looks at it meanwhile.
WATCH = f"""
from rl_widgets import *
ws = Workspace()
run = ws.get_run({RUN!r})
RunDetails(run).show()
run.wait_for_completion(raise_on_error=False)["status"]
"""


def legend(view: Locator) -> str:
    return str(view.locator(".rlw-legend").inner_text()).replace("\n", " ")


def test_the_chart_is_used_while_the_cell_is_busy(
    lab: Lab, browser: Browser, own_home: Path
) -> None:
    fixture = learned(own_home, RUN, 150)
    learned(own_home, OTHER, 190, shift=25).end(statuses.COMPLETED)
    lab.write("reward.ipynb", WATCH)
    browser.page.set_viewport_size({"width": 1300, "height": 1250})
    browser.open("reward.ipynb")
    browser.run_all()
    page = browser.page
    view = page.locator(".rlw-card.jupyter-widgets")
    view.locator(".rlw-reward path.line[d]").first.wait_for(state="attached")
    browser.wait_until(lambda: "mean of 100 episodes" in legend(view), "the legend")
    page.wait_for_timeout(1000)
    browser.picture("reward-chart-live-light")

    # Read: the pointer tells a place, and the legend its values.
    chart = view.locator(".rlw-reward")
    box = chart.bounding_box()
    assert box is not None
    latest = legend(view)
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 120)
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 120, steps=6)
    browser.wait_until(lambda: "mean of" not in legend(view), "the values at the cursor")
    assert legend(view) != latest
    box_then = chart.bounding_box()
    assert box_then is not None
    assert box_then["y"] == box["y"], "the chart moves under the pointer"
    browser.picture("reward-chart-read-light")
    # The cursor is joined with the charts of the other metrics, wherever it is moved.
    view.get_by_role("tab", name="Metrics").click()
    small = view.locator(".rlw-tabs .bqplot").first
    small.wait_for()
    chart.scroll_into_view_if_needed()
    place = chart.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] * 0.6, place["y"] + 120, steps=3)
    browser.wait_until(lambda: small.locator("path.line[d^=M]").count() >= 2, "the other cursor")
    page.wait_for_timeout(600)
    browser.picture("reward-chart-joined-light")
    view.get_by_role("tab", name="Logs").click()
    page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer").first.evaluate("e => e.scrollTop = 0")
    box = chart.bounding_box()
    assert box is not None
    view.get_by_title("Back to the newest points").click()
    browser.wait_until(lambda: legend(view) == latest, "the newest values")

    # A mark tells what it is.
    dot = chart.locator(".dot").first
    dot.hover()
    told = page.locator(".bqplot_mark_tooltip:visible")
    told.wait_for()
    assert "Checkpoint of iteration 60" in told.inner_text()
    browser.picture("reward-chart-mark-light")
    dot.click()
    page.locator(".rlw-tabs .lm-mod-current", has_text="Checkpoints").wait_for()
    # A click opens the thing itself: the row of this checkpoint, this video, this node.
    row = view.locator(".rlw-checkpoints tr.rlw-chosen")
    row.wait_for()
    assert row.inner_text().startswith("60")
    browser.picture("reward-chart-opened-light")
    chart.locator(".dot[style*='34, 166, 179']").first.click()
    view.get_by_text("weights of 1,440,000 env steps").wait_for()
    chart.locator(".dot[style*='224, 82, 95']").first.click()
    view.locator(".rlw-children-box tr.rlw-chosen", has_text="worker-1").wait_for()
    view.get_by_text("killed", exact=True).wait_for()
    browser.picture("reward-chart-node-light")
    latest_evaluation = view.locator(".rlw-entry", has_text="evaluation (greedy)")
    view.get_by_role("button", name="Evaluation").click()
    latest_evaluation.wait_for(state="detached")
    view.get_by_role("button", name="Evaluation").click()
    latest_evaluation.wait_for()
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None

    # Zoom: the wheel and the mouse move the x-axis, and a new point does not.
    view.get_by_role("button", name="Zoom", exact=True).click()
    view.get_by_role("button", name="Zoom in").wait_for()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + 120)
    page.mouse.wheel(0, -900)
    browser.wait_until(lambda: "1.6M" in ticks(chart) and "0" not in ticks(chart), "the zoom")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + 120, steps=6)
    page.mouse.up()
    page.wait_for_timeout(500)
    moved = ticks(chart)
    for i in range(151, 156):
        result(fixture, i)
    fixture.take_in()
    browser.wait_until(lambda: "155" in view.inner_text(), "the new points")
    page.wait_for_timeout(500)
    assert ticks(chart) == moved
    browser.picture("reward-chart-zoom-light")
    view.get_by_title("Back to the newest points").click()
    browser.wait_until(lambda: "0" in ticks(chart), "the live end")
    view.get_by_role("button", name="Read", exact=True).click()

    # Another run beside it.
    view.get_by_role("button", name="Compare").click()
    name = view.get_by_placeholder("A run of this workspace")
    name.fill(OTHER)
    name.press("Tab")
    view.get_by_role("button", name="Add").click()
    browser.wait_until(lambda: OTHER in legend(view), "the reference")
    name.fill("nothing.csv")
    name.press("Tab")
    view.get_by_role("button", name="Add").click()
    view.get_by_text("There is no file 'nothing.csv'.").wait_for()
    slider = view.get_by_role("slider")
    slider.focus()
    for _ in range(9):
        slider.press("PageUp")
    browser.wait_until(lambda: "mean, smoothed" in legend(view), "the smoothing")
    view.get_by_role("button", name="Table").click()
    view.locator(".rlw-curve-table tbody tr").first.wait_for()
    page.wait_for_timeout(400)
    browser.picture("reward-chart-compared-light")
    browser.use_theme("JupyterLab Dark")
    page.wait_for_timeout(600)
    browser.picture("reward-chart-compared-dark")

    # What the picture says beside the page is not in the page, and not under its pointer.
    assert view.locator(".rlw-reward text.label").count() > 10
    assert not view.locator(".rlw-reward text.label").first.is_visible()
    for theme, name in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        browser.use_theme(theme)
        page.wait_for_timeout(600)
        with page.expect_download() as saved:
            view.get_by_role("button", name="PNG").click()
        assert saved.value.suggested_filename == f"{RUN}_episode_reward_mean.png"
        picture = ARTIFACTS / f"reward-chart-saved-{name}.png"
        saved.value.save_as(picture)
        assert picture.read_bytes().startswith(b"\x89PNG")
    view.get_by_role("button", name="CSV").click()
    with page.expect_download() as saved:
        view.locator("a.rlw-download").click()
    assert saved.value.suggested_filename == f"{RUN}_episode_reward_mean.csv"
    rows = Path(saved.value.path()).read_text().splitlines()
    assert rows[0].startswith("time_s,attempt,iteration,env_steps,episode_reward_mean")
    assert len(rows) == 1 + 155 - 11

    fixture.end(statuses.COMPLETED)
    page.locator(".jp-OutputArea-output pre", has_text="'Completed'").wait_for()
    assert browser.our_errors() == []


def test_a_resumed_run_in_a_narrow_cell(lab: Lab, browser: Browser, own_home: Path) -> None:
    fixture = learned(own_home, RUN, 90)
    second = RunLogger.to_spool(fixture.folder, "head", attempt=2)
    for i in range(80, 131):
        values = {"num_env_steps_sampled_lifetime": i * 16_000, "training_iteration": i}
        for name, value in (("mean", 1.0), ("min", -0.5), ("max", 1.5)):
            values[f"episode_reward_{name}"] = value * (i - 70) / 3
        second.log_metrics(values, step=i, env_steps=i * 16_000)
    fixture.take_in()
    fixture.end(statuses.FAILED, {"message": "ValueError: no"})
    lab.write("narrow.ipynb", f"from rl_widgets import *\nRunDetails(Workspace().get_run({RUN!r}))")
    # As wide as half a page, or a page at 200 %.
    page = browser.page
    page.set_viewport_size({"width": 650, "height": 1500})
    browser.open("narrow.ipynb")
    browser.execute("application:toggle-left-area")
    browser.run_all()
    view = page.locator(".rlw-card.jupyter-widgets")
    view.locator(".rlw-reward path.line[d]").first.wait_for(state="attached")
    view.locator(".rlw-reward").scroll_into_view_if_needed()
    browser.wait_until(lambda: "resumed" in legend(view), "the beginning of the attempt")
    page.wait_for_timeout(600)
    browser.picture("reward-chart-narrow-light")
    assert view.evaluate("card => card.scrollWidth <= card.clientWidth")
    view.get_by_role("button", name="Time", exact=True).click()
    view.locator(".rlw-reward .axislabel", has_text="time since the start").wait_for()
    view.get_by_role("button", name="Log scale").click()
    view.get_by_text("left out of the logarithmic axis").wait_for()
    page.wait_for_timeout(600)
    browser.use_theme("JupyterLab Dark")
    browser.picture("reward-chart-narrow-dark")
    view.get_by_role("button", name="Iteration", exact=True).click()
    browser.wait_until(lambda: "at iteration 130" in legend(view), "the other axis")
    # A click on a mark opens what it stands for, wherever on the page that is.
    page.set_viewport_size({"width": 650, "height": 600})
    choice = view.locator(".rlw-tabs select:focus")
    assert choice.count() == 0
    view.locator(".rlw-reward .dot").first.click()
    page.locator(".rlw-tabs .lm-mod-current", has_text="Checkpoints").wait_for()
    browser.wait_until(lambda: choice.count() == 1, "the list of checkpoints has the keyboard")
    box = choice.bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= 600 - box["height"]
    assert browser.our_errors() == []


def ticks(chart: Locator) -> list[str]:
    """The words along the x-axis."""
    words = chart.locator("g.axis").first.locator(".tick text")
    return [text.strip() for text in words.all_text_contents()]
