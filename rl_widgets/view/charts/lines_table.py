"""The lines of a chart as a table: for each place of the x-axis what a cursor there would read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rl_widgets.view import wording
from rl_widgets.view.charts import curve_table
from rl_widgets.view.charts.legend import value_at
from rl_widgets.view.charts.lines import Line


def html(lines: Sequence[Line], x_title: str, time: bool = False) -> str:
    """The newest places of the line that reaches furthest, newest first, each line in a column.

    With `time` the x-axis is one of time, whose places are no whole numbers.
    """
    known = [line for line in lines if np.isfinite(line.y).any()]
    if not known:
        return curve_table.NOTHING
    # Not the target, which spans all, nor the single runs behind the line of their group.
    full = [line for line in known if not line.dashed and line.opacity == 1.0] or known
    longest = max(full, key=lambda line: (float(_places(line)[-1]), len(line.x)))
    places = _places(longest)
    newest = places[-curve_table.SHOWN :][::-1]
    word = wording.number if time else wording.count
    rows = [[word(float(x)), *(_words(line, float(x)) for line in lines)] for x in newest]
    about = wording.plural(len(places), "point")
    about = f"The newest {len(newest)} of {about}" if len(newest) < len(places) else about
    if len(lines) > 1:
        about += f" of {longest.label}; the others at the nearest of theirs"
    return curve_table.rows_html([x_title, *(line.label for line in lines)], rows, f"{about}.")


def _places(line: Line) -> np.ndarray:
    return line.x[np.isfinite(line.y)]


def _words(line: Line, x: float) -> str:
    words = wording.number(value_at(line.x, line.y, x))
    band = line.band()
    if band is None:
        return words
    low, high = (value_at(band[0], edge, x) for edge in band[1:])
    if low is None or high is None:
        return words
    return f"{words} ({wording.number(low)} to {wording.number(high)})"
