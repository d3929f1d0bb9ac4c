"""The evaluations of a run as HTML."""

from __future__ import annotations

from rl_widgets.view.episodes import Episodes
from rl_widgets.view.escape import escape


def evaluations(found: Episodes) -> str:
    """Figures and table of the evaluations, or why there are none."""
    if found.message:
        return f'<div class="rlw-note">{escape(found.message)}</div>'
    tiles = "".join(
        f'<div class="rlw-fact"><span>{escape(fact.label)}</span> <b>{escape(fact.text)}</b></div>'
        for fact in found.facts
    )
    parts = [f'<div class="rlw-facts">{tiles}</div>']
    heads = ("Env steps", "Reward (mean)", "Lowest to highest", "Env steps an episode", "Episodes")
    body = "".join(f'<th scope="col">{head}</th>' for head in heads)
    body = f"<tr>{body}</tr>"
    for row in found.rows:
        cells = (row.env_steps, row.reward, row.span, row.length, row.episodes)
        body += f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    parts.append(
        '<div class="rlw-evaluations" role="region" tabindex="0" '
        f'aria-label="Evaluations, newest first"><table>{body}</table></div>'
    )
    if found.omitted:
        parts.append(f'<div class="rlw-note">{escape(found.omitted)}</div>')
    return "".join(parts)


def note(words: str) -> str:
    """A quiet sentence, or ''."""
    return f'<div class="rlw-note">{escape(words)}</div>' if words else ""


def heading(words: str) -> str:
    """The heading of a part of the tab."""
    return f'<div class="rlw-heading">{escape(words)}</div>'
