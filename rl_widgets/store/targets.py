"""Compute targets in the record."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import sqlalchemy as sa

from rl_widgets.store.connection import Transactions
from rl_widgets.store.errors import ConflictError
from rl_widgets.store.schema import compute_targets, leases, requests, runs
from rl_widgets.store.statuses import FINAL


@dataclass(frozen=True)
class TargetRecord:
    """One row of `compute_targets`. Memory in bytes, times in seconds since the epoch (UTC)."""

    name: str
    type: str
    vm_size: str
    cpus: int
    gpus: int
    memory: int
    min_nodes: int
    max_nodes: int
    idle_seconds: int
    vm_priority: str = "dedicated"
    network: dict[str, str] = field(default_factory=dict)
    tags: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    created: float = 0.0
    modified: float = 0.0


_COLUMNS = [compute_targets.c[f.name] for f in fields(TargetRecord)]


class Targets:
    """Reads and writes of compute targets."""

    def __init__(self, database: Transactions) -> None:
        self._database = database

    def all(self) -> list[TargetRecord]:
        """All targets, oldest first."""
        query = sa.select(*_COLUMNS).order_by(compute_targets.c.created, compute_targets.c.name)
        with self._database.read() as connection:
            return [TargetRecord(**row._mapping) for row in connection.execute(query)]

    def get(self, name: str) -> TargetRecord | None:
        """The target of that name, or None."""
        query = sa.select(*_COLUMNS).where(compute_targets.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return None if row is None else TargetRecord(**row._mapping)

    def add(self, target: TargetRecord) -> bool:
        """Write a new target; False where there is one of that name already."""
        now = time.time()
        values = {**asdict(target), "created": now, "modified": now}
        try:
            with self._database.write() as connection:
                connection.execute(sa.insert(compute_targets).values(**values))
        except sa.exc.IntegrityError:
            return False
        return True

    def change(self, name: str, **values: Any) -> bool:
        """Change columns of a target; False where there is none."""
        with self._database.write() as connection:
            changed = connection.execute(
                sa.update(compute_targets)
                .where(compute_targets.c.name == name)
                .values(**values, modified=time.time())
            )
            return bool(changed.rowcount)

    def delete(self, name: str, force: bool = False) -> bool:
        """Delete a target; False where there is none.

        Raises `ConflictError` where a run that has not ended needs it, unless forced.
        """
        with self._database.write() as connection:
            using = self._active(connection, name)
            if using and not force:
                raise ConflictError(
                    f"The compute target {name!r} is used by {_enumerate(using)}. Wait for the end "
                    "of these runs or cancel them, or delete with force=True: runs that wait for "
                    "it will fail, runs that hold its nodes go on to their end."
                )
            gone = connection.execute(
                sa.delete(compute_targets).where(compute_targets.c.name == name)
            )
            return bool(gone.rowcount)

    def active_runs(self, name: str) -> list[str]:
        """The ids of the runs that wait for nodes of a target or hold some, in order."""
        with self._database.read() as connection:
            return self._active(connection, name)

    def busy_nodes(self, name: str) -> int:
        """How many nodes of a target are held by runs."""
        query = sa.select(sa.func.coalesce(sa.func.sum(leases.c.nodes), 0)).where(
            leases.c.target == name
        )
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def _active(self, connection: sa.Connection, name: str) -> list[str]:
        query = (
            sa.select(runs.c.id)
            .join(requests, requests.c.run == runs.c.id)
            .where(requests.c.target == name, runs.c.status.not_in(FINAL))
            .order_by(runs.c.number)
        )
        return list(connection.scalars(query))


def _enumerate(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
