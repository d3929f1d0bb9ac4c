"""Several lines in one frame: what a chart of them is made of, before anything draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rl_widgets.view.charts.ticks import log_ticks, tick_step, tick_texts, ticks
from rl_widgets.view.series import Floats

#: Colours of lines in their order. Mid tones: they are read on a light and on a dark ground, and
#: told apart with the common colour blindnesses.
PALETTE = (
    "#3987e0",
    "#e08a2e",
    "#a06be0",
    "#22a6b3",
    "#e0525f",
    "#8fa32a",
    "#c77fb0",
    "#8a94a0",
)
#: The colour of a target, which is no run's.
TARGET = "#2fa35f"
#: The colour of a run's greedy evaluations beside its reward, which no other run has there.
EVALUATION = "#c2497f"


@dataclass(frozen=True)
class Line:
    """A line with its band; x and y have the shape (n,), NaN in y is a gap.

    `low` and `high` (both or none) are the band's edges over `band_x`, or over `x` where that is
    None. On a logarithmic axis all of them are given as they are: the frame takes logarithms.
    `key` tells which line it is from one drawing to the next; the label, where it is ''.
    """

    label: str
    colour: str
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None
    band_x: Floats | None = None
    dashed: bool = False
    width: float = 2.0
    opacity: float = 1.0
    key: str = ""

    @property
    def name(self) -> str:
        """`key`, or the label."""
        return self.key or self.label

    def band(self) -> tuple[Floats, Floats, Floats] | None:
        """x, lower and upper edge, each with a gap where one edge has one; None without band."""
        if self.low is None or self.high is None or len(self.low) < 2:
            return None
        x = self.x if self.band_x is None else self.band_x
        gap = ~(np.isfinite(self.low) & np.isfinite(self.high))
        return x, np.where(gap, np.nan, self.low), np.where(gap, np.nan, self.high)


@dataclass(frozen=True)
class Frame:
    """The axes: what they span, their titles, their ticks and the ticks' words.

    With `log`, y-range and y-ticks are logarithms (base 10) of what the words say.
    """

    x_title: str
    y_title: str
    x_low: float = 0.0
    x_high: float = 1.0
    y_low: float = 0.0
    y_high: float = 1.0
    x_ticks: tuple[float, ...] = ()
    y_ticks: tuple[float, ...] = ()
    x_words: tuple[str, ...] = ()
    y_words: tuple[str, ...] = ()
    log: bool = False

    def y(self, values: Floats) -> Floats:
        """Values as they are drawn: on a logarithmic axis their logarithms, NaN below nought."""
        if not self.log:
            return values
        return np.log10(np.where(values > 0, values, np.nan))

    def edges(self, low: Floats, high: Floats) -> Floats:
        """A band's edges as they are drawn, shape (2, n), a gap of one being a gap of both.

        On a logarithmic axis a lower edge of nought or less lies at the axis' foot.
        """
        lower, upper = self.y(low), self.y(high)
        if self.log:
            lower = np.where(low <= 0, self.y_low, lower)
        edges: Floats = np.vstack([lower, upper])
        edges[:, ~np.isfinite(edges).all(axis=0)] = np.nan
        return edges


def frame(
    lines: Sequence[Line],
    x_title: str,
    y_title: str,
    window: tuple[float, float] | None = None,
    log: bool = False,
    x_ticks: int = 7,
    y_ticks: int = 6,
) -> Frame:
    """Axes that span all lines with their bands; over x only `window`, where there is one."""
    x_low, x_high = window or rounded_x(*_span([line.x for line in lines]))
    seen = []
    for line in lines:
        inside = slice(None) if window is None else (line.x >= x_low) & (line.x <= x_high)
        seen.append(line.y[inside])
        band = line.band()
        if band is not None:
            x, low, high = band
            inside = slice(None) if window is None else (x >= x_low) & (x <= x_high)
            seen += [low[inside], high[inside]]
    if log:
        y_low, y_high = _log_range(seen)
        y_at = log_ticks(y_low, y_high, y_ticks)
        words = tick_texts([float(f"{10.0**v:.6g}") for v in y_at])
    else:
        y_low, y_high = rounded_y(*_span(seen), y_ticks)
        y_at = ticks(y_low, y_high, y_ticks)
        words = tick_texts(y_at)
    x_at = ticks(x_low, x_high, x_ticks)
    return Frame(
        x_title=x_title,
        y_title=y_title,
        x_low=x_low,
        x_high=x_high,
        y_low=y_low,
        y_high=y_high,
        x_ticks=tuple(x_at),
        y_ticks=tuple(y_at),
        x_words=tick_texts(x_at),
        y_words=words,
        log=log,
    )


#: An x-axis is lengthened by at least one part of so many.
_ROOMS = 6


def rounded_x(low: float, high: float) -> tuple[float, float]:
    """From nought, if the lines begin near it, to a little more than their end.

    The room on the right, up to a third of what there is, has the axis move seldom: a page takes
    several times as long to draw an axis that moves as to draw a point.
    """
    low = 0.0 if 0 <= low <= 0.3 * high else low
    if not high > low:
        return low - 0.5, low + 0.5
    least = (high - low) / _ROOMS
    tens = 10.0 ** math.floor(math.log10(least))
    step = next(n * tens for n in (1, 2, 5, 10) if n * tens >= least * (1 - 1e-9))
    return low, math.ceil(high / step + 1e-9) * step


def rounded_y(low: float, high: float, n: int = 6) -> tuple[float, float]:
    """A little room below and above, up to half a tick's step, so that it moves seldom."""
    if not math.isfinite(high - low):
        return low / 2, high / 2
    room = (high - low) * 0.02 or abs(high) * 0.1 or 1.0
    step = tick_step(low - room, high + room, n)
    if step is None:
        return low - room, high + room
    half = step / 2
    return math.floor((low - room) / half) * half, math.ceil((high + room) / half) * half


def _span(arrays: Iterable[Floats]) -> tuple[float, float]:
    low, high = math.inf, -math.inf
    for values in arrays:
        finite = values[np.isfinite(values)]
        if len(finite):
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else (0.0, 1.0)


def _log_range(arrays: Iterable[Floats]) -> tuple[float, float]:
    low, high = _span([values[values > 0] for values in arrays])
    if low <= 0:
        return -1.0, 1.0
    low, high = math.log10(low), math.log10(high)
    room = (high - low) * 0.05 or 0.1
    return low - room, high + room
