"""A comparison of runs as HTML and as plain text: the pieces of the live view, and the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rl_widgets.view import wording
from rl_widgets.view.charts import legend, lines_table
from rl_widgets.view.charts.lines import Line
from rl_widgets.view.comparison import picture as compare_picture
from rl_widgets.view.comparison.comparison import Comparison, GroupResult, Result
from rl_widgets.view.comparison.seed_statistics import Estimate
from rl_widgets.view.escape import escape
from rl_widgets.view.html.run import badge
from rl_widgets.view.style import sheet as style

#: Differences that are shown; the rest is counted.
MAX_DIFFERENCES = 60
#: Lines that the legend names; of more, the groups alone.
_NAMED = 12


def document(found: Comparison, key: str, as_of: str) -> str:
    """The HTML form. `key` joins it with its live view, `as_of` says when it was true."""
    state = "" if found.final else f"As it was at {escape(as_of)}. "
    ids = ", ".join(f'"{r.run_id}"' for r in found.results[:20])
    again = f"CompareRuns([{ids}{', …' if len(found.results) > 20 else ''}], workspace=ws)"
    return "".join(
        [
            f"<style>{style.sheet()}{style.unfolding(key)}</style>",
            f'<div class="rlw rlw-card rlw-saved rlw-saved-{escape(key)}">',
            heading(found),
            trouble(found),
            picture(found),
            legend_of(found, None),
            notes(found),
            results(found),
            differences(found),
            f'<div class="rlw-note">{state}<code>{escape(again)}</code> shows it '
            f"{'again' if found.final else 'live'}.</div></div>",
        ]
    )


def heading(found: Comparison) -> str:
    """What is compared, and how the runs stand."""
    return (
        f'<div class="rlw-title">{escape(found.header.title)}</div>'
        f'<div class="rlw-quiet">{escape(found.header.status)}</div>'
    )


def trouble(found: Comparison) -> str:
    """Why it cannot be brought up to date, or ''."""
    return f'<div class="rlw-warning">{escape(found.trouble)}</div>' if found.trouble else ""


def chart_title(found: Comparison) -> str:
    """The metric above the chart, and what stands in its place while there is no line."""
    name = wording.shown(found.metric, 60) or "Reward"
    message = f'<div class="rlw-empty">{escape(found.message)}</div>' if found.message else ""
    return f'<div class="rlw-heading">{escape(name)}</div>{message}'


def picture(found: Comparison) -> str:
    """The lines as an inline picture."""
    if not found.lines:
        return chart_title(found)
    url = compare_picture.data_url(found.lines, found.x_title, found.metric, found.sentence)
    return (
        f'{chart_title(found)}<img class="rlw-picture" alt="{escape(found.sentence)}" src="{url}">'
    )


def table(found: Comparison) -> str:
    """The lines that the legend names as a table, newest values first."""
    return lines_table.html(_named(found.lines), found.x_title, found.x_title.startswith("time"))


def entries_of(found: Comparison, x: float | None = None) -> tuple[legend.Entry, ...]:
    """Which line is which, with the values at `x` (None: the newest)."""
    return tuple(
        e if e.shape != "band" else legend.Entry("interval", e.colour, e.value, e.shape)
        for e in legend.entries(_named(found.lines), x)
    )


def legend_of(found: Comparison, x: float | None) -> str:
    """Which line is which, with the values at `x` (None: the newest)."""
    if not found.lines:
        return ""
    words_of = wording.number if found.x_title.startswith("time") else wording.count
    at = "" if x is None else f"at {found.x_title} {words_of(x)}"
    return legend.html(entries_of(found, x), at, found.sentence)


def _named(lines: Sequence[Line]) -> list[Line]:
    groups = [line for line in lines if line.opacity == 1]
    return list(lines) if len(lines) <= _NAMED else groups[:_NAMED]


def notes(found: Comparison) -> str:
    """What the chart means and does not show."""
    return "".join(f'<div class="rlw-note">{escape(note)}</div>' for note in found.notes)


def results(found: Comparison) -> str:
    """The table of results: groups of several runs first, then every run."""
    several = any(g.n > 1 for g in found.groups)
    target = any(r.target is not None for r in found.results)
    parts = []
    if several:
        parts.append(_group_table(found.groups, target))
    heads = ["Run", "State", "Seed", "Last value", "Best", "Env steps", "Ran"]
    heads += ["Target", "Env steps to it", "Time to it"] if target else []
    rows = "".join(_row(found, result, target) for result in found.results)
    parts.append(_table(heads, rows, "Results of the runs"))
    return "".join(parts)


def _group_table(groups: Sequence[GroupResult], target: bool) -> str:
    heads = ["Group", "Runs", "Last value", "95 % interval"]
    heads += ["Reached the target", "Env steps to it", "95 % interval"] if target else []
    rows = []
    for group in groups:
        cells = [_name(group.label, group.colour), str(group.n), *_estimate(group.final)]
        if target:
            cells.append(f"{group.reached} of {group.n}")
            cells += _estimate(group.steps_to_target, whole=True)
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return _table(heads, "".join(rows), "Results of the groups")


def _row(found: Comparison, result: Result, target: bool) -> str:
    cells = [
        f'<span title="{escape(result.run_id)}">'
        f"{_name(result.name, found.groups[result.group].colour)}</span>",
        badge(result.badge, small=True),
        escape(result.seed or "—"),
        escape(wording.number(result.final)),
        escape(wording.number(result.best)),
        escape(wording.count(result.env_steps)),
        escape(wording.duration(result.seconds)),
    ]
    if target:
        reached = result.seconds_to_target is not None
        cells += [
            "—" if result.target is None else escape(wording.goal(result.target)),
            escape(wording.count(result.steps_to_target)) if reached else "not reached",
            escape(wording.duration(result.seconds_to_target)),
        ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def differences(found: Comparison) -> str:
    """The settings that are not the same in all runs."""
    if len(found.results) < 2:
        return ""
    if not found.differences:
        return '<div class="rlw-note">The runs do not differ in any setting that is known.</div>'
    heads = ["Setting", *(result.name for result in found.results)]
    rows = "".join(
        f'<tr><td><bdi>{escape(row.name)}</bdi><div class="rlw-quiet">{escape(row.part)}</div></td>'
        + "".join(f'<td class="rlw-value"><bdi>{escape(v)}</bdi></td>' for v in row.values)
        + "</tr>"
        for row in found.differences[:MAX_DIFFERENCES]
    )
    more = len(found.differences) - MAX_DIFFERENCES
    rest = f'<div class="rlw-note">{more:,} more settings differ.</div>' if more > 0 else ""
    count = wording.plural(len(found.differences), "setting differs", "settings differ")
    return (
        f'<details class="rlw-differences" open><summary>{escape(count)}</summary>'
        f"{_table(heads, rows, 'Settings that differ')}{rest}</details>"
    )


def text(found: Comparison, width: int = 96) -> str:
    """The comparison in lines of text."""
    lines = [f"{found.header.title}: {found.header.status}"]
    lines += [found.trouble] if found.trouble else []
    lines += ["", found.message or f"{wording.shown(found.metric)} over {found.x_title}"]
    for group in found.groups:
        if group.n > 1:
            value, interval = _estimate(group.final)
            lines.append(f"{group.label}: {value} ({interval}), {group.n} runs")
    for r in found.results:
        line = (
            f"{r.name:32} {r.badge.text:12} last {wording.number(r.final):>10}  best "
            f"{wording.number(r.best):>10}  env steps {wording.count(r.env_steps):>12}"
        )
        if r.target is not None:
            reached = r.seconds_to_target is not None
            to = wording.count(r.steps_to_target) if reached else "not reached"
            line += f"  to {wording.goal(r.target)}: {to}"
        lines.append(line)
    if found.differences:
        lines += ["", "Settings that differ:"]
        for row in found.differences[:MAX_DIFFERENCES]:
            lines.append(f"  {row.name}: {' | '.join(v[:40] for v in row.values)}"[: 2 * width])
    lines += ["", *found.notes] if found.notes else []
    return "\n".join(lines)


def _estimate(found: Estimate, whole: bool = False) -> list[str]:
    words = wording.count if whole else wording.number
    if not found.n:
        return ["—", "—"]
    if math.isnan(found.low):
        return [escape(words(found.value)), "— (one run)"]
    return [escape(words(found.value)), escape(f"{words(found.low)} to {words(found.high)}")]


def _name(name: str, colour: str) -> str:
    return f'<i class="rlw-dot" style="background: {escape(colour)}"></i><bdi>{escape(name)}</bdi>'


def _table(heads: Sequence[str], rows: str, label: str) -> str:
    head = "".join(f'<th scope="col"><bdi>{escape(h)}</bdi></th>' for h in heads)
    return (
        f'<div class="rlw-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="rlw-compare"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        "</div>"
    )
