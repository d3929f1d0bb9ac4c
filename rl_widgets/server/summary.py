"""What the list of runs says of a run's numbers: reward, best, a small curve, progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import catalogue, header, progress
from rl_widgets.view.charts import curve
from rl_widgets.view.reader import RunReader
from rl_widgets.view.series import Series

#: Points of a small curve.
CURVE_POINTS = 40
#: Where no reward is logged, so many metrics are looked at for one that changes.
_MOST_CANDIDATES = 20


@dataclass(frozen=True)
class Summary:
    """Numbers of one run; None and '' where there is nothing yet."""

    metric: str | None = None
    reward: float | None = None
    best: float | None = None
    curve: tuple[float, ...] = ()
    progress: float | None = None
    time_left: str = ""
    env_steps: float | None = None


def of_active(reader: RunReader) -> Summary:
    """Of a run that goes on: only what came since the last look is read. Raises `StoreError`."""
    with reader.lock:
        reader.refresh()
        names = set(reader.names())
        name = reader.metric or next(iter(catalogue.candidates(reader.names())), None)
        return _summary(
            reader.record, name, lambda one: reader.series(one) if one in names else None
        )


def of_ended(store: Store, record: RunRecord) -> Summary:
    """Of a run that has ended: little is read, and nothing is held. Raises `StoreError`."""
    family = [record.id, *(child.id for child in store.runs.children(record.id))]
    ids: dict[str, list[int]] = {}
    for found in store.metrics.series(family):
        if found.kind == "number":
            ids.setdefault(found.name, []).append(found.id)
    held: dict[str, Series] = {}

    def series(name: str) -> Series | None:
        if name in ids and name not in held:
            points = store.metrics.points(ids[name])
            held[name] = Series(name)
            held[name].extend(points, slice(None))
        return held.get(name)

    name = next((n for n in catalogue.REWARD_NAMES if n in ids), None)
    if name is None:
        others = catalogue.candidates(ids)[:_MOST_CANDIDATES]
        changing = (n for n in others if (one := series(n)) is not None and one.changes())
        name = next(changing, next(iter(others), None))
    return _summary(record, name, series)


def _summary(
    record: RunRecord, name: str | None, series: Callable[[str], Series | None]
) -> Summary:
    main = None if name is None else series(name)
    env_steps = None if main is None else main.last("env_steps")
    if env_steps is None:
        known = (held for n in catalogue.ENV_STEP_NAMES if (held := series(n)) is not None)
        steps = next(known, None)
        env_steps = None if steps is None else steps.last()
    how_far, left = _progress(record, series)
    if main is None or not len(main):
        return Summary(metric=name, progress=how_far, time_left=left, env_steps=env_steps)
    values = main.column("value")
    finite = values[np.isfinite(values)]
    return Summary(
        metric=name,
        reward=main.last(),
        best=float(finite.max()) if len(finite) else None,
        curve=_curve(main),
        progress=how_far,
        time_left=left,
        env_steps=env_steps,
    )


def _progress(
    record: RunRecord, series: Callable[[str], Series | None]
) -> tuple[float | None, str]:
    if record.status == statuses.COMPLETED:
        return 1.0, ""
    running = header.header(record, record.ended or time.time()).running_s
    rows = progress.criteria(record.definition, progress.Pace(series, running))
    fractions = [row.fraction for row in rows if row.fraction is not None]
    left = "" if record.final else progress.time_left(rows) or ""
    return max(fractions, default=None), left


def _curve(main: Series) -> tuple[float, ...]:
    """Means of equal parts of the line, so that it looks the same however long it is."""
    y = curve.placed(main, "env_steps", None, unit=1.0)[0].y
    if len(y) <= CURVE_POINTS:
        return tuple(y.tolist())
    first = np.linspace(0, len(y), CURVE_POINTS, endpoint=False).astype(np.intp)
    known = np.isfinite(y)
    sums, counts = (np.add.reduceat(part, first) for part in (np.where(known, y, 0.0), known * 1.0))
    # A part without one number is a gap.
    means = np.divide(sums, counts, out=np.full(CURVE_POINTS, np.nan), where=counts > 0)
    return tuple(means.tolist())
