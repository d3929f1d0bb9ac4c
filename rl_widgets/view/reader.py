"""Reads one run from the record: keeps what it has, asks only for what came after."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.ingest import SpoolReader
from rl_widgets.store.metrics import SeriesRecord
from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import (
    catalogue,
    children,
    curve,
    diagnosis,
    disk,
    events,
    facts,
    failure,
    header,
    log,
    progress,
    throughput,
    wording,
)
from rl_widgets.view.run_view import RunView
from rl_widgets.view.series import Series

if TYPE_CHECKING:
    from rl_widgets.run import Run

_LOG = Path("head") / "driver_log.txt"
_JUDGE_SECONDS = 1.0
#: The longest that a view keeps taking in what a script without a supervisor logs, at a time.
_TAKE_IN_SECONDS = 0.2


class RunReader:
    """Makes `RunView`s of one run, and holds what the parts of a view are made of.

    Its methods take `lock`, so that a view's thread may ask while the follower's thread reads;
    whoever takes several things that have to fit together holds it meanwhile.
    """

    def __init__(
        self,
        store: Store,
        run_id: str,
        run_folder: Path,
        axis: str = "env_steps",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.run_id = run_id
        self.run_folder = run_folder
        self.axis = axis
        self.lock = threading.RLock()
        self.events: list[events.Event] = []
        self._asked: set[str] = set()
        self._events_to = 0
        self._spool: SpoolReader | None = None
        #: How many points it has read so far.
        self._read_points = 0
        self._log_path = run_folder / _LOG
        self._clock = clock
        self._record: RunRecord | None = None
        self._children: list[RunRecord] = []
        self._nodes: list[NodeRecord] = []
        self._known: dict[int, SeriesRecord] = {}
        self._read_to: dict[int, int] = {}
        self._listed_at = 0
        self._series: dict[str, Series] = {}
        self._resources: dict[tuple[str, str], Series] = {}
        self._main: str | None = None
        self._log = log.LogTail(_LOG.name, None, (), False)
        self._log_stamp: log.Stamp | None = None
        self._revision = 0
        self._judged: tuple[object, float] = (None, -math.inf)
        self._judgement: tuple[str, tuple[diagnosis.Finding, ...]] = ("", ())

    @classmethod
    def of(cls, run: Run, axis: str = "env_steps") -> RunReader:
        """A reader of a public run; of a child run, its whole run."""
        workspace = run.workspace
        record = workspace.store.runs.get(run.id)
        run_id = record.parent or record.id
        return cls(workspace.store, run_id, workspace.run_folder(run_id), axis)

    def read(self) -> RunView:
        """Bring everything up to date. Raises `StoreError` and `NotFoundError`."""
        with self.lock:
            self.refresh()
            return self.view()

    def refresh(self) -> bool:
        """Bring everything up to date; tells whether anything of this run has changed.

        Raises `StoreError` and `NotFoundError`.
        """
        with self.lock:
            before = (self._record, self._children, self._nodes, self._read_points)
            record = self._record = self.store.runs.get(self.run_id)
            # Status first, numbers after: a run that reads as ended has all its points in them.
            self._children = self.store.runs.children(self.run_id)
            self._nodes = self.store.nodes.of([child.id for child in self._children])
            self._read_all_points([record.id, *(child.id for child in self._children)])
            changed = before != (self._record, self._children, self._nodes, self._read_points)
            return self.read_log() or changed

    def take_in(self) -> None:
        """Take what a run without a supervisor has logged into the record; else nothing."""
        if self.record.role != "interactive" or self.record.final:
            return
        with self.lock:
            if self._spool is None:
                self._spool = SpoolReader(self.store.metrics, self.run_id, self.run_folder)
            self._spool.take_in(_TAKE_IN_SECONDS)

    def read_status(self) -> str:
        """The state now; nothing else is read. Raises as `read` does."""
        return self.store.runs.get(self.run_id).status

    def read_log(self) -> bool:
        """Read the log's tail if the file has changed; tells whether it has."""
        stamp = log.stamp(self._log_path)
        if stamp == self._log_stamp:
            return False
        self._log = log.tail(self._log_path)
        self._log_stamp = stamp
        return True

    @property
    def metric(self) -> str | None:
        """The name of the main metric, None before anything was logged."""
        return self._main

    @property
    def record(self) -> RunRecord:
        """The (parent) run as it was last read. `read()` comes first."""
        assert self._record is not None, "read() comes first"
        return self._record

    @property
    def began(self) -> float | None:
        """Where an axis of time begins (seconds since the epoch); None before the script began.

        Of a resumed run that is its first result: its start is that of the newest attempt.
        """
        record = self.record
        started = record.created if record.role == "interactive" else record.started
        first = self._first((*catalogue.ITERATION_NAMES, *catalogue.ENV_STEP_NAMES))
        if record.attempt == 1 or first is None or not len(first):
            return started
        earliest = float(first.column("time")[0])
        return earliest if started is None else min(started, earliest)

    @property
    def children(self) -> list[RunRecord]:
        """Its child runs as they were last read: head, then worker."""
        return list(self._children)

    @property
    def nodes(self) -> list[NodeRecord]:
        """Its nodes as they were last read."""
        return list(self._nodes)

    def names(self, run_id: str | None = None) -> list[str]:
        """All metrics that are numbers, in the order of their first values; of one child or all."""
        with self.lock:
            known = [s for s in self._known.values() if s.kind == "number"]
            return list(dict.fromkeys(s.name for s in known if run_id in (None, s.run)))

    def series(self, name: str) -> Series | None:
        """The points of any metric; from then on it is kept up to date with the rest.

        Raises `StoreError`.
        """
        return self.several([name]).get(name)

    def several(self, names: Iterable[str]) -> dict[str, Series]:
        """As `series`, of several metrics with one look into the record."""
        with self.lock:
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
            held = {n: self._series.get(n) or resources.get(n) for n in names}
            return {n: s for n, s in held.items() if s is not None}

    def view(self) -> RunView:
        """What is known, with durations as of now; nothing is read."""
        with self.lock:
            return self._view()

    def _view(self) -> RunView:
        record = self.record
        now = self._clock()
        self._revision += 1
        head = header.header(record, now)
        pace = progress.Pace(self._series.get, head.running_s)
        rows = progress.criteria(record.definition, pace)
        drawn = self._curve(self.axis, curve.AS_IT_IS)
        return RunView(
            revision=self._revision,
            header=head,
            failure=failure.failure(record),
            warnings=self._warnings(record),
            facts=facts.facts(self._series.get, self._main, rows, head.final),
            criteria=rows,
            children=children.children(self._children, self._nodes, self._latest, now),
            groups=catalogue.groups(s.name for s in self._known.values() if s.kind == "number"),
            curve=drawn,
            chart_message=self._chart_message(record, drawn),
            log=self._log,
            events=tuple(self.events),
            limit=self._judge(now)[0],
            findings=self._judge(now)[1],
        )

    def tick(self, before: RunView) -> RunView:
        """`before` with its durations as of now: what a quiet second costs."""
        with self.lock:
            return self._tick(before)

    def _tick(self, before: RunView) -> RunView:
        record = self.record
        now = self._clock()
        head = header.header(record, now)
        pace = progress.Pace(self._series.get, head.running_s)
        rows = progress.criteria(record.definition, pace)
        self._revision += 1
        return replace(
            before,
            revision=self._revision,
            header=head,
            criteria=rows,
            warnings=self._warnings(record),
            facts=facts.facts(self._series.get, self._main, rows, head.final),
            children=children.children(self._children, self._nodes, self._latest, now),
            log=self._log,
            trouble="",
            limit=self._judge(now)[0],
            findings=self._judge(now)[1],
        )

    def _read_all_points(self, run_ids: list[str]) -> None:
        high = max(self._read_to.values(), default=0)
        for record in self.store.metrics.series(run_ids):
            if record.id not in self._known:
                self._known[record.id] = record
                # It was not there at the last listing, so its points are younger than all that
                # had been read by then.
                self._read_to[record.id] = self._listed_at
        self._listed_at = high
        wanted = self._wanted()
        if wanted:
            self._fetch(wanted)
        if self._choose_main():
            self._fetch(self._wanted())
        self._read_events()

    def _read_events(self) -> None:
        names = {s.id: s.name for s in self._known.values() if s.kind == "event"}
        if not names:
            return
        for point in self.store.metrics.payloads(list(names), after=self._events_to):
            found = events.event(names[point.series], point)
            if found is not None:
                self.events.append(found)
            self._events_to = point.id
            self._read_points += 1

    def _wanted(self) -> list[int]:
        """The series that a view is made of; of 300 metrics, few."""
        names = {
            *catalogue.REWARD_NAMES,
            *catalogue.ITERATION_NAMES,
            *catalogue.ENV_STEP_NAMES,
            *catalogue.SPEED_NAMES,
            *catalogue.TIME_NAMES,
            *self._asked,
        }
        if self._record is not None:
            names.update(self._record.definition.get("stop") or ())
        if self._main is not None:
            names.add(self._main)
        elif not any(s.name in catalogue.REWARD_NAMES for s in self._known.values()):
            names.update(catalogue.candidates(s.name for s in self._known.values()))
        return [
            s.id
            for s in self._known.values()
            if s.kind == "number" and (s.name in names or s.name.startswith("resources/"))
        ]

    def _fetch(self, ids: list[int]) -> None:
        # Series that are new to this reader are fetched by themselves: the others' old points
        # would come along.
        together: dict[int, list[int]] = defaultdict(list)
        for i in ids:
            together[self._read_to[i]].append(i)
        for after, some in together.items():
            points = self.store.metrics.points(some, after=after)
            if not len(points):
                continue
            self._read_points += len(points)
            for i in some:
                chosen = slice(None) if len(some) == 1 else points.series == i
                self._holder(self._known[i]).extend(points, chosen)
                self._read_to[i] = int(points.id[-1])

    def _holder(self, record: SeriesRecord) -> Series:
        if record.name.startswith("resources/"):
            return self._resources.setdefault((record.run, record.name), Series(record.name))
        return self._series.setdefault(record.name, Series(record.name))

    def _choose_main(self) -> bool:
        """Settle the main metric; tells whether it is another one now."""
        names = [s.name for s in self._known.values() if s.kind == "number"]
        reward = next((n for n in catalogue.REWARD_NAMES if n in names), None)
        others = catalogue.candidates(names)
        chosen = reward or self._main
        if chosen is None:
            changing = (n for n in others if n in self._series and self._series[n].changes())
            chosen = next(changing, None)
        changed = chosen != self._main
        self._main = chosen
        return changed

    def _latest(self, run_id: str, name: str) -> float | None:
        series = self._resources.get((run_id, name))
        return None if series is None else series.last()

    def _first(self, names: tuple[str, ...]) -> Series | None:
        return next((self._series[n] for n in names if n in self._series), None)

    def curve_as(
        self, look: curve.Look, metric: str | None = None, axis: str | None = None
    ) -> curve.Curve:
        """The curve of the main metric, or of another one, as a person wants it; nothing is read
        but what is asked for the first time. Raises `StoreError`.
        """
        with self.lock:
            if metric is not None:
                self.several([metric])
            return self._curve(axis or self.axis, look, metric)

    def _curve(self, axis: str, look: curve.Look, metric: str | None = None) -> curve.Curve:
        name = metric or self._main
        if name is None:
            # Nothing changes yet: the first one that is there, so that a constant is seen too.
            held = catalogue.candidates(self._series)
            name = held[0] if held else None
        record = self.record
        if name is None or name not in self._series:
            return curve.Curve(metric=name or "", axis=axis, x_title=curve.AXES[axis].lower())
        return curve.curve(
            self._series[name],
            axis,
            self.began,
            self._first(catalogue.ITERATION_NAMES),
            self._first(catalogue.ENV_STEP_NAMES),
            progress.reward_goal(record.definition) if catalogue.is_reward(name) else None,
            **self._beside(name),
            events=self.events,
            look=look,
        )

    def _beside(self, name: str) -> dict[str, Series | None]:
        """What is logged beside a mean: the smallest, the largest, how many episodes."""
        edges = curve.companions(name)
        if edges is None:
            return {}
        names = dict(zip(("low", "high"), edges, strict=True))
        if catalogue.is_reward(name):
            names["episodes"] = "episodes_in_mean"
        held = self.several(names.values())
        return {kind: held.get(other) for kind, other in names.items()}

    def _judge(self, now: float) -> tuple[str, tuple[diagnosis.Finding, ...]]:
        """What limits the run and what is unusual: once a second at most, and at its end."""
        state = (max(self._read_to.values(), default=0), self.record.status)
        (before, at), ended = self._judged, self.record.final
        if state != before and (ended or not before or now - at >= _JUDGE_SECONDS):
            self._judged = (state, now)
            found = throughput.throughput(self)
            limit = "" if found.kind == "unknown" else found.limit
            self._judgement = (limit, diagnosis.diagnose(self))
        return self._judgement

    def _warnings(self, record: RunRecord) -> tuple[str, ...]:
        full = "" if record.final else disk.warning(self.run_folder)
        texts = [full, *record.warnings]
        return tuple(wording.shown(str(text), 500) for text in texts if text)

    def _chart_message(self, record: RunRecord, drawn: curve.Curve) -> str:
        if not drawn.empty:
            return ""
        if record.final:
            if drawn.points:
                return "Every value that was logged is NaN or infinite: there is no line to draw."
            if self._series:
                return "The run ended before an episode did."
            return "The run ended before it logged a result."
        if record.status in statuses.WAITING or record.started is None:
            return "The chart begins when the script logs its first result."
        if self._series and (catalogue.is_reward(drawn.metric) or not drawn.metric):
            return "No episode has ended yet."
        if drawn.points:
            return "Every value so far is NaN or infinite: there is no line to draw yet."
        return "No result yet: the first one comes with the first training iteration."
