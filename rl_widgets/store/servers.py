"""The Jupyter servers that serve the workspace, so that a run can be shown in one of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import sqlalchemy as sa

from rl_widgets.store.connection import Transactions
from rl_widgets.store.schema import servers


@dataclass(frozen=True)
class ServerRecord:
    """A server's process and its address, which ends with '/' and never holds a token."""

    host: str
    pid: int
    process_started: float
    url: str


_COLUMNS = [servers.c[f.name] for f in fields(ServerRecord)]


class Servers:
    """Reads and writes of servers' addresses."""

    def __init__(self, database: Transactions) -> None:
        self._database = database

    def add(self, server: ServerRecord) -> None:
        """Write a server's address, in place of what an earlier process of its id has left."""
        with self._database.write() as connection:
            connection.execute(_of(server.host, server.pid))
            connection.execute(sa.insert(servers).values(**asdict(server)))

    def remove(self, host: str, pid: int) -> None:
        """Forget a server that has ended."""
        with self._database.write() as connection:
            connection.execute(_of(host, pid))

    def on(self, host: str) -> list[ServerRecord]:
        """The servers of a host, the latest first; some of them may have been killed."""
        query = (
            sa.select(*_COLUMNS)
            .where(servers.c.host == host)
            .order_by(servers.c.process_started.desc())
        )
        with self._database.read() as connection:
            return [ServerRecord(**row._mapping) for row in connection.execute(query)]


def _of(host: str, pid: int) -> sa.Delete:
    return sa.delete(servers).where(servers.c.host == host, servers.c.pid == pid)
