"""Results that other programs have left as files, as finished runs of a workspace."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from rl_widgets.backend.liveness import RunLock
from rl_widgets.backend.submission import new_run_id
from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.errors import UserError
from rl_widgets.store.logger import MAX_NAME_LENGTH, MAX_STEP
from rl_widgets.store.metrics import NewPoint
from rl_widgets.store.runs import RunRecord
from rl_widgets.store.text import is_unicode

RUN_TYPE = "imported"

#: Points of one transaction: other writers of the workspace wait less than a second for it.
CHUNK = 20_000

#: The longest tag.
_TAG_LENGTH = 1_000


class Point(NamedTuple):
    """One number as a file tells it; `time` in seconds since the epoch (UTC)."""

    name: str
    attempt: int
    time: float
    value: float
    step: int | None
    env_steps: int | None


@dataclass
class Imported:
    """One run as it was read: its points in the order of their times, and what is said of it.

    `source` is the kind of files ("tensorboard", "tune"), `notes` are sentences on what could not
    be read, `error` is why the run failed, if it did.
    """

    name: str
    source: str
    folder: Path
    points: list[Point]
    config: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    error: dict[str, Any] | None = None


def readable_folder(folder: Any, of: str) -> Path:
    """The folder that a person named. Raises `UserError`."""
    try:
        path = Path(folder).expanduser().absolute()
    except TypeError:
        raise UserError(f"{of} takes the path of a folder, not {folder!r:.60}.") from None
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise UserError(f"{of}: {str(folder)!r} {what} (looked for at {path}).")
    return path


def is_storable(name: str, step: int | None) -> bool:
    """Whether the record takes a point of that name at that step."""
    named = bool(name.strip()) and len(name) <= MAX_NAME_LENGTH and is_unicode(name)
    return named and (step is None or 0 <= step <= MAX_STEP)


def write(store: Store, workspace: Path, experiment: str, imported: Imported) -> RunRecord:
    """Add a finished run to the record. Raises `StoreError`."""
    run_id = new_run_id(experiment)
    folder = workspace / "runs" / run_id
    (folder / "spool").mkdir(parents=True)
    # Held while points are written: with this process gone, whoever looks next ends the run.
    lock = RunLock.acquire(folder)
    assert lock is not None, "nobody else knows the folder yet"
    began, ended = _times(imported.points)
    record = RunRecord(
        id=run_id,
        experiment=experiment,
        role="interactive",
        type=RUN_TYPE,
        status=statuses.RUNNING,
        message="The files are being read into the record.",
        display_name=imported.name[:_TAG_LENGTH],
        tags={"source": imported.source, "folder": str(imported.folder)[:_TAG_LENGTH]},
        definition={"config": imported.config} if imported.config else {},
        warnings=imported.notes,
        created=began,
        started=began,
    )
    try:
        record = store.runs.add(record, [], {})
        try:
            _add(store, run_id, imported.points)
        except BaseException as error:
            with contextlib.suppress(Exception):
                cause = {"message": f"The import was broken off ({type(error).__name__}: {error})."}
                store.runs.set(run_id, status=statuses.FAILED, error=cause, message="", ended=ended)
            raise
        status = statuses.FAILED if imported.error else statuses.COMPLETED
        store.runs.set(run_id, status=status, error=imported.error, message="", ended=ended)
    finally:
        lock.close()
    return store.runs.get(run_id)


def _add(store: Store, run_id: str, points: Sequence[Point]) -> None:
    for start in range(0, len(points), CHUNK):
        store.metrics.add(
            [
                NewPoint(run_id, p.name, p.attempt, p.time, p.value, p.step, p.env_steps)
                for p in points[start : start + CHUNK]
            ]
        )


def _times(points: Sequence[Point]) -> tuple[float, float]:
    now = time.time()
    # Files made by a program may tell no real time at all.
    told = [p.time for p in points if 0 < p.time <= now + 86_400]
    return (min(told), max(told)) if told else (now, now)
