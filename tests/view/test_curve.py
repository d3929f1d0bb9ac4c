"""A curve: its band, smoothing and window, what a logarithm leaves out, what happened on it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rl_widgets.store.logger import RunLogger
from rl_widgets.view.charts import legend, picture, plot, reward_lines
from rl_widgets.view.charts.curve import MAX_POINTS, Curve, Look
from rl_widgets.view.charts.lines import Line, frame
from rl_widgets.view.charts.marks import EventMark, grouped
from rl_widgets.view.charts.smoothing import smoothed
from rl_widgets.view.charts.ticks import log_ticks, ticks
from rl_widgets.view.events import Event
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import FixtureRun, make


@pytest.fixture
def fixture(tmp_path: Path) -> FixtureRun:
    run = make(tmp_path / "ws")
    run.start()
    return run


def log(
    fixture: FixtureRun, i: int, mean: float, attempt: int | None = None, **more: float
) -> None:
    logger = fixture.logger
    if attempt is not None:
        logger = RunLogger.to_spool(fixture.folder, "head", attempt=attempt)
    values = {"episode_reward_mean": mean, "num_env_steps_sampled_lifetime": i * 100.0, **more}
    logger.log_metrics(values, step=i, env_steps=i * 100)


def read(fixture: FixtureRun) -> Curve:
    fixture.take_in()
    return RunReader.of(fixture.run).read().curve


def test_the_band_is_of_what_was_logged_and_says_of_how_many_episodes(fixture: FixtureRun) -> None:
    for i in range(1, 5):
        edges = {"episode_reward_min": i - 1.0, "episode_reward_max": i + 1.0}
        if i == 3:
            edges["episode_reward_max"] = math.inf
        log(fixture, i, float(i), episodes_in_mean=10.0 * i, **edges)
    drawn = read(fixture)
    assert drawn.band_x.tolist() == [100, 200, 300, 400]
    np.testing.assert_equal(drawn.low, [0, 1, np.nan, 3])
    np.testing.assert_equal(drawn.high, [2, 3, np.nan, 5])
    assert reward_lines.where(drawn, None, newest=True) == "mean of 40 episodes, at env steps 400"
    [main] = reward_lines.lines(drawn)
    found = legend.entries([main, *reward_lines.target(drawn)], None)
    assert [(e.label, e.value) for e in found] == [
        ("mean", "4.00"),
        ("min to max", "3.00 to 5.00"),
        ("target", "18.00"),
    ]


def test_a_script_that_logs_no_extremes_has_no_band(fixture: FixtureRun) -> None:
    log(fixture, 1, 1.0)
    drawn = read(fixture)
    assert not len(drawn.low)
    assert reward_lines.lines(drawn)[0].band() is None


def test_a_long_band_keeps_its_extremes(fixture: FixtureRun) -> None:
    for i in range(1, 3001):
        low = -50.0 if i == 1234 else 0.0
        log(fixture, i, 1.0, episode_reward_min=low, episode_reward_max=2.0)
    drawn = read(fixture)
    assert len(drawn.band_x) == 500
    assert (drawn.band_x[0], drawn.band_x[-1]) == (100, 300_000)
    assert drawn.low.min() == -50.0


def test_smoothing_is_debiased_and_keeps_gaps() -> None:
    y = np.array([4.0, 4.0, np.nan, 4.0, 8.0])
    found = smoothed(y, 0.5)
    np.testing.assert_allclose(found[[0, 1, 3]], 4.0)
    assert np.isnan(found[2])
    # 8 counts 1, and those before it 1/2, 1/4 and 1/8.
    assert found[4] == pytest.approx((8 + 4 * (0.5 + 0.25 + 0.125)) / 1.875)
    assert smoothed(y, 0.0) is y


def test_smoothing_comes_before_thinning(fixture: FixtureRun) -> None:
    for i in range(1, 3001):
        log(fixture, i, float(i % 2))
    fixture.take_in()
    reader = RunReader.of(fixture.run)
    reader.read()
    drawn = reader.curve_as(Look(smoothing=0.99))
    assert len(drawn.smooth_y) <= MAX_POINTS
    assert np.abs(drawn.smooth_y[-500:] - 0.5).max() < 0.01
    assert set(drawn.y) == {0.0, 1.0}


def test_a_window_is_drawn_at_full_resolution(fixture: FixtureRun) -> None:
    for i in range(1, 5001):
        log(fixture, i, math.sin(i))
    fixture.take_in()
    reader = RunReader.of(fixture.run)
    assert len(reader.read().curve.x) <= MAX_POINTS
    drawn = reader.curve_as(Look(window=(100_000.0, 110_000.0)))
    inside = (drawn.x >= 100_000) & (drawn.x <= 110_000)
    assert inside.sum() == 101
    # A little of both sides, so that the line does not end where the window is moved to.
    assert drawn.x[0] < 100_000 < 110_000 < drawn.x[-1]
    assert drawn.last == pytest.approx(math.sin(5000))


def test_a_logarithm_leaves_out_and_counts_what_has_none(fixture: FixtureRun) -> None:
    for i, value in enumerate([-1.0, 0.0, math.nan, 1.0, 100.0], 1):
        log(fixture, i, value)
    fixture.take_in()
    reader = RunReader.of(fixture.run)
    reader.read()
    drawn = reader.curve_as(Look(log=True))
    assert drawn.masked == 2
    assert "2 of 5 values are 0 or less and left out of the logarithmic axis." in drawn.note
    axes = frame(reward_lines.lines(drawn), "x", "y", log=True)
    np.testing.assert_equal(axes.y(drawn.y), [np.nan, np.nan, np.nan, 0.0, 2.0])
    assert [w for w in axes.y_words if w in ("1", "10", "100")] == ["1", "10", "100"]
    np.testing.assert_equal(
        axes.edges(np.array([-1.0, 1.0]), np.array([10.0, np.nan])),
        [[axes.y_low, np.nan], [1.0, np.nan]],
    )


def test_axes_of_nothing_finite_are_still_axes() -> None:
    nothing = Line("a", "#000000", np.arange(3.0), np.full(3, np.nan))
    for log_scale in (False, True):
        axes = frame([nothing], "x", "y", log=log_scale)
        assert axes.y_low < axes.y_high
        assert axes.x_low < axes.x_high
    same = Line("a", "#000000", np.array([5.0]), np.array([1e308]))
    axes = frame([same], "x", "y")
    assert math.isfinite(axes.y_low)
    assert axes.y_low < axes.y_high
    assert ticks(1.0, 1.0, 5) == []
    assert log_ticks(-9.0, 9.0, 6)[:2] == [-9.0, -5.0]
    near = frame([Line("a", "#000000", np.array([1_234_560.0, 1_234_562.0]), np.ones(2))], "x", "y")
    assert near.x_words[1] == "1,234,560.5"
    assert frame([same], "x", "y").y_words


def test_events_lie_on_the_line(fixture: FixtureRun) -> None:
    for i in range(1, 11):
        log(fixture, i, float(2 * i))
    fixture.logger.log_event("checkpoint", "After <b>5</b>", step=5, env_steps=500, path="a")
    fixture.logger.log_event("checkpoint_removed", "gone", step=5, env_steps=500)
    fixture.logger.log_event("node_lost", "worker-1 was lost", node="worker-1")
    drawn = read(fixture)
    assert [(m.kind, m.x, m.y, m.opens) for m in drawn.marks] == [
        ("checkpoint", 500.0, 10.0, "Checkpoints"),
        ("target_reached", 900.0, 18.0, ""),
        ("node_lost", 1000.0, 20.0, "Logs"),
    ]
    assert drawn.marks[0].text == "After <b>5</b> · at env steps 500"
    assert "<b>" not in picture.svg(drawn)


def test_the_beginning_of_a_newer_attempt_is_marked_once(fixture: FixtureRun) -> None:
    for i in range(1, 6):
        log(fixture, i, 1.0)
    log(fixture, 4, 2.0, attempt=2)
    log(fixture, 5, 2.0, attempt=2)
    assert [(m.kind, m.x, m.text) for m in read(fixture).marks] == [
        ("resumed", 400.0, "Attempt 2 begins. · at env steps 400")
    ]
    second = RunLogger.to_spool(fixture.folder, "head", attempt=2)
    second.log_event("resumed", "Resumed from a checkpoint", 4, 400, attempt=2)
    assert [m.text for m in read(fixture).marks] == ["Resumed from a checkpoint · at env steps 400"]


def test_marks_that_hide_each_other_are_one() -> None:
    found = [EventMark("checkpoint", float(x), 0.0, f"at {x}", "Checkpoints") for x in range(600)]
    together = grouped(found, 0.0, 600.0)
    assert len(together) <= 61
    assert sum(mark.count for mark in together) == 600
    assert together[0].text == "at 9 (and 9 more)"
    assert [m.x for m in grouped(found, 100.0, 102.0)] == [100.0, 101.0, 102.0]


def test_an_event_without_a_place_is_placed_by_its_time(fixture: FixtureRun) -> None:
    log(fixture, 1, 1.0)
    fixture.take_in()
    reader = RunReader.of(fixture.run)
    when = reader.read().curve
    assert when.unit == 1.0
    reader.events.append(Event(9, "video", "v", fixture.began + 3e9, 1, None, None))
    assert [m.x for m in reader.view().curve.marks] == [100.0]


def test_the_unit_of_time_grows_with_the_run(fixture: FixtureRun) -> None:
    log(fixture, 1, 1.0)
    fixture.take_in()
    reader = RunReader.of(fixture.run)
    reader.axis = "time"
    assert reader.read().curve.x_title == "time since the start (s)"
    in_hours = reader.curve_as(Look(unit=3600.0))
    assert in_hours.x_title == "time since the start (h)"
    assert in_hours.x[0] * 3600 == pytest.approx(reader.view().curve.x[0])
    assert in_hours.sentence.endswith(" h.")


def test_the_saved_forms_draw_band_and_target(fixture: FixtureRun) -> None:
    for i in range(1, 40):
        log(fixture, i, i / 2, episode_reward_min=i / 2 - 1, episode_reward_max=i / 2 + 1)
    drawn = read(fixture)
    svg = picture.svg(drawn)
    assert 'fill-opacity="0.16"' in svg
    assert "stroke-dasharray" in svg
    assert "The target of 18 is reached." in svg
    rows = plot.braille(drawn, 80, 8)
    assert any(
        row.count("⠁") + row.count("⠂") + row.count("⠄") + row.count("⡀") > 20 for row in rows
    )


def test_the_cursor_snaps_to_points_of_the_line() -> None:
    x, y = np.arange(5.0), np.array([1.0, np.nan, 3.0, 4.0, np.nan])
    assert legend.nearest(x, y, 0.9) == 0.0
    assert legend.value_at(x, y, 2.2) == 3.0
    assert legend.value_at(x, y, 9.0) is None
    assert legend.value_at(x, y, None) == 4.0
    assert legend.beside(x, y, None, -1) == 3.0
    assert legend.beside(x, y, 3.0, -1) == 2.0
    assert legend.beside(x, y, 0.0, -1) == 0.0
    assert legend.beside(np.empty(0), np.empty(0), None, 1) is None


def test_the_legend_is_text() -> None:
    line = Line("<script>", "#000000", np.arange(2.0), np.arange(2.0))
    words = legend.html(legend.entries([line], None), "at <b>", "a & b")
    assert "<script>" not in words
    assert "&lt;script&gt;" in words
    assert "a &amp; b" in words
