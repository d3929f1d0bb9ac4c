"""Curves that a run is held against: other runs, and CSV files, good and bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rl_widgets.store import statuses
from rl_widgets.store.errors import UserError
from rl_widgets.view.charts import curve_file, reference_curve
from rl_widgets.view.charts.curve import Look
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import FixtureRun, make

METRIC = "episode_reward_mean"
FIRST, SECOND = "pong_1700000000_0badcafe", "pong_1700000001_0badf00d"


def run(folder: Path, run_id: str, n: int = 3) -> FixtureRun:
    fixture = make(folder, run_id=run_id)
    fixture.start()
    for i in range(1, n + 1):
        fixture.result(i, float(i))
    return fixture


def write(folder: Path, text: str, name: str = "curve.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_another_run_is_drawn_over_any_axis_and_kept_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture, other = run(tmp_path, FIRST), run(tmp_path, SECOND)
    found = reference_curve.reference(other.run, fixture.workspace, METRIC, FIRST)
    drawn = found.over("env_steps", Look())
    assert (drawn.x.tolist(), drawn.y.tolist()) == ([3000, 6000, 9000], [1, 2, 3])
    assert found.over("iteration", Look()).x.tolist() == [1, 2, 3]
    hours = found.over("time", Look(unit=3600.0)).x
    np.testing.assert_allclose(hours * 3600, found.over("time", Look(unit=1.0)).x)
    other.result(4, 4.0)
    assert len(found.over("env_steps", Look()).x) == 3
    monkeypatch.setattr(reference_curve, "REFRESH", 0.0)
    assert len(found.over("env_steps", Look()).x) == 4


def test_runs_are_offered_that_have_begun_and_have_the_metric(tmp_path: Path) -> None:
    fixture, other = run(tmp_path, FIRST), run(tmp_path, SECOND)
    make(tmp_path, run_id="pong_1700000002_00000002")  # queued
    without = make(tmp_path, run_id="pong_1700000003_00000003")
    without.start()
    ended = run(tmp_path, "pong_1700000004_00000004")
    ended.workspace.store.runs.describe(ended.run_id, display_name="seed <4>")
    ended.end(statuses.COMPLETED)
    offered = reference_curve.offered(fixture.workspace.store, METRIC, FIRST)
    assert offered == {
        "seed <4> (rllib-pong-multi-node, 00000004)": ended.run_id,
        other.run_id: other.run_id,
    }
    by_id = reference_curve.reference(SECOND, fixture.workspace, METRIC, FIRST)
    assert by_id.label == SECOND


def test_what_is_no_reference_is_said(tmp_path: Path) -> None:
    fixture = run(tmp_path, FIRST)
    without = make(tmp_path, run_id=SECOND)

    def refused(what: object, words: str) -> None:
        with pytest.raises(UserError, match=words):
            reference_curve.reference(what, fixture.workspace, METRIC, FIRST)

    refused(fixture.run, "this very run")
    refused(without.run, "has no metric 'episode_reward_mean'")
    refused("pong_7", "neither a run nor a CSV file 'pong_7'")
    refused(7, "not int")
    refused("  ", "Name a run")
    refused(str(tmp_path / "no.csv"), "There is no file")


def test_the_curve_of_the_reference_article_is_read(tmp_path: Path) -> None:
    header = (
        "training_iteration,time_total_s,env_steps,episodes_total,episode_reward_mean,"
        "episode_reward_min,episode_reward_max"
    )
    path = write(
        tmp_path, f"{header}\n1,10.4,29000,26,-21.000,-21.0,-21.0\n2,20.8,60000,65,18.3,,\n"
    )
    file = curve_file.read(path, METRIC)
    assert file.column == METRIC
    assert [axis.tolist() for axis in file.over("time") or ()] == [[10.4, 20.8], [-21, 18.3]]
    found = reference_curve.reference(path, make(tmp_path / "ws").workspace, METRIC, FIRST)
    assert found.label == "curve.csv"
    assert found.over("time", Look(unit=60.0)).x.tolist() == [10.4 / 60, 20.8 / 60]
    assert found.over("env_steps", Look(log=True)).y.tolist()[1:] == [18.3]
    windowed = found.over("env_steps", Look(window=(50_000.0, 70_000.0)))
    assert windowed.x.tolist() == [29_000, 60_000]


@pytest.mark.parametrize(
    ("text", "axis", "x"),
    [
        ("seconds,env_steps,episode_reward_mean_last_100\n41,20480,-20.5\n", "env_steps", [20480]),
        ("Timesteps, Reward\n200,2\n100,1\n", "env_steps", [100, 200]),
        ("Wall time,Step,Value\n1.6e9,5,1\n1600000060,6,2\n", "time", [0, 60]),
        ('#{"t_start": 1.5}\nr,l,t,steps\n1,2,3,4\n', "env_steps", [4]),
        ("timesteps,reward\n1,x\n2,5\nbad,6\n", "env_steps", [1, 2]),
    ],
)
def test_columns_are_found_by_the_names_of_the_field(
    tmp_path: Path, text: str, axis: str, x: list[float]
) -> None:
    found = curve_file.read(write(tmp_path, text)).over(axis)
    assert found is not None
    assert found[0].tolist() == x


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "has no column of rewards: it has a, b"),
        ("timesteps,reward\n1,x\n", "The column reward of curve.csv has no numbers"),
        ("reward\n1\n", "has no column for an x-axis: it has reward"),
        ('a,b\n1,"2\n3,4,5,6\n', "cannot be read as CSV"),
    ],
)
def test_files_without_a_curve_are_refused_with_the_reason(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        curve_file.read(write(tmp_path, text))


def test_a_folder_and_a_picture_are_no_curves(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        curve_file.read(tmp_path)
    picture = tmp_path / "a.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe\x00")
    with pytest.raises(UserError, match=r"a\.csv"):
        curve_file.read(picture)


def test_an_axis_that_a_file_lacks_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, "timesteps,reward\n1,2\n")
    found = reference_curve.FileReference(curve_file.read(path))
    drawn = found.over("iteration", Look())
    assert not len(drawn.x)
    assert drawn.trouble == (
        "curve.csv has no column of iterations (training_iteration or iteration), so it is not "
        "drawn over this axis."
    )


def test_a_reference_of_a_child_run_is_its_run(tmp_path: Path) -> None:
    fixture, other = run(tmp_path, FIRST), run(tmp_path, SECOND)
    child = other.run.get_children()[0]
    assert reference_curve.reference(child, fixture.workspace, METRIC, FIRST).key == SECOND
    assert RunReader.of(child).run_id == SECOND


def test_a_run_that_tells_no_env_steps_is_drawn_with_a_sentence(tmp_path: Path) -> None:
    fixture, other = run(tmp_path, FIRST), make(tmp_path, run_id=SECOND)
    other.start()
    for i in range(1, 4):
        other.logger.log_metrics({METRIC: float(i)})
    other.take_in()
    found = reference_curve.reference(other.run, fixture.workspace, METRIC, FIRST)
    drawn = found.over("env_steps", Look())
    assert (drawn.x.tolist(), drawn.y.tolist()) == ([1, 2, 3], [1, 2, 3])
    assert drawn.trouble == (
        f"{SECOND} has logged no env steps: its values are drawn side by side, from 1 on."
    )
    assert found.over("time", Look()).trouble == ""
