"""The band from the smallest to the largest value around a line."""

from __future__ import annotations

import numpy as np

from rl_widgets.view.series import Floats

#: Columns that a band is thinned to: each has its smallest and its largest value.
MAX_COLUMNS = 500

Band = tuple[Floats, Floats, Floats]
_NONE: Floats = np.empty(0)


def band(low: tuple[Floats, Floats], high: tuple[Floats, Floats]) -> Band:
    """x, lower and upper edge where both are known; each of `low` and `high` is (x, y), x sorted.

    A place where one of them is no finite number is a gap of both (NaN).
    """
    (low_x, low_y), (high_x, high_y) = low, high
    if not (len(low_x) == len(high_x) and np.array_equal(low_x, high_x)):
        shared, at_low, at_high = np.intersect1d(low_x, high_x, return_indices=True)
        low_x, low_y, high_y = shared, low_y[at_low], high_y[at_high]
    gap = ~(np.isfinite(low_y) & np.isfinite(high_y))
    return low_x, np.where(gap, np.nan, low_y), np.where(gap, np.nan, high_y)


def thinned(found: Band, n: int = MAX_COLUMNS) -> Band:
    """At most `n` columns, each from the smallest lower to the largest upper edge in it."""
    x, low, high = found
    if len(x) <= n:
        return found
    starts = np.linspace(0, len(x), n, endpoint=False).astype(np.int64)
    known = np.isfinite(low)
    lowest = np.minimum.reduceat(np.where(known, low, np.inf), starts)
    highest = np.maximum.reduceat(np.where(known, high, -np.inf), starts)
    gap = ~np.isfinite(lowest)
    # The first and the last column reach to the ends of the band.
    place = x[np.minimum(starts + (len(x) // n) // 2, len(x) - 1)]
    place[0], place[-1] = x[0], x[-1]
    return place, np.where(gap, np.nan, lowest), np.where(gap, np.nan, highest)
