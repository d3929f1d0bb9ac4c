"""Several runs that differ by chance alone, as one line with an interval.

The interquartile mean and the bootstrap over seeds follow Agarwal et al., 'Deep Reinforcement
Learning at the Edge of the Statistical Precipice' (NeurIPS 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rl_widgets.view.series import Floats

#: Places of the common grid, resamples of the bootstrap, and how much of them an interval holds.
GRID, RESAMPLES, CONFIDENCE = 200, 1_000, 0.95

#: Numbers of a bootstrap that are held in memory at a time.
_AT_ONCE = 2_000_000

MEAN, IQM = "mean", "iqm"
STATISTICS = {MEAN: "Mean", IQM: "IQM"}


@dataclass(frozen=True)
class Estimate:
    """A statistic of `n` values with its interval; NaN where there is no value to have one of."""

    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Aggregate:
    """The statistic of n lines over a common grid; all arrays have the shape (g,), g <= 200.

    `low` and `high` are the ends of the 95 % percentile bootstrap interval over the lines.
    """

    n: int
    x: Floats
    y: Floats
    low: Floats
    high: Floats


def statistic(values: Floats, which: str) -> Floats:
    """The mean or the interquartile mean over the first axis of `values`, shape (n, …) -> (…).

    The interquartile mean leaves out floor(n / 4) of the lowest and of the highest values, as
    `scipy.stats.trim_mean` does; of fewer than four values it is the mean.
    """
    cut = len(values) // 4 if which == IQM else 0
    kept = np.sort(values, axis=0)[cut : len(values) - cut] if cut else values
    found: Floats = kept.mean(axis=0)
    return found


def estimate(values: Sequence[float], which: str) -> Estimate:
    """The statistic of some numbers with its bootstrap interval; NaN among them is left out."""
    known = np.array([v for v in values if np.isfinite(v)], np.float64)
    if not len(known):
        return Estimate(0, np.nan, np.nan, np.nan)
    low, high = _interval(known[:, None], which)
    return Estimate(len(known), float(statistic(known, which)), float(low[0]), float(high[0]))


def aggregate(lines: Sequence[tuple[Floats, Floats]], which: str) -> Aggregate:
    """The statistic of lines, each (x, y) with x growing, on a grid from where the last one begins
    to where the first one ends: no line is drawn on past its end, and all have a value everywhere.

    Between two points of a line it is straight; gaps (NaN) are bridged.
    """
    known = [(x[np.isfinite(y)], y[np.isfinite(y)]) for x, y in lines]
    known = [(x, y) for x, y in known if len(x)]
    nothing: Floats = np.empty(0)
    if not known:
        return Aggregate(0, nothing, nothing, nothing, nothing)
    first = max(float(x[0]) for x, _ in known)
    last = min(float(x[-1]) for x, _ in known)
    if last < first:
        return Aggregate(len(known), nothing, nothing, nothing, nothing)
    grid = np.linspace(first, last, GRID) if last > first else np.array([first])
    values = np.stack([np.interp(grid, x, y) for x, y in known])
    low, high = _interval(values, which)
    return Aggregate(len(known), grid, statistic(values, which), low, high)


def _interval(values: Floats, which: str) -> tuple[Floats, Floats]:
    """The ends of the percentile bootstrap interval for each column of (n, g)."""
    n = len(values)
    if n < 2:
        nan = np.full(values.shape[1:], np.nan)
        return nan, nan
    # The same data give the same interval, whenever it is drawn.
    chosen: npt.NDArray[np.int64] = np.random.default_rng(0).integers(0, n, (RESAMPLES, n))
    step = max(1, _AT_ONCE // (RESAMPLES * n))
    tail = (1 - CONFIDENCE) / 2 * 100
    ends = []
    for start in range(0, values.shape[1], step):
        part = values[:, start : start + step]
        resampled = statistic(np.moveaxis(part[chosen], 1, 0), which)
        ends.append(np.percentile(resampled, [tail, 100 - tail], axis=0))
    low, high = np.concatenate(ends, axis=1)
    return low, high
