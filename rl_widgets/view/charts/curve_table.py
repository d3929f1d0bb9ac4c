"""The points of a curve as a table: in the page, and as a CSV file."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rl_widgets.view import catalogue, wording
from rl_widgets.view.charts.curve import companions
from rl_widgets.view.escape import escape
from rl_widgets.view.reader import RunReader
from rl_widgets.view.series import Floats, Series, joined

if TYPE_CHECKING:
    import pandas as pd

#: Rows of the table in the page.
SHOWN = 50
#: Rows of a CSV file: it travels through the page as a link, some 6 MB of it.
MAX_ROWS = 100_000
#: What stands in place of a table without a row.
NOTHING = '<div class="rlw-note">No value yet.</div>'


@dataclass(frozen=True)
class Table:
    """The newest rows of a metric, oldest first; `points` counts all that there are."""

    metric: str
    columns: dict[str, Floats]
    points: int


def table(reader: RunReader, metric: str, rows: int) -> Table:
    """The last `rows` points as they were logged, of all attempts. Raises `StoreError`."""
    with reader.lock:
        beside = dict(zip(("min", "max"), companions(metric) or (), strict=False))
        known = reader.several(
            [metric, *beside.values(), *catalogue.ITERATION_NAMES, *catalogue.ENV_STEP_NAMES]
        )
        series = known.get(metric)
        if series is None:
            return Table(metric, {}, 0)
        times = series.column("time")[-rows:]
        steps = next((known[n] for n in catalogue.ENV_STEP_NAMES if n in known), None)
        iterations = next((known[n] for n in catalogue.ITERATION_NAMES if n in known), None)
        began = reader.began
        columns = {
            "time_s": times - (began if began is not None else times.min(initial=np.inf)),
            "attempt": series.column("attempt")[-rows:].copy(),
            "iteration": _told(series, "step", iterations, rows),
            "env_steps": _told(series, "env_steps", steps, rows),
            metric: series.column("value")[-rows:].copy(),
        }
        for other in beside.values():
            if other in known:
                columns[other] = _at(known[other], times)
        return Table(metric, columns, len(series))


def html(found: Table) -> str:
    """The rows, newest first, for a person."""
    if not found.columns:
        return NOTHING
    words = {"time_s": "time (s)", "env_steps": "env steps"}
    whole = {"attempt", "iteration", "env_steps"}
    texts = [
        [wording.count(v) if name in whole else wording.number(v) for v in values.tolist()]
        for name, values in found.columns.items()
    ]
    n = len(texts[0])
    about = wording.plural(found.points, "value")
    if n < found.points:
        about = f"The last {n} of {about}, newest first."
    else:
        about = f"{about}, newest first."
    heads = [words.get(name, wording.shown(name)) for name in found.columns]
    return rows_html(heads, list(zip(*texts, strict=True))[::-1], about)


def rows_html(heads: Sequence[str], rows: Iterable[Sequence[str]], about: str) -> str:
    """Rows of words under their heads, with a sentence on what they are."""
    head = "".join(f'<th scope="col">{escape(word)}</th>' for word in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        f'<div class="rlw-curve-table" tabindex="0" role="region" aria-label="Values as a table">'
        f"<table><caption>{escape(about)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def download(found: Table, run_id: str) -> str:
    """A link that saves the rows as a CSV file, and what the file holds, as HTML."""
    import pandas as pd

    n = len(next(iter(found.columns.values()), ()))
    holds = wording.plural(n, "value")
    if n < found.points:
        holds = f"the last {n:,} of {found.points:,} values; run.get_metrics() has all"
    return csv_link(pd.DataFrame(found.columns), file_name(run_id, found.metric, "csv"), holds)


def csv_link(rows: pd.DataFrame, name: str, holds: str) -> str:
    """A link that saves rows as a CSV file of this name, with what they are, as HTML."""
    text = rows.to_csv(index=False, lineterminator="\n")
    content = base64.b64encode(text.encode("utf-8")).decode("ascii")
    size = f"{len(text) / 1e6:.1f} MB" if len(text) >= 1e6 else f"{max(1, len(text) // 1000)} kB"
    return (
        f'<a class="rlw-download" download="{escape(name)}" '
        f'href="data:text/csv;base64,{content}">Save {escape(name)}</a> '
        f'<span class="rlw-note">({escape(holds)}, {size})</span>'
    )


def file_name(run_id: str, metric: str, ending: str) -> str:
    """A name that every file system takes."""
    return re.sub(r"[^\w.-]+", "_", f"{run_id}_{metric}")[:120] + f".{ending}"


def _told(series: Series, column: str, other: Series | None, rows: int) -> Floats:
    """A column's last rows; what was logged without is told by the metric of it."""
    own = series.column(column)[-rows:]
    missing = np.isnan(own)
    if other is None or not missing.any():
        return np.array(own)
    found: Floats = np.where(missing, joined(other, series.column("time")[-rows:], "value"), own)
    return found


def _at(series: Series, times: Floats) -> Floats:
    """The values that were logged at just these times; NaN at the others."""
    own = series.column("time")
    order = np.argsort(own, kind="stable")
    at = np.searchsorted(own[order], times, side="right") - 1
    found = order[np.maximum(at, 0)] if len(order) else np.zeros(len(times), np.int64)
    if not len(own):
        return np.full(len(times), np.nan)
    exact = (at >= 0) & (own[found] == times)
    values: Floats = np.where(exact, series.column("value")[found], np.nan)
    return values
