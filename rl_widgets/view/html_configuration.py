"""A run's configuration as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from rl_widgets.view import wording
from rl_widgets.view.configuration import Configuration, Setting
from rl_widgets.view.escape import escape

#: More rows than these are counted, not drawn.
MAX_ROWS = 400


def notes(found: Configuration) -> str:
    """What is missing, and what was said of the translation; or ''."""
    message = f'<div class="rlw-note">{escape(found.message)}</div>' if found.message else ""
    lines = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
    return message + (f'<ul class="rlw-config-notes">{lines}</ul>' if lines else "")


def table(settings: Sequence[Setting], total: int) -> str:
    """The rows that a search has found, of `total`."""
    if not settings:
        what = "No setting matches." if total else "There is nothing to show."
        return f'<div class="rlw-note">{what}</div>'
    count = f"{len(settings):,} of {wording.plural(total, 'row')}"
    rows = "".join(_row(setting) for setting in settings[:MAX_ROWS])
    more = len(settings) - MAX_ROWS
    rest = f'<div class="rlw-note">{more:,} more rows: search for them.</div>' if more > 0 else ""
    heads = "".join(f"<th>{h}</th>" for h in ("Part", "Setting", "Value", "Default", "Set by"))
    return (
        f'<div class="rlw-note">{count}; what differs from its default comes first.</div>'
        f'<div class="rlw-scroll"><table class="rlw-config"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{rest}"
    )


def _row(setting: Setting) -> str:
    look = "rlw-changed" if setting.changed else "rlw-same"
    cells = (
        f'<td class="rlw-quiet">{escape(setting.part)}</td>',
        f"<td><bdi>{escape(setting.name)}</bdi></td>",
        f'<td class="rlw-value"><bdi>{escape(setting.value)}</bdi></td>',
        f'<td class="rlw-value rlw-quiet"><bdi>{escape(setting.default)}</bdi></td>',
        f'<td class="rlw-quiet">{escape(setting.note)}</td>',
    )
    return f'<tr class="{look}">{"".join(cells)}</tr>'


def code(text: str) -> str:
    """Code with a button that copies it; where a page allows no script, a click selects all."""
    # `navigator.clipboard` is there only on pages that came by https or from this machine.
    copy = (
        "const p=this.parentElement,s=p.querySelector('pre');"
        "const r=document.createRange();r.selectNodeContents(s);"
        "const w=getSelection();w.removeAllRanges();w.addRange(r);"
        "const d=()=>{this.textContent='Copied'};"
        "if(navigator.clipboard){navigator.clipboard.writeText(s.textContent).then(d)}"
        "else if(document.execCommand('copy')){d()}"
    )
    return (
        '<div class="rlw-code"><button type="button" class="rlw-copy" '
        f'onclick="{escape(copy)}">Copy</button><pre tabindex="0" '
        f'aria-label="Code that makes this run again">{escape(text)}</pre></div>'
    )
