"""Everything that holds for SQLite alone; the rest of the record is the same on any database."""

from __future__ import annotations

import sqlite3
import warnings
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from rl_widgets.store.errors import StoreError

#: How long a writer waits for another one, in seconds; the longest wait measured is 0.02.
BUSY_TIMEOUT_S = 30.0

_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "lustre"}


def create_engine(path: Path) -> sa.Engine:
    """Engine on the file at `path`; writes begin IMMEDIATE, reads never wait for a writer."""
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
    )
    journal = "DELETE" if file_system(path.parent) in _NETWORK_FILE_SYSTEMS else "WAL"

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        # The driver would begin transactions by itself, and deferred: a read that turns into a
        # write then fails at once when another process wrote in between.
        connection.isolation_level = None
        mode = connection.execute(f"PRAGMA journal_mode={journal}").fetchone()[0]
        connection.execute(
            "PRAGMA synchronous=NORMAL" if mode == "wal" else "PRAGMA synchronous=FULL"
        )
        connection.execute("PRAGMA foreign_keys=ON")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    if journal == "DELETE":
        warnings.warn(
            f"{path.parent} is on a network file system, where SQLite's write-ahead log does not "
            "work: the record is kept with a rollback journal, which is slower. A folder on a "
            "local disk (set RL_WIDGETS_HOME) is faster.",
            stacklevel=4,
        )
    return engine


def file_system(path: Path) -> str:
    """The type of the file system that holds `path`, or "" where the system does not tell."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    resolved = str(path.resolve())
    best, kind = "", ""
    for line in mounts:
        _device, mount_point, file_system_type, *_rest = line.split(" ")
        mount_point = mount_point.replace("\\040", " ")
        inside = resolved == mount_point or resolved.startswith(mount_point.rstrip("/") + "/")
        if inside and len(mount_point) >= len(best):
            best, kind = mount_point, file_system_type
    return kind


def explain(error: sa.exc.DBAPIError, path: Path) -> StoreError:
    """The sentence for what SQLite reports."""
    text = str(error.orig)
    if "disk is full" in text or "disk I/O error" in text:
        return StoreError(
            f"The record {path} could not be written: the disk is full. Free some space; "
            "what running jobs log meanwhile is kept in their spool files."
        )
    if "readonly" in text or "unable to open" in text:
        return StoreError(
            f"The record {path} cannot be written by this user. Change its permissions, or set "
            "RL_WIDGETS_HOME to a folder that can be written."
        )
    if "locked" in text:
        return StoreError(
            f"The record {path} was locked by another program for {BUSY_TIMEOUT_S:.0f} s. "
            "Close the program that holds it and try again."
        )
    if "not a database" in text or "malformed" in text:
        return StoreError(
            f"{path} is damaged or is no record of rl_widgets. Move it away to start a new one, "
            "or restore it from a backup."
        )
    return StoreError(f"The record {path} could not be used: {text}.")


class DataVersion:
    """Tells whether any other connection or process has changed the file since the last look."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            path, timeout=BUSY_TIMEOUT_S, check_same_thread=False, isolation_level=None
        )

    def read(self) -> int:
        """SQLite's `data_version`: a number that differs after a change made elsewhere."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._connection.close()
