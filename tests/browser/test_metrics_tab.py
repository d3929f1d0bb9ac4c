"""The tab of all metrics in a real JupyterLab: a run with 300 of them, a kernel that is busy."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.browser.conftest import Browser, Lab
from tests.view.fixture_runs import FixtureRun, make

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

HOSTILE = "<img src=x onerror=document.body.remove()>"
RUN = "pong_many"

#: The article's own cell keeps the kernel busy: what a person does is answered all the same.
WATCH = f"""
import threading
from rl_widgets import *
RunDetails(Workspace().get_run({RUN!r})).show()
threading.Event().wait(600)
"""

#: Milliseconds from the click on the tab to twelve charts that are painted.
TIME_TO_PAINT = """() => new Promise(resolve => {
    const began = performance.now();
    const tab = [...document.querySelectorAll(".rlw-tabs .lm-TabBar-tab")].find(
        t => t.textContent.trim() === "Metrics");
    const {x, y} = tab.getBoundingClientRect();
    const place = {bubbles: true, button: 0, clientX: x + 5, clientY: y + 5};
    tab.dispatchEvent(new PointerEvent("pointerdown", place));
    tab.dispatchEvent(new PointerEvent("pointerup", place));
    const painted = () => [...document.querySelectorAll(".rlw-small-chart .bqplot")].filter(
        chart => [...chart.querySelectorAll("path.line")].some(
            line => (line.getAttribute("d") || "").length > 10)).length;
    const look = () => requestAnimationFrame(painted() < 12 ? look : () => requestAnimationFrame(
        () => resolve(performance.now() - began)));
    look();
})"""


def log(fixture: FixtureRun, first: int, last: int) -> None:
    """Some iterations of a run with 300 metrics."""
    for i in range(first, last):
        values: dict[str, float] = {
            "episode_reward_mean": -21 + 39 * i / (i + 60),
            "training_iteration": i,
            "num_env_steps_sampled_lifetime": 3000 * i,
            "learner/total_loss": 10 * math.exp(-i / 40),
            "learner/policy_loss": math.sin(i / 9),
            "learner/vf_loss": 3 * math.exp(-i / 90) + 0.2 * math.sin(i),
            "learner/entropy": 1.79 - i / 150,
            "learner/gradient_norm": math.nan if 40 < i < 55 else 1 + math.cos(i / 12),
            HOSTILE: i,
            "x" * 255: i % 7,
            "学習率": 5e-4 * (1 - i / 200),
        }
        values |= {f"own/metric_{k}": math.sin(i / (5 + k)) * (1 + k) for k in range(290)}
        if i == 50:
            values["lonely"] = 3.0
        fixture.logger.log_metrics(values, step=i, env_steps=3000 * i)
    fixture.take_in()


@pytest.fixture
def run(own_home: Path) -> FixtureRun:
    fixture = make(own_home, run_id=RUN)
    fixture.start()
    log(fixture, 1, 120)
    fixture.use_resources()
    return fixture


def test_300_metrics_in_pages(lab: Lab, browser: Browser, run: FixtureRun) -> None:
    lab.write("watch.ipynb", WATCH)
    page = browser.page
    page.set_viewport_size({"width": 1300, "height": 1650})
    browser.open("watch.ipynb")
    browser.run_all()
    view = page.locator(".rlw-card.jupyter-widgets")
    view.locator(".bqplot path.line[d]").first.wait_for(state="attached")
    tab = view.locator(".rlw-metrics")
    charts = tab.locator(".rlw-small-chart")
    figures = charts.locator(".bqplot")
    names = charts.locator(".rlw-small-name")
    # Nothing is there before it is seen.
    assert figures.count() == 0

    page.evaluate(TIME_TO_PAINT)
    assert figures.count() == 12
    browser.picture("metrics-light")

    # Another page in the same figures.
    page.evaluate("() => document.querySelectorAll('.rlw-grid .bqplot').forEach(f => f.kept = 1)")
    first = names.first.inner_text()
    tab.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    browser.wait_until(lambda: names.first.inner_text() != first, "the next page")
    kept = "() => [...document.querySelectorAll('.rlw-grid .bqplot')].filter(f => f.kept).length"
    assert page.evaluate(kept) == 12
    tab.get_by_role("button", name="Previous").click()
    browser.wait_until(lambda: names.first.inner_text() == first, "the page before")

    # What is logged is drawn, with one axis for all.
    lines = figures.nth(0).locator("path.line")
    drawn = lines.evaluate_all("lines => lines.map(line => line.getAttribute('d'))")
    log(run, 120, 240)
    browser.wait_until(
        lambda: lines.evaluate_all("lines => lines.map(line => line.getAttribute('d'))") != drawn,
        "longer lines",
    )

    # Where the pointer is, each chart tells its value.
    last = charts.nth(0).locator(".rlw-small-last")
    box = figures.nth(4).bounding_box()
    assert box is not None
    for x in (0.5, 0.55):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + box["height"] / 2)
    browser.wait_until(lambda: not last.is_visible(), "the cursor")
    assert charts.nth(0).locator(".rlw-small-at").is_visible()
    browser.picture("metrics-cursor")
    view.get_by_role("button", name="Follow").click()
    browser.wait_until(lambda: last.is_visible(), "the last values")

    # A name is text, and is found by a piece of it.
    search = tab.get_by_placeholder("Search metrics")
    search.fill("ONERROR")
    browser.wait_until(lambda: names.all_inner_texts() == [HOSTILE], "the hostile name")
    search.fill("lonely")
    browser.wait_until(lambda: names.all_inner_texts() == ["lonely"], "a single point")
    browser.picture("metrics-single-point")
    search.fill("gradient")
    charts.get_by_text("14 values NaN or infinite.").wait_for()

    # Several in one chart, and back.
    search.fill("loss")
    options = tab.locator("select[multiple] option")
    browser.wait_until(lambda: options.count() == 3, "what was searched")
    tab.locator("select[multiple]").select_option(index=[0, 1, 2])
    together = tab.get_by_role("button", name="The chosen metrics in one chart")
    together.or_(tab.get_by_role("button", name="Draw together")).first.click()
    legend = tab.locator(".rlw-legend")
    browser.wait_until(lambda: legend.count() and legend.is_visible(), "the legend")
    assert all(name in legend.inner_text() for name in ("total_loss", "policy_loss", "vf_loss"))
    one = tab.locator(".bqplot:visible")
    browser.wait_until(lambda: one.count() == 1, "one chart")
    browser.wait_until(lambda: one.locator("path.line[d]").count() >= 3, "three lines")
    tab.get_by_text("Log scale").click()
    one.get_by_text("0.1", exact=True).wait_for()
    browser.picture("metrics-together-log")
    tab.get_by_text("Log scale").click()
    tab.get_by_text("Draw apart").click()
    browser.wait_until(lambda: one.count() == 3, "three charts")
    tab.get_by_text("Show all").click()
    search.fill("")
    browser.wait_until(lambda: one.count() == 12, "all charts")

    # A chart as a table.
    tab.locator(".rlw-as-table").first.click()
    tab.locator("table.rlw-table").wait_for()
    assert figures.count() == 11
    assert "at env steps" in str(charts.first.get_by_role("img").get_attribute("aria-label"))
    browser.use_theme("JupyterLab Dark")
    browser.picture("metrics-dark")

    # A narrow cell: one chart beneath the other, and nothing beyond the edge.
    browser.execute("application:toggle-left-area")
    page.set_viewport_size({"width": 520, "height": 1650})
    columns = "e => getComputedStyle(e).gridTemplateColumns.split(' ').length"
    grid = tab.locator(".rlw-grid")
    browser.wait_until(lambda: grid.evaluate(columns) == 1, "one column")
    assert tab.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    # A figure measures itself again some time after it is seen.
    figures.nth(2).scroll_into_view_if_needed()
    fills = """e => { const box = e.getBoundingClientRect();
        const ends = [...e.querySelectorAll(".tick")].map(t => t.getBoundingClientRect().right);
        return Math.max(...ends) > box.left + 0.85 * box.width; }"""
    browser.wait_until(lambda: figures.nth(2).evaluate(fills), "charts as wide as the cell")
    browser.picture("metrics-narrow-dark")
    assert browser.our_errors() == []
