"""Long series once more in blocks: 2,048 points in one row, read at the speed of the disk.

The points themselves stay where they are and are the truth. A block is made in the transaction
that adds the last of its points and never changes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from rl_widgets.store.schema import blocks, points

#: Points of a block: a series that has fewer after its last block is read point by point.
SIZE = 1 << 11

COLUMNS = ("id", "attempt", "step", "env_steps", "time", "value")

_WITH_SERIES = (*COLUMNS, "series")

Table = npt.NDArray[np.float64]
"""Points, shape (7, n): a row for each of `COLUMNS`, then the series; NaN where there is none."""


def seal(connection: sa.Connection, series: int) -> int:
    """Make blocks of the points of a series that are in none; returns how many are left over."""
    newest = sa.select(sa.func.max(blocks.c.last)).where(blocks.c.series == series)
    last = connection.scalar(newest) or 0
    while True:
        table = _loose(connection, [series], last, SIZE)
        if table.shape[1] < SIZE:
            return int(table.shape[1])
        last = int(table[0, -1])
        data = table[: len(COLUMNS)].astype("<f8").tobytes()
        connection.execute(sa.insert(blocks).values(series=series, last=last, data=data))


def read(connection: sa.Connection, series: Sequence[int], after: int) -> Table:
    """All points of some series with an id greater than `after`, in the order of their ids."""
    query = (
        sa.select(blocks.c.series, blocks.c.data)
        .where(blocks.c.series.in_(series), blocks.c.last > after)
        .order_by(blocks.c.last)
    )
    found, ends = [], dict.fromkeys(series, after)
    for owner, data in connection.execute(query):
        table = np.frombuffer(data, "<f8").reshape(len(COLUMNS), -1)
        table = table[:, np.searchsorted(table[0], after, side="right") :]
        found.append(np.vstack([table, np.full(table.shape[1], owner)]))
        ends[owner] = int(table[0, -1])
    together: dict[int, list[int]] = {}
    for owner, end in ends.items():
        together.setdefault(end, []).append(owner)
    found += [_loose(connection, owners, end) for end, owners in together.items()]
    if len(found) == 1:
        return found[0]
    whole = np.concatenate(found, axis=1) if found else np.empty((len(_WITH_SERIES), 0))
    return whole[:, np.argsort(whole[0], kind="stable")] if len(series) > 1 else whole


def _loose(
    connection: sa.Connection, series: Sequence[int], after: int, limit: int | None = None
) -> Table:
    query = (
        # Without their types the columns come as the driver has them: numpy makes the numbers,
        # and NaN of NULL, without a Python call for each value.
        sa.select(*(sa.type_coerce(points.c[n], sa.types.NullType()) for n in _WITH_SERIES))
        .where(points.c.series.in_(series), points.c.id > after)
        .order_by(points.c.id)
        .limit(limit)
    )
    cursor = connection.execute(query).cursor
    rows: Sequence[tuple[object, ...]] = cursor.fetchall() if cursor is not None else []
    table: Table = np.array(rows, np.float64).reshape(len(rows), len(_WITH_SERIES)).T
    return table
