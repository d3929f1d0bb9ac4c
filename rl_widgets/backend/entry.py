"""The bootstrap of an entry script: `python -m rl_widgets.backend.entry script.py argument …`.

It sends the output to the run's `driver_log.txt`, lays `./logs` and `./outputs` into the run
folder, waits until the cluster is whole, stamps the script's first line, runs it as the real
`__main__`, and writes down how it ended.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import faulthandler
import io
import json
import os
import shutil
import signal
import sys
import time
import types
from pathlib import Path
from typing import Any

from rl_widgets.backend.script_failure import describe_exit, describe_failure, without_frames_of
from rl_widgets.store.logger import from_environment

_POLL_SECONDS = 0.02
#: Between two tries to write onto a full disk.
_FULL_DISK_SECONDS = 0.5


def main() -> None:
    run_folder = Path(os.environ["RL_WIDGETS_RUN_FOLDER"])
    script, arguments = sys.argv[1], sys.argv[2:]
    job = run_folder / "job"
    job.mkdir(parents=True, exist_ok=True)
    _send_output_to(run_folder / "head" / "driver_log.txt")
    faulthandler.enable()
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR2, all_threads=True)
    snapshot = Path.cwd()
    for name in ("logs", "outputs"):
        link_folder(snapshot / name, run_folder / "head" / name)
    threads = os.environ.get("RL_WIDGETS_DRIVER_THREADS")
    if threads:
        # Ray's job actor has no CPU of its own, for which Ray sets 1, and the script inherits it.
        os.environ["OMP_NUM_THREADS"] = threads
    _write(job / "arrived.json", _identity())
    _wait_for(job / "go")
    ending = Ending(job / "exit.json")
    # Its exit handler, which waits for room on a full disk, has to run after the script's own.
    from_environment()
    _write(job / "started.json", _identity())
    run_script(script, arguments, snapshot, ending)


class Ending:
    """How the script ended, written when the interpreter is done with everything else.

    Registered first, so that it runs last: after the script's threads and exit handlers.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.exit_code = 0
        self.exception: dict[str, Any] | None = None
        self._process = os.getpid()
        atexit.register(self.write)

    def write(self) -> None:
        if os.getpid() != self._process:
            return  # a fork of the script runs the exit handlers too
        _write(
            self._path,
            {"exit_code": self.exit_code, "time": time.time(), "exception": self.exception},
        )


def run_script(script: str, arguments: list[str], snapshot: Path, ending: Ending) -> None:
    """Run a script as `python script argument …` would; always ends in SystemExit."""
    path = snapshot / script
    sys.argv = [script, *arguments]
    sys.path[0] = str(path.parent)
    program = types.ModuleType("__main__")
    program.__dict__.update(
        __file__=str(path), __builtins__=__builtins__, __spec__=None, __loader__=None
    )
    sys.modules["__main__"] = program
    try:
        code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        exec(code, program.__dict__)  # noqa: S102 - running the user's script is the purpose
    except SystemExit as end:
        ending.exit_code, ending.exception = describe_exit(end, snapshot)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException as error:  # noqa: BLE001 - whatever ends the script is its ending
        ending.exit_code = 130 if isinstance(error, KeyboardInterrupt) else 1
        error = error.with_traceback(without_frames_of(error.__traceback__, __file__))
        ending.exception = describe_failure(error, snapshot)
        sys.excepthook(type(error), error, error.__traceback__)
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    sys.exit(ending.exit_code)


def link_folder(place: Path, target: Path) -> None:
    """Make `place` a link to `target`; what already is in a folder there moves along."""
    target.mkdir(parents=True, exist_ok=True)
    try:
        if place.is_symlink():
            place.unlink()
        elif place.is_dir():
            shutil.copytree(place, target, dirs_exist_ok=True, symlinks=True)
            shutil.rmtree(place)
        elif place.exists():
            print(f"rl_widgets: ./{place.name} is a file of the snapshot, so it is not linked.")
            return
        place.symlink_to(target, target_is_directory=True)
    except (OSError, shutil.Error) as error:
        print(f"rl_widgets: ./{place.name} could not be linked to the run ({error}).")


def _send_output_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        text = io.TextIOWrapper(
            io.BufferedWriter(_Log(descriptor, "w", closefd=False)),
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)


class _Log(io.FileIO):
    """The log as the script's output: on a full disk a line is lost, not the training."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return len(data)


def _wait_for(signal_file: Path) -> None:
    while not signal_file.exists():
        time.sleep(_POLL_SECONDS)


def _identity() -> dict[str, Any]:
    return {
        "time": time.time(),
        "pid": os.getpid(),
        "session": os.getsid(0),
        "cluster": os.environ.get("RL_WIDGETS_CLUSTER", ""),
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a whole file, as soon as the disk has room for it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    while True:
        try:
            partial.write_text(json.dumps(content))
            os.replace(partial, path)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            time.sleep(_FULL_DISK_SECONDS)
        else:
            return


if __name__ == "__main__":
    # Run as an imported module, because the name __main__ is about to be the script's.
    from rl_widgets.backend import entry

    entry.main()
