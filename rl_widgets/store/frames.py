"""A run's metrics in the forms that code asks for: by name, and as a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rl_widgets.store.metrics import Metrics, SeriesRecord


def by_name(metrics: Metrics, series: Sequence[SeriesRecord], name: str | None) -> dict[str, Any]:
    """Numbers (once: one, often: a list), rows and tables (dicts of columns) by name."""
    chosen = [s for s in series if name is None or s.name == name]
    points = metrics.points([s.id for s in chosen if s.kind == "number"])
    payloads = metrics.payloads([s.id for s in chosen if s.kind != "number"])
    found: dict[str, Any] = {}
    for metric in dict.fromkeys(s.name for s in chosen):
        ids = [s.id for s in chosen if s.name == metric]
        values = points.value[np.isin(points.series, ids)].tolist()
        kept = [p.payload for p in payloads if p.series in ids]
        kind = next(s.kind for s in chosen if s.name == metric)
        if kind == "row":
            columns = dict.fromkeys(c for row in kept for c in row)
            found[metric] = {c: _one_or_all([row.get(c) for row in kept]) for c in columns}
        else:
            found[metric] = _one_or_all(values or kept)
    return found


def frame(metrics: Metrics, series: Sequence[SeriesRecord]) -> Any:
    """A pandas DataFrame with a row for each moment of logging and a column for each metric."""
    import pandas as pd

    names = {s.id: s.name for s in series if s.kind == "number"}
    points = metrics.points(list(names))
    table = pd.DataFrame(
        {
            "iteration": points.step,
            "env_steps": points.env_steps,
            "time": pd.to_datetime(points.time, unit="s", utc=True),
            "attempt": points.attempt,
            "name": [names[i] for i in points.series.tolist()],
            "value": points.value,
        }
    )
    index = ["time", "iteration", "env_steps", "attempt"]
    # A moment may hold one name several times (log_list): each is a row of its own.
    table["repeat"] = table.groupby([*index, "name"], dropna=False).cumcount()
    wide = table.pivot(index=[*index, "repeat"], columns="name", values="value").reset_index()
    wide = wide.drop(columns="repeat").sort_values(["attempt", "time"], ignore_index=True)
    wide.columns.name = None
    wide = wide.astype({"iteration": "Int64", "env_steps": "Int64"})
    rest = [c for c in wide.columns if c not in index]
    return wide[["iteration", "env_steps", "time", "attempt", *rest]]


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
