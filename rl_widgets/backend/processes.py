"""Processes of this machine: what runs, what belongs together, and how to end it for certain."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Process:
    """One process as the kernel reports it; `started` in seconds since boot tells reused ids.

    `cpu_seconds` is user and system time.
    """

    pid: int
    parent: int
    session: int
    started: float
    zombie: bool
    cpu_seconds: float
    resident_bytes: int


ProcessTable = dict[int, Process]


def read_processes() -> ProcessTable:
    """Every process that can be seen, in one pass."""
    if sys.platform != "linux":
        return _read_with_psutil()
    table: ProcessTable = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            process = read_process(int(entry))
            if process is not None:
                table[process.pid] = process
    return table


def read_process(pid: int) -> Process | None:
    """One process, or None when there is none."""
    if sys.platform != "linux":
        return _read_with_psutil(pid).get(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat_file:
            stat = stat_file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    # The name in brackets may hold anything, a bracket too: the fields start after the last one.
    fields = stat[stat.rindex(b")") + 2 :].split()
    return Process(
        pid=pid,
        parent=int(fields[1]),
        session=int(fields[3]),
        started=int(fields[19]) / _TICKS,
        zombie=fields[0] in (b"Z", b"X"),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / _TICKS,
        resident_bytes=int(fields[21]) * _PAGE,
    )


def _read_with_psutil(only: int | None = None) -> ProcessTable:
    table: ProcessTable = {}
    pids = psutil.pids() if only is None else [only]
    for pid in pids:
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
                table[pid] = Process(
                    pid=pid,
                    parent=process.ppid(),
                    session=os.getsid(pid),
                    started=process.create_time(),
                    zombie=process.status() == psutil.STATUS_ZOMBIE,
                    cpu_seconds=times.user + times.system,
                    resident_bytes=memory.rss,
                )
        except (psutil.Error, OSError):
            continue
    return table


def tree(root: int, table: ProcessTable) -> list[Process]:
    """A process and all its descendants, the oldest ancestors first."""
    children: dict[int, list[Process]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process)
    found = [table[root]] if root in table else []
    for process in found:
        found.extend(children.get(process.pid, ()))
    return found


def is_running(pid: int, started: float) -> bool:
    """Whether this very process (not a later one with its number) still runs."""
    process = read_process(pid)
    return process is not None and not process.zombie and abs(process.started - started) < 0.02


def environment_value(pid: int, name: str) -> str | None:
    """A variable of another process's environment as it was when that program began."""
    try:
        if sys.platform == "linux":
            marker = name.encode() + b"="
            for item in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if item.startswith(marker):
                    return os.fsdecode(item[len(marker) :])
            return None
        return psutil.Process(pid).environ().get(name)
    except (OSError, psutil.Error):
        return None


def memory_held(process: Process) -> int:
    """Bytes of memory that a process holds; what several share counts in parts for each.

    Summed over processes this counts the object store, libraries and the pages of a fork once.
    """
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as rollup:
            for line in rollup:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return process.resident_bytes


def boot_id() -> str:
    """What tells one boot of this machine from the next."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"boot-{psutil.boot_time():.0f}"


def lead_session() -> None:
    """Make the calling process the leader of a session of its own, if it is not."""
    if os.getsid(0) != os.getpid():
        os.setsid()


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends (Linux only)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """End the calling process by SIGKILL when its parent ends (Linux only).

    The signal comes when the thread that made this process ends: start from one that lasts.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def send(processes: Iterable[Process], number: signal.Signals) -> None:
    """Send a signal to each process that is still the one that was read."""
    for process in processes:
        if is_running(process.pid, process.started):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, number)


def wait_until_gone(processes: Iterable[Process], seconds: float) -> list[Process]:
    """Wait until all have ended, at most `seconds`; returns those that have not."""
    deadline = time.monotonic() + seconds
    left = list(processes)
    while True:
        left = [process for process in left if is_running(process.pid, process.started)]
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(0.02)


def kill_all(find: Callable[[], list[Process]], seconds: float) -> list[Process]:
    """SIGKILL what `find` returns until it returns nothing, because victims may still fork."""
    deadline = time.monotonic() + seconds
    while True:
        left = [process for process in find() if not process.zombie]
        if not left or time.monotonic() >= deadline:
            return left
        send(left, signal.SIGKILL)
        wait_until_gone(left, min(0.5, max(deadline - time.monotonic(), 0)))
