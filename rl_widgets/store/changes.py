"""What has changed in a workspace since the last look, asked cheaply.

1,000 ended runs cost nothing.

A write of a run's row is found by its growing number `change`; what else changes belongs to runs
that have not ended: their spool, their nodes, the leases they hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from rl_widgets.store import statuses
from rl_widgets.store.schema import compute_targets, leases, nodes, runs, spool_offsets

if TYPE_CHECKING:
    from rl_widgets.store.database import Database


@dataclass(frozen=True)
class Changes:
    """One look at the record.

    `runs` are the (parent) runs whose rows or whose children's rows were written since; `count` is
    how many rows there are; `active` has, for each run that has not ended, something that differs
    after a change of its points, nodes or row; `targets` the same for all targets.
    """

    high: int
    runs: frozenset[str]
    count: int
    active: Mapping[str, Hashable]
    targets: Hashable


_AFTER = sa.bindparam("after", type_=sa.Integer)
_FAMILY = sa.func.coalesce(runs.c.parent, runs.c.id)
_ACTIVE = runs.c.status.in_([s for s in statuses.ALL if s not in statuses.FINAL])

_WRITTEN = sa.select(_FAMILY).where(runs.c.change > _AFTER)
_COUNT = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(runs.c.change), 0))
_OF_ACTIVE = (
    # The number of the newest write, should one of an older version have left it as it was.
    sa.select(_FAMILY, runs.c.id, runs.c.change, runs.c.status, runs.c.message).where(_ACTIVE),
    sa.select(_FAMILY, sa.func.sum(spool_offsets.c.offset))
    .join(runs, runs.c.id == spool_offsets.c.run)
    .where(_ACTIVE)
    .group_by(_FAMILY),
    sa.select(_FAMILY, nodes.c.name, nodes.c.state, nodes.c.restarts, nodes.c.reason)
    .join(runs, runs.c.id == nodes.c.run)
    .where(_ACTIVE),
)
_TARGETS = (
    sa.select(compute_targets.c.name, compute_targets.c.modified).order_by(compute_targets.c.name),
    sa.select(leases.c.run, leases.c.target, leases.c.nodes).order_by(leases.c.run),
)


def changes(database: Database, after: int) -> Changes:
    """What came after the write of the number `after`. Raises `StoreError`."""
    active: dict[str, list[Any]] = defaultdict(list)
    with database.read() as connection:
        count, high = connection.execute(_COUNT).one()
        written = frozenset(connection.scalars(_WRITTEN, {"after": after}))
        for query in _OF_ACTIVE:
            for family, *rest in connection.execute(query):
                active[family].append(tuple(rest))
        targets = tuple(tuple(map(tuple, connection.execute(query))) for query in _TARGETS)
    return Changes(
        high=high,
        runs=written,
        count=count,
        active={run: tuple(sorted(rows, key=repr)) for run, rows in active.items()},
        targets=(targets, frozenset(active)),
    )
