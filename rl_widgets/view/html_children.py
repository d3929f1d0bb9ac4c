"""The table of child runs as HTML."""

from __future__ import annotations

from rl_widgets.view import sparkline
from rl_widgets.view.badge import Badge
from rl_widgets.view.child_table import ChildTable, TableRow, Use
from rl_widgets.view.escape import escape

_HEADS = (
    "Child run",
    "State",
    "Nodes",
    "CPU",
    "Memory",
    "Env steps/s",
    "Restarts",
    "Started",
    "Duration",
)


def table(found: ChildTable) -> str:
    """Rows of child runs and nodes; '' for a run that has none."""
    if not found.rows:
        return ""
    heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
    rows = [f"<tr>{heads}</tr>", *(_row(row) for row in found.rows)]
    if found.hidden:
        said = f"… and {found.hidden:,} more nodes"
        rows.append(f'<tr class="rlw-node"><td colspan="{len(_HEADS)}">{said}</td></tr>')
    deaths = f'<div class="rlw-warning" role="alert">{escape(found.deaths)}</div>'
    return (
        f'{deaths if found.deaths else ""}<div class="rlw-scroll"><table class="rlw-children" '
        f'aria-label="Child runs and their nodes">{"".join(rows)}</table></div>'
    )


def _row(row: TableRow) -> str:
    about = f' <span class="rlw-target"><bdi>{escape(row.about)}</bdi></span>' if row.about else ""
    cells = (
        f"<bdi>{escape(row.label)}</bdi>{about}",
        _badge(row.badge),
        escape(row.nodes),
        _use(row.cpu),
        _use(row.memory),
        escape(row.speed),
        escape(row.restarts),
        escape(row.started),
        escape(row.lasted),
    )
    kind = "rlw-node" if row.node else "rlw-child"
    html = f'<tr class="{kind}">{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
    if row.note:
        html += (
            f'<tr class="rlw-node"><td></td><td colspan="{len(_HEADS) - 1}" class="rlw-wide">'
            f"{escape(row.note)}</td></tr>"
        )
    return html


def _use(use: Use) -> str:
    return f"{sparkline.svg(use.fractions, use.sentence)}<span>{escape(use.text)}</span>"


def _badge(value: Badge) -> str:
    return f'<span class="rlw-badge rlw-{value.tone} rlw-small">{escape(value.text)}</span>'
