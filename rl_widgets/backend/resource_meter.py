"""CPU and memory of process trees, measured so that the measuring costs next to nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from rl_widgets.backend.cluster import NodeSample
from rl_widgets.backend.processes import Process, memory_held, read_processes, tree

_REREAD_SECONDS = 60.0
_REREAD_CHANGE = 0.03


@dataclass
class _Known:
    started: float
    cpu_seconds: float
    resident: int
    held: int
    held_read_at: float


class ResourceMeter:
    """Remembers every process between samples.

    Counting what a process shares takes the kernel up to a millisecond, so it is asked again only
    when the resident size has changed by 3 %, or after a minute.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._sampled_at = time.monotonic()

    def sample(self, roots: Mapping[str, int]) -> list[NodeSample]:
        """One sample for each name, of the tree under its root process, since the last call."""
        table = read_processes()
        now = time.monotonic()
        elapsed = max(now - self._sampled_at, 1e-3)
        known: dict[int, _Known] = {}
        samples = []
        for name, root in roots.items():
            seconds, memory = 0.0, 0
            for process in tree(root, table):
                before = self._known.get(process.pid)
                if before is not None and before.started != process.started:
                    before = None  # the number is used again, by a new process
                entry = _measure(process, before, now)
                known[process.pid] = entry
                # All of a new process's time lies after the last sample.
                seconds += entry.cpu_seconds - (before.cpu_seconds if before else 0.0)
                memory += entry.held
            samples.append(NodeSample(name, time.time(), seconds / elapsed, memory))
        self._known, self._sampled_at = known, now
        return samples


def _measure(process: Process, before: _Known | None, now: float) -> _Known:
    resident = process.resident_bytes
    if before is not None and now - before.held_read_at < _REREAD_SECONDS:
        change = abs(resident - before.resident)
        if change <= _REREAD_CHANGE * before.resident:
            return _Known(
                process.started,
                process.cpu_seconds,
                before.resident,
                before.held,
                before.held_read_at,
            )
    return _Known(process.started, process.cpu_seconds, resident, memory_held(process), now)
