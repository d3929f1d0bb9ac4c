"""`run.log`: every point that was acknowledged is in the record, once."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rl_widgets.store.database import Store
from rl_widgets.store.errors import StoreError, UserError
from rl_widgets.store.ingest import SpoolReader
from rl_widgets.store.logger import RunLogger
from rl_widgets.store.runs import RunRecord


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "a"


@pytest.fixture
def store(tmp_path: Path, folder: Path) -> Store:
    store = Store.open(tmp_path)
    common = {"experiment": "exp", "type": "t", "created": time.time()}
    children = [
        RunRecord(id=f"a_{role}", role=role, parent="a", **common) for role in ("head", "worker")
    ]
    store.runs.add(RunRecord(id="a", role="parent", **common), children, {})
    return store


@pytest.fixture
def logger(folder: Path) -> RunLogger:
    return RunLogger.to_spool(folder, "head")


def values(store: Store, run: str = "a_head") -> dict[str, list[float]]:
    return {
        s.name: store.metrics.points([s.id]).value.tolist() for s in store.metrics.series([run])
    }


def test_what_is_logged_arrives_with_step_and_child(
    store: Store, folder: Path, logger: RunLogger
) -> None:
    logger.log("x", 1.5, step=7)
    logger.log("x", np.float32(2.5))
    logger.log_metrics({"y": 1, "z": True}, step=np.int64(3), env_steps=640)
    logger.for_child("").log("on_parent", 4)
    logger.for_child("worker").log("on_worker", 5)
    assert SpoolReader(store.metrics, "a", folder).take_in() == 6
    assert values(store) == {"x": [1.5, 2.5], "y": [1.0], "z": [1.0]}
    assert values(store, "a") == {"on_parent": [4.0]}
    assert values(store, "a_worker") == {"on_worker": [5.0]}
    [y] = [s for s in store.metrics.series(["a_head"]) if s.name == "y"]
    points = store.metrics.points([y.id])
    assert (points.step[0], points.env_steps[0]) == (3.0, 640.0)


def test_lists_rows_and_tables_arrive(store: Store, folder: Path, logger: RunLogger) -> None:
    logger.log_list("l", [1, 2, 3])
    logger.log_row("r", a=1, b="x")
    logger.log_table("t", {"c": [1, 2], "d": [3, 4]})
    SpoolReader(store.metrics, "a", folder).take_in()
    assert values(store)["l"] == [1, 2, 3]
    kinds = {s.name: s for s in store.metrics.series(["a_head"])}
    assert store.metrics.payloads([kinds["r"].id])[0].payload == {"a": 1, "b": "x"}
    assert store.metrics.payloads([kinds["t"].id])[0].payload == {"c": [1, 2], "d": [3, 4]}


def test_nothing_is_taken_in_twice_and_half_a_line_waits(
    store: Store, folder: Path, logger: RunLogger
) -> None:
    logger.log("x", 1)
    [file] = (folder / "spool").iterdir()
    with file.open("ab") as spool:
        spool.write(b'{"t": 1.0, "m": {"x":')
    assert SpoolReader(store.metrics, "a", folder).take_in() == 1
    reader = SpoolReader(store.metrics, "a", folder)
    assert reader.take_in() == 0
    with file.open("ab") as spool:
        spool.write(b' 2}, "r": "head"}\n')
    assert reader.take_in() == 1
    assert reader.take_in() == 0
    assert values(store) == {"x": [1.0, 2.0]}


def test_two_readers_at_once_double_nothing(store: Store, folder: Path, logger: RunLogger) -> None:
    readers = [SpoolReader(store.metrics, "a", folder) for _ in range(2)]
    for i in range(20):
        logger.log("x", i)
        for reader in readers:
            reader.take_in()
    assert values(store) == {"x": [float(i) for i in range(20)]}


def test_lines_that_are_none_are_left_out_and_the_rest_counts(
    store: Store, folder: Path, logger: RunLogger
) -> None:
    logger.log("x", 1)
    [file] = (folder / "spool").iterdir()
    with file.open("ab") as spool:
        spool.write(b'garbage\n{"m": {"x": 2}}\n[]\n{"t": 1, "m": {"x": "NaN?"}}\n\xff\xfe\n')
    logger.log("x", 3)
    SpoolReader(store.metrics, "a", folder).take_in()
    assert values(store) == {"x": [1.0, 3.0]}


def test_what_a_killed_process_has_logged_is_kept(store: Store, folder: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from rl_widgets.store.logger import RunLogger\n"
        "log = RunLogger.to_spool(Path(sys.argv[1]), 'head')\n"
        "for i in range(1000): log.log('x', i)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    result = subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert result.returncode == -signal.SIGKILL
    SpoolReader(store.metrics, "a", folder).take_in()
    assert values(store)["x"] == [float(i) for i in range(1000)]


def test_a_fork_logs_into_a_file_of_its_own(store: Store, folder: Path, logger: RunLogger) -> None:
    logger.log("x", 1)
    pid = os.fork()
    if pid == 0:
        logger.log("x", 2)
        os._exit(0)
    os.waitpid(pid, 0)
    logger.log("x", 3)
    assert len(list((folder / "spool").iterdir())) == 2
    SpoolReader(store.metrics, "a", folder).take_in()
    assert sorted(values(store)["x"]) == [1, 2, 3]


def test_a_full_disk_holds_lines_until_there_is_room(
    store: Store, folder: Path, logger: RunLogger, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger.log("x", 0)
    real_write, room = os.write, [10]

    def write(fd: int, data: bytes) -> int:
        part = data[: room[0]]
        room[0] -= len(part)
        if not part:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(fd, part)

    monkeypatch.setattr(os, "write", write)
    with pytest.warns(UserWarning, match="is full"):
        logger.log("x", 1)
    logger.log("x", 2)
    with pytest.raises(StoreError, match="could not be written"):
        logger.flush()
    room[0] = 10_000
    logger.log("x", 3)
    logger.flush()
    SpoolReader(store.metrics, "a", folder).take_in()
    assert values(store) == {"x": [0.0, 1.0, 2.0, 3.0]}


ENDS = """
import errno, os, sys
from pathlib import Path
from rl_widgets.store.logger import RunLogger

folder, room = Path(sys.argv[1]), Path(sys.argv[2])
write = os.write

def full(fd, data):
    if not room.exists():
        raise OSError(errno.ENOSPC, "No space left on device")
    return write(fd, data)

os.write = full
logger = RunLogger.to_spool(folder, "head", patience=float(sys.argv[3]))
for i in range(3):
    logger.log("x", i)
"""


def ending(folder: Path, room: Path, patience: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ENDS, str(folder), str(room), str(patience)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_a_process_that_ends_on_a_full_disk_waits_for_room(store: Store, folder: Path) -> None:
    room = folder / "room"
    with ending(folder, room, math.inf) as process:
        assert process.stderr is not None
        said = iter(process.stderr)
        assert any("3 logged lines wait for room" in line for line in said)
        assert process.poll() is None
        room.touch()
        assert process.wait(30) == 0
        assert not any("lost" in line for line in said)
    SpoolReader(store.metrics, "a", folder).take_in()
    assert values(store) == {"x": [0.0, 1.0, 2.0]}


def test_a_process_waits_no_longer_than_its_patience(folder: Path) -> None:
    with ending(folder, folder / "room", 0.0) as process:
        assert "3 logged lines are lost" in process.communicate(timeout=30)[1]
        assert process.returncode == 0


def test_nan_and_infinities_pass(store: Store, folder: Path, logger: RunLogger) -> None:
    for value in (math.nan, math.inf, -math.inf):
        logger.log("x", value)
    SpoolReader(store.metrics, "a", folder).take_in()
    assert [repr(v) for v in values(store)["x"]] == ["nan", "inf", "-inf"]


def test_one_call_is_one_line(folder: Path, logger: RunLogger) -> None:
    logger.log("a\nb \u2028 \x00 <b>", 1)
    [file] = (folder / "spool").iterdir()
    [line] = file.read_bytes().splitlines()
    assert json.loads(line)["m"] == {"a\nb \u2028 \x00 <b>": 1.0}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda log: log.log("x", [1, 2]), r"run\.log_list"),
        (lambda log: log.log("x", np.array([1, 2])), r"run\.log_list"),
        (lambda log: log.log("x", "text"), "is a number, not 'text'"),
        (lambda log: log.log("x", None), "is a number, not None"),
        (lambda log: log.log("x", 10**400), "too large"),
        (lambda log: log.log("", 1), "not empty"),
        (lambda log: log.log(3, 1), "is a text"),
        (lambda log: log.log("n" * 10_000, 1), "at most 255 characters.*10,000"),
        (lambda log: log.log("x", 1, step=1.5), "whole number"),
        (lambda log: log.log("x", 1, step=-1), r"between 0 and 2\*\*63"),
        (lambda log: log.log_metrics({"x": 1}, env_steps=2**70), "env_steps lies between"),
        (lambda log: log.log_list("x", "abc"), "takes a list"),
        (lambda log: log.log_list("x", [1] * 10_001), "at most 10,000"),
        (lambda log: log.log_row("x"), "at least one column"),
        (lambda log: log.log_table("x", {"a": [1], "b": [1, 2]}), "different lengths"),
        (lambda log: log.log_image("x"), "either path= or plot="),
        (lambda log: log.log_image("x", path="x.gif"), "neither a PNG"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_written(
    folder: Path, logger: RunLogger, call: object, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        call(logger)  # type: ignore[operator]
    assert not list(folder.glob("spool/*"))


def test_a_process_that_logs_much_holds_up_no_other(store: Store, folder: Path) -> None:
    spool = folder / "spool"
    spool.mkdir(parents=True)
    line = '{"t": 1.0, "a": 1, "r": "", "m": {"much": 1.0}}\n'
    (spool / "a-1.jsonl").write_text(line * 60_000)
    (spool / "b-2.jsonl").write_text(line.replace("much", "little"))
    reader = SpoolReader(store.metrics, "a", folder)
    # With no time at all it takes one piece of each file, and the next call goes on.
    assert 1 < reader.take_in(seconds=0.0) < 60_001
    assert values(store, "a")["little"] == [1.0]
    while reader.take_in(seconds=0.0):
        pass
    assert len(values(store, "a")["much"]) == 60_000
    assert SpoolReader(store.metrics, "a", folder).take_in() == 0


def test_steps_of_a_second_training_go_on_though_they_are_fewer(
    store: Store, folder: Path, logger: RunLogger
) -> None:
    reader = SpoolReader(store.metrics, "a", folder)
    logger.log_metrics({"x": 1}, env_steps=9_000)
    reader.take_in()
    assert (reader.advances, reader.env_steps_logged) == (0, 9_000)
    # Each trainer is a process of its own, with a file of its own.
    [file] = (folder / "spool").glob("*.jsonl")
    lines = [file.read_text().replace("9000", str(steps)) for steps in (100, 200, 200)]
    (folder / "spool" / "another.jsonl").write_text("".join(lines))
    reader.take_in()
    assert (reader.advances, reader.env_steps_logged) == (2, 9_000)


def test_a_name_that_is_no_unicode_is_refused_and_harms_no_other_line(
    store: Store, folder: Path, logger: RunLogger
) -> None:
    with pytest.raises(UserError, match="a text in Unicode"):
        logger.log("caf\udce9", 1)
    logger.log("good", 1)
    [file] = (folder / "spool").glob("*.jsonl")
    line = file.read_text()
    file.write_text(line.replace("good", "caf\\udce9") + line)
    SpoolReader(store.metrics, "a", folder).take_in()
    assert values(store) == {"good": [1.0]}
