"""The tables of the record, the same on every database.

Times are seconds since the epoch (UTC), sizes are bytes. A change of these tables raises
`SCHEMA_VERSION` and adds its step to `MIGRATIONS` of `rl_widgets.store.database`.
"""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa

SCHEMA_VERSION = 4

metadata = sa.MetaData()


class IEEEDouble(sa.TypeDecorator[float]):
    """A double with NaN kept, which SQLite would turn into NULL by itself.

    NULL stands for NaN in every database, so that a dump of one reads the same in another.
    """

    impl = sa.Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: sa.Dialect) -> float | None:
        return None if value is None or math.isnan(value) else value

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> float:
        return math.nan if value is None else float(value)


#: One more than any run's row has: who stores it holds the write lock, so that it grows with each
#: transaction, and a reader finds what came after the number it has.
_NEXT_CHANGE = sa.text("(SELECT coalesce(max(change), 0) + 1 FROM runs)")

#: SQLite numbers rows by itself only where the type is exactly INTEGER.
_RowId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)

experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("created", sa.Double, nullable=False),
)

compute_targets = sa.Table(
    "compute_targets",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("vm_size", sa.String, nullable=False),
    sa.Column("cpus", sa.Integer, nullable=False),
    sa.Column("gpus", sa.Integer, nullable=False),
    sa.Column("memory", sa.BigInteger, nullable=False),
    sa.Column("min_nodes", sa.Integer, nullable=False),
    sa.Column("max_nodes", sa.Integer, nullable=False),
    sa.Column("idle_seconds", sa.Integer, nullable=False),
    sa.Column("vm_priority", sa.String, nullable=False),
    sa.Column("network", sa.JSON, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("description", sa.String, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("modified", sa.Double, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("experiment", sa.ForeignKey("experiments.name"), nullable=False),
    sa.Column("parent", sa.ForeignKey("runs.id", ondelete="CASCADE")),
    # "parent", "head", "worker", or "interactive" for a run without a cluster
    sa.Column("role", sa.String, nullable=False),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    # What a person is told about the state now, such as what a queued run waits for.
    sa.Column("message", sa.String, nullable=False, default=""),
    sa.Column("target", sa.String, nullable=False, default=""),
    sa.Column("display_name", sa.String, nullable=False, default=""),
    sa.Column("description", sa.String, nullable=False, default=""),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("properties", sa.JSON, nullable=False),
    sa.Column("definition", sa.JSON, nullable=False),
    sa.Column("error", sa.JSON),
    sa.Column("warnings", sa.JSON, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, default=1),
    sa.Column("created", sa.Double, nullable=False),
    # When it was resumed last; its queue begins there.
    sa.Column("resumed", sa.Double),
    sa.Column("provisioned", sa.Double),
    sa.Column("started", sa.Double),
    sa.Column("ended", sa.Double),
    sa.Column("cancel_requested", sa.Double),
    sa.Column("cancel_reason", sa.String),
    # How a person keeps the list of runs in order.
    sa.Column("archived", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column(
        "change",
        sa.Integer,
        nullable=False,
        server_default=sa.text("0"),
        default=_NEXT_CHANGE,
        onupdate=_NEXT_CHANGE,
    ),
)
sa.Index("runs_by_experiment", runs.c.experiment, runs.c.number)
sa.Index("runs_by_parent", runs.c.parent)
sa.Index("runs_by_status", runs.c.status)
sa.Index("runs_by_change", runs.c.change)

#: The nodes that a run asks of each target, written at submit.
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("target", sa.String, primary_key=True),
    sa.Column("nodes", sa.Integer, nullable=False),
)

#: The nodes that a run holds of each target.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("target", sa.String, primary_key=True),
    sa.Column("nodes", sa.Integer, nullable=False),
    sa.Column("acquired", sa.Double, nullable=False),
)

nodes = sa.Table(
    "nodes",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    # "waiting", "starting", "alive", "dead" or "ended"
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False, default=""),
    sa.Column("cpus", sa.Integer, nullable=False),
    sa.Column("gpus", sa.Integer, nullable=False),
    sa.Column("memory", sa.BigInteger, nullable=False),
    sa.Column("restarts", sa.Integer, nullable=False, default=0),
    sa.Column("started", sa.Double),
    sa.Column("ended", sa.Double),
)

series = sa.Table(
    "series",
    metadata,
    sa.Column("id", _RowId, primary_key=True, autoincrement=True),
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.String, nullable=False),
    # "number", "row", "table" or "image"
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("description", sa.String, nullable=False, default=""),
    sa.UniqueConstraint("run", "name"),
)

points = sa.Table(
    "points",
    metadata,
    sa.Column("id", _RowId, primary_key=True, autoincrement=True),
    sa.Column("series", sa.ForeignKey("series.id", ondelete="CASCADE"), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("step", sa.BigInteger),
    sa.Column("env_steps", sa.BigInteger),
    sa.Column("time", sa.Double, nullable=False),
    sa.Column("value", IEEEDouble),
    sa.Column("payload", sa.JSON(none_as_null=True)),
    # An id is never given twice, also after the last run was deleted: readers go by it.
    sqlite_autoincrement=True,
)
sa.Index("points_by_series", points.c.series, points.c.id)

#: Long series once more, as `rl_widgets.store.blocks` reads them; `last` is the last point's id.
blocks = sa.Table(
    "blocks",
    metadata,
    sa.Column("series", sa.ForeignKey("series.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("last", sa.BigInteger, primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

#: How far each spool file has been taken in, changed in the transaction that takes it in.
spool_offsets = sa.Table(
    "spool_offsets",
    metadata,
    sa.Column("run", sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("file", sa.String, primary_key=True),
    sa.Column("offset", sa.BigInteger, nullable=False),
)

#: The Jupyter servers whose extension serves this workspace; `process_started` tells the process
#: from a later one of the same id.
servers = sa.Table(
    "servers",
    metadata,
    sa.Column("host", sa.String, primary_key=True),
    sa.Column("pid", sa.Integer, primary_key=True),
    sa.Column("process_started", sa.Double, nullable=False),
    sa.Column("url", sa.String, nullable=False),
)
