"""The head of a view as HTML: who the run is, where it stands, what to copy."""

from __future__ import annotations

from rl_widgets.view.escape import escape
from rl_widgets.view.header import Header


def title(head: Header) -> str:
    """Experiment and name, with the state as a badge."""
    badge = f'<span class="rlw-badge rlw-{head.badge.tone}">{escape(head.badge.text)}</span>'
    return (
        f'<div class="rlw-title"><span class="rlw-quiet"><bdi>{escape(head.experiment)}</bdi> / '
        f"</span><bdi>{escape(head.name)}</bdi> {badge}</div>"
    )


def times(head: Header) -> str:
    """Time queued, started up and run, each by itself; and what it waits for."""
    about = [f'<span class="rlw-timing">{escape(head.timing)}</span>'] if head.timing else []
    about.append(f"submitted {escape(head.created)}")
    html = f'<div class="rlw-quiet">{" · ".join(about)}</div>'
    if head.message:
        html += f"<div><bdi>{escape(head.message)}</bdi></div>"
    return html


#: Puts the id into the clipboard; where a page may not (one by http from elsewhere), selects it.
_COPY = (
    "const b=this,i=b.previousElementSibling;"
    "const done=()=>{b.textContent='Copied';setTimeout(()=>{b.textContent='Copy'},2000)};"
    "const old=()=>{getSelection().selectAllChildren(i);"
    "if(document.execCommand('copy')){done()}};"
    "if(navigator.clipboard){navigator.clipboard.writeText(i.textContent).then(done,old)}else{old()}"
)


def identity(run_id: str) -> str:
    """The id; one click selects it whole."""
    return (
        f'<span class="rlw-quiet">Id </span><code class="rlw-id" title="One click selects it all">'
        f"{escape(run_id)}</code>"
    )


def copied_identity(run_id: str) -> str:
    """The id with a button that copies it, for a page in which buttons act."""
    return (
        f'{identity(run_id)}<button type="button" class="rlw-copy-id" title="Copy the id" '
        f'onclick="{escape(_COPY)}">Copy</button>'
    )


def page(url: str) -> str:
    """A link to the run's page; '' where there is none."""
    link = f'<a href="{escape(url)}" target="_blank" rel="noopener">Open the run\'s page</a>'
    return f"<div>{link}</div>" if url else ""


def ways(run_id: str, folder: str) -> str:
    """The run's id, its folder, and the run as code; to copy by mouse and keyboard."""
    rows = [("Id", run_id), ("Folder", folder), ("Code", f'ws.get_run("{run_id}")')]
    fields = "".join(
        f'<label>{name} <input class="rlw-copy" type="text" readonly value="{escape(value)}" '
        f'size="{min(90, len(value) + 2)}"></label>'
        for name, value in rows
    )
    return (
        f"<details><summary>Copy its id, folder or code</summary>"
        f'<div class="rlw-ways">{fields}<div class="rlw-note">Tab into a field selects all of it; '
        f"Ctrl+C (⌘C) copies.</div></div></details>"
    )
