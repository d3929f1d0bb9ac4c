"""Which Jupyter server on this machine serves a workspace now."""

from __future__ import annotations

import os
import socket

import psutil

from rl_widgets.store.database import Store
from rl_widgets.store.servers import ServerRecord

#: A process' start is read with the resolution of the kernel's clock.
_CLOCK_SLACK = 1.0


def this_process(url: str) -> ServerRecord:
    """What the record keeps of a server that is this process; `url` ends with '/'."""
    started = psutil.Process().create_time()
    return ServerRecord(socket.gethostname(), os.getpid(), started, url)


def living(store: Store) -> ServerRecord | None:
    """The server that was started last and still runs; None where there is none."""
    return next((s for s in store.servers.on(socket.gethostname()) if _lives(s)), None)


def forget_the_dead(store: Store) -> None:
    """Take the servers of this machine that were killed out of the record."""
    for server in store.servers.on(socket.gethostname()):
        if not _lives(server):
            store.servers.remove(server.host, server.pid)


def _lives(server: ServerRecord) -> bool:
    # The number alone may be another program's by now.
    try:
        started = psutil.Process(server.pid).create_time()
    except psutil.Error:
        return False
    return abs(started - server.process_started) <= _CLOCK_SLACK
