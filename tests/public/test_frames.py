"""Metrics as pandas frames, of one run and of all runs of an experiment; runs without a cluster."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rl_widgets import Experiment, Run, RunDetails, UserError, Workspace
from rl_widgets.store import statuses
from rl_widgets.store.metrics import NewPoint

FIRST = ["iteration", "env_steps", "time", "attempt"]


@pytest.fixture
def exp(ws: Workspace) -> Experiment:
    return Experiment(ws, "frames")


def logged(exp: Experiment, rewards: list[float]) -> Run:
    run = exp.start_logging()
    for i, reward in enumerate(rewards, 1):
        run.log_metrics({"reward": reward, "lr": 0.5}, step=i, env_steps=100 * i)
    run.complete()
    return run


def test_a_row_for_each_moment_and_a_column_for_each_metric(exp: Experiment) -> None:
    frame = logged(exp, [1.0, 2.0, 3.0]).to_frame()
    assert list(frame.columns) == [*FIRST, "lr", "reward"]
    assert frame["iteration"].tolist() == [1, 2, 3]
    assert frame["env_steps"].tolist() == [100, 200, 300]
    assert frame["reward"].tolist() == [1.0, 2.0, 3.0]
    assert str(frame["time"].dt.tz) == "UTC"


def test_a_list_is_several_rows_and_no_step_is_no_number(exp: Experiment) -> None:
    run = exp.start_logging()
    run.log_list("loss", [1.0, 2.0, 2.0])
    run.log_row("table", a=1)
    frame = run.to_frame()
    assert frame["loss"].tolist() == [1.0, 2.0, 2.0]
    assert frame["iteration"].isna().all()
    run.complete()


def test_an_attempt_comes_after_the_one_before(exp: Experiment) -> None:
    run = logged(exp, [1.0, 2.0])
    later = run.to_frame()["time"].iloc[-1].timestamp() + 5
    exp.workspace.store.metrics.add([NewPoint(run.id, "reward", 2, later, 9.0, step=2)])
    assert run.to_frame()["attempt"].tolist() == [1, 1, 2]
    assert run.to_frame()["reward"].tolist() == [1.0, 2.0, 9.0]


def test_all_runs_of_an_experiment_in_one_frame(exp: Experiment) -> None:
    first, second = logged(exp, [1.0, 2.0]), logged(exp, [3.0])
    third = exp.start_logging()
    third.complete()
    frame = exp.to_frame()
    assert list(frame.columns) == ["run", *FIRST, "lr", "reward"]
    assert frame.groupby("run").size().to_dict() == {first.id: 2, second.id: 1}
    assert str(frame["iteration"].dtype) == "Int64"
    assert str(frame["time"].dt.tz) == "UTC"


def test_nothing_logged_is_an_empty_frame_with_its_columns(exp: Experiment) -> None:
    assert list(exp.to_frame().columns) == ["run", *FIRST]
    run = exp.start_logging()
    assert list(run.to_frame().columns) == FIRST
    assert len(run.to_frame()) == 0
    assert list(exp.to_frame().columns) == ["run", *FIRST]
    run.complete()


def test_two_runs_that_one_process_logs_at_once_are_kept_apart(exp: Experiment) -> None:
    one, two = exp.start_logging("one"), exp.start_logging("two")
    for i in range(3):
        one.log("x", i)
        two.log("x", 10 * i)
    view = RunDetails(one)
    assert view.get_widget_data()["header"]["name"] == "one"
    one.complete()
    assert two.status == statuses.RUNNING
    two.complete()
    assert one.get_metrics() == {"x": [0, 1, 2]}
    assert two.get_metrics() == {"x": [0, 10, 20]}
    with pytest.raises(UserError, match="has ended"):
        exp.workspace.get_run(one.id).log("x", 1)


def test_a_kernel_that_is_killed_leaves_all_that_it_had_logged(
    exp: Experiment, own_home: Path
) -> None:
    script = """
import os, signal
from rl_widgets import Experiment, Workspace
run = Experiment(Workspace(), "frames").start_logging()
for i in range(100):
    run.log("x", i, step=i)
print(run.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    run = exp.workspace.get_run(done.stdout.strip())
    assert run.status == statuses.COMPLETED
    (warning,) = run.get_details()["warnings"]
    assert "ended without run.complete()" in warning["message"]
    assert run.to_frame()["x"].tolist() == list(range(100))
