"""A run as plain text: what `print` shows, and what is left where nothing can be drawn."""

from __future__ import annotations

from rl_widgets.view.charts import plot
from rl_widgets.view.run_view import RunView

_LOG_LINES = 8


def text(view: RunView, width: int = 96) -> str:
    """The view in lines of about `width` characters."""
    head = view.header
    lines = [f"{head.experiment} / {head.name}  [{head.badge.text}]"]
    lines += [line for line in (head.timing, head.message, view.trouble) if line]
    if view.failure is not None:
        lines += ["", f"Why it failed: {view.failure.sentence}"]
        if view.failure.place:
            lines.append(f"Where: {view.failure.place}")
    lines += [f"Warning: {warning}" for warning in view.warnings]
    lines += [f"Learning: {f.sentence}" for f in view.findings if f.severity == "warning"]
    if view.summary():
        lines += ["", view.summary()]
    lines += [view.limit] if view.limit else []
    if view.criteria:
        lines.append("stops at: " + " · ".join(c.text for c in view.criteria))
    if view.children:
        lines.append("")
    for child in view.children:
        lines.append(
            f"{child.label:8} {child.badge.text:20} {child.nodes_text:22} on {child.target}"
        )
        lines += [
            f"  {node.name:10} {node.badge.text:10} {node.size:18} {node.usage}"
            + (f"  {node.reason}" if node.reason else "")
            for node in child.nodes
        ]
    lines.append("")
    if view.chart_message:
        lines.append(view.chart_message)
    else:
        lines.append(view.curve.sentence)
        lines += plot.braille(view.curve, width, 8)
    if view.curve.note:
        lines.append(view.curve.note)
    if view.log.lines:
        lines += ["", f"{view.log.name}, its last lines:"]
        lines += [f"  {line[:width]}" for line in view.log.plain()[-_LOG_LINES:]]
    return "\n".join(lines)
