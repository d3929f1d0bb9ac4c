"""The server itself, and the machine that runs of the workspace are on."""

from __future__ import annotations

import os
import shutil
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

import rl_widgets
from rl_widgets.backend import files
from rl_widgets.backend.machine import sizes, this_machine
from rl_widgets.forms.installed import trains_here as trains_here
from rl_widgets.server.request import Request
from rl_widgets.server.served import Served
from rl_widgets.view import wording

#: Seconds for which the size of the workspace, a look at each of its files, is held.
_SIZE_HOLDS = 60.0
_size_lock = threading.Lock()
_size: tuple[float, Path | None, int] = (0.0, None, 0)


def about(served: Served, asked: Request) -> Any:
    """What this server is, serves and allows."""
    workspace = served.workspace
    return {
        "version": rl_widgets.__version__,
        "api": 1,
        "workspace": {"name": workspace.name, "folder": workspace.folder},
        "read_only": served.limits.read_only,
        "runs_end_with_server": runs_end_with_server(),
        "trains_here": trains_here(),
        "revision": served.table.revision,
    }


def revision(served: Served, asked: Request) -> Any:
    """The number that grows with each change."""
    return {"revision": served.table.revision}


def capacity(served: Served, asked: Request) -> Any:
    """What the machine has, how much of it is in use, and the sizes of nodes."""
    machine = this_machine()
    folder = served.workspace.folder
    memory = psutil.virtual_memory()
    used, load = memory.total - memory.available, os.getloadavg()[0]
    disk = shutil.disk_usage(folder)
    kept = _workspace_size(folder)
    return {
        "cpus": machine.cpus,
        "memory_bytes": machine.memory,
        "gpus": machine.gpus,
        "load_1m": load,
        "memory_used_bytes": used,
        "disk_free_bytes": disk.free,
        "workspace_bytes": kept,
        "sizes": sizes(machine),
        "text": [
            _gauge(
                # Of what wants to run, which may be more than there are cores.
                "Load",
                f"{load:.1f} on {wording.plural(machine.cpus, 'core')}",
                load,
                machine.cpus,
            ),
            _gauge(
                "Memory",
                f"{wording.size(used)} of {wording.size(machine.memory)}",
                used,
                machine.memory,
            ),
            _gauge(
                "Disk",
                f"{wording.size(disk.free)} free; the workspace takes {wording.size(kept)}",
                disk.used,
                disk.total,
            ),
        ],
    }


def _gauge(label: str, text: str, used: float, whole: float) -> dict[str, Any]:
    return {"label": label, "text": text, "fraction": min(1.0, used / whole) if whole else None}


@lru_cache(maxsize=1)
def runs_end_with_server() -> str:
    """A sentence where runs cannot outlive the server; '' where they do."""
    where = ""
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        where = "a pod"
    elif Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        where = "a container"
    if not where:
        return ""
    return (
        f"This server runs in {where}: when that is stopped, its runs end too. A run that has "
        "checkpoints can be resumed afterwards."
    )


def _workspace_size(folder: Path) -> int:
    global _size
    when, of, size = _size
    fresh = of == folder and time.monotonic() - when <= _SIZE_HOLDS
    # While one request looks, the others say what is known.
    if fresh or not _size_lock.acquire(blocking=of != folder):
        return size
    try:
        when, of, size = _size
        if of == folder and time.monotonic() - when <= _SIZE_HOLDS:
            return size  # another request has looked meanwhile
        size = files.disk_size(folder)
        _size = (time.monotonic(), folder, size)
        return size
    finally:
        _size_lock.release()
