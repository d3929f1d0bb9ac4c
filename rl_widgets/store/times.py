"""Times of the record as text."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import overload


@overload
def utc_text(seconds: float) -> str: ...


@overload
def utc_text(seconds: None) -> None: ...


def utc_text(seconds: float | None) -> str | None:
    """Seconds since the epoch as ISO 8601 in UTC, to the microsecond; None stays None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
