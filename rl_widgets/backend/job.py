"""The one job of a cluster: packed, sent, watched and stopped."""

from __future__ import annotations

import contextlib
import json
import shlex
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from rl_widgets.backend.cluster import JobSpec, JobStatus
from rl_widgets.backend.errors import ClusterError
from rl_widgets.backend.jobs_api import JobsApi, pack
from rl_widgets.backend.processes import read_process

_ASK_SECONDS = 1.0
"""Between two questions to the head; files tell what can be told without one."""


class Job:
    """Sends the job on a thread of its own, so that nobody waits for the head.

    What the bootstrap writes under the run folder's `job/` is known at once and without asking;
    the Jobs API is asked only about what the bootstrap cannot say: that it could not start, or
    that it was killed.
    """

    def __init__(self, spec: JobSpec, scratch: Path, token: str, marker: str) -> None:
        self._spec = spec
        self._scratch = scratch
        self._token = token
        self._marker = marker
        self._folder = spec.run_folder / "job"
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in ("arrived.json", "started.json", "exit.json", "go"):
            (self._folder / name).unlink(missing_ok=True)
        self._api: JobsApi | None = None
        self._id: str | None = None
        self._failure = ""
        self._abandoned = False
        self._stop_asked = False
        self._last = JobStatus("pending")
        self._asked_at = 0.0
        self._sender: threading.Thread | None = None

    def send(self, dashboard: str) -> None:
        """Begin to hand the job to the head at the dashboard's `host:port`."""
        if self._sender is None:
            self._sender = threading.Thread(
                target=self._send, args=(dashboard,), name="submit", daemon=True
            )
            self._sender.start()

    def release(self) -> None:
        (self._folder / "go").touch()

    def stop(self) -> None:
        """SIGTERM to the script and what it started, SIGKILL 3 s later (by Ray)."""
        self._stop_asked = True
        if self._api is not None and self._id is not None:
            # A head that does not answer has no job either.
            with contextlib.suppress(ClusterError):
                self._api.stop(self._id)

    def abandon(self) -> None:
        """The cluster ends: send nothing more, ask nothing more."""
        self._last = self.status()
        self._abandoned = True

    def status(self) -> JobStatus:
        ended = self._read("exit.json")
        if ended is not None:
            return _ended(ended)
        if self._failure:
            return JobStatus("failed", self._failure)
        if self._abandoned:
            return self._last
        started = self._read("started.json")
        if started is not None:
            process = read_process(started["pid"])
            if process is not None and not process.zombie:
                return JobStatus("running")
        if self._id is None:
            return JobStatus("stopped" if self._stop_asked else "pending")
        return self._ask()

    def _send(self, dashboard: str) -> None:
        try:
            api = JobsApi(dashboard, self._token)
            package = pack(self._spec.snapshot, self._scratch)
            api.upload(package)
            package.path.unlink()
            if self._abandoned or self._stop_asked:
                return
            self._api = api
            self._id = api.submit(
                {"entrypoint": self._entrypoint(), "runtime_env": self._runtime_env(package.uri)}
            )
            if self._stop_asked:
                api.stop(self._id)
        except ClusterError as error:
            self._failure = f"The job could not be submitted. {error}"
        except Exception as error:  # noqa: BLE001 - a run may not wait for a thread that is gone
            self._failure = f"The snapshot could not be packed ({error})."

    def _entrypoint(self) -> str:
        # With packages of its own the job has an interpreter of its own, first on its PATH.
        python = "python" if self._spec.pip_packages else sys.executable
        module = [python, "-m", "rl_widgets.backend.entry"]
        return shlex.join([*module, self._spec.entry_script, *self._spec.arguments])

    def _runtime_env(self, working_dir: str) -> dict[str, Any]:
        environment: dict[str, Any] = {"working_dir": working_dir}
        if self._spec.pip_packages:
            environment["pip"] = {"packages": self._spec.pip_packages, "pip_check": False}
        return environment

    def _ask(self) -> JobStatus:
        now = time.monotonic()
        if now - self._asked_at < _ASK_SECONDS or self._api is None or self._id is None:
            return self._last
        self._asked_at = now
        try:
            details = self._api.details(self._id)
        except ClusterError:
            # A head that is gone is seen from its process.
            return self._last
        self._last = self._judge(details)
        return self._last

    def _judge(self, details: dict[str, Any]) -> JobStatus:
        state = str(details.get("status", "")).lower()
        message = str(details.get("message") or "").strip()
        code = details.get("driver_exit_code")
        ended = self._read("exit.json")
        if ended is not None:
            return _ended(ended)
        if state == "succeeded":
            # The script left by os._exit(0): no exit handler could write.
            return JobStatus("succeeded", message, 0)
        if state == "stopped":
            return JobStatus("stopped", message, code)
        if state == "failed":
            return JobStatus("failed", _why_failed(message, code), code)
        return JobStatus("running" if self._read("started.json") else "pending", message)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            found = json.loads((self._folder / name).read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None


def _ended(content: dict[str, Any]) -> JobStatus:
    code = int(content.get("exit_code", 1))
    if code == 0:
        return JobStatus("succeeded", "", 0)
    cause = content.get("exception") or {}
    message = f"{cause.get('type', 'exit')}: {cause.get('message', '')}".strip()
    if cause.get("file"):
        message += f" ({cause['file']}, line {cause['line']})"
    return JobStatus("failed", message, code)


def _why_failed(message: str, code: int | None) -> str:
    if code is None:
        return f"The script could not be started. {message}".strip()
    if code > 128 and code - 128 in signal.valid_signals():
        name = signal.Signals(code - 128).name
        hint = "; the machine may be out of memory" if name == "SIGKILL" else ""
        return f"The script was ended by {name}{hint}."
    return f"The script ended with exit code {code}."
