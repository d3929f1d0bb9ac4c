"""The short private folder in which a local cluster's nodes keep sockets, logs and packages."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import uuid
from pathlib import Path

from rl_widgets.backend.errors import ClusterError

_LONGEST_NODE_FOLDER = 41
"""Characters: a socket path may have 107 bytes, and Ray adds its session's name."""

_LOG_LIMIT = 20 << 20
_PREFIX = "rlw-"


def choose_scratch(workers: int) -> Path:
    """A free name `rlw-<8 hex>`. Raises ClusterError when its path is too long for Ray."""
    base = Path(tempfile.gettempdir()).resolve()
    path = base / f"{_PREFIX}{uuid.uuid4().hex[:8]}"
    longest = len(os.fsencode(path)) + len(f"/w{max(workers - 1, 0)}a")
    if longest > _LONGEST_NODE_FOLDER:
        raise ClusterError(
            f"The temporary folder {base} has too long a path for Ray's sockets "
            f"({longest} characters, at most {_LONGEST_NODE_FOLDER}); set TMPDIR to a shorter one, "
            "such as /tmp."
        )
    return path


def make_scratch(path: Path) -> None:
    """Make the folder, mode 0700: Ray opens what it makes in it to everybody."""
    try:
        path.mkdir(mode=0o700)
    except OSError as error:
        raise ClusterError(
            f"The temporary folder {path} cannot be made ({error.strerror}); free some space, or "
            "set TMPDIR to a folder that can be written."
        ) from error


def remove_scratch(path: Path) -> None:
    """Remove the folder; one that is not such a folder of this user is left alone."""
    try:
        status = path.lstat()
    except OSError:
        return
    if not path.name.startswith(_PREFIX) or not stat.S_ISDIR(status.st_mode):
        return
    if status.st_uid == os.getuid():
        shutil.rmtree(path, ignore_errors=True)


def link_logs(logs: Path, shown_at: Path) -> None:
    """Show a running node's logs in the run folder."""
    shown_at.parent.mkdir(parents=True, exist_ok=True)
    if shown_at.is_symlink():
        shown_at.unlink()
    if not shown_at.exists():
        shown_at.symlink_to(logs)


def keep_logs(logs: Path, kept_at: Path) -> None:
    """Replace the link by copies of the files, each cut to its last 20 MB."""
    if kept_at.is_symlink():
        kept_at.unlink()
    for source in sorted(logs.rglob("*")) if logs.is_dir() else []:
        # Links lead to what is kept elsewhere; sockets and pipes are no logs.
        if source.is_symlink() or not source.is_file():
            continue
        with contextlib.suppress(OSError):
            if source.stat().st_size:
                _copy_end(source, kept_at / source.relative_to(logs))


def _copy_end(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as origin, target.open("wb") as copy:
        size = os.fstat(origin.fileno()).st_size
        if size > _LOG_LIMIT:
            origin.seek(size - _LOG_LIMIT)
            copy.write(b"(the first %d bytes of this log were not kept)\n" % (size - _LOG_LIMIT))
        shutil.copyfileobj(origin, copy)
