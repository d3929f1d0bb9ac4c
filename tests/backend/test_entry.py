"""The bootstrap of an entry script, as a process of its own, without Ray."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import rl_widgets

ROOT = Path(rl_widgets.__file__).parent.parent


@dataclass
class Ended:
    code: int
    log: str
    exit: dict[str, Any] | None
    folder: Path
    snapshot: Path


@pytest.fixture
def run_entry(tmp_path: Path):
    folder, snapshot = tmp_path / "run", tmp_path / "snapshot"
    (folder / "job").mkdir(parents=True)
    snapshot.mkdir()

    (folder / "job" / "go").touch()

    def run(source: str | None, *arguments: str, script: str = "train.py", **files: str) -> Ended:
        sources = {script: source, **{name.replace("__", "/"): t for name, t in files.items()}}
        for name, text in sources.items():
            if text is not None:
                (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
                (snapshot / name).write_text(textwrap.dedent(text))
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "RL_WIDGETS_RUN_FOLDER": str(folder)}
        ended = subprocess.run(
            [sys.executable, "-m", "rl_widgets.backend.entry", script, *arguments],
            cwd=snapshot,
            env=environment,
            timeout=60,
            check=False,
            capture_output=True,
            # Ray gives a job a session of its own; the one of the tests may belong to a process
            # outside of their container, where its number reads 0.
            start_new_session=True,
        )
        assert ended.stdout == ended.stderr == b""
        exit_file = folder / "job" / "exit.json"
        return Ended(
            ended.returncode,
            (folder / "head" / "driver_log.txt").read_text(),
            json.loads(exit_file.read_text()) if exit_file.exists() else None,
            folder,
            snapshot,
        )

    return run


def test_a_script_that_ends_well_leaves_its_output_and_exit_code_0(run_entry) -> None:
    ended = run_entry("import sys; print('hello', sys.argv)", "--a", "b c")
    assert (ended.code, ended.exit["exit_code"], ended.exit["exception"]) == (0, 0, None)
    assert ended.log == "hello ['train.py', '--a', 'b c']\n"
    started = json.loads((ended.folder / "job" / "started.json").read_text())
    assert started["time"] <= ended.exit["time"]
    assert started["session"] > 0


def test_an_exception_is_shown_with_its_place_in_the_snapshot(run_entry) -> None:
    ended = run_entry(
        """
        import json
        def parse():
            json.loads("{")
        parse()
        """,
        script="sub/train.py",
    )
    assert ended.code == 1
    cause = ended.exit["exception"]
    assert (cause["type"], cause["file"], cause["line"]) == ("JSONDecodeError", "sub/train.py", 4)
    assert "Expecting property name" in cause["message"]
    # The log reads as if Python had run the script: nothing of the bootstrap's own frames.
    assert ended.log.startswith("Traceback (most recent call last):\n")
    assert "entry.py" not in ended.log


def test_a_syntax_error_names_its_line(run_entry) -> None:
    ended = run_entry("x = 1\nif x\n")
    cause = ended.exit["exception"]
    assert (cause["type"], cause["file"], cause["line"]) == ("SyntaxError", "train.py", 2)


def test_a_missing_script_is_the_error(run_entry) -> None:
    ended = run_entry(None)
    assert ended.code == 1
    assert ended.exit["exception"]["type"] == "FileNotFoundError"
    assert "train.py" in ended.exit["exception"]["message"]


@pytest.mark.parametrize(
    ("ending", "code", "message"),
    [
        ("sys.exit(3)", 3, "exit code 3"),
        ("sys.exit('no data')", 1, "no data"),
        ("sys.exit(0)", 0, None),
        ("sys.exit()", 0, None),
        ("raise SystemExit(256 + 7)", 7, "exit code 7"),
    ],
)
def test_the_exit_code_is_kept(run_entry, ending: str, code: int, message: str | None) -> None:
    ended = run_entry(f"import sys\n{ending}\n")
    assert ended.code == ended.exit["exit_code"] == code
    if message is None:
        assert ended.exit["exception"] is None
    else:
        assert message in ended.exit["exception"]["message"]
        assert ended.exit["exception"]["line"] == 2
    if message == "no data":
        assert ended.log == "no data\n"


def test_a_script_that_leaves_at_once_writes_no_exit(run_entry) -> None:
    ended = run_entry("import os; os._exit(5)")
    assert (ended.code, ended.exit) == (5, None)


def test_much_output_is_kept_whole(run_entry) -> None:
    ended = run_entry("for i in range(20): print('x' * 1_000_000)")
    assert ended.code == 0
    assert (ended.folder / "head" / "driver_log.txt").stat().st_size == 20 * 1_000_001


def test_output_of_programs_that_the_script_starts_is_in_the_log(run_entry) -> None:
    assert run_entry("import os; os.system('echo from a shell')").log == "from a shell\n"


def test_exit_is_written_after_threads_and_exit_handlers(run_entry) -> None:
    ended = run_entry(
        """
        import atexit, os, threading, time
        exit_file = os.path.join(os.environ["RL_WIDGETS_RUN_FOLDER"], "job", "exit.json")
        atexit.register(lambda: print("handler", os.path.exists(exit_file)))
        def work():
            time.sleep(0.3)
            print("thread", os.path.exists(exit_file))
        threading.Thread(target=work).start()
        """
    )
    assert ended.log == "thread False\nhandler False\n"
    assert ended.exit["exit_code"] == 0


def test_logs_and_outputs_lead_to_the_run_folder(run_entry) -> None:
    ended = run_entry(
        """
        open("outputs/model.txt", "w").write("weights")
        open("logs/own.log", "w").write("line")
        """
    )
    assert ended.code == 0, ended.log
    assert (ended.folder / "head" / "outputs" / "model.txt").read_text() == "weights"
    assert (ended.folder / "head" / "logs" / "own.log").read_text() == "line"


def test_such_folders_of_the_snapshot_move_along(run_entry) -> None:
    ended = run_entry("print(open('logs/deep/old').read())", logs__deep__old="from before")
    assert ended.log == "from before\n"
    assert (ended.folder / "head" / "logs" / "deep" / "old").read_text() == "from before"


def test_a_file_named_outputs_does_not_stop_the_script(run_entry) -> None:
    ended = run_entry("print(open('outputs').read())", outputs="mine")
    assert ended.code == 0
    assert "./outputs is a file of the snapshot" in ended.log
    assert ended.log.endswith("mine\n")


def test_the_script_is_the_real_main(run_entry) -> None:
    """Objects of the script pickle, and processes spawned by it can import it."""
    ended = run_entry(
        """
        import multiprocessing, pickle, sys
        class Point:
            x = 3
        def double(n):
            return 2 * n
        if __name__ == "__main__":
            assert sys.modules["__main__"].Point is Point
            assert pickle.loads(pickle.dumps(Point())).x == 3
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(double, [1, 2]))
        """
    )
    assert ended.code == 0, ended.log
    assert ended.log == "[2, 4]\n"


def test_modules_beside_the_script_are_found(run_entry) -> None:
    source = "import settings; print(settings.VALUE + 1)"
    ended = run_entry(source, script="sub/train.py", **{"sub/settings.py": "VALUE = 41"})
    assert ended.log == "42\n"


def test_a_forked_process_does_not_end_the_run(run_entry) -> None:
    ended = run_entry(
        """
        import os, sys
        pid = os.fork()
        if pid == 0:
            sys.exit(9)
        os.waitpid(pid, 0)
        """
    )
    assert (ended.code, ended.exit["exit_code"]) == (0, 0)


def test_the_cause_of_a_remote_failure_is_the_remote_one(run_entry) -> None:
    """A task's error arrives as an exception with the remote traceback in it."""
    ended = run_entry(
        '''
        class RayTaskError(Exception):
            pass
        error = RayTaskError("wrapped")
        error.cause = ZeroDivisionError("division by zero")
        error.traceback_str = """ray::Learner.update() (pid=1)
          File "/tmp/rlw-1/w0/session/runtime_resources/working_dir_files/_ray_pkg_0a1b/env.py", line 12, in step
          File "/usr/lib/python3/site-packages/gymnasium/core.py", line 99, in step
        ZeroDivisionError: division by zero"""
        raise error
        '''  # noqa: E501
    )
    cause = ended.exit["exception"]
    assert (cause["type"], cause["message"]) == ("ZeroDivisionError", "division by zero")
    assert (cause["file"], cause["line"]) == ("env.py", 12)


def test_the_script_waits_until_it_may_begin(tmp_path: Path) -> None:
    folder, snapshot = tmp_path / "run", tmp_path / "snapshot"
    snapshot.mkdir()
    (snapshot / "train.py").write_text("print('began')")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RL_WIDGETS_RUN_FOLDER": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "rl_widgets.backend.entry", "train.py"],
        cwd=snapshot,
        env=environment,
    )
    try:
        while not (folder / "job" / "arrived.json").exists():
            assert process.poll() is None
        assert (folder / "head" / "driver_log.txt").read_text() == ""
        assert not (folder / "job" / "started.json").exists()
        (folder / "job" / "go").touch()
        assert process.wait(timeout=30) == 0
        assert (folder / "head" / "driver_log.txt").read_text() == "began\n"
    finally:
        process.kill()
        process.wait()
