"""Round numbers for axes, and their words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def ticks(low: float, high: float, n: int) -> list[float]:
    """At most `n` round numbers between `low` and `high`, one step apart."""
    step = tick_step(low, high, n)
    if step is None:
        return []
    first = math.ceil(low / step - 1e-9)
    found = [
        round(i * step, 12) for i in range(first, first + n + 2) if i * step <= high + step * 1e-9
    ]
    return found if all(b > a for a, b in pairwise(found)) else []


def tick_step(low: float, high: float, n: int) -> float | None:
    """The round step of at most `n` ticks; None where there is nothing to step over."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return None
    rough = span / n
    power = 10.0 ** math.floor(math.log10(rough))
    return next((m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough), 10 * power)


def log_ticks(low: float, high: float, n: int) -> list[float]:
    """At most `n` ticks for an axis of logarithms (base 10), as logarithms themselves.

    Powers of ten where the range spans some of them, else 1, 2 and 5 times these; plain round
    numbers where it spans less.
    """
    first, last = math.floor(low), math.ceil(high)
    powers = [float(i) for i in range(first, last + 1) if low <= i <= high]
    if len(powers) > n:
        return powers[:: math.ceil(len(powers) / n)]
    some = [i + math.log10(m) for i in range(first, last + 1) for m in (1, 2, 5)]
    finer = [v for v in some if low <= v <= high]
    if len(powers) > 2 or len(finer) > n:
        return powers
    if len(finer) > 2:
        return finer
    plain = ticks(10.0**low, 10.0**high, n)
    return [math.log10(v) for v in plain if v > 0]


def tick_text(value: float) -> str:
    """A tick's number, short: 1.5M, 20k, 0.25."""
    size = abs(value)
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if 1e15 > size >= limit:
            return f"{value / (1e3 if unit == 'k' else limit):g}{unit}"
    return f"{value:.6g}"


def tick_texts(values: Sequence[float]) -> tuple[str, ...]:
    """The words of an axis' ticks: short, unless two of them would read the same."""
    words = tuple(tick_text(value) for value in values)
    if len(set(words)) == len(words):
        return words
    return tuple(f"{value:,.12g}" for value in values)
