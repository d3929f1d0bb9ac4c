"""Durations, numbers and names in the words that a person reads."""

from __future__ import annotations

import math
import time
import unicodedata

#: Longer names are cut where they are shown; the whole name stays in the data.
SHOWN_NAME_LENGTH = 80


def duration(seconds: float | None) -> str:
    """A length of time, such as '12 s', '3 min 05 s' or '1 h 02 min'; '—' for none."""
    if seconds is None or not math.isfinite(seconds):
        return "—"
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600:02d} h"


def short_duration(seconds: float) -> str:
    """As `duration`, without the seconds once it is minutes: it changes once a minute."""
    return duration(seconds) if not 60 <= seconds < 3600 else f"{int(seconds) // 60} min"


def rough_duration(seconds: float) -> str:
    """A length of time that is an estimate: no more digits than it is worth."""
    if seconds < 90:
        return f"{max(1, round(seconds / 10)) * 10} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def clock(when: float | None) -> str:
    """A point in time in this machine's time zone; '—' for none."""
    if when is None:
        return "—"
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))


def moment(when: float | None, now: float) -> str:
    """As `clock`, without the day where it is today's."""
    said = clock(when)
    day, _, hour = said.partition(" ")
    return hour if hour and clock(now).startswith(day) else said


def count(value: float | None) -> str:
    """A whole number with thousands apart, such as '1,840,000'; '—' for none."""
    if value is None or not math.isfinite(value):
        return "—"
    return f"{round(value):,}"


def rough(value: float, digits: int = 2) -> str:
    """A positive number with so many digits that count, and all of a larger one."""
    return f"{value:.{digits}g}" if value < 10**digits - 0.5 else f"{round(value):,}"


def gibibytes(memory: float) -> str:
    """An amount of memory in bytes as '3.5 GiB'."""
    return f"{rough(memory / (1 << 30), 3)} GiB"


def number(value: float | None) -> str:
    """A measured number with four digits that count; NaN and infinities by their names."""
    if value is None:
        return "—"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    size = abs(value)
    if size != 0 and (size < 1e-3 or size >= 1e9):
        return f"{value:.3g}"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 1 or size == 0 else f"{value:.4f}"


def percent(share: float) -> str:
    """A share of 0..1 in whole percents: '41 %'."""
    return f"{100 * share:.0f} %"


def goal(value: float) -> str:
    """A number that a person has set: 18, 3,600, 0.95."""
    return count(value) if value == round(value) and abs(value) < 1e15 else f"{value:g}"


def size(n_bytes: int) -> str:
    """A number of bytes, such as '812 bytes' or '3.2 MB'."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= scale:
            return f"{n_bytes / scale:.1f} {unit}"
    return plural(n_bytes, "byte")


def stands_still(error: Exception, view: str) -> str:
    """What a view says that has met an error which nobody expected."""
    return (
        f"This view has met an error and stands still ({type(error).__name__}: {error!s:.300}). "
        f"The run goes on; show it again with {view}."
    )


def plural(n: int, one: str, many: str = "") -> str:
    """'1 node', '2 nodes'."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def shown(name: str, limit: int = SHOWN_NAME_LENGTH) -> str:
    """A name on one line, without control characters and no longer than `limit`."""
    # Format characters (Cf) could turn the direction of all that follows; those of joined
    # scripts and emoji are kept.
    kept = "".join(
        " " if c in "\t\r\n" else c
        for c in name[: limit * 4]
        if c in "\t\r\n\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co")
    )
    kept = " ".join(kept.split())
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"
