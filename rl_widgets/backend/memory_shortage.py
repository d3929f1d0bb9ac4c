"""Whether the kernel ended processes for lack of memory while a run was there.

A process that is ended so leaves no word: Ray sees a connection that broke. The kernel counts them,
for the machine and for the container that this process is in.
"""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

from rl_widgets.backend.outcome import Outcome
from rl_widgets.store import statuses

#: Files of counters, a name and a number on each line: Linux, and its control groups 2 and 1.
COUNTERS = (
    Path("/proc/vmstat"),
    Path("/sys/fs/cgroup/memory.events"),
    Path("/sys/fs/cgroup/memory/memory.oom_control"),
)
SENTENCE = (
    "Out of memory: the machine had none left, and the kernel ended a process for it. Fewer env "
    "runners or environments, a smaller batch or a larger machine help."
)


class MemoryShortage:
    """Knows how often it happened before."""

    def __init__(self, counters: tuple[Path, ...] = COUNTERS) -> None:
        self._counters = counters
        self._before = self._ended()

    def __bool__(self) -> bool:
        return self._ended() > self._before

    def explain(self, outcome: Outcome) -> Outcome:
        """The outcome, with this cause first where the run failed and it happened."""
        if outcome.status != statuses.FAILED or not self:
            return outcome
        message = f"{SENTENCE} {outcome.message}"
        error = {**(outcome.error or {}), "message": message}
        return dataclasses.replace(outcome, message=message, error=error)

    def _ended(self) -> int:
        most = 0
        for file in self._counters:
            with contextlib.suppress(OSError, ValueError):
                for line in file.read_text().splitlines():
                    name, _, count = line.partition(" ")
                    if name == "oom_kill":
                        most = max(most, int(count))
        return most
