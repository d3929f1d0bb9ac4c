"""Several runs beside each other: lines over one axis, groups of seeds, results, differences."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rl_widgets.backend import reaper
from rl_widgets.store import statuses
from rl_widgets.store.errors import NotFoundError, UserError
from rl_widgets.view import badge, catalogue, configuration, progress, seed_groups, wording
from rl_widgets.view.badge import Badge
from rl_widgets.view.curve import AXES, placed, thinned
from rl_widgets.view.header import header
from rl_widgets.view.lines import PALETTE, TARGET, Line
from rl_widgets.view.reader import RunReader
from rl_widgets.view.seed_groups import Group
from rl_widgets.view.seed_statistics import (
    CONFIDENCE,
    MEAN,
    RESAMPLES,
    STATISTICS,
    Estimate,
    aggregate,
    estimate,
)
from rl_widgets.view.series import Floats, Series
from rl_widgets.view.smoothing import smoothed

#: Points of the line of one run: of fifty runs these are 25,000.
_POINTS = 500
#: Parts of a configuration that say which run it is, and not how it was set.
_NO_NAMES = ("Versions", "Source directory (git)", "Tags")


@dataclass(frozen=True)
class Choice:
    """What a person chooses: the metric (None: the main one), one of `AXES`, the weight of the
    smoothing, how runs are grouped, the statistic of a group, and the target (None: the goal).
    """

    metric: str | None = None
    axis: str = "env_steps"
    smoothing: float = 0.0
    group: str = seed_groups.SEEDS
    statistic: str = MEAN
    target: float | None = None
    #: The part of the axis that is seen, drawn at full resolution; None for all.
    window: tuple[float, float] | None = None


@dataclass(frozen=True)
class Result:
    """One run in the table. Numbers are None where there is none (yet)."""

    run_id: str
    name: str
    experiment: str
    badge: Badge
    group: int
    seed: str
    final: float | None
    best: float | None
    env_steps: float | None
    seconds: float | None
    target: float | None
    steps_to_target: float | None
    seconds_to_target: float | None


@dataclass(frozen=True)
class GroupResult:
    """A group in the table: `final` over its runs' last values, the steps of those that reached."""

    label: str
    colour: str
    n: int
    final: Estimate
    reached: int
    steps_to_target: Estimate


@dataclass(frozen=True)
class Difference:
    """A setting that is not the same in all runs: its value in each."""

    part: str
    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Heading:
    """What is compared, and the states of the runs in words."""

    title: str
    status: str


@dataclass(frozen=True)
class Comparison:
    """All that is shown; `lines` are the groups' first, on top. `message` stands for no line."""

    revision: int
    header: Heading
    final: bool
    metric: str
    x_title: str
    lines: tuple[Line, ...]
    results: tuple[Result, ...]
    groups: tuple[GroupResult, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()
    message: str = ""
    trouble: str = ""
    sentence: str = ""

    def with_trouble(self, sentence: str) -> Comparison:
        """The same, with why it cannot be brought up to date."""
        return replace(self, trouble=sentence)


@dataclass
class _Line:
    """What one run has of the metric, at full resolution."""

    x: Floats = field(default_factory=lambda: np.empty(0))
    y: Floats = field(default_factory=lambda: np.empty(0))
    env_steps: Floats = field(default_factory=lambda: np.empty(0))
    times: Floats = field(default_factory=lambda: np.empty(0))
    values: Floats = field(default_factory=lambda: np.empty(0))
    title: str = ""


class Comparer:
    """Reads some runs and compares them. To be used on one thread at a time."""

    def __init__(
        self, readers: Sequence[RunReader], clock: Callable[[], float] = time.time
    ) -> None:
        self.readers = list(readers)
        self._clock = clock
        self._revision = 0
        self._over: set[str] = set()
        self._held: dict[int, tuple[Any, _Line]] = {}
        self._statistics: dict[int, tuple[Any, Line | None]] = {}
        self._stamps: tuple[Any, ...] | None = None
        self._differences: tuple[Difference, ...] = ()

    def read(self) -> None:
        """Bring every run that has not ended up to date. Raises `StoreError`, `NotFoundError`."""
        for reader in self.readers:
            if reader.run_id not in self._over:
                reader.refresh()
                if reader.record.final:
                    self._over.add(reader.run_id)

    def look_after(self) -> None:
        """End the runs whose supervisors are gone. Raises `StoreError`."""
        for reader in self.readers:
            if reader.run_id not in self._over:
                reaper.look_after(reader.store, reader.run_folder.parent.parent, reader.run_id)

    def take_in(self) -> None:
        """Take what runs without a supervisor have logged into the record. Raises `StoreError`."""
        for reader in self.readers:
            if reader.run_id not in self._over:
                reader.take_in()

    @property
    def final(self) -> bool:
        """Whether all runs have ended."""
        return all(reader.record.final for reader in self.readers)

    def metrics(self) -> list[str]:
        """The metrics of all runs, in the order of the first run that has each."""
        names = dict.fromkeys(n for reader in self.readers for n in reader.names())
        return [n for n in names if not n.startswith("resources/")]

    def compare(self, choice: Choice) -> Comparison:
        """What is known, as a person wants it. Raises `StoreError`."""
        self._revision += 1
        records = [reader.record for reader in self.readers]
        metric = choice.metric or self._main()
        unit = self._unit() if choice.axis == "time" else None
        held = [self._line(i, metric, choice, unit) for i in range(len(self.readers))]
        differences = self._find_differences()
        found = seed_groups.groups(records, choice.group)
        found = _named(found, differences)
        targets = self._targets(metric, choice)
        results = [self._result(i, held[i], found, targets[i]) for i in range(len(self.readers))]
        x_title = next((line.title for line in held if len(line.x)), AXES[choice.axis].lower())
        group_lines = [self._group(i, g, held, choice) for i, g in enumerate(found)]
        lines = [line for line in group_lines if line is not None]
        lines += [
            line
            for i, g in enumerate(found)
            for line in _members(i, g, held, records, group_lines[i] is not None, choice.window)
        ]
        shared = set(targets)
        goal = shared.pop() if len(shared) == 1 else None
        if goal is not None and lines:
            ends = [float(v) for line in held if len(line.x) for v in line.x[[0, -1]]]
            x = np.array([min(ends), max(ends)])
            lines.append(Line("target", TARGET, x, np.full(2, goal), dashed=True, width=1.5))
        drawn = any(np.isfinite(line.y).any() for line in held)
        return Comparison(
            revision=self._revision,
            header=self._heading(found),
            final=self.final,
            metric=metric,
            x_title=x_title,
            lines=tuple(lines) if drawn else (),
            results=tuple(results),
            groups=tuple(_summary(i, g, results, choice) for i, g in enumerate(found)),
            differences=differences,
            notes=tuple(self._notes(found, held, metric, targets, choice, group_lines)),
            message="" if drawn else self._message(metric),
            sentence=_sentence(metric, results),
        )

    # -- what is read of each run --------------------------------------------------------------

    def _main(self) -> str:
        names = [reader.metric for reader in self.readers]
        rewards = [n for n in names if catalogue.is_reward(n)]
        return next((n for n in (*rewards, *names) if n), "")

    def _unit(self) -> float:
        """One unit of time for all: that of the longest run, in seconds."""
        longest = 0.0
        for reader in self.readers:
            main = reader.several([reader.metric])[reader.metric] if reader.metric else None
            if main is not None and len(main):
                times = main.column("time")
                longest = max(longest, float(times.max()) - (reader.began or float(times.min())))
        return 1.0 if longest <= 300 else 60.0 if longest <= 10_800 else 3600.0

    def _line(self, i: int, metric: str, choice: Choice, unit: float | None) -> _Line:
        """A run's line, made anew where the run has grown."""
        reader = self.readers[i]
        with reader.lock:
            name = _own_name(reader, metric)
            if name is None:
                return _Line()
            around = (*catalogue.ITERATION_NAMES, *catalogue.ENV_STEP_NAMES)
            series = reader.several([name, *around])
            own = series[name]
            lengths = [len(s) for s in series.values()]
            key = (name, choice.axis, choice.smoothing, unit, reader.began, lengths)
            before, line = self._held.get(i, (None, None))
            if line is not None and before == key:
                return line
            iterations = _first(series, catalogue.ITERATION_NAMES)
            env_steps = _first(series, catalogue.ENV_STEP_NAMES)
            places, title = placed(own, choice.axis, reader.began, iterations, env_steps, unit)
            steps, steps_title = placed(own, "env_steps", reader.began, iterations, env_steps)
            told = not steps_title.startswith("logged value")
            line = _Line(
                x=places.x.copy(),
                y=smoothed(places.y, choice.smoothing),
                env_steps=steps.x.copy() if told else np.full(len(steps.y), np.nan),
                times=steps.time - steps.started,
                values=steps.y.copy(),
                title=title,
            )
            self._held[i] = (key, line)
            return line

    def _targets(self, metric: str, choice: Choice) -> list[float | None]:
        if choice.target is not None:
            return [choice.target] * len(self.readers)
        if not catalogue.is_reward(metric):
            return [None] * len(self.readers)
        return [progress.reward_goal(reader.record.definition) for reader in self.readers]

    def _result(self, i: int, line: _Line, found: Iterable[Group], target: float | None) -> Result:
        reader = self.readers[i]
        record = reader.record
        known = np.flatnonzero(np.isfinite(line.values))
        best = final = steps = steps_to = seconds_to = None
        if len(known):
            final, best = float(line.values[known[-1]]), float(line.values[known].max())
            steps = _number(line.env_steps[known[-1]])
        at = np.flatnonzero(line.values >= (math.inf if target is None else target))
        if len(at):
            steps_to, seconds_to = _number(line.env_steps[at[0]]), _number(line.times[at[0]])
        return Result(
            run_id=record.id,
            name=seed_groups.name_of(record),
            experiment=record.experiment,
            badge=badge.of_run(record.status),
            group=next(n for n, g in enumerate(found) if i in g.members),
            seed=seed_groups.seed_of(record),
            final=final,
            best=best,
            env_steps=steps,
            seconds=header(record, self._clock()).running_s,
            target=target,
            steps_to_target=steps_to,
            seconds_to_target=seconds_to,
        )

    def _find_differences(self) -> tuple[Difference, ...]:
        stamps = tuple(configuration.stamp(reader) for reader in self.readers)
        if stamps != self._stamps:
            self._stamps = stamps
            self._differences = differences(self.readers)
        return self._differences

    def _group(self, i: int, group: Group, held: list[_Line], choice: Choice) -> Line | None:
        """The line of a group of several runs; made anew where one of them has grown."""
        members = [m for m in group.members if np.isfinite(held[m].y).any()]
        if len(members) < 2:
            return None
        lengths = [(m, len(held[m].y)) for m in members]
        key = (
            replace(choice, window=None),
            group,
            lengths,
            [float(held[m].x[-1]) for m in members],
        )
        before, line = self._statistics.get(i, (None, None))
        if before != key:
            found = aggregate([(held[m].x, held[m].y) for m in members], choice.statistic)
            word = STATISTICS[choice.statistic].lower() if choice.statistic == MEAN else "IQM"
            line = None
            if len(found.x):
                line = Line(
                    label=f"{group.label} ({word} of {found.n})",
                    colour=PALETTE[i % len(PALETTE)],
                    x=found.x,
                    y=found.y,
                    low=found.low,
                    high=found.high,
                    width=2.5,
                    key=f"group {i}",
                )
            self._statistics[i] = (key, line)
        return line

    # -- words -----------------------------------------------------------------------------------

    def _heading(self, found: Sequence[Group]) -> Heading:
        counts: dict[str, int] = {}
        for reader in self.readers:
            words = badge.of_run(reader.record.status).text.lower()
            counts[words] = counts.get(words, 0) + 1
        title = f"Comparison of {wording.plural(len(self.readers), 'run')}"
        if any(len(g.members) > 1 for g in found):
            title += f" in {wording.plural(len(found), 'group')}"
        return Heading(title, ", ".join(f"{n} {words}" for words, n in counts.items()))

    def _message(self, metric: str) -> str:
        if not metric:
            return "No run has logged a result yet." if not self.final else "No run has a result."
        if self.final:
            return f"No run has a finite value of {wording.shown(metric)}."
        return "No episode has ended yet." if catalogue.is_reward(metric) else "No value yet."

    def _notes(
        self,
        found: Sequence[Group],
        held: list[_Line],
        metric: str,
        targets: list[float | None],
        choice: Choice,
        lines: list[Line | None],
    ) -> Iterable[str]:
        records = [reader.record for reader in self.readers]
        missing = [
            seed_groups.name_of(r)
            for r, line in zip(records, held, strict=True)
            if not np.isfinite(line.y).any()
        ]
        if missing and len(missing) < len(records):
            names = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            yield f"Without a value of {wording.shown(metric)}: {names}."
        if any(line is not None for line in lines):
            yield (
                f"The band is the {CONFIDENCE:.0%} percentile bootstrap interval of the "
                f"{'mean' if choice.statistic == MEAN else 'interquartile mean'} over the runs of "
                f"a group ({RESAMPLES:,} resamples); a group's line ends where the first of its "
                "runs ends."
            )
        for group, line in zip(found, lines, strict=True):
            members = [m for m in group.members if len(held[m].x)]
            if line is None or not len(line.x):
                continue
            shortest = min(members, key=lambda m: float(held[m].x[-1]))
            longest = max(float(held[m].x[-1]) for m in members)
            if records[shortest].final and float(held[shortest].x[-1]) < 0.8 * longest:
                state = records[shortest].status
                word = "ended" if state == statuses.COMPLETED else state.lower()
                yield (
                    f"{group.label} ends at {line.x[-1]:,.0f}, where "
                    f"{seed_groups.name_of(records[shortest])} {word}."
                )
        goals = {t for t in targets if t is not None}
        if len(goals) > 1:
            words = ", ".join(wording.goal(g) for g in sorted(goals))
            yield (
                f"The runs stop at different rewards ({words}); steps and time are to each run's "
                "own. CompareRuns(…, target=…) gives them one."
            )
        titles = {line.title for line in held if len(line.x)}
        if len(titles) > 1:
            yield f"Not every run tells its {AXES[choice.axis].lower()}: the x-axes differ."


def differences(readers: Sequence[RunReader]) -> tuple[Difference, ...]:
    """The settings that are not the same in all runs, in the order of the configurations."""
    tables = [
        {(s.part, s.name): s.value for s in configuration.configuration(reader).settings}
        for reader in readers
    ]
    keys = dict.fromkeys(key for table in tables for key in table)
    found = []
    for part, name in keys:
        values = tuple(table.get((part, name), "—") for table in tables)
        if len(set(values)) > 1:
            found.append(Difference(part, name, values))
    # What the script gave and what the algorithm had of it are one difference.
    by_values = {d.values for d in found if d.part.startswith("Script")}
    return tuple(d for d in found if " · " not in d.part or d.values not in by_values)


def _named(found: Sequence[Group], rows: Sequence[Difference]) -> tuple[Group, ...]:
    """Groups of several runs under what tells them apart: 'lr 0.001'."""
    if len(found) < 2 or not any(len(g.members) > 1 for g in found):
        return tuple(found)
    telling = [
        row
        for row in rows
        if row.part not in _NO_NAMES
        and all(len({row.values[m] for m in g.members}) == 1 for g in found)
    ][:2]
    labels = [
        ", ".join(f"{row.name} {wording.shown(row.values[g.members[0]], 24)}" for row in telling)
        for g in found
    ]
    if not telling or len(set(labels)) < len(found):
        return tuple(found)
    return tuple(
        g if " = " in g.label else replace(g, label=label)
        for g, label in zip(found, labels, strict=True)
    )


def _members(
    i: int,
    group: Group,
    held: list[_Line],
    records: Sequence[Any],
    faint: bool,
    window: tuple[float, float] | None,
) -> Iterable[Line]:
    colour = PALETTE[i % len(PALETTE)]
    for member in group.members:
        line = held[member]
        if not np.isfinite(line.y).any():
            continue
        inside = slice(None)
        if window is not None:
            room = (window[1] - window[0]) / 4
            first, last = np.searchsorted(line.x, (window[0] - room, window[1] + room))
            inside = slice(max(0, int(first) - 1), int(last) + 1)
        x, y = thinned(line.x[inside], line.y[inside], _POINTS)
        yield Line(
            label=seed_groups.name_of(records[member]),
            colour=colour,
            x=x,
            y=y,
            # More runs than colours: the second round is dashed.
            dashed=not faint and i >= len(PALETTE),
            width=1.0 if faint else 2.0,
            opacity=0.35 if faint else 1.0,
            key=f"run {member}",
        )


def _summary(i: int, group: Group, results: Sequence[Result], choice: Choice) -> GroupResult:
    own = [results[m] for m in group.members]
    reached = [r.steps_to_target for r in own if r.steps_to_target is not None]
    return GroupResult(
        label=group.label,
        colour=PALETTE[i % len(PALETTE)],
        n=len(own),
        final=estimate([r.final for r in own if r.final is not None], choice.statistic),
        reached=sum(r.seconds_to_target is not None for r in own),
        steps_to_target=estimate(reached, choice.statistic),
    )


def _sentence(metric: str, results: Sequence[Result]) -> str:
    name = wording.shown(metric) or "No metric"
    values = [f"{r.name} {wording.number(r.final)}" for r in results if r.final is not None]
    return f"{name}, last values: {', '.join(values)}." if values else f"{name}: no value yet."


def _own_name(reader: RunReader, metric: str) -> str | None:
    """The metric under its name in this run: the reward has several."""
    names = reader.names()
    wanted = (metric, *catalogue.REWARD_NAMES) if catalogue.is_reward(metric) else (metric,)
    return next((n for n in wanted if n in names), None)


def _first(held: dict[str, Series], names: Sequence[str]) -> Series | None:
    return next((held[name] for name in names if name in held), None)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def readers_of(runs: Any, workspace: Any = None) -> list[RunReader]:
    """A reader for each of some runs, or ids of runs of `workspace`; children count as their run.

    Raises `UserError` for what is no run, and for an empty list.
    """
    if isinstance(runs, (str, bytes)) or not hasattr(runs, "__iter__"):
        raise UserError(
            f"CompareRuns takes a list of runs, such as [run1, run2], not {runs!r:.60}."
        )
    found: dict[tuple[str, str], RunReader] = {}
    for run in runs:
        if isinstance(run, str):
            if workspace is None:
                raise UserError(
                    f"{run!r:.80} is the id of a run, and CompareRuns does not know of which "
                    "workspace: CompareRuns([…], workspace=ws)."
                )
            try:
                run = workspace.get_run(run)
            except NotFoundError as error:
                raise UserError(str(error)) from None
        if not hasattr(run, "workspace") or not hasattr(run, "id"):
            raise UserError(f"CompareRuns takes runs or their ids, not {run!r:.60}.")
        reader = RunReader.of(run)
        found.setdefault((str(reader.run_folder), reader.run_id), reader)
    if not found:
        raise UserError("There is no run to compare: CompareRuns([run1, run2]).")
    return list(found.values())
