"""The tab of evaluations and videos in a real JupyterLab: a real video of a game plays."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rl_widgets.rllib.pictures import AtariPictures
from rl_widgets.rllib.video import VideoWriter
from tests.browser.conftest import Browser, Lab
from tests.view.fixture_runs import FixtureRun, make
from tests.view.test_episodes import evaluate, record

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def film(folder: Path, steps: int, seed: int) -> bytes:
    """A game of Pong with random actions, as the evaluator records it."""
    pictures = AtariPictures("PongNoFrameskip-v4", {"dim": 42})
    writer = VideoWriter(folder / ".partial.mp4", pictures.fps, pictures.scale)
    dice = np.random.default_rng(seed)
    writer.add(pictures.reset(seed))
    for _ in range(steps):
        writer.add(pictures.step(dice.integers(0, 6, 1)))
    pictures.close()
    path = folder / f"{seed}.mp4"
    writer.close(path)
    return path.read_bytes()


@pytest.fixture
def fixture(own_home: Path, tmp_path: Path) -> FixtureRun:
    run = make(own_home, run_id="pong_1")
    run.start()
    for i in range(1, 61):
        run.result(i, -21 + i * 0.3, take_in=False)
    for i in range(1, 9):
        evaluate(run, 7 * i, -21 + 3.5 * i, span=2.0 if i % 3 == 0 else 0.0)
        data = film(tmp_path, 90 if i < 8 else 150, i)
        reason = "checkpoint" if i == 4 else "evaluation"
        record(run, 7 * i, data, reward=-21 + 3.5 * i, reason=reason, length=1000 + i, shown=900)
    run.take_in()
    return run


def test_a_video_plays_in_the_notebook(lab: Lab, browser: Browser, fixture: FixtureRun) -> None:
    lab.write("a.ipynb", "from rl_widgets import *\nRunDetails(Workspace().get_run('pong_1'))")
    browser.page.set_viewport_size({"width": 1250, "height": 1500})
    browser.open("a.ipynb")
    browser.run_all()
    page = browser.page
    view = page.locator(".rlw-card.jupyter-widgets")
    view.locator(".lm-TabBar-tab", has_text="Episodes").click()
    choices = view.locator(".rlw-video-list option")
    browser.wait_until(lambda: choices.count() == 8, "the list of videos")
    # ipywidgets has the spaces of a list's lines not broken.
    assert (
        choices.first.inner_text().replace("\xa0", " ").startswith("56,000 env steps · reward 7.00")
    )
    assert page.locator("video").count() == 0
    view.get_by_role("button", name="Show the newest").click()
    player = page.locator("video")
    player.wait_for(timeout=20_000)

    def state(words: str) -> float:
        return float(player.evaluate(f"video => Number(video.{words})"))

    browser.wait_until(lambda: state("readyState") >= 2, "frames of the video")
    assert math.isclose(state("duration"), 151 / 30, abs_tol=0.1)
    assert (state("videoWidth"), state("videoHeight")) == (320, 420)
    assert (state("paused"), state("autoplay"), state("loop"), state("controls")) == (1, 0, 0, 1)
    assert player.evaluate("video => video.error") is None
    # It plays when a person has it play.
    player.evaluate("video => { video.muted = true; return video.play(); }")
    browser.wait_until(lambda: state("currentTime") > 0.5, "the video playing")
    player.evaluate("video => video.pause()")
    view.scroll_into_view_if_needed()
    browser.picture("episodes-light")

    # By keyboard, in the same player.
    view.get_by_role("button", name="Older").focus()
    page.keyboard.press("Enter")
    browser.wait_until(lambda: abs(state("duration") - 91 / 30) < 0.1, "the second video")
    assert page.locator("video").count() == 1
    assert state("paused") == 1
    browser.use_theme("JupyterLab Dark")
    browser.picture("episodes-dark")

    # A new one comes to the list while this one stays where it is.
    player.evaluate("video => { video.currentTime = 1; }")
    record(fixture, 70, film(fixture.folder, 60, 9), reward=9.0, length=60, shown=60)
    evaluate(fixture, 70, 9.0)
    fixture.take_in()
    browser.wait_until(lambda: choices.count() == 9, "the new video in the list")
    assert state("currentTime") >= 0.9
    assert view.locator(".rlw-video-list select").evaluate("s => s.selectedIndex") == 2

    # Narrow: nothing is wider than its page.
    page.set_viewport_size({"width": 620, "height": 1700})
    browser.wait_until(
        lambda: player.evaluate("v => v.getBoundingClientRect().right <= innerWidth + 1"),
        "the player inside of a narrow page",
    )
    figures = view.locator(".rlw-evaluation-figures")
    for part in (figures.locator(".rlw-fact").nth(1), figures.locator(".rlw-evaluations")):
        assert part.evaluate(
            "e => e.getBoundingClientRect().right"
            " <= e.closest('.rlw-card').getBoundingClientRect().right"
        )
    player.scroll_into_view_if_needed()
    browser.picture("episodes-narrow")
    assert browser.our_errors() == []
