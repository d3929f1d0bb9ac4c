"""Metrics as lines: a window of them, thinned, or the raw points since the last that is held."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rl_widgets.server.request import Request
from rl_widgets.server.served import Served
from rl_widgets.store.errors import NotFoundError, UserError
from rl_widgets.view import catalogue, progress, wording
from rl_widgets.view.charts import curve, smoothing
from rl_widgets.view.charts.marks import Places, at_words, marks
from rl_widgets.view.reader import RunReader
from rl_widgets.view.series import Floats, Series

#: What one answer has at most.
MOST_SERIES, MOST_POINTS, MOST_RAW = 12, 4000, 5000
_FARTHEST = 1e18

_UNITS = {"env_steps": "env steps", "iteration": "iterations", "time": "s"}


def series(served: Served, asked: Request, run_id: str) -> Any:
    """Lines in a window, or with `after` the raw points of one metric since an id."""
    if asked.text("after"):
        return _tail(served, asked, run_id)
    names = asked.names("name", MOST_SERIES)
    axis = asked.choice("axis", curve.AXES, "env_steps")
    points = asked.whole("points", 2000, 2, MOST_POINTS) or 2000
    weight = asked.number("smoothing", 0.0, 0.0, 0.999) or 0.0
    low = asked.number("from", None, -_FARTHEST, _FARTHEST)
    high = asked.number("to", None, -_FARTHEST, _FARTHEST)
    if low is not None and high is not None and low > high:
        raise UserError(f"from ({low:g}) is greater than to ({high:g}).")
    window = (-math.inf if low is None else low, math.inf if high is None else high)
    reader = served.reader(run_id)
    with reader.lock:
        held = _held(reader, names)
        places = _Axis(reader, axis)
        lines = [_line(reader, held[name], places, window, points, weight) for name in names]
        main = held[reader.metric if reader.metric in held else names[0]]
        judged = catalogue.is_reward(main.name)
        goal = progress.reward_goal(reader.record.definition) if judged else None
        return {
            "axis": axis,
            "unit": _UNITS[axis],
            "series": lines,
            "goal": goal,
            "events": _events(reader, main, places, goal),
            "sentence": _sentence(main, places),
        }


def _sentence(main: Series, axis: _Axis) -> str:
    """The line in words, for who does not see it."""
    places, title = axis.placed(main)
    known = np.flatnonzero(np.isfinite(places.y))
    if not len(known):
        return f"{wording.shown(main.name)}: no value yet."
    last = known[-1]
    return (
        f"{wording.shown(main.name)}: {wording.number(float(places.y[last]))} now, "
        f"best {wording.number(float(places.y[known].max()))}, "
        f"{at_words(places.axis, places.unit, title, float(places.x[last]))}."
    )


def _held(reader: RunReader, names: list[str]) -> dict[str, Series]:
    known = set(reader.names())
    for name in names:
        if name not in known:
            raise NotFoundError(f"The run has no metric {name!r:.120}.")
    found = reader.several(names)
    # A metric whose first point comes in this moment.
    return {name: found.get(name) or Series(name) for name in names}


class _Axis:
    """Where the points of a run's metrics are on one axis; each metric is placed once."""

    def __init__(self, reader: RunReader, axis: str) -> None:
        self.name = axis
        self._reader = reader
        self._placed: dict[int, tuple[Places, str]] = {}

    def placed(self, one: Series) -> tuple[Places, str]:
        if id(one) not in self._placed:
            held = self._reader.several([*catalogue.ITERATION_NAMES, *catalogue.ENV_STEP_NAMES])
            iterations, env_steps = (
                next((held[name] for name in names if name in held), None)
                for names in (catalogue.ITERATION_NAMES, catalogue.ENV_STEP_NAMES)
            )
            self._placed[id(one)] = curve.placed(
                one, self.name, self._reader.began, iterations, env_steps, unit=1.0
            )
        return self._placed[id(one)]


def _line(
    reader: RunReader,
    one: Series,
    axis: _Axis,
    window: tuple[float, float],
    points: int,
    weight: float,
) -> dict[str, Any]:
    places, _ = axis.placed(one)
    smooth = smoothing.smoothed(places.y, weight)
    seen = _seen(places.x, window)
    x, y = curve.thinned(places.x[seen], smooth[seen], points)
    line: dict[str, Any] = {
        "name": one.name,
        "x": x,
        "y": y,
        "gaps": int((~np.isfinite(places.y[seen])).sum()),
        "last_id": reader.read_to(one.name),
        "sentence": _sentence(one, axis),
    }
    return line | _band(reader, one.name, axis, x)


def _band(reader: RunReader, name: str, axis: _Axis, x: Floats) -> dict[str, Floats]:
    """The smallest and largest values beside a mean, at the places of its line."""
    edges = curve.companions(name)
    beside = {} if edges is None else reader.several(edges)
    if edges is None or len(beside) != 2:
        return {}
    return {
        kind: _at(axis, beside[edge], x) for kind, edge in zip(("low", "high"), edges, strict=True)
    }


def _at(axis: _Axis, edge: Series, x: Floats) -> Floats:
    places, _ = axis.placed(edge)
    if not len(places.x):
        return np.full(len(x), np.nan)
    at = np.searchsorted(places.x, x, side="right") - 1
    found: Floats = np.where(at >= 0, places.y[np.maximum(at, 0)], np.nan)
    return found


def _seen(x: Floats, window: tuple[float, float]) -> slice:
    """What lies in the window, with the next point on either side: the line goes on there."""
    first = int(np.searchsorted(x, window[0])) - 1
    return slice(max(0, first), int(np.searchsorted(x, window[1], side="right")) + 1)


def _events(
    reader: RunReader, main: Series, axis: _Axis, goal: float | None
) -> list[dict[str, Any]]:
    places, title = axis.placed(main)
    return [
        {
            "x": mark.x,
            "y": mark.y,
            "kind": mark.kind,
            "title": mark.text,
            "path": mark.thing,
        }
        for mark in marks(reader.events, places, places.y, goal, title)
    ]


def _tail(served: Served, asked: Request, run_id: str) -> Any:
    [name] = asked.names("name", 1)
    axis = asked.choice("axis", curve.AXES, "env_steps")
    after = asked.whole("after", 0, 0, 2**62) or 0
    reader = served.reader(run_id)
    with reader.lock:
        if name not in reader.names():
            raise NotFoundError(f"The run has no metric {name!r:.120}.")
        ids = [child.id for child in reader.children]
        found = reader.store.metrics
        series_ids = [s.id for s in found.series([run_id, *ids]) if s.name == name]
        points = found.points(series_ids, after=after)
        new = Series(name)
        new.extend(points, slice(0, MOST_RAW))
        placing = _Axis(reader, axis)
        places, title = placing.placed(new)
        x = places.x
        if title.startswith("logged value"):
            # Nothing tells the place but how many there were before.
            held = reader.series(name)
            x = x + (max(0, len(held) - len(points)) if held is not None else 0)
        return {
            "name": name,
            "x": x,
            "y": places.y,
            "last_id": int(points.id[:MOST_RAW][-1]) if len(points) else after,
            "more": len(points) > MOST_RAW,
            **_band(reader, name, placing, x),
        }
