"""The metrics of one run as a reader holds them: listed all, read only where asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from rl_widgets.store.metrics import Metrics, SeriesRecord
from rl_widgets.view import catalogue, events
from rl_widgets.view.series import Series

_RESOURCES = "resources/"


class HeldMetrics:
    """Names of all metrics, points of those that a view is made of or that were asked for.

    Points are read once: each look asks for what came after. Not to be used by two threads at a
    time. Every method that reads raises `StoreError`.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        #: What has happened, in the order of the record.
        self.events: list[events.Event] = []
        #: How many points and events have been read so far, but for samples of nodes' resources.
        self.count = 0
        #: The metric that the run is judged by, None before there is one.
        self.main: str | None = None
        self._asked: set[str] = set()
        self._known: dict[int, SeriesRecord] = {}
        self._read_to: dict[int, int] = {}
        self._listed_at = 0
        self._events_to = 0
        self._series: dict[str, Series] = {}
        self._resources: dict[tuple[str, str], Series] = {}

    def look(self, run_ids: Sequence[str], stop: Iterable[str]) -> None:
        """Read what came since the last look; `stop` are the metrics of the stop criteria."""
        self._asked.update(stop)
        high = self.newest
        for record in self._metrics.series(run_ids):
            if record.id not in self._known:
                self._known[record.id] = record
                # It was not there at the last listing, so its points are younger than all that
                # had been read by then.
                self._read_to[record.id] = self._listed_at
        self._listed_at = high
        self._fetch(self._wanted())
        if self._choose_main():
            self._fetch(self._wanted())
        self._read_events()

    @property
    def newest(self) -> int:
        """The id of the newest point that was read."""
        return max(self._read_to.values(), default=0)

    def read_to(self, name: str) -> int:
        """The id up to which a metric's points were read: all that came after are new."""
        return min((self._read_to[s.id] for s in self._known.values() if s.name == name), default=0)

    def names(self, run_id: str | None = None) -> list[str]:
        """All metrics that are numbers, in the order of their first values; of one child or all."""
        known = [s for s in self._known.values() if s.kind == "number"]
        return list(dict.fromkeys(s.name for s in known if run_id in (None, s.run)))

    def get(self, name: str) -> Series | None:
        """What is held of a metric; nothing is read."""
        return self._series.get(name)

    def held(self) -> list[str]:
        """The metrics of which points are held, but for the nodes' resources."""
        return list(self._series)

    def first(self, names: Iterable[str]) -> Series | None:
        """The first of some metrics of which points are held."""
        return next((self._series[n] for n in names if n in self._series), None)

    def latest(self, run_id: str, name: str) -> float | None:
        """The newest sample of a node's resource."""
        series = self._resources.get((run_id, name))
        return None if series is None else series.last()

    def several(self, names: Iterable[str]) -> dict[str, Series]:
        """The points of any metrics; from now on they are kept up to date with the rest."""
        names = list(names)
        new = set(names) - self._asked
        if new:
            self._asked |= new
            try:
                self._fetch(self._wanted())
            except Exception:
                # Whoever asks again has them fetched again.
                self._asked -= new
                raise
        resources = {n: s for (_, n), s in self._resources.items()}
        found = {n: self._series.get(n) or resources.get(n) for n in names}
        return {n: s for n, s in found.items() if s is not None}

    def _wanted(self) -> list[int]:
        """The series that a view is made of; of 300 metrics, few."""
        names: set[Any] = {
            *catalogue.REWARD_NAMES,
            *catalogue.ITERATION_NAMES,
            *catalogue.ENV_STEP_NAMES,
            *catalogue.SPEED_NAMES,
            *catalogue.TIME_NAMES,
            *self._asked,
            self.main,
        }
        known = [s for s in self._known.values() if s.kind == "number"]
        if self.main is None and not any(s.name in catalogue.REWARD_NAMES for s in known):
            names.update(catalogue.candidates(s.name for s in known))
        return [s.id for s in known if s.name in names or s.name.startswith(_RESOURCES)]

    def _fetch(self, ids: list[int]) -> None:
        # Series that are new to this reader are fetched by themselves: the others' old points
        # would come along.
        together: dict[int, list[int]] = defaultdict(list)
        for i in ids:
            together[self._read_to[i]].append(i)
        for after, some in together.items():
            points = self._metrics.points(some, after=after)
            if not len(points):
                continue
            for i in some:
                chosen = slice(None) if len(some) == 1 else points.series == i
                self._holder(self._known[i]).extend(points, chosen)
                if not self._known[i].name.startswith(_RESOURCES):
                    self.count += len(points.id[chosen])
                self._read_to[i] = int(points.id[-1])

    def _holder(self, record: SeriesRecord) -> Series:
        if record.name.startswith(_RESOURCES):
            return self._resources.setdefault((record.run, record.name), Series(record.name))
        return self._series.setdefault(record.name, Series(record.name))

    def _choose_main(self) -> bool:
        """Settle the main metric; tells whether it is another one now."""
        names = self.names()
        reward = next((n for n in catalogue.REWARD_NAMES if n in names), None)
        chosen = reward or self.main
        if chosen is None:
            others = catalogue.candidates(names)
            changing = (n for n in others if n in self._series and self._series[n].changes())
            chosen = next(changing, None)
        changed = chosen != self.main
        self.main = chosen
        return changed

    def _read_events(self) -> None:
        names = {s.id: s.name for s in self._known.values() if s.kind == "event"}
        if not names:
            return
        for point in self._metrics.payloads(list(names), after=self._events_to):
            found = events.event(names[point.series], point)
            if found is not None:
                self.events.append(found)
            self._events_to = point.id
            self.count += 1
