"""Where a person looks on a chart: windows of its x-axis, and the point that is meant."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rl_widgets.view.charts import legend
from rl_widgets.view.charts.lines import Frame, Line

Window = tuple[float, float]
#: What one step of the zoom's buttons does to the window.
ZOOM, PAN = 0.6, 0.25


def panned(axes: Frame, direction: int) -> Window:
    """A quarter of what is seen further on (1), or back (-1)."""
    by = direction * PAN * (axes.x_high - axes.x_low)
    return axes.x_low + by, axes.x_high + by


def zoomed(axes: Frame, closer: bool) -> Window | None:
    """Less of the axis around the same middle, or more; None where there is no less."""
    middle, half = (axes.x_low + axes.x_high) / 2, (axes.x_high - axes.x_low) / 2
    half *= ZOOM if closer else 1 / ZOOM
    return (middle - half, middle + half) if middle - half < middle + half else None


def moved_to(axes: Frame | None, window: Window) -> Window | None:
    """What the page has moved to; None where that is nothing new, or no window at all."""
    if axes is None or window == (axes.x_low, axes.x_high):
        return None
    low, high = window
    return window if math.isfinite(low) and math.isfinite(high) and low < high else None


def nearest(lines: Iterable[Line], place: float) -> float | None:
    """The x of the point of any line that is nearest to a place."""
    places = [legend.nearest(line.x, line.y, place) for line in lines]
    return min((p for p in places if p is not None), key=lambda p: abs(p - place), default=None)
