"""The tab of throughput and diagnosis as HTML: a sentence, figures, bars of phases, findings."""

from __future__ import annotations

from collections.abc import Sequence

from rl_widgets.view.diagnosis import Finding
from rl_widgets.view.escape import escape
from rl_widgets.view.throughput import PhaseBar, Throughput


def throughput(found: Throughput) -> str:
    """What limits the run, its figures, and where the time goes."""
    parts = [f'<div class="rlw-limit">{escape(found.limit)}</div>']
    if found.note:
        parts.append(f'<div class="rlw-note">{escape(found.note)}</div>')
    tiles = "".join(
        f'<div class="rlw-fact"><span>{escape(fact.label)}</span> <b>{escape(fact.text)}</b></div>'
        for fact in found.tiles
    )
    if tiles:
        parts.append(f'<div class="rlw-facts">{tiles}</div>')
    parts += [bar(b) for b in found.bars]
    return "".join(parts)


def bar(value: PhaseBar) -> str:
    """A bar of phases; its words below are all that it shows."""
    pieces = "".join(
        f'<span class="rlw-phase rlw-phase-{escape(phase.name)}" title="{escape(phase.text)}" '
        f'style="width: {100 * phase.share:.1f}%"></span>'
        for phase in value.phases
    )
    words = "".join(
        f'<li><i class="rlw-phase-{escape(phase.name)}"></i>{escape(phase.text)}</li>'
        for phase in value.phases
    )
    return (
        f'<div class="rlw-phases-of">{escape(value.label)}</div>'
        f'<div class="rlw-phases" role="img" aria-label="{escape(value.sentence)}">{pieces}</div>'
        f'<ul class="rlw-phase-words">{words}</ul>'
    )


def findings(found: Sequence[Finding], nothing: str) -> str:
    """The findings, a line each; `nothing` is said where there are none."""
    lines = []
    for finding in found:
        warns = finding.severity == "warning"
        look = " rlw-is-warning" if warns else ""
        label = "Warning" if warns else "Note"
        lines.append(
            f'<div class="rlw-finding{look}"><b>{label}:</b> {escape(finding.sentence)}</div>'
        )
    body = "".join(lines) or f'<div class="rlw-note">{escape(nothing)}</div>'
    return f'<div class="rlw-findings"><div class="rlw-heading">Learning</div>{body}</div>'
