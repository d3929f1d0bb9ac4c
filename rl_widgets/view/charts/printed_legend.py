"""The legend inside a picture that is saved: what its lines are, where the page does not tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_widgets.view.charts.legend import Entry
from rl_widgets.view.charts.lines import Frame, Line

#: Height of a row, room for its sign, and the width of a character at most, in pixels.
ROW, SIGN, _CHARACTER = 15.0, 26, 6.2
#: Rows of a legend; a chart is no higher.
MOST_ROWS = 13
_LONGEST = 60
#: How much emptier another corner has to be, as a share of a line's points.
_CLEARLY = 0.25

#: What stands for a line of each shape; the sign of an event is its own.
_SIGNS = {"line": "—", "dashed": "- -", "band": "▬"}


@dataclass(frozen=True)
class Row:
    """A row: a sign in a colour ('' for none), and words."""

    words: str
    sign: str = ""
    colour: str = ""
    faint: bool = False


@dataclass(frozen=True)
class PrintedLegend:
    """The rows in the corner of a chart in which they hide the least of it."""

    rows: tuple[Row, ...] = ()
    right: bool = False
    low: bool = False

    @property
    def width(self) -> float:
        """Pixels that the longest row takes."""
        return SIGN + _CHARACTER * max((len(row.words) for row in self.rows), default=0)


def rows(title: str, found: Sequence[Entry], smoothing: float = 0.0) -> tuple[Row, ...]:
    """A row for the title and for each entry; of a line that was smoothed it tells by how much."""
    all_rows = [Row(_short(title))]
    for entry in found:
        words = entry.label
        if smoothing > 0 and words.endswith("smoothed"):
            words = f"{words} ({smoothing:.2f})"
        faint = entry.faint or entry.shape == "band"
        sign = entry.symbol or _SIGNS[entry.shape]
        all_rows.append(Row(_short(words), sign, entry.colour, faint))
    if len(all_rows) > MOST_ROWS:
        more = len(all_rows) - MOST_ROWS + 1
        all_rows[MOST_ROWS - 1 :] = [Row(f"and {more} more")]
    return tuple(all_rows)


def placed(
    all_rows: tuple[Row, ...],
    lines: Sequence[Line],
    axes: Frame,
    height: float,
    before: PrintedLegend | None = None,
) -> PrintedLegend:
    """The rows in the emptiest corner of a chart `height` pixels high.

    They stay in the corner of `before` as long as no other is clearly emptier: what moves with
    each point would be sent with each point.
    """
    share = (2 * ROW + ROW * len(all_rows)) / height
    crowds = {
        (right, low): _crowd(lines, axes, right, low, min(share, 1.0))
        for low in (False, True)
        for right in (False, True)
    }
    corner = min(crowds, key=lambda c: crowds[c])
    if before is not None:
        kept = (before.right, before.low)
        corner = corner if crowds[kept] > crowds[corner] + _CLEARLY else kept
    return PrintedLegend(all_rows, *corner)


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _crowd(lines: Sequence[Line], axes: Frame, right: bool, low: bool, share: float) -> float:
    """How much of the lines' points lies in a corner: 0 for none, at most 1 for each line."""
    middle = (axes.x_low + axes.x_high) / 2
    edge = axes.y_low + share * (axes.y_high - axes.y_low)
    if not low:
        edge = axes.y_high - share * (axes.y_high - axes.y_low)
    found = 0.0
    for line in lines:
        y = axes.y(line.y)
        seen = (line.x >= axes.x_low) & (line.x <= axes.x_high) & np.isfinite(y)
        if not seen.any():
            continue
        with np.errstate(invalid="ignore"):
            inside = seen & ((line.x >= middle) == right) & ((y <= edge) if low else (y >= edge))
        found += float(inside.sum() / seen.sum())
    return found
