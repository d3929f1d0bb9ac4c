"""What a view says of checkpoints and files: newest first, best and last, and what can be done."""

from __future__ import annotations

import base64
import io
import os
import time
import zipfile
from pathlib import Path

import pytest

from rl_widgets.store import statuses
from rl_widgets.store.logger import RunLogger
from rl_widgets.view import run_files
from rl_widgets.view.checkpoints import (
    Checkpoints,
    checkpoints,
    download_code,
    new_run_code,
    resume_code,
)
from rl_widgets.view.html import checkpoints as html_checkpoints
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import FixtureRun, make


@pytest.fixture
def fixture(tmp_path: Path) -> FixtureRun:
    run = make(tmp_path / "ws")
    run.start()
    return run


def save(run: FixtureRun, iteration: int, reward: float | None, attempt: int = 1) -> str:
    """A checkpoint, as the training process makes and tells it."""
    path = f"head/checkpoints/attempt-{attempt}-iteration-{iteration:06d}"
    (run.folder / path / "learner").mkdir(parents=True)
    (run.folder / path / "learner" / "state.pkl").write_bytes(os.urandom(1000))
    run.logger.log_event(
        "checkpoint",
        f"Checkpoint of iteration {iteration}",
        step=iteration,
        env_steps=iteration * 3000,
        path=path,
        reward=reward,
        size=1000,
        attempt=attempt,
    )
    run.take_in()
    return path


def delete(run: FixtureRun, path: str) -> None:
    (run.folder / path / "learner" / "state.pkl").unlink()
    (run.folder / path / "learner").rmdir()
    (run.folder / path).rmdir()
    run.logger.log_event("checkpoint_removed", "deleted", path=path)
    run.take_in()


def look(run: FixtureRun) -> Checkpoints:
    reader = RunReader.of(run.run)
    reader.read()
    return checkpoints(reader)


def test_newest_first_with_the_best_and_the_last(fixture: FixtureRun) -> None:
    first = save(fixture, 10, -20.0)
    save(fixture, 20, -3.5)
    save(fixture, 30, -7.25)
    delete(fixture, first)
    found = look(fixture)
    assert [(r.iteration, r.marks, r.reward) for r in found.rows] == [
        ("30", "last", "-7.25"),
        ("20", "best", "-3.50"),
        ("10", "deleted", "-20.00"),
    ]
    assert found.rows[0].env_steps == "90,000"
    assert [r.iteration for r in found.there] == ["30", "20"]
    assert found.summary.startswith("2 checkpoints on the disk, 2.0 kB; 1 of 3 were deleted")
    assert not found.resumable


def test_one_that_is_gone_from_the_disk_is_not_offered(fixture: FixtureRun) -> None:
    path = save(fixture, 10, None)
    (fixture.folder / path).rename(fixture.folder / "elsewhere")
    found = look(fixture)
    assert [r.marks for r in found.rows] == ["deleted"]
    assert found.there == ()


@pytest.mark.parametrize(
    ("status", "definition", "sentence"),
    [
        (statuses.RUNNING, {}, "the first one comes after 100 s of training"),
        (statuses.FAILED, {}, "ended before its first checkpoint"),
        (statuses.RUNNING, {"arguments": ["--checkpoint-freq", "0"]}, "switch them off"),
    ],
)
def test_where_there_is_none_a_sentence_says_why(
    tmp_path: Path, status: str, definition: dict[str, object], sentence: str
) -> None:
    run = make(tmp_path / "ws", definition=definition)
    run.start()
    if status == statuses.FAILED:
        run.end(status, {"message": "broken"})
    found = look(run)
    assert found.rows == ()
    assert sentence in found.message
    assert sentence in html_checkpoints.table(found)


def test_a_run_that_trains_for_long_without_one_is_not_told_to_wait(fixture: FixtureRun) -> None:
    fixture.result(300, -20.0)
    assert "The script sets when one is made" in look(fixture).message


def test_what_can_be_begun_when_the_run_is_over(fixture: FixtureRun) -> None:
    save(fixture, 10, -20.0)
    fixture.end(statuses.CANCELED)
    found = look(fixture)
    assert found.resumable
    record = fixture.workspace.store.runs.get(fixture.run_id)
    assert resume_code(record) == f"run = ws.get_run('{fixture.run_id}')\nrun.resume()"
    code = new_run_code(record, found.rows[0])
    assert "run.new_run_from(\n    'attempt-1-iteration-000010'" in code
    compile(code, "code", "exec")


def test_a_completed_run_needs_more_to_reach(tmp_path: Path) -> None:
    params = {"--config": '{"num_workers": 2}'}
    definition = {"stop": {"time_total_s": 100, "episode_reward_mean": 18}, "script_params": params}
    run = make(tmp_path / "ws", definition=definition)
    run.start()
    save(run, 10, 18.5)
    run.end(statuses.COMPLETED)
    found = look(run)
    assert not found.resumable
    assert "With more to reach" in found.resume_text
    record = run.workspace.store.runs.get(run.run_id)
    assert "{'time_total_s': 200, 'episode_reward_mean': 18}" in resume_code(record)
    assert "{'num_workers': 2}" in new_run_code(record, found.rows[0])


def test_a_bad_event_harms_nothing(fixture: FixtureRun) -> None:
    for details in ({}, {"path": 7}, {"path": "head/<b>x</b>", "reward": "much", "size": "big"}):
        fixture.logger.log_event("checkpoint", "?", **details)
    fixture.take_in()
    found = look(fixture)
    assert [(r.reward, r.size, r.exists) for r in found.rows] == [("—", 0, False)]
    assert "<b>x" not in html_checkpoints.table(found)


def test_files_with_sizes_and_a_search(fixture: FixtureRun) -> None:
    path = save(fixture, 10, -20.0)
    fixture.write_log("line\n" * 10)
    (fixture.folder / "snapshot").mkdir(exist_ok=True)
    (fixture.folder / "snapshot" / "train.py").write_bytes(b"x" * 5000)
    found = run_files.run_files(fixture.folder)
    sizes = {row.name: row.size for row in found.rows}
    assert sizes[f"{path}/learner/state.pkl"] == 1000
    assert sizes["head/driver_log.txt"] == 50
    assert found.disk >= 6050
    assert "2 files; the whole run takes" in found.summary
    some = run_files.run_files(fixture.folder, "Driver txt")
    assert [row.name for row in some.rows] == ["head/driver_log.txt"]
    assert "1 name holds the search" in some.summary
    few = run_files.run_files(fixture.folder, shown=1)
    assert len(few.rows) == 1
    assert "The first 1 are shown" in few.summary


def test_a_checkpoint_is_offered_as_a_zip_and_a_large_one_as_code(fixture: FixtureRun) -> None:
    path = save(fixture, 10, -20.0)
    folder = fixture.folder / path
    url = run_files.folder_link(folder)
    assert url is not None
    packed = zipfile.ZipFile(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    assert packed.namelist() == ["attempt-1-iteration-000010/learner/state.pkl"]
    offered = html_checkpoints.offer(fixture.run_id, path, folder)
    assert 'download="attempt-1-iteration-000010.zip"' in offered
    (folder / "large").write_bytes(os.urandom(run_files.LINKED + 1))
    offered = html_checkpoints.offer(fixture.run_id, path, folder)
    assert "data:" not in offered
    assert "larger than the 5.0 MB of a link" in offered
    assert "download_files(prefix=" in offered
    compile(download_code(fixture.run_id, path), "code", "exec")
    gone = html_checkpoints.offer(fixture.run_id, "head/gone.txt", fixture.folder / "gone.txt")
    assert "cannot be read" in gone


def test_the_time_of_a_resumed_run_begins_with_its_first_attempt(fixture: FixtureRun) -> None:
    store = fixture.workspace.store
    for iteration in (1, 2, 3):
        fixture.result(iteration, -20.0 + iteration)
    fixture.end(statuses.CANCELED)
    record = store.runs.reopen(fixture.run_id, 2, {"stop": {"time_total_s": 7200}})
    assert (record.status, record.attempt, record.ended) == (statuses.NOT_STARTED, 2, None)
    assert [c.status for c in store.runs.children(fixture.run_id)] == [statuses.NOT_STARTED] * 2
    fixture.set(status=statuses.RUNNING, started=time.time() + 50)
    again = RunLogger.to_spool(fixture.folder, "head", 2)
    values = {"episode_reward_mean": -1.0, "training_iteration": 3}
    again.log_metrics(values, step=3, env_steps=9000)
    fixture.take_in()
    reader = RunReader.of(fixture.run, "time")
    drawn = reader.read().curve
    assert drawn.y.tolist() == [-19.0, -18.0, -1.0]
    assert drawn.x.min() >= 0
