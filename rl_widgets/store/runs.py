"""Experiments and runs in the record."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import sqlalchemy as sa

from rl_widgets.store import statuses
from rl_widgets.store.connection import Transactions
from rl_widgets.store.errors import ConflictError, NotFoundError
from rl_widgets.store.schema import experiments, points, requests, runs, series

#: Points that are deleted in one transaction.
_AT_ONCE = 20_000


@dataclass(frozen=True)
class RunRecord:
    """One row of `runs`. Times are seconds since the epoch (UTC)."""

    id: str
    experiment: str
    role: str
    type: str
    created: float
    number: int = 0
    parent: str | None = None
    status: str = statuses.NOT_STARTED
    message: str = ""
    target: str = ""
    display_name: str = ""
    description: str = ""
    tags: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    definition: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    attempt: int = 1
    resumed: float | None = None
    provisioned: float | None = None
    started: float | None = None
    ended: float | None = None
    cancel_requested: float | None = None
    cancel_reason: str | None = None
    archived: bool = False
    pinned: bool = False

    @property
    def final(self) -> bool:
        """Whether the run has ended, one way or the other."""
        return self.status in statuses.FINAL


_COLUMNS = [runs.c[f.name] for f in fields(RunRecord)]


def _record(row: sa.Row[Any]) -> RunRecord:
    return RunRecord(**row._mapping)


class Runs:
    """Reads and writes of experiments and runs."""

    def __init__(self, database: Transactions) -> None:
        self._database = database

    def experiments(self) -> list[str]:
        """The names of all experiments, in the order of their making."""
        with self._database.read() as connection:
            query = sa.select(experiments.c.name).order_by(experiments.c.created)
            return list(connection.scalars(query))

    def add_experiment(self, name: str) -> None:
        """Have an experiment of that name."""
        with self._database.write() as connection:
            _add_experiment(connection, name)

    def add(
        self, parent: RunRecord, children: Sequence[RunRecord], nodes: Mapping[str, int]
    ) -> RunRecord:
        """Write a run with its children and the nodes it asks for (by target), in one transaction.

        Returns the parent with its number, which counts the runs of the workspace.
        """
        with self._database.write() as connection:
            _add_experiment(connection, parent.experiment)
            last = connection.scalar(sa.select(sa.func.max(runs.c.number))) or 0
            for record in (parent, *children):
                connection.execute(sa.insert(runs).values(**{**asdict(record), "number": last + 1}))
            if nodes:
                connection.execute(
                    sa.insert(requests),
                    [{"run": parent.id, "target": t, "nodes": n} for t, n in nodes.items()],
                )
        return RunRecord(**{**asdict(parent), "number": last + 1})

    def get(self, run_id: str) -> RunRecord:
        """The run of that id. Raises `NotFoundError`."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(*_COLUMNS).where(runs.c.id == run_id)).first()
        if row is None:
            raise NotFoundError(
                f"There is no run {run_id!r} in this workspace. `rl-widgets list` shows its runs."
            )
        return _record(row)

    def several(self, run_ids: Iterable[str] | None = None) -> list[RunRecord]:
        """Runs by their ids, those that are there, in no order; None: all, children not counted."""
        query = sa.select(*_COLUMNS).where(runs.c.parent.is_(None))
        with self._database.read() as connection:
            if run_ids is None:
                return [_record(row) for row in connection.execute(query)]
            found, ids = [], list(run_ids)
            # No database takes any number of values at once.
            for i in range(0, len(ids), 500):
                some = query.where(runs.c.id.in_(ids[i : i + 500]))
                found += [_record(row) for row in connection.execute(some)]
            return found

    def children(self, run_id: str) -> list[RunRecord]:
        """Head first, then worker."""
        with self._database.read() as connection:
            query = sa.select(*_COLUMNS).where(runs.c.parent == run_id).order_by(runs.c.role)
            return [_record(row) for row in connection.execute(query)]

    def find(
        self,
        experiment: str | None = None,
        status: Iterable[str] | None = None,
        include_children: bool = False,
        limit: int | None = None,
    ) -> list[RunRecord]:
        """Runs, newest first."""
        query = sa.select(*_COLUMNS).order_by(runs.c.number.desc(), runs.c.role)
        if experiment is not None:
            query = query.where(runs.c.experiment == experiment)
        if status is not None:
            query = query.where(runs.c.status.in_(list(status)))
        if not include_children:
            query = query.where(runs.c.parent.is_(None))
        if limit is not None:
            query = query.limit(limit)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def count(self, experiment: str) -> int:
        """How many runs an experiment has, children not counted."""
        query = sa.select(sa.func.count()).where(
            runs.c.experiment == experiment, runs.c.parent.is_(None)
        )
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def set(self, run_id: str, **values: Any) -> bool:
        """Change columns of a run that has not ended; False where it has ended, nothing changed.

        A request to cancel is not undone by a state on the way: `CancelRequested` gives way
        only to `Finalizing` and the final states.
        """
        with self._database.write() as connection:
            status = connection.scalar(sa.select(runs.c.status).where(runs.c.id == run_id))
            if status is None or status in statuses.FINAL:
                return False
            goal = values.get("status")
            if status == statuses.CANCEL_REQUESTED and goal not in (
                None,
                statuses.FINALIZING,
                *statuses.FINAL,
            ):
                values = {k: v for k, v in values.items() if k not in ("status", "message")}
            if values:
                connection.execute(sa.update(runs).where(runs.c.id == run_id).values(**values))
            return True

    def request_cancel(self, run_id: str, reason: str) -> bool:
        """Ask for the end of a run; False where it had ended or been asked before."""
        with self._database.write() as connection:
            changed = connection.execute(
                sa.update(runs)
                .where(
                    runs.c.id == run_id,
                    runs.c.status.not_in(
                        [*statuses.FINAL, statuses.FINALIZING, statuses.CANCEL_REQUESTED]
                    ),
                )
                .values(
                    status=statuses.CANCEL_REQUESTED,
                    cancel_requested=time.time(),
                    cancel_reason=reason,
                    message=reason,
                )
            )
            return bool(changed.rowcount)

    def reopen(self, run_id: str, attempt: int, definition: Mapping[str, Any]) -> RunRecord:
        """Have a run that has ended begin again as its next attempt, with its children."""
        fresh: dict[str, Any] = {
            "status": statuses.NOT_STARTED,
            "attempt": attempt,
            "resumed": time.time(),
            "message": "",
            "error": None,
            "provisioned": None,
            "started": None,
            "ended": None,
            "cancel_requested": None,
            "cancel_reason": None,
        }
        with self._database.write() as connection:
            mine = sa.or_(runs.c.id == run_id, runs.c.parent == run_id)
            connection.execute(sa.update(runs).where(mine).values(**fresh))
            connection.execute(
                sa.update(runs).where(runs.c.id == run_id).values(definition=dict(definition))
            )
        return self.get(run_id)

    def describe(self, run_id: str, **values: Any) -> None:
        """Change what a person says of a run (name, description), in any state."""
        with self._database.write() as connection:
            connection.execute(sa.update(runs).where(runs.c.id == run_id).values(**values))

    def delete(self, run_id: str) -> bool:
        """Delete a run that has ended, with all that is kept of it; False where there is none.

        Raises `ConflictError` for one that has not ended. Its points go in steps, so that no other
        writer waits for long; who is interrupted deletes the rest next time.
        """
        family = sa.select(runs.c.id).where(sa.or_(runs.c.id == run_id, runs.c.parent == run_id))
        chosen = sa.select(points.c.id).where(
            points.c.series.in_(sa.select(series.c.id).where(series.c.run.in_(family)))
        )
        while True:
            with self._database.write() as connection:
                status = connection.scalar(sa.select(runs.c.status).where(runs.c.id == run_id))
                if status is None:
                    return False
                if status not in statuses.FINAL:
                    raise ConflictError(
                        f"{run_id} has not ended ({status}): cancel it first, then delete it."
                    )
                gone = connection.execute(
                    sa.delete(points).where(points.c.id.in_(chosen.limit(_AT_ONCE)))
                )
                if gone.rowcount == _AT_ONCE:
                    continue
                # Numbers of changes never shrink: another run's row takes a higher one over.
                other = sa.select(sa.func.min(runs.c.id)).where(runs.c.id.not_in(family))
                connection.execute(
                    sa.update(runs)
                    .where(runs.c.id == other.scalar_subquery())
                    .values(pinned=runs.c.pinned)
                )
                connection.execute(sa.delete(runs).where(runs.c.id == run_id))
                return True

    def merge(
        self, run_id: str, column: str, values: Mapping[str, Any], remove: Iterable[str] = ()
    ) -> dict[str, Any]:
        """Add to and remove from the tags or properties of a run; returns what it has now."""
        with self._database.write() as connection:
            has = connection.scalar(sa.select(runs.c[column]).where(runs.c.id == run_id)) or {}
            merged = {k: v for k, v in {**has, **values}.items() if k not in set(remove)}
            connection.execute(sa.update(runs).where(runs.c.id == run_id).values({column: merged}))
            return merged

    def warn(self, run_id: str, *sentences: str) -> None:
        """Add warnings to a run, each once."""
        with self._database.write() as connection:
            has = connection.scalar(sa.select(runs.c.warnings).where(runs.c.id == run_id)) or []
            new = [s for s in dict.fromkeys(sentences) if s not in has]
            if new:
                connection.execute(
                    sa.update(runs).where(runs.c.id == run_id).values(warnings=[*has, *new])
                )


def _add_experiment(connection: sa.Connection, name: str) -> None:
    known = connection.scalar(sa.select(experiments.c.name).where(experiments.c.name == name))
    if known is None:
        connection.execute(sa.insert(experiments).values(name=name, created=time.time()))
