"""Takes the spool files of a run into the record.

The supervisor of a run does this while it lives; with it gone, whoever looks next. It is safe to
be done by several at once: rows and offset are one transaction.
"""

from __future__ import annotations

import json
import logging
import math
import time
from pathlib import Path
from typing import Any

from rl_widgets.store.logger import MAX_NAME_LENGTH, MAX_STEP
from rl_widgets.store.metrics import Metrics, NewPoint
from rl_widgets.store.text import is_unicode

_log = logging.getLogger(__name__)

#: Bytes of a spool file that go into one transaction, about 10,000 points.
CHUNK = 1 << 20
#: Seconds for which one takes in at a time who is waited for.
TAKE_IN_SECONDS = 0.2


class SpoolReader:
    """Takes in what has been added to the spool of one run since the last look."""

    def __init__(self, metrics: Metrics, run_id: str, run_folder: Path) -> None:
        self._metrics = metrics
        self._run_id = run_id
        self._folder = run_folder / "spool"
        self._offsets: dict[str, int] | None = None
        #: The most env steps that a line has told so far; -1 while none has.
        self.env_steps_logged = -1
        #: How often any process has told new env steps: of several trainings, each begins at 0.
        self.advances = -1
        self._newest_steps: dict[str, int] = {}
        #: Whether the last call has left anything to the next one.
        self.behind = False

    def take_in(self, seconds: float = math.inf) -> int:
        """Take in every complete line that is new; returns how many points these were.

        After `seconds` it leaves the rest to the next call, so that a script that logs a million
        points does not keep its caller from everything else.
        """
        began = time.monotonic()
        if self._offsets is None:
            self._offsets = self._metrics.offsets(self._run_id)
        taken = 0
        try:
            files = sorted(self._folder.glob("*.jsonl"))
        except OSError:
            return 0
        while files:
            # One piece of each in turn, so that a process that logs much holds up no other.
            for path in list(files):
                # A look at the size is all that a quiet file costs.
                points = None
                if path.stat().st_size > self._offsets.get(path.name, 0):
                    points = self._chunk(path, self._offsets.get(path.name, 0))
                if points is None:
                    files.remove(path)
                else:
                    taken += points
            if time.monotonic() - began > seconds:
                break
        self.behind = bool(files)
        return taken

    def _chunk(self, path: Path, offset: int) -> int | None:
        assert self._offsets is not None
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(CHUNK)
            end = data.rfind(b"\n") + 1
            while not end and (more := file.read(CHUNK)):
                data += more
                end = data.rfind(b"\n") + 1
        if not end:
            return None  # a line that is not whole yet
        points = [
            point
            for record in _records(data[:end], path.name)
            for point in _points(self._run_id, record, path.name)
        ]
        if self._metrics.take_in(self._run_id, path.name, offset, end, points):
            self._offsets[path.name] = offset + end
            for point in points:
                if point.env_steps is not None:
                    self._note(path.name, point.env_steps)
            return len(points)
        self._offsets = self._metrics.offsets(self._run_id)
        return 0

    def _note(self, file: str, env_steps: int) -> None:
        self.env_steps_logged = max(self.env_steps_logged, env_steps)
        if env_steps > self._newest_steps.get(file, -1):
            self._newest_steps[file] = env_steps
            self.advances += 1


def _records(data: bytes, file: str) -> list[Any]:
    lines = data.splitlines()
    try:
        # One call of the parser for all lines; a line that is none shows as an error.
        records: list[Any] = json.loads(b"[" + b",".join(lines) + b"]")
        return records
    except ValueError:
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except ValueError as error:
                _leave_out(file, line, error)
        return found


def _points(run_id: str, record: Any, file: str) -> list[NewPoint]:
    try:
        child = record.get("r", "head")
        run = f"{run_id}_{child}" if child in ("head", "worker") else run_id
        attempt, when = int(record.get("a", 1)), float(record["t"])
        step, env_steps = _whole(record.get("s")), _whole(record.get("e"))
        description = str(record.get("d", ""))
        if not is_unicode(description):
            raise ValueError("bad description")
        found = []
        for name, value in record.get("m", {}).items():
            for number in value if isinstance(value, list) else (value,):
                found.append(
                    NewPoint(
                        run,
                        _name(name),
                        attempt,
                        when,
                        float(number),
                        step,
                        env_steps,
                        description=description,
                    )
                )
        for name, payload in record.get("p", {}).items():
            found.append(
                NewPoint(
                    run,
                    _name(name),
                    attempt,
                    when,
                    step=step,
                    env_steps=env_steps,
                    kind=str(record.get("k", "row")),
                    payload=payload,
                    description=description,
                )
            )
        return found
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _leave_out(file, repr(record).encode(), error)
        return []


def _leave_out(file: str, line: bytes, error: Exception) -> None:
    # A file of that folder that something else wrote into: the other lines still count.
    _log.warning("A line of the spool file %s is left out: %s (%r)", file, error, line[:200])


def _name(name: str) -> str:
    if not name or len(name) > MAX_NAME_LENGTH or not is_unicode(name):
        raise ValueError("bad metric name")
    return name


def _whole(value: Any) -> int | None:
    if value is None:
        return None
    number = int(value)
    if not 0 <= number <= MAX_STEP:
        raise ValueError("bad step")
    return number
