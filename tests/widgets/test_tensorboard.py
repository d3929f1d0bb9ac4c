"""The real TensorBoard on runs: live, with event files of the script's or of the record's."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from rl_widgets import Experiment, RLWidgetsError, Tensorboard, UserError, Workspace
from tests.public.test_import import write_events
from tests.view.fixture_runs import make
from tests.widgets.conftest import boards


def asked(url: str, path: str) -> Any:
    with urllib.request.urlopen(f"{url.rstrip('/')}/data/{path}", timeout=20) as answer:
        return json.load(answer)


def tags(url: str) -> dict[str, set[str]]:
    found = asked(url, "plugin/scalars/tags")
    return {run: set(names) for run, names in found.items()}


def until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.1)


@pytest.fixture
def started() -> Iterator[Callable[[Tensorboard], str]]:
    boards: list[Tensorboard] = []

    def start(board: Tensorboard) -> str:
        boards.append(board)
        return board.start()

    yield start
    for board in boards:
        board.stop()


def test_a_run_without_event_files_is_shown_live_and_nothing_is_left(
    ws: Workspace, started: Callable[[Tensorboard], str], tmp_path: Path
) -> None:
    run = Experiment(ws, "board").start_logging('a/b: "c"')
    run.log_metrics({"reward": 1.5}, step=1, env_steps=100)
    with_files = make(tmp_path / "other")
    write_events(with_files.folder / "head" / "logs" / "IMPALA_0", {"ray/tune/x": [1.0, 2.0]})
    with_files.use_resources()
    root = tmp_path / "root"
    board = Tensorboard([run, with_files.run], local_root=str(root), use_display_name=True)
    url = started(board)
    tune = f"{with_files.run_id}/IMPALA_0"
    name = "a_b_c_"
    expected = {name: {"reward"}, tune: {"ray/tune/x"}}
    until(lambda: tags(url) == expected, "both runs are shown")
    run.log_metrics({"reward": 2.5, "new": 1.0}, step=2, env_steps=200)
    until(lambda: tags(url)[name] == {"reward", "new"}, "the new metric is shown")
    points = asked(url, f"plugin/scalars/scalars?run={name}&tag=reward")
    assert [[step, value] for _, step, value in points] == [[100, 1.5], [200, 2.5]]
    run.complete()
    with pytest.raises(UserError, match="runs already"):
        board.start()
    board.stop()
    board.stop()
    assert board.url is None
    assert not boards()
    assert list(root.iterdir()) == []
    assert (with_files.folder / "head" / "logs" / "IMPALA_0").is_dir()


def test_it_ends_with_a_process_that_was_killed(own_home: Path) -> None:
    script = """
import os, signal
from rl_widgets import Experiment, Tensorboard, Workspace
run = Experiment(Workspace(), "board").start_logging()
run.log("x", 1)
board = Tensorboard(run)
board.start()
print(board._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie", "its end")


def test_wrong_arguments_and_what_does_not_start_are_said_in_a_sentence(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = Experiment(ws, "board").start_logging()
    for wrong in ([], "run", [run, 3], None):
        with pytest.raises(UserError, match="Tensorboard takes"):
            Tensorboard(wrong)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="port is a whole number"):
        Tensorboard(run, port=70_000)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"):
        Tensorboard(run, local_root=str(tmp_path / "file")).start()
    monkeypatch.setattr("rl_widgets.widgets.tensorboard._MAIN", "raise SystemExit('no luck')")
    with pytest.raises(RLWidgetsError, match="no luck"):
        Tensorboard(run).start()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(RLWidgetsError, match="pip install"):
        Tensorboard(run).start()
    run.complete()
