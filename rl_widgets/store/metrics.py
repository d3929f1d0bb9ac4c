"""Metrics in the record: append-only points with a growing id.

A reader asks for what came after the id it has and never reads again what it holds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from rl_widgets.store import blocks
from rl_widgets.store.connection import Transactions
from rl_widgets.store.schema import points, series, spool_offsets


@dataclass(frozen=True)
class SeriesRecord:
    """One named metric of one run."""

    id: int
    run: str
    name: str
    kind: str
    description: str


@dataclass(frozen=True)
class Points:
    """Points of numbers in the order of their ids; all arrays have the shape (n,).

    `step` and `env_steps` are float64 with NaN where none was logged, `time` is in seconds
    since the epoch (UTC).
    """

    id: npt.NDArray[np.int64]
    series: npt.NDArray[np.int64]
    attempt: npt.NDArray[np.int64]
    step: npt.NDArray[np.float64]
    env_steps: npt.NDArray[np.float64]
    time: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.id)


class Payload(NamedTuple):
    """A point that is no number: a row, a table, an image or an event; fields as in `Points`."""

    id: int
    series: int
    attempt: int
    step: int | None
    env_steps: int | None
    time: float
    payload: Any


class NewPoint(NamedTuple):
    """A point on its way into the record; `run` and `name` tell its series."""

    run: str
    name: str
    attempt: int
    time: float
    value: float = math.nan
    step: int | None = None
    env_steps: int | None = None
    kind: str = "number"
    payload: Any = None
    description: str = ""


class Metrics:
    """Reads and writes of series and points."""

    def __init__(self, database: Transactions) -> None:
        self._database = database
        #: Points of each series, added by this process, that are in no block as far as it knows.
        self._added: Counter[int] = Counter()

    def series(self, run_ids: Sequence[str]) -> list[SeriesRecord]:
        """All series of some runs, in the order in which they were first logged."""
        query = (
            sa.select(series.c.id, series.c.run, series.c.name, series.c.kind, series.c.description)
            .where(series.c.run.in_(list(run_ids)))
            .order_by(series.c.id)
        )
        with self._database.read() as connection:
            return [SeriesRecord(**row._mapping) for row in connection.execute(query)]

    def points(self, series_ids: Sequence[int], after: int = 0) -> Points:
        """The numbers of some series with an id greater than `after`, in the order of their ids."""
        with self._database.read() as connection:
            number, attempt, step, env_steps, time, value, owner = blocks.read(
                connection, list(series_ids), after
            )
        return Points(
            id=number.astype(np.int64),
            series=owner.astype(np.int64),
            attempt=attempt.astype(np.int64),
            step=step,
            env_steps=env_steps,
            time=time,
            value=value,
        )

    def payloads(self, series_ids: Sequence[int], after: int = 0) -> list[Payload]:
        """Rows, tables, images and events with an id greater than `after`, in their order."""
        columns = (points.c[name] for name in Payload._fields)
        query = (
            sa.select(*columns)
            .where(points.c.series.in_(list(series_ids)), points.c.id > after)
            .order_by(points.c.id)
        )
        with self._database.read() as connection:
            return [Payload(*row) for row in connection.execute(query)]

    def add(self, new: Sequence[NewPoint]) -> None:
        """Append points in one transaction."""
        with self._database.write() as connection:
            self._insert(connection, new)

    def offsets(self, run_id: str) -> dict[str, int]:
        """How far each spool file of a run has been taken in, in bytes."""
        with self._database.read() as connection:
            return self._offsets(connection, run_id)

    def take_in(
        self, run_id: str, file: str, offset: int, length: int, new: Sequence[NewPoint]
    ) -> bool:
        """Append what stands in a spool file from `offset` on, `length` bytes.

        Points and offset are one transaction, so that nothing is lost or doubled whoever does it.
        Returns False, with nothing written, where another process has been there before.
        """
        with self._database.write() as connection:
            if self._offsets(connection, run_id).get(file, 0) != offset:
                return False
            self._insert(connection, new)
            changed = connection.execute(
                sa.update(spool_offsets)
                .where(spool_offsets.c.run == run_id, spool_offsets.c.file == file)
                .values(offset=offset + length)
            )
            if not changed.rowcount:
                connection.execute(
                    sa.insert(spool_offsets).values(run=run_id, file=file, offset=offset + length)
                )
            return True

    def _offsets(self, connection: sa.Connection, run_id: str) -> dict[str, int]:
        query = sa.select(spool_offsets.c.file, spool_offsets.c.offset).where(
            spool_offsets.c.run == run_id
        )
        return {row.file: row.offset for row in connection.execute(query)}

    def _insert(self, connection: sa.Connection, new: Sequence[NewPoint]) -> None:
        if not new:
            return
        ids = self._series_ids(connection, new)
        connection.execute(
            sa.insert(points),
            [
                {
                    "series": ids[point.run, point.name],
                    "attempt": point.attempt,
                    "step": point.step,
                    "env_steps": point.env_steps,
                    "time": point.time,
                    "value": point.value,
                    "payload": point.payload,
                }
                for point in new
            ],
        )
        self._added.update(ids[point.run, point.name] for point in new)
        for series_id in [s for s, count in self._added.items() if count >= blocks.SIZE]:
            self._added[series_id] = blocks.seal(connection, series_id)

    def _series_ids(
        self, connection: sa.Connection, new: Sequence[NewPoint]
    ) -> dict[tuple[str, str], int]:
        """The id of each point's series, by run and name; those that are new are made."""
        # One query for all: an iteration of a training logs some thirty metrics at once.
        known = sa.select(series.c.run, series.c.name, series.c.id).where(
            series.c.run.in_({point.run for point in new})
        )
        ids = {(row.run, row.name): int(row.id) for row in connection.execute(known)}
        for point in new:
            if (point.run, point.name) not in ids:
                inserted = connection.execute(
                    sa.insert(series).values(
                        run=point.run,
                        name=point.name,
                        kind=point.kind,
                        description=point.description,
                    )
                )
                key = inserted.inserted_primary_key
                assert key is not None
                ids[point.run, point.name] = int(key[0])
        return ids
