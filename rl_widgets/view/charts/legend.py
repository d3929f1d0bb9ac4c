"""The words of a chart: which line is which, and what each is worth at the cursor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rl_widgets.view import wording
from rl_widgets.view.charts.lines import Line
from rl_widgets.view.charts.marks import EVENT_LOOKS, EventMark
from rl_widgets.view.escape import escape
from rl_widgets.view.series import Floats


@dataclass(frozen=True)
class Entry:
    """One line of the legend: a swatch (line, dashed, band, or a symbol), a label, a value."""

    label: str
    colour: str
    value: str = ""
    shape: str = "line"
    faint: bool = False
    symbol: str = ""


def of_events(marks: Iterable[EventMark]) -> tuple[Entry, ...]:
    """An entry for each kind of events: its symbol, and how many there are."""
    counts = Counter(dict.fromkeys(EVENT_LOOKS, 0))
    for mark in marks:
        counts[mark.kind] += mark.count
    return tuple(
        Entry(
            look.word,
            look.colour,
            f"{counts[kind]:,}" if counts[kind] > 1 else "",
            "mark",
            symbol=look.symbol,
        )
        for kind, look in EVENT_LOOKS.items()
        if counts[kind]
    )


def entries(lines: Iterable[Line], x: float | None) -> tuple[Entry, ...]:
    """An entry for each line with its value at `x`, its last one where that is None."""
    found = []
    for line in lines:
        shape = "dashed" if line.dashed else "line"
        value = wording.number(value_at(line.x, line.y, x))
        found.append(Entry(line.label, line.colour, value, shape, line.opacity < 1))
        band = line.band()
        if band is not None:
            low, high = (value_at(band[0], edge, x) for edge in band[1:])
            if low is not None and high is not None:
                words = f"{wording.number(low)} to {wording.number(high)}"
                found.append(Entry("min to max", line.colour, words, "band"))
    return tuple(found)


def value_at(x: Floats, y: Floats, place: float | None) -> float | None:
    """The finite value of a line that is nearest to `place`; its last one where that is None.

    None beyond the ends of the line.
    """
    known = np.flatnonzero(np.isfinite(y))
    if not len(known):
        return None
    if place is None:
        return float(y[known[-1]])
    first, last = float(x[known[0]]), float(x[known[-1]])
    # A cursor snaps to points of one line; others may begin or end half a step from there.
    room = (last - first) / max(1, len(known) - 1)
    if not first - room <= place <= last + room:
        return None
    return float(y[known[int(np.abs(x[known] - place).argmin())]])


def nearest(x: Floats, y: Floats, place: float) -> float | None:
    """The x of the finite point that is nearest to `place`."""
    known = np.flatnonzero(np.isfinite(y))
    if not len(known):
        return None
    return float(x[known[int(np.abs(x[known] - place).argmin())]])


def beside(x: Floats, y: Floats, place: float | None, step: int) -> float | None:
    """The x of the finite point `step` points after `place` (before it, if negative).

    Without a place it counts from the last point.
    """
    known = x[np.isfinite(y)]
    if not len(known):
        return None
    at = len(known) if place is None else int(np.abs(known - place).argmin())
    return float(known[min(max(at + step, 0), len(known) - 1)])


def html(found: Sequence[Entry], where: str, sentence: str) -> str:
    """The legend; `where` says where the values are taken, `sentence` is for who cannot see."""
    items = "".join(
        f'<span class="rlw-entry{" rlw-faint" if entry.faint else ""}">'
        f'<i class="rlw-swatch rlw-{entry.shape}" style="--rlw-swatch: {escape(entry.colour)}">'
        f"{entry.symbol}</i>{escape(entry.label)}{_value(entry)}</span>"
        for entry in found
    )
    return (
        f'<div class="rlw-legend"><span class="rlw-unseen">{escape(sentence)}</span>'
        f'<span class="rlw-where">{escape(where)}</span>{items}</div>'
    )


def _value(entry: Entry) -> str:
    if not entry.value:
        return ""
    # Room for the longest value, so that a legend does not move with its cursor.
    short = ' class="rlw-short"' if entry.symbol else ""
    return f" <b{short}>{escape(entry.value)}</b>"
