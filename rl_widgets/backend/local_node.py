"""One node of a local cluster, seen from its process and the files that Ray leaves."""

from __future__ import annotations

import re
import shutil
import signal
from pathlib import Path
from string import ascii_lowercase

from rl_widgets.backend.cluster import NodePhase, NodeSpec, NodeState
from rl_widgets.backend.ray_hook import LOOPBACK, RAYLET_ENDED

_ATTEMPTS = 10
_TOO_BUSY = "Started again: the machine was too busy for the time that Ray gives a node."
_DASHBOARD = re.compile(r"RAY_API_SERVER_ADDRESS='http://([^']+)'")


class LocalNode:
    """`index` 0 is the head. `live_logs` is where Ray writes, `kept_logs` where the run shows."""

    def __init__(
        self, spec: NodeSpec, scratch: Path, run_folder: Path, index: int, devices: str
    ) -> None:
        self.spec = spec
        self.index = index
        self.devices = devices
        self._scratch = scratch
        part = "head" if index == 0 else "worker"
        self.kept_logs = run_folder / part / "nodes" / spec.name
        self.failure = ""
        self.stopping = False
        self.attempt = -1
        self.begin_attempt()

    def begin_attempt(self) -> None:
        """Forget the process there was, and take a new folder for the next one."""
        self.attempt += 1
        name = "h" if self.index == 0 else f"w{self.index - 1}"
        self.folder = self._scratch / (
            name + ascii_lowercase[self.attempt] if self.attempt else name
        )
        self.log = self._scratch / f"ray_start_{self.folder.name}.log"
        #: Whether the launcher was asked for it.
        self.asked_for = False
        self.pid: int | None = None
        self.joined = False
        self.exit_code: int | None = None

    def may_start_again(self) -> bool:
        """Whether the process ended only because the machine was too busy for Ray's limits."""
        if self.joined or self.exit_code is None or self.failure or self.attempt >= _ATTEMPTS - 1:
            return False
        log = self._start_log()
        return any(reason in log for reason in (RAYLET_ENDED, "timed out during startup"))

    @property
    def starting(self) -> bool:
        """Whether its process is on the way, and has neither joined nor ended."""
        return self.asked_for and not (self.joined or self.failure or self.exit_code is not None)

    def state(self) -> NodeState:
        def told(phase: NodePhase, address: str | None, reason: str) -> NodeState:
            code = self.exit_code
            return NodeState(self.spec.name, phase, self.pid, code, address, reason, self.attempt)

        if self.exit_code is not None or self.failure:
            return told("dead", None, self._reason())
        if self.stopping:
            return told("dead", None, "stopped")
        if self.joined:
            return told("alive", self.gcs_address() if self.index == 0 else LOOPBACK, "")
        return told("starting", None, _TOO_BUSY if self.attempt else "")

    def look(self) -> bool:
        """See whether the node has joined. Ray writes this file when the GCS knows the node."""
        known = self.exit_code is None and (self.folder / "ray_current_cluster").exists()
        self.joined = known and (self.index > 0 or self.dashboard() is not None)
        return self.joined

    def gcs_address(self) -> str | None:
        try:
            return (self.folder / "ray_current_cluster").read_text().strip() or None
        except OSError:
            return None

    def dashboard(self) -> str | None:
        found = _DASHBOARD.search(self._start_log())
        return found.group(1) if found else None

    def live_logs(self) -> Path:
        return self.folder / "session_latest" / "logs"

    def keep_start_log(self) -> None:
        """Lay what `ray start` printed beside the logs that are kept."""
        if self.log.exists() and self.live_logs().is_dir():
            shutil.copyfile(self.log, self.live_logs() / "ray_start.log")

    def _reason(self) -> str:
        if self.failure:
            return self.failure
        code = self.exit_code or 0
        if code < 0:
            how = f"ended by {signal.Signals(-code).name}"
        else:
            how = f"ended with exit code {code}"
        lines = [line.strip() for line in self._start_log().splitlines() if line.strip()]
        # Ray quotes its dashboard's log below this line, which says nothing by itself.
        lines = [line for line in lines if not line.startswith("The last 20 lines of")]
        last = lines[-1] if lines and not self.joined else ""
        return f"{how}: {last}" if last else how

    def _start_log(self) -> str:
        try:
            return self.log.read_text(errors="replace")
        except OSError:
            return ""
