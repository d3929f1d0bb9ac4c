"""Several runs beside each other: lines over one axis, groups of seeds, results, differences."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rl_widgets.backend import reaper
from rl_widgets.store.errors import NotFoundError, UserError
from rl_widgets.store.ingest import TAKE_IN_SECONDS
from rl_widgets.view import badge, catalogue, configuration, progress
from rl_widgets.view.charts.curve import AXES, placed, thinned
from rl_widgets.view.charts.lines import PALETTE, TARGET, Line
from rl_widgets.view.charts.smoothing import smoothed
from rl_widgets.view.comparison import seed_groups, setting_differences
from rl_widgets.view.comparison import words as comparison_words
from rl_widgets.view.comparison.choice import Choice
from rl_widgets.view.comparison.comparison import (
    Comparison,
    Difference,
    GroupResult,
    Result,
    RunLine,
)
from rl_widgets.view.comparison.seed_groups import Group
from rl_widgets.view.comparison.seed_statistics import (
    MEAN,
    STATISTICS,
    aggregate,
    estimate,
)
from rl_widgets.view.header import header
from rl_widgets.view.reader import RunReader
from rl_widgets.view.series import Series

#: Points of the line of one run: of fifty runs these are 25,000.
_POINTS = 500


class Comparer:
    """Reads some runs and compares them. To be used on one thread at a time."""

    def __init__(
        self, readers: Sequence[RunReader], clock: Callable[[], float] = time.time
    ) -> None:
        self.readers = list(readers)
        self._clock = clock
        self._revision = 0
        self._over: set[str] = set()
        #: Those that were deleted while they were compared.
        self._gone: set[str] = set()
        self._held: dict[int, tuple[Any, RunLine]] = {}
        self._statistics: dict[int, tuple[Any, Line | None]] = {}
        self._stamps: tuple[Any, ...] | None = None
        self._differences: tuple[Difference, ...] = ()

    def read(self) -> None:
        """Bring every run that has not ended up to date. Raises `StoreError`."""
        self._over -= self.begun_again()
        for reader in self.readers:
            if reader.run_id not in self._over:
                try:
                    reader.refresh()
                except NotFoundError:
                    # It stays as it was last seen; the others go on.
                    self._gone.add(reader.run_id)
                    self._over.add(reader.run_id)
                if reader.record.final:
                    self._over.add(reader.run_id)

    def begun_again(self) -> set[str]:
        """Those that had ended and go on: they were resumed. Raises `StoreError`."""
        over = self._over - self._gone
        if not over:
            return set()
        stores = {str(reader.store.path): reader.store for reader in self.readers}
        found = [record for store in stores.values() for record in store.runs.several(over)]
        return {record.id for record in found if not record.final}

    def look_after(self) -> None:
        """End the runs whose supervisors are gone. Raises `StoreError`."""
        for reader in self.readers:
            if reader.run_id not in self._over:
                workspace = reader.run_folder.parent.parent
                reaper.look_after(reader.store, workspace, reader.run_id, TAKE_IN_SECONDS)

    def take_in(self) -> None:
        """Take what runs without a supervisor have logged into the record. Raises `StoreError`."""
        for reader in self.readers:
            if reader.run_id not in self._over:
                reader.take_in()

    @property
    def final(self) -> bool:
        """Whether all runs have ended, or are no more."""
        return len(self._over) == len(self.readers)

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
        found = setting_differences.named(found, differences)
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
            header=comparison_words.heading(records, found),
            final=self.final,
            metric=metric,
            x_title=x_title,
            lines=tuple(lines) if drawn else (),
            results=tuple(results),
            groups=tuple(_summary(i, g, results, choice) for i, g in enumerate(found)),
            differences=differences,
            notes=(
                *comparison_words.notes(records, found, held, metric, targets, choice, group_lines),
                *comparison_words.gone([r for r in records if r.id in self._gone]),
            ),
            unit=unit or 1.0,
            message="" if drawn else comparison_words.message(records, metric),
            sentence=comparison_words.sentence(metric, results),
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

    def _line(self, i: int, metric: str, choice: Choice, unit: float | None) -> RunLine:
        """A run's line, made anew where the run has grown."""
        reader = self.readers[i]
        with reader.lock:
            name = _own_name(reader, metric)
            if name is None:
                return RunLine()
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
            line = RunLine(
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

    def _result(
        self, i: int, line: RunLine, found: Iterable[Group], target: float | None
    ) -> Result:
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
            self._differences = setting_differences.differences(self.readers)
        return self._differences

    def _group(self, i: int, group: Group, held: list[RunLine], choice: Choice) -> Line | None:
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


def _members(
    i: int,
    group: Group,
    held: list[RunLine],
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
