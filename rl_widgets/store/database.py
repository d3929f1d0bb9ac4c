"""The record of one workspace: opened by any process, shared by all.

store = Store.open(folder)
store.runs.get(run_id)
store.metrics.points([series.id], after=last_id)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from rl_widgets.store import schema, sqlite
from rl_widgets.store.changes import Changes, changes
from rl_widgets.store.errors import SchemaError, StoreError
from rl_widgets.store.leases import Leases
from rl_widgets.store.metrics import Metrics
from rl_widgets.store.nodes import Nodes
from rl_widgets.store.pulse import pulse
from rl_widgets.store.runs import Runs
from rl_widgets.store.servers import Servers
from rl_widgets.store.targets import Targets

FILE_NAME = "record.sqlite"


def _add_columns(connection: sa.Connection) -> None:
    """The columns and indexes of `runs` that a table made by an older version lacks."""
    look = sa.inspect(connection)
    has = {column["name"] for column in look.get_columns(schema.runs.name)}
    for column in schema.runs.columns:
        if column.name not in has:
            made = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {schema.runs.name} ADD COLUMN {made}")
    for index in schema.runs.indexes:
        index.create(connection, checkfirst=True)


#: What brings a record of the version that is the key to the next one. Tables that are new have
#: been made by `create_all` by then.
MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {
    1: lambda connection: None,
    2: _add_columns,
    3: _add_columns,
}


class Database:
    """Transactions on the record, with its errors turned into sentences."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self._engine = engine
        self._readers = engine.execution_options(read_only=True)
        self.path = path

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that may write: all or nothing. Raises `StoreError`."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            if isinstance(error, sa.exc.IntegrityError):
                raise
            raise sqlite.explain(error, self.path) from error

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the record. Raises `StoreError`."""
        try:
            with self._readers.begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise sqlite.explain(error, self.path) from error

    def close(self) -> None:
        self._engine.dispose()


class Store:
    """The record of a workspace. `open` it; it is safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.path = database.path
        self.runs = Runs(database)
        self.metrics = Metrics(database)
        self.targets = Targets(database)
        self.leases = Leases(database)
        self.nodes = Nodes(database)
        self.servers = Servers(database)

    def pulse(self, run_id: str) -> Hashable:
        """Something that is another after a change of a run; cheap. Raises `StoreError`."""
        return pulse(self._database, run_id)

    def changes(self, after: int) -> Changes:
        """What has changed in the workspace since the `high` of the last look; cheap."""
        return changes(self._database, after)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the record in `folder`, made at first use.

        Raises `StoreError` where the folder cannot be written and `SchemaError` where a newer
        version wrote the record.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The workspace folder {folder} cannot be made ({error.strerror}). Choose a folder "
                "that you can write to by the environment variable RL_WIDGETS_HOME."
            ) from error
        path = folder / FILE_NAME
        database = Database(sqlite.create_engine(path), path)
        _prepare(database)
        return cls(database)

    def watch(self) -> sqlite.DataVersion:
        """A cheap answer to 'has anything changed?', for those who look several times a second."""
        return sqlite.DataVersion(self.path)

    def close(self) -> None:
        """Close all connections; the store may not be used after."""
        self._database.close()


def _prepare(database: Database) -> None:
    version = _version(database)
    if version == schema.SCHEMA_VERSION:
        return
    if version is not None and version > schema.SCHEMA_VERSION:
        raise SchemaError(
            f"The record {database.path} was written by a newer rl_widgets (record version "
            f"{version}; this one knows up to {schema.SCHEMA_VERSION}). Update rl_widgets."
        )
    with database.write() as connection:
        schema.metadata.create_all(connection)
        found = _read_version(connection)
        if found is None:
            connection.execute(
                sa.insert(schema.meta).values(
                    key="schema_version", value=str(schema.SCHEMA_VERSION)
                )
            )
            return
        for old in range(found, schema.SCHEMA_VERSION):
            MIGRATIONS[old](connection)
        connection.execute(
            sa.update(schema.meta)
            .where(schema.meta.c.key == "schema_version")
            .values(value=str(schema.SCHEMA_VERSION))
        )


def _version(database: Database) -> int | None:
    with database.read() as connection:
        if not sa.inspect(connection).has_table(schema.meta.name):
            return None
        return _read_version(connection)


def _read_version(connection: sa.Connection) -> int | None:
    text = connection.scalar(
        sa.select(schema.meta.c.value).where(schema.meta.c.key == "schema_version")
    )
    return None if text is None else int(text)
