"""The nodes of a run in the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import sqlalchemy as sa

from rl_widgets.store.connection import Transactions
from rl_widgets.store.schema import nodes


@dataclass(frozen=True)
class NodeRecord:
    """One node of a child run: its size, its state and how often it was started again."""

    run: str
    name: str
    position: int
    state: str
    cpus: int
    gpus: int
    memory: int
    reason: str = ""
    restarts: int = 0
    started: float | None = None
    ended: float | None = None


_COLUMNS = [nodes.c[f.name] for f in fields(NodeRecord)]


class Nodes:
    """Reads and writes of a run's nodes."""

    def __init__(self, database: Transactions) -> None:
        self._database = database

    def add(self, records: Sequence[NodeRecord]) -> None:
        """Write nodes, in place of those of the same run and name."""
        with self._database.write() as connection:
            for record in records:
                connection.execute(
                    sa.delete(nodes).where(nodes.c.run == record.run, nodes.c.name == record.name)
                )
                connection.execute(sa.insert(nodes).values(**asdict(record)))

    def set(self, run_id: str, name: str, **values: Any) -> None:
        """Change columns of one node."""
        with self._database.write() as connection:
            connection.execute(
                sa.update(nodes).where(nodes.c.run == run_id, nodes.c.name == name).values(**values)
            )

    def of(self, run_ids: Sequence[str]) -> list[NodeRecord]:
        """The nodes of some (child) runs, in their order."""
        query = (
            sa.select(*_COLUMNS)
            .where(nodes.c.run.in_(list(run_ids)))
            .order_by(nodes.c.run, nodes.c.position)
        )
        with self._database.read() as connection:
            return [NodeRecord(**row._mapping) for row in connection.execute(query)]
