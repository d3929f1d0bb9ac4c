"""Smoothing of a line that jumps."""

from __future__ import annotations

from rl_widgets.view.series import Floats

#: The strongest smoothing that a person may choose.
MOST = 0.99


def smoothed(y: Floats, weight: float) -> Floats:
    """An exponential moving average over the points of `y`, shape (n,); gaps stay gaps.

    Each value counts `weight` (0 for none, below 1) times as much as the one after it. It is
    debiased as in Adam (Kingma and Ba, 2015): the first values are not drawn towards nought.
    """
    if weight <= 0 or not len(y):
        return y
    import pandas as pd  # not before: a Jupyter server that smooths nothing starts sooner

    average = pd.Series(y).ewm(alpha=1 - min(weight, MOST), adjust=True, ignore_na=True).mean()
    found: Floats = average.where(pd.notna(pd.Series(y))).to_numpy(dtype="float64")
    return found
