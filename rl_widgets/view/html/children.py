"""The table of child runs as HTML."""

from __future__ import annotations

from rl_widgets.view.badge import Badge
from rl_widgets.view.charts import sparkline
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
#: What is left out where no row has any of it: there is little room beside a curve.
_OPTIONAL = ("Env steps/s", "Restarts")


def table(found: ChildTable, marked: str = "") -> str:
    """Rows of child runs and nodes, the node `marked` as such; '' for a run that has none."""
    if not found.rows:
        return ""
    cells = [_cells(row) for row in found.rows]
    shown = [
        i
        for i, head in enumerate(_HEADS)
        if head not in _OPTIONAL or any(row[i] not in ("", "—") for row in cells)
    ]
    heads = "".join(f'<th scope="col">{_HEADS[i]}</th>' for i in shown)
    rows = [f"<tr>{heads}</tr>"]
    for row, all_cells in zip(found.rows, cells, strict=True):
        kind = 'class="rlw-node"' if row.node else 'class="rlw-child"'
        if row.node and row.label == marked:
            kind = 'class="rlw-node rlw-chosen" aria-current="true"'
        rows.append(f"<tr {kind}>{''.join(f'<td>{all_cells[i]}</td>' for i in shown)}</tr>")
        if row.note:
            rows.append(
                f'<tr class="rlw-node"><td></td><td colspan="{len(shown) - 1}" class="rlw-wide">'
                f"{escape(row.note)}</td></tr>"
            )
    if found.hidden:
        said = f"… and {found.hidden:,} more nodes"
        rows.append(f'<tr class="rlw-node"><td colspan="{len(shown)}">{said}</td></tr>')
    deaths = f'<div class="rlw-warning" role="alert">{escape(found.deaths)}</div>'
    return (
        f'{deaths if found.deaths else ""}<div class="rlw-scroll"><table class="rlw-children" '
        f'aria-label="Child runs and their nodes">{"".join(rows)}</table></div>'
    )


def _cells(row: TableRow) -> tuple[str, ...]:
    about = f'<div class="rlw-target"><bdi>{escape(row.about)}</bdi></div>' if row.about else ""
    return (
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


def _use(use: Use) -> str:
    return f"{sparkline.svg(use.fractions, use.sentence)}<span>{escape(use.text)}</span>"


def _badge(value: Badge) -> str:
    return f'<span class="rlw-badge rlw-{value.tone} rlw-small">{escape(value.text)}</span>'
