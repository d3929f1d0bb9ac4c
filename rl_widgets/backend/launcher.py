"""One process that imports Ray once and forks a `ray start` for each node.

It is the root of everything a local cluster runs: leader of its session, parent of its nodes,
adopter of their orphans. It reads requests as JSON lines, writes events as JSON lines, and when
its input ends, because the supervisor ended in whatever way, it kills all of it and ends too.
"""

from __future__ import annotations

import gc
import io
import json
import os
import select
import signal
import sys
import traceback
from types import FrameType
from typing import Any

from rl_widgets.backend.processes import (
    Process,
    adopt_orphans,
    die_with_parent,
    kill_all,
    lead_session,
    read_processes,
    tree,
)


class Launcher:
    def __init__(self) -> None:
        self._nodes: dict[int, str] = {}
        self._pending = b""
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)

    def serve(self) -> None:
        lead_session()
        adopt_orphans()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, _interrupt)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        # Imported before the first fork, so that no node imports it again.
        import ray.scripts.scripts

        gc.collect()
        gc.freeze()
        self._tell(event="ready", version=ray.__version__)
        while self._read_requests():
            self._reap()
        kill_all(_descendants, seconds=10)

    def _read_requests(self) -> bool:
        readable, _, _ = select.select([0, self._wake_read], [], [])
        if self._wake_read in readable:
            os.read(self._wake_read, 4096)
        if 0 in readable:
            data = os.read(0, 1 << 16)
            if not data:
                return False
            *lines, self._pending = (self._pending + data).split(b"\n")
            for line in lines:
                self._start_node(json.loads(line))
        return True

    def _start_node(self, request: dict[str, Any]) -> None:
        launcher = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(self._wake_read)
            os.close(self._wake_write)
            _become_node(request, launcher)
        self._nodes[pid] = request["node"]
        self._tell(event="started", node=request["node"], pid=pid)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._nodes:
                code = os.waitstatus_to_exitcode(status)
                self._tell(event="ended", node=self._nodes.pop(pid), exit_code=code)

    def _tell(self, **event: Any) -> None:
        try:
            os.write(1, json.dumps(event).encode() + b"\n")
        except BrokenPipeError:
            return


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A handler must be there, else SIGCHLD writes nothing to the wakeup pipe."""


def _descendants() -> list[Process]:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                break
        except ChildProcessError:
            break
    return tree(os.getpid(), read_processes())[1:]


def _become_node(request: dict[str, Any], launcher: int) -> None:
    """Turn the forked process into `ray start`; never returns."""
    code = 1
    try:
        die_with_parent(launcher)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.close(null)
        # The dashboard's address is read from what Ray prints, at once.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)
        os.environ.update(request["environment"])
        os.chdir(request["folder"])
        from ray.scripts.scripts import start

        sys.argv = ["ray", "start", *request["arguments"]]
        start.main(args=request["arguments"], prog_name="ray start", standalone_mode=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the log is the only place where this can be read
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    Launcher().serve()
