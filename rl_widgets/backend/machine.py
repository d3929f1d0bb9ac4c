"""What this machine has: cores, memory, GPUs, and the node sizes that a person can name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

GIB = 1 << 30


@dataclass(frozen=True)
class Machine:
    """The cores, GPUs and memory (bytes) that this process may use."""

    cpus: int
    gpus: int
    memory: int
    shared_memory: int


@dataclass(frozen=True)
class Size:
    """The size of a node; memory in GiB."""

    name: str
    cpus: int
    memory_gb: float
    gpus: int = 0


#: The sizes of the reference's cloud that its notebooks name (vCPUs, GiB, GPUs).
_CLOUD_SIZES = (
    Size("STANDARD_D1_V2", 1, 3.5),
    Size("STANDARD_D2_V2", 2, 7),
    Size("STANDARD_D3_V2", 4, 14),
    Size("STANDARD_D4_V2", 8, 28),
    Size("STANDARD_D5_V2", 16, 56),
    Size("STANDARD_DS2_V2", 2, 7),
    Size("STANDARD_DS3_V2", 4, 14),
    Size("STANDARD_F4S_V2", 4, 8),
    Size("STANDARD_F8S_V2", 8, 16),
    Size("STANDARD_F16S_V2", 16, 32),
    Size("STANDARD_NC6", 6, 56, 1),
    Size("STANDARD_NC12", 12, 112, 2),
    Size("STANDARD_NC24", 24, 224, 4),
    Size("STANDARD_NC6S_V3", 6, 112, 1),
    Size("STANDARD_NV6", 6, 56, 1),
)


def this_machine() -> Machine:
    """What there is here, with the limits of a container or of `taskset` taken into account."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cgroup_cpus()
    if quota is not None:
        cpus = max(1, min(cpus, int(quota)))
    memory = psutil.virtual_memory().total
    limit = _read_int("/sys/fs/cgroup/memory.max")
    if limit is not None:
        memory = min(memory, limit)
    shared = psutil.disk_usage("/dev/shm").free if Path("/dev/shm").is_dir() else memory // 4  # noqa: S108 - asks how large it is, keeps nothing there
    return Machine(cpus=cpus, gpus=_gpus(), memory=memory, shared_memory=shared)


def sizes(machine: Machine | None = None) -> list[Size]:
    """All sizes by name: `LOCAL` (the whole machine), `LOCAL_1`, … and those of the reference."""
    machine = machine or this_machine()
    per_cpu = machine.memory / GIB / machine.cpus
    local = [Size(f"LOCAL_{n}", n, round(n * per_cpu, 1)) for n in _counts(machine.cpus)]
    whole = Size("LOCAL", machine.cpus, round(machine.memory / GIB, 1), machine.gpus)
    return [whole, *local, *_CLOUD_SIZES]


def find_size(name: str, machine: Machine | None = None) -> Size | None:
    """The size of that name (case does not matter), or None."""
    wanted = name.upper()
    return next((size for size in sizes(machine) if size.name == wanted), None)


def _counts(cpus: int) -> list[int]:
    """1, 2, 3, 4, then in growing steps up to the machine's cores."""
    counts = [n for n in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128) if n <= cpus]
    return counts if cpus in counts else [*counts, cpus]


def _gpus() -> int:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([d for d in visible.split(",") if d.strip() and d.strip() != "-1"])
    return len(list(Path("/proc/driver/nvidia/gpus").glob("*")))


def _cgroup_cpus() -> float | None:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else max(1.0, int(quota) / int(period))


def _read_int(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return None
