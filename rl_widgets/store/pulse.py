"""Whether anything of one run has changed, asked cheaply.

A reader of a run is woken by every change of the record, of whichever run; with twenty runs that
go on, all but one of them need to know no more than this.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from rl_widgets.store.schema import nodes, runs, spool_offsets

if TYPE_CHECKING:
    from rl_widgets.store.database import Database

_RUN = sa.bindparam("run", type_=sa.String)
_FAMILY = sa.select(runs.c.id).where(sa.or_(runs.c.id == _RUN, runs.c.parent == _RUN))


def _as_stored(table: sa.Table) -> list[sa.ColumnElement[object]]:
    # Without its JSON being read.
    return [sa.type_coerce(column, sa.types.NullType()) for column in table.columns]


_QUERIES = (
    # All points of a run that goes on come through its spool.
    sa.select(spool_offsets.c.file, spool_offsets.c.offset).where(spool_offsets.c.run == _RUN),
    sa.select(*_as_stored(runs)).where(runs.c.id.in_(_FAMILY)).order_by(runs.c.id),
    sa.select(*_as_stored(nodes))
    .where(nodes.c.run.in_(_FAMILY))
    .order_by(nodes.c.run, nodes.c.name),
)


def pulse(database: Database, run_id: str) -> Hashable:
    """Something that is another after a change of the run, its children, nodes or points.

    Raises `StoreError`.
    """
    with database.read() as connection:
        return tuple(
            tuple(map(tuple, connection.execute(query, {"run": run_id}))) for query in _QUERIES
        )
