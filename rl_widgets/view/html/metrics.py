"""The tab of all metrics as HTML: the heads, tables and legends of its charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rl_widgets.view import wording
from rl_widgets.view.charts import legend, lines_table
from rl_widgets.view.charts.lines import Line
from rl_widgets.view.charts.small_charts import ChartPage, SmallChart
from rl_widgets.view.escape import escape

#: Rows of a chart's table.
MAX_ROWS = 100


def head(chart: SmallChart) -> str:
    """Name and last value of a chart; read aloud it is one sentence."""
    note = f'<div class="rlw-note">{escape(chart.note)}</div>' if chart.note else ""
    return (
        f'<div role="img" aria-label="{escape(chart.sentence)}" '
        f'title="{escape(wording.shown(chart.curve.metric, 255))}">'
        f'<div class="rlw-small-head"><span class="rlw-small-name">{escape(chart.name)}</span>'
        f'<b class="rlw-small-last">{escape(chart.last)}</b><b class="rlw-small-at"></b></div>'
        f"{note}</div>"
    )


def table(chart: SmallChart, x_title: str) -> str:
    """The newest values of a chart as a table, newest first; of very many, those that it draws."""
    curve = chart.curve
    thinned = len(curve.x) < curve.points
    # Where points are left out, what is no number only marks a gap.
    kept = np.isfinite(curve.y) if thinned else slice(None)
    x, y = curve.x[kept][: -MAX_ROWS - 1 : -1], curve.y[kept][: -MAX_ROWS - 1 : -1]
    place = wording.number if curve.axis == "time" else wording.count
    rows = "".join(
        f"<tr><td>{escape(place(float(a)))}</td><td>{escape(wording.number(float(b)))}</td></tr>"
        for a, b in zip(x, y, strict=True)
    )
    name = escape(chart.name)
    few = ""
    if thinned:
        few = f"{len(x)} of the {curve.points:,} values, the newest that the chart draws."
    elif curve.points > len(x):
        few = f"The newest {len(x)} of {curve.points:,} values."
    note = f'<div class="rlw-note">{few}</div>' if few else ""
    return (
        f'{note}<table class="rlw-table" aria-label="{name}"><thead><tr>'
        f"<th>{escape(curve.x_title or x_title)}</th><th>{name}</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def together(page: ChartPage, lines: Sequence[Line], x: float | None) -> str:
    """The legend of several metrics in one chart, with the values at `x`, or the last ones."""
    found = legend.entries(lines, x)
    where = "last values"
    if x is None:
        # Also where the last one is none that is drawn.
        found = tuple(
            replace(entry, value=chart.last)
            for entry, chart in zip(found, page.charts, strict=False)
        )
    else:
        where = f"at {wording.number(x) if _is_time(page) else wording.count(x)} {page.x_title}"
    sentence = " ".join(chart.sentence for chart in page.charts)
    notes = " ".join(f"{chart.name}: {chart.note}" for chart in page.charts if chart.note)
    return legend.html(found, where, sentence) + note(notes)


def table_together(page: ChartPage) -> str:
    """The newest values of several metrics in one chart as one table."""
    return lines_table.html(page.together(), page.x_title, _is_time(page))


def _is_time(page: ChartPage) -> bool:
    return any(chart.curve.axis == "time" for chart in page.charts)


def cursor_rules(page: ChartPage, grid: str, x: float | None) -> str:
    """A `<style>` that shows in each chart's head the value at the cursor in place of the last.

    One text for all charts of the grid with the class `grid`, so that a cursor that moves costs
    one message and not twelve; '' without a cursor.
    """
    if x is None or not np.isfinite(x):
        return ""
    rules = [
        f".rlw .{grid} .rlw-small-head .rlw-small-last {{ display: none; }}",
        f".rlw .{grid} .rlw-small-head .rlw-small-at {{ display: inline; }}",
    ]
    for place, chart in enumerate(page.charts, 1):
        # A number's words: neither quotes nor backslashes are in them.
        words = "".join(c for c in chart.at(x) if c not in '"\\<>\n')
        rules.append(
            f'.{grid} > :nth-child({place}) .rlw-small-at::after {{ content: "{words}"; }}'
        )
    return f"<style>{' '.join(rules)}</style>"


def message(words: str) -> str:
    """A sentence in place of charts."""
    return f'<div class="rlw-empty rlw-empty-metrics">{escape(words)}</div>' if words else ""


def note(words: str) -> str:
    """A line of small print; '' for none."""
    return f'<div class="rlw-note">{escape(words)}</div>' if words else ""
