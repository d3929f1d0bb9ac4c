"""What a reader holds: only what came after, one list of metrics, the newest attempt."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rl_widgets import Experiment, Workspace
from rl_widgets.store import statuses
from rl_widgets.store.errors import StoreError
from rl_widgets.store.logger import RunLogger
from rl_widgets.store.metrics import Points
from rl_widgets.view.charts.curve import MAX_POINTS, thinned
from rl_widgets.view.follower import Follower
from rl_widgets.view.progress import _extrapolated, time_left
from rl_widgets.view.reader import RunReader
from rl_widgets.view.run_view import RunView
from rl_widgets.view.series import Series
from tests.view.fixture_runs import FixtureRun, make


@pytest.fixture
def fixture(tmp_path: Path) -> FixtureRun:
    run = make(tmp_path / "ws")
    run.start()
    return run


def wait_until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.005)


def test_a_reader_asks_only_for_what_came_after(
    fixture: FixtureRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture.result(1, -21.0)
    reader = RunReader.of(fixture.run)
    reader.read()
    read = []
    points = reader.store.metrics.points

    def counted(*args: object, **values: object) -> object:
        found = points(*args, **values)  # type: ignore[arg-type]
        read.append(len(found))
        return found

    monkeypatch.setattr(reader.store.metrics, "points", counted)
    fixture.result(2, -20.0)
    assert reader.read().curve.y.tolist() == [-21.0, -20.0]
    fixture.logger.log_metrics({"late": 1.0}, step=2)
    fixture.take_in()
    reader.read()
    reader.read()
    assert sum(read) <= 6  # the six numbers of the second result


def test_a_metric_that_begins_late_is_seen_whole(fixture: FixtureRun) -> None:
    reader = RunReader.of(fixture.run, "iteration")
    for i in range(1, 6):
        fixture.result(i, None)
        assert reader.read().chart_message == "No episode has ended yet."
    fixture.result(6, -20.0)
    fixture.result(7, -19.0)
    assert reader.read().curve.x.tolist() == [6.0, 7.0]


def test_metrics_of_head_and_parent_are_one_list(fixture: FixtureRun) -> None:
    fixture.result(1, -21.0)
    RunLogger.to_spool(fixture.folder, "").log_metrics({"episode_reward_mean": -20.0}, step=2)
    fixture.take_in()
    assert RunReader.of(fixture.run, "iteration").read().curve.y.tolist() == [-21.0, -20.0]


def test_what_a_script_logs_beside_the_callback_is_not_drawn_twice(fixture: FixtureRun) -> None:
    for i in range(1, 4):
        fixture.logger.log("episode_reward_mean", -21.0 + i)  # as the article's own callback does
        fixture.result(i, -21.0 + i)
    drawn = RunReader.of(fixture.run, "iteration").read().curve
    assert drawn.x.tolist() == [1.0, 2.0, 3.0]
    assert drawn.y.tolist() == [-20.0, -19.0, -18.0]


def test_without_steps_the_iteration_is_joined_by_time(fixture: FixtureRun) -> None:
    for i in range(1, 4):
        fixture.result(i, None)
        fixture.logger.log("episode_reward_mean", float(i))
    fixture.take_in()
    reader = RunReader.of(fixture.run, "iteration")
    assert reader.read().curve.x.tolist() == [1.0, 2.0, 3.0]
    reader.axis = "env_steps"
    drawn = reader.view().curve
    assert (drawn.x.tolist(), drawn.x_title) == ([3000.0, 6000.0, 9000.0], "env steps")
    reader.axis = "time"
    assert "time" in reader.view().curve.x_title


def test_the_newest_attempt_is_the_line(fixture: FixtureRun) -> None:
    for i in range(1, 6):
        fixture.result(i, float(i))
    second = RunLogger.to_spool(fixture.folder, "head", attempt=2)
    for i in range(4, 7):
        second.log_metrics({"episode_reward_mean": 10.0 * i}, step=i, env_steps=i * 3000)
    fixture.take_in()
    assert RunReader.of(fixture.run).read().curve.y.tolist() == [1, 2, 3, 40, 50, 60]


def test_a_script_without_rllib_shows_its_first_metric_that_changes(fixture: FixtureRun) -> None:
    for i in range(3):
        fixture.logger.log_metrics({"seed": 7, "loss": 1.0 / (i + 1)}, step=i)
    fixture.take_in()
    view = RunReader.of(fixture.run).read()
    assert view.curve.metric == "loss"
    assert view.fact("reward") == "0.3333"


def test_where_episodes_are_counted_nothing_stands_in_for_their_reward(
    fixture: FixtureRun,
) -> None:
    for i in range(5):
        fixture.result(i + 1, None)
        fixture.logger.log_metrics({"num_env_steps_trained_lifetime": i * 640})
    fixture.take_in()
    view = RunReader.of(fixture.run).read()
    assert view.curve.empty
    assert view.chart_message == "No episode has ended yet."


def test_a_million_points_are_thinned_and_keep_their_ends(fixture: FixtureRun) -> None:
    y = np.sin(np.arange(1_000_000) / 1000.0)
    y[500_123], y[700_321] = 7.0, -7.0
    y[200_000:200_010] = np.nan
    x, thin = thinned(np.arange(1_000_000.0), y)
    assert len(x) <= MAX_POINTS
    assert (np.nanmax(thin), np.nanmin(thin)) == (7.0, -7.0)
    assert np.isnan(thin).sum() == 1
    assert (np.diff(x) > 0).all()


def test_the_time_left_is_a_bound_where_the_reward_tells_nothing(fixture: FixtureRun) -> None:
    for i in range(1, 12):
        fixture.result(i, -21.0)
    view = RunReader.of(fixture.run).read()
    assert time_left(view.criteria).startswith("at most")
    assert view.criteria[1].text == "time 22 s of 3,600 s"


def test_what_a_reader_gives_is_plain_data(fixture: FixtureRun) -> None:
    import json

    fixture.result(1, math.nan)
    fixture.result(2, 3.0)
    data = RunReader.of(fixture.run).read().as_dict()
    json.dumps(data, allow_nan=False)
    assert data["curve"]["y"] == [None, 3.0]


class _Views:
    """Takes what a follower hands on."""

    def __init__(self) -> None:
        self.all: list[tuple[float, RunView]] = []

    def __call__(self, view: RunView) -> None:
        self.all.append((time.monotonic(), view))

    @property
    def last(self) -> RunView | None:
        return self.all[-1][1] if self.all else None


def follow(fixture: FixtureRun, views: _Views) -> Follower:
    reader = RunReader.of(fixture.run)
    follower = Follower(reader, reader.read(), views)
    follower.start()
    return follower


def test_a_follower_hands_on_each_point_and_ends_with_the_run(fixture: FixtureRun) -> None:
    views = _Views()
    follower = follow(fixture, views)
    for i in range(1, 6):
        fixture.result(i, float(i))
        wait_until(lambda i=i: views.last and views.last.curve.last == i, "a point's view")
    fixture.end(statuses.COMPLETED)
    wait_until(lambda: not follower.alive, "the follower's end")
    assert views.last is not None
    assert views.last.final
    assert sum(view.final for _, view in views.all) == 1


def test_a_paused_follower_hands_on_changes_of_state_only(fixture: FixtureRun) -> None:
    views = _Views()
    follower = follow(fixture, views)
    wait_until(lambda: views.all, "the first view")
    follower.paused = True
    time_of_last = len(views.all)
    seen = threading.Event()
    original = follower._reader.read_status
    follower._reader.read_status = lambda: (seen.set(), original())[1]  # type: ignore[method-assign]
    seen.clear()
    fixture.result(1, 1.0)
    assert seen.wait(10)
    assert len(views.all) <= time_of_last + 1
    follower.paused = False
    wait_until(lambda: views.last and views.last.curve.last == 1.0, "what came meanwhile")
    follower.paused = True
    fixture.end(statuses.CANCELED)
    wait_until(lambda: not follower.alive, "the follower's end")
    assert views.last is not None
    assert views.last.header.status == "Canceled"


def test_an_error_of_the_record_is_said_and_tried_again(
    fixture: FixtureRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_widgets.view.follower.RETRY", 0.05)
    views = _Views()
    reader = RunReader.of(fixture.run)
    first = reader.read()
    pulse, broken = reader.store.pulse, threading.Event()
    broken.set()

    def pulse_or_fail(run_id: str) -> object:
        if broken.is_set():
            raise StoreError("The disk is full.")
        return pulse(run_id)

    monkeypatch.setattr(reader.store, "pulse", pulse_or_fail)
    follower = Follower(reader, first, views)
    follower.start()
    wait_until(lambda: views.last and "The disk is full." in views.last.trouble, "the sentence")
    fixture.workspace.store.runs.describe(fixture.run_id, description="changed")
    broken.clear()
    wait_until(lambda: views.last and not views.last.trouble, "the recovery")
    follower.stop(wait=5)
    assert not follower.alive


def test_a_run_that_is_deleted_while_shown(
    fixture: FixtureRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = _Views()
    reader = RunReader.of(fixture.run)
    follower = Follower(reader, reader.read(), views)
    reader._held.run_id = "gone"
    follower.start()
    wait_until(lambda: not follower.alive, "the follower's end")
    assert views.last is not None
    assert "was deleted" in views.last.trouble


def test_what_a_cell_logs_is_seen_though_nobody_else_takes_it_in(ws: Workspace) -> None:
    run = Experiment(ws, "cells").start_logging()
    reader = RunReader.of(run)
    views = _Views()
    follower = Follower(reader, reader.read(), views)
    follower.start()
    try:
        for i in range(1, 4):
            run.log_metrics({"loss": 1 / i}, step=i)
            wait_until(lambda i=i: views.last and views.last.curve.points == i, "the point")
    finally:
        follower.stop(wait=5)
        run.complete()


def test_a_pause_between_attempts_is_no_time_of_training() -> None:
    n = np.arange(40)
    times = 1e9 + 10.0 * n + np.where(n < 30, 0.0, 12 * 3600.0)
    numbers = dict.fromkeys(("step", "env_steps", "value"), 1.0 * n)
    points = Points(id=n, series=n * 0, attempt=1 + n // 30, time=times, **numbers)
    series = Series("score")
    series.extend(points, slice(None))
    spent = series.unpaused()
    assert spent[-1] - spent[0] == 380.0
    assert (np.diff(spent) >= 0).all()
    # One score in 10 s: 200 s to the goal, whatever came between.
    assert _extrapolated(series, 59.0) == pytest.approx(200.0, rel=0.1)


def test_an_end_that_another_view_has_read_is_seen_whole(fixture: FixtureRun) -> None:
    fixture.result(1, 1.0)
    one, other = RunReader.of(fixture.run), RunReader.of(fixture.run)
    before = one.read()
    fixture.end(statuses.FAILED, {"type": "ValueError", "message": "no such thing"})
    other.read()
    view = one.tick(before)
    assert view.final
    assert view.failure is not None
