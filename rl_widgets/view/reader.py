"""Reads one run from the record: keeps what it has, asks only for what came after."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import (
    catalogue,
    children,
    diagnosis,
    disk,
    events,
    facts,
    failure,
    header,
    progress,
    throughput,
    wording,
)
from rl_widgets.view.charts import curve
from rl_widgets.view.held_run import HeldRun
from rl_widgets.view.run_view import RunView
from rl_widgets.view.series import Series

if TYPE_CHECKING:
    from rl_widgets.run import Run

_JUDGE_SECONDS = 1.0
#: A view serves other readers of the run for so long.
_SHARED_SECONDS = 0.1


class RunReader:
    """Makes `RunView`s of one run, and holds what the parts of a view are made of.

    What was read is shared by all readers of the run in this process (`HeldRun`); the axis is each
    one's own. Its methods take `lock`, so that a view's thread may ask while the follower's thread
    reads; whoever takes several things that have to fit together holds it meanwhile.
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
        self._held = HeldRun.of(store, run_id, run_folder)
        self.lock = self._held.lock
        self._metrics = self._held.metrics
        self._clock = clock
        self._revision = 0
        #: As of which state of the record this reader was brought up to date.
        self._version: int | None = None

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

    def refresh(self) -> None:
        """Bring everything up to date. Raises `StoreError` and `NotFoundError`."""
        with self.lock:
            version = self._held.version()
            self._held.refresh()
            self._version = version

    @property
    def changes(self) -> int:
        """How often anything of this run was found changed: by any reader of it."""
        return self._held.changes

    def watching(self) -> AbstractContextManager[None]:
        """Have `differs` be cheap meanwhile. Raises `StoreError`."""
        return self._held.watching()

    def differs(self) -> bool:
        """Whether the record, of this run or another, has changed since the last `refresh`.

        True while nobody watches: then nobody knows.
        """
        with self.lock:
            version = self._held.version()
            return version is None or version != self._version

    def take_in(self) -> None:
        """Take what a run without a supervisor has logged into the record; else nothing."""
        if self.record.role == "interactive" and not self.record.final:
            self._held.take_in()

    def read_status(self) -> str:
        """The state now; nothing else is read. Raises as `read` does."""
        return self.store.runs.get(self.run_id).status

    def read_log(self) -> None:
        """Read the log's tail if the file has changed."""
        self._held.read_log()

    @property
    def metric(self) -> str | None:
        """The name of the main metric, None before anything was logged."""
        return self._metrics.main

    @property
    def events(self) -> list[events.Event]:
        """What has happened so far."""
        return self._metrics.events

    @property
    def record(self) -> RunRecord:
        """The (parent) run as it was last read. `read()` comes first."""
        assert self._held.record is not None, "read() comes first"
        return self._held.record

    @property
    def began(self) -> float | None:
        """Where an axis of time begins (seconds since the epoch); None before the script began.

        Of a resumed run that is its first result: its start is that of the newest attempt.
        """
        record = self.record
        started = record.created if record.role == "interactive" else record.started
        first = self._metrics.first((*catalogue.ITERATION_NAMES, *catalogue.ENV_STEP_NAMES))
        if record.attempt == 1 or first is None or not len(first):
            return started
        earliest = float(first.column("time")[0])
        return earliest if started is None else min(started, earliest)

    @property
    def children(self) -> list[RunRecord]:
        """Its child runs as they were last read: head, then worker."""
        return list(self._held.children)

    @property
    def nodes(self) -> list[NodeRecord]:
        """Its nodes as they were last read."""
        return list(self._held.nodes)

    def names(self, run_id: str | None = None) -> list[str]:
        """All metrics that are numbers, in the order of their first values; of one child or all."""
        with self.lock:
            return self._metrics.names(run_id)

    def series(self, name: str) -> Series | None:
        """The points of any metric; from then on it is kept up to date with the rest.

        Raises `StoreError`.
        """
        return self.several([name]).get(name)

    def read_to(self, name: str) -> int:
        """The id up to which a metric's points were read: all that came after are new."""
        with self.lock:
            return self._metrics.read_to(name)

    def several(self, names: Iterable[str]) -> dict[str, Series]:
        """As `series`, of several metrics with one look into the record."""
        with self.lock:
            return self._metrics.several(names)

    def view(self) -> RunView:
        """What is known, with durations as of now; nothing is read."""
        with self.lock:
            self._revision += 1
            now = self._clock()
            # Twenty views of a run ask for the same at the same time.
            state = (self._held.changes, len(self.events))
            made, at, made_of = self._held.views.get(self.axis, (None, -math.inf, state))
            if made is None or made_of != state or not 0 <= now - at < _SHARED_SECONDS:
                made = self._view(now)
                self._held.views[self.axis] = (made, now, state)
            return replace(made, revision=self._revision)

    def _view(self, now: float) -> RunView:
        record = self.record
        head = header.header(record, now)
        pace = progress.Pace(self._metrics.get, head.running_s)
        rows = progress.criteria(record.definition, pace)
        drawn = self._curve(self.axis, curve.AS_IT_IS)
        return RunView(
            revision=self._revision,
            header=head,
            failure=failure.failure(record),
            warnings=self._warnings(record),
            facts=facts.facts(self._metrics.get, self._metrics.main, rows, head.final),
            criteria=rows,
            children=children.children(
                self._held.children, self._held.nodes, self._metrics.latest, now
            ),
            groups=catalogue.groups(self._metrics.names()),
            curve=drawn,
            chart_message=self._chart_message(record, drawn),
            log=self._held.log,
            events=tuple(self.events),
            limit=self._judge(now)[0],
            findings=self._judge(now)[1],
        )

    def tick(self, before: RunView) -> RunView:
        """`before` with its durations as of now: what a quiet second costs."""
        with self.lock:
            state = (self.axis, self.record.status)
            if (before.curve.axis, before.header.status) != state:
                # A person has chosen another axis; another view of the run has read its end.
                return self.view()
            return self._tick(before)

    def _tick(self, before: RunView) -> RunView:
        record = self.record
        now = self._clock()
        head = header.header(record, now)
        pace = progress.Pace(self._metrics.get, head.running_s)
        rows = progress.criteria(record.definition, pace)
        self._revision += 1
        return replace(
            before,
            revision=self._revision,
            header=head,
            criteria=rows,
            warnings=self._warnings(record),
            facts=facts.facts(self._metrics.get, self._metrics.main, rows, head.final),
            children=children.children(
                self._held.children, self._held.nodes, self._metrics.latest, now
            ),
            log=self._held.log,
            trouble="",
            limit=self._judge(now)[0],
            findings=self._judge(now)[1],
        )

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
        name = metric or self._metrics.main
        if name is None:
            # Nothing changes yet: the first one that is there, so that a constant is seen too.
            held = catalogue.candidates(self._metrics.held())
            name = held[0] if held else None
        record = self.record
        series = None if name is None else self._metrics.get(name)
        if name is None or series is None:
            return curve.Curve(metric=name or "", axis=axis, x_title=curve.AXES[axis].lower())
        return curve.curve(
            series,
            axis,
            self.began,
            self._metrics.first(catalogue.ITERATION_NAMES),
            self._metrics.first(catalogue.ENV_STEP_NAMES),
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
        state = (self._metrics.newest, self.record.status)
        held, ended = self._held, self.record.final
        before, at = held.judged
        if state != before and (ended or not before or now - at >= _JUDGE_SECONDS):
            held.judged = (state, now)
            found = throughput.throughput(self)
            limit = "" if found.kind == "unknown" else found.limit
            held.judgement = (limit, diagnosis.diagnose(self))
        return held.judgement

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
            if self._metrics.held():
                return "The run ended before an episode did."
            return "The run ended before it logged a result."
        if record.status in statuses.WAITING or record.started is None:
            return "The chart begins when the script logs its first result."
        if self._metrics.held() and (catalogue.is_reward(drawn.metric) or not drawn.metric):
            return "No episode has ended yet."
        if drawn.points:
            return "Every value so far is NaN or infinite: there is no line to draw yet."
        return "No result yet: the first one comes with the first training iteration."
