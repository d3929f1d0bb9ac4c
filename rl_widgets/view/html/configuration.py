"""A run's configuration as HTML."""

from __future__ import annotations

from collections.abc import Sequence

from rl_widgets.view import wording
from rl_widgets.view.configuration import Configuration, Setting
from rl_widgets.view.escape import escape
from rl_widgets.view.ray_dashboard import RayDashboard

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


def code(text: str, of: str = "that makes this run again", *, insert: bool = False) -> str:
    """A button that copies the code, and the code, which is the code `of` something; where a page
    allows no script, a click on it selects all.

    `insert`: beside it one that puts the code into a cell, where the page can (the panel says so).
    """
    # `navigator.clipboard` is there only on pages that came by https or from this machine.
    copy = (
        "const b=this,d=b.closest('.rlw-code').querySelector('details'),p=d.querySelector('pre');"
        "const done=()=>{b.textContent='Copied';setTimeout(()=>{b.textContent='Copy as Python'},"
        "2000)};const old=()=>{d.open=true;const r=document.createRange();"
        "r.selectNodeContents(p);const s=getSelection();s.removeAllRanges();s.addRange(r);"
        "if(document.execCommand('copy')){done()}};"
        "if(navigator.clipboard){navigator.clipboard.writeText(p.textContent).then(done,old)}"
        "else{old()}"
    )
    button = (
        '<button type="button" class="rlw-insert" title="Put the code into a new cell below this '
        'one">Insert as cell</button>'
    )
    return (
        f'<div class="rlw-code"><button type="button" title="Copy the code {escape(of)}" '
        f'onclick="{escape(copy)}">Copy as Python</button>{button if insert else ""}'
        f"<details><summary>Show the code "
        f'{escape(of)}</summary><pre tabindex="0" aria-label="Code {escape(of)}">{escape(text)}'
        "</pre></details></div>"
    )


def tensorboard(url: str | None, words: str, served: str = "") -> str:
    """The link to a TensorBoard that runs, or the words on one that does not; or ''.

    `served`: the address under which the Jupyter server starts one; '' where there is none.
    """
    if served:
        return _link(served, "TensorBoard")
    if url is None:
        return f'<span class="rlw-note">{escape(words)}</span>' if words else ""
    return (
        f'{_link(url, "Open TensorBoard")} <span class="rlw-note">It answers on the kernel\'s '
        f"machine alone, at {escape(url)}: with a browser elsewhere, forward that port.</span>"
    )


def dashboard(found: RayDashboard) -> str:
    """The link to the Ray dashboard, or why there is none."""
    link = f"{_link(found.url, 'Ray dashboard')} " if found.url else ""
    return f'<div>{link}<span class="rlw-note">{escape(found.sentence)}</span></div>'


def _link(url: str, words: str) -> str:
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{escape(words)}</a>'
