"""Whether the disk that keeps a run has room for what the run logs."""

from __future__ import annotations

import shutil
from pathlib import Path

#: Below so many free bytes a run soon cannot write.
LITTLE = 256 << 20
_NOTHING = 1 << 20


def warning(folder: Path) -> str:
    """A sentence where the disk of `folder` is full, or nearly; else ''."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return ""
    # A small disk (a quota, a test's) may have little and still room enough.
    if usage.free < _NOTHING:
        return (
            f"The disk that holds {folder.parent} is full. What the run logs waits in its "
            "processes and is kept as soon as there is space again: free some."
        )
    if usage.free < min(LITTLE, usage.total // 20):
        return f"The disk that holds {folder.parent} has only {usage.free / 1e6:.0f} MB left."
    return ""
