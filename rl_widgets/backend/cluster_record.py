"""What is written down of a local cluster, so that another process can find and end it."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rl_widgets.backend.launcher_client import LauncherClient
from rl_widgets.backend.node_environment import MARKER
from rl_widgets.backend.processes import (
    Process,
    ProcessTable,
    boot_id,
    environment_value,
    kill_all,
    read_processes,
    tree,
)
from rl_widgets.backend.scratch import keep_logs, remove_scratch

RECORD_NAME = "cluster.json"
ARRIVED_NAME = "job/arrived.json"

# A process of ours cannot be older than its launcher; the kernel counts in hundredths.
_CLOCK_SLACK = 0.02


@dataclass
class ClusterRecord:
    """A running local cluster. `session_started` in seconds since boot; `logs` maps each node's
    live log folder to where the run folder shows it."""

    run_id: str
    run_folder: str
    scratch: str
    boot_id: str
    session: int = 0
    session_started: float = 0.0
    token: str = ""
    gcs_address: str = ""
    dashboard: str = ""
    logs: dict[str, str] = field(default_factory=dict)

    @property
    def marker(self) -> str:
        return Path(self.scratch).name

    @property
    def path(self) -> Path:
        return Path(self.run_folder) / RECORD_NAME

    def write(self) -> None:
        write_json(self.path, asdict(self))


def read_record(path: Path) -> ClusterRecord | None:
    """The record of a cluster that was not stopped, or None."""
    try:
        return ClusterRecord(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_json(path: Path, content: object) -> None:
    """Write a file of mode 0600 whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
    os.replace(partial, path)


def cluster_processes(record: ClusterRecord) -> list[Process]:
    """Every process of the cluster that still runs: by session, by descent and by marker."""
    if record.boot_id != boot_id():
        return []
    table = read_processes()
    found = {process.pid: process for process in _members(table, record)}
    for pid in list(found):
        found.update((process.pid, process) for process in tree(pid, table))
    found.pop(os.getpid(), None)
    return [process for process in found.values() if not process.zombie]


def _members(table: ProcessTable, record: ClusterRecord) -> list[Process]:
    sessions = {record.session}
    with contextlib.suppress(OSError, ValueError, KeyError):
        arrived = json.loads((Path(record.run_folder) / ARRIVED_NAME).read_text())
        if arrived["cluster"] == record.marker:
            sessions.add(arrived["session"])
    launcher = table.get(record.session)
    if launcher is not None and abs(launcher.started - record.session_started) > _CLOCK_SLACK:
        # Another program has the number now, and its session with it.
        sessions.discard(record.session)
    # Session 0 is the kernel's, and here that of a launcher that was not yet recorded.
    sessions.discard(0)
    oldest = record.session_started - _CLOCK_SLACK
    return [
        process
        for process in table.values()
        if process.started >= oldest
        and (process.session in sessions or environment_value(process.pid, MARKER) == record.marker)
    ]


def end_cluster(record: ClusterRecord, launcher: LauncherClient | None = None) -> list[Process]:
    """Kill what is left, keep the logs, remove the folder and the record.

    The caller's own launcher is ended last, for it alone can reap the others. Returns the
    processes that could not be ended within 10 s (there should be none).
    """
    spared = set() if launcher is None else {launcher.pid}
    left = kill_all(
        lambda: [p for p in cluster_processes(record) if p.pid not in spared], seconds=10
    )
    if launcher is not None:
        launcher.close()
    for live, kept in record.logs.items():
        with contextlib.suppress(OSError):
            keep_logs(Path(live), Path(kept))
    if not left:
        remove_scratch(Path(record.scratch))
        with contextlib.suppress(OSError):
            record.path.unlink()
    return left


def sweep(run_id: str, record_path: Path) -> bool:
    """End what a run's killed supervisor left behind; for any other process to call.

    Returns whether there was something recorded. Does nothing when the record is another run's.
    """
    record = read_record(record_path)
    if record is None or record.run_id != run_id:
        return False
    end_cluster(record)
    return True
