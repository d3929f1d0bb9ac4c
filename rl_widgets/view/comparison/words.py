"""What is said of a comparison of runs, beside its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rl_widgets.store import statuses
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import badge, catalogue, wording
from rl_widgets.view.charts.curve import AXES
from rl_widgets.view.charts.lines import Line
from rl_widgets.view.comparison import seed_groups
from rl_widgets.view.comparison.choice import Choice
from rl_widgets.view.comparison.comparison import Heading, Result, RunLine
from rl_widgets.view.comparison.seed_groups import Group
from rl_widgets.view.comparison.seed_statistics import CONFIDENCE, IQM, MEAN, RESAMPLES


def heading(records: Sequence[RunRecord], found: Sequence[Group]) -> Heading:
    """What is compared, and the states of the runs."""
    counts: dict[str, int] = {}
    for record in records:
        words = badge.of_run(record.status).text.lower()
        counts[words] = counts.get(words, 0) + 1
    title = f"Comparison of {wording.plural(len(records), 'run')}"
    if any(len(g.members) > 1 for g in found):
        title += f" in {wording.plural(len(found), 'group')}"
    return Heading(title, ", ".join(f"{n} {words}" for words, n in counts.items()))


def message(records: Sequence[RunRecord], metric: str) -> str:
    """Why there is no line."""
    final = all(record.final for record in records)
    if not metric:
        return "No run has logged a result yet." if not final else "No run has a result."
    if final:
        return f"No run has a finite value of {wording.shown(metric)}."
    return "No episode has ended yet." if catalogue.is_reward(metric) else "No value yet."


def gone(records: Sequence[RunRecord]) -> Iterable[str]:
    """What is said of runs that were deleted while they were compared."""
    for record in records:
        yield f"{seed_groups.name_of(record)} was deleted; what is shown of it is the last of it."


def notes(
    records: Sequence[RunRecord],
    found: Sequence[Group],
    held: Sequence[RunLine],
    metric: str,
    targets: Sequence[float | None],
    choice: Choice,
    lines: Sequence[Line | None],
) -> Iterable[str]:
    """What the lines are, where they end, and what cannot be compared."""
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
            f"The band is the {CONFIDENCE * 100:.0f} % percentile bootstrap interval of the "
            f"{'mean' if choice.statistic == MEAN else 'interquartile mean'} over the runs of "
            f"a group ({RESAMPLES:,} resamples); a group's line ends where the first of its "
            "runs ends."
        )
    if choice.statistic == IQM and any(1 < len(g.members) < 4 for g in found):
        yield "Of fewer than four runs the interquartile mean is the mean."
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


def sentence(metric: str, results: Sequence[Result]) -> str:
    """The comparison for who cannot see it."""
    name = wording.shown(metric) or "No metric"
    values = [f"{r.name} {wording.number(r.final)}" for r in results if r.final is not None]
    return f"{name}, last values: {', '.join(values)}." if values else f"{name}: no value yet."
