"""The points of one metric as a reader holds them: they only grow."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rl_widgets.store.metrics import Points

Floats = npt.NDArray[np.float64]
_COLUMNS = ("attempt", "step", "env_steps", "time", "value")


class Series:
    """Arrays of all points of one metric in the order of their ids, shape (n,) each."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._length = 0
        self._columns = {c: np.empty(64, np.float64) for c in _COLUMNS}

    def __len__(self) -> int:
        return self._length

    def extend(self, points: Points, chosen: npt.NDArray[np.bool_] | slice) -> None:
        """Append the chosen ones of `points`."""
        new = {c: getattr(points, c)[chosen] for c in _COLUMNS}
        n = len(new["value"])
        capacity = len(self._columns["value"])
        if self._length + n > capacity:
            capacity = max(2 * capacity, self._length + n)
            for c, old in self._columns.items():
                grown = np.empty(capacity, np.float64)
                grown[: self._length] = old[: self._length]
                self._columns[c] = grown
        for c, values in new.items():
            self._columns[c][self._length : self._length + n] = values
        self._length += n

    def column(self, name: str) -> Floats:
        """One of attempt, step, env_steps, time and value."""
        return self._columns[name][: self._length]

    def last(self, column: str = "value") -> float | None:
        """The newest number of a column that is finite, or None."""
        values = self.column(column)
        # Nearly always the very last one; the whole is looked at only where it is not.
        for value in values[:-9:-1]:
            if math.isfinite(value):
                return float(value)
        finite = np.flatnonzero(np.isfinite(values))
        return float(values[finite[-1]]) if len(finite) else None

    def recent(self, seconds: float = 5.0) -> float | None:
        """The mean of what came in the last seconds before the newest point, or None.

        For a pace: a result each second often has no sample, or two of them.
        """
        times = self.column("time")[-100:]
        values = self.column("value")[-100:][times > times.max(initial=0.0) - seconds]
        finite = values[np.isfinite(values)]
        return float(finite.mean()) if len(finite) else self.last()

    def unpaused(self) -> Floats:
        """Times as if each attempt had begun where the one before ended: a pause is no training."""
        times, attempts = self.column("time"), self.column("attempt")
        again = np.flatnonzero(np.diff(attempts) > 0) + 1
        if not len(again):
            return times
        pauses = np.zeros(len(times))
        pauses[again] = times[again] - times[again - 1]
        found: Floats = times - np.cumsum(pauses)
        return found

    def changes(self) -> bool:
        """Whether at least two finite values differ."""
        values = self.column("value")
        finite = values[np.isfinite(values)]
        return len(finite) > 1 and bool((finite != finite[0]).any())


def joined(series: Series, times: Floats, column: str) -> Floats:
    """The column's value at or before each of `times` (an as-of join); NaN before the first."""
    known = np.isfinite(series.column(column))
    at, values = series.column("time")[known], series.column(column)[known]
    if not len(at):
        return np.full(len(times), np.nan)
    order = np.argsort(at, kind="stable")
    at, values = at[order], values[order]
    found = np.searchsorted(at, times, side="right") - 1
    return np.where(found >= 0, values[np.maximum(found, 0)], np.nan)
