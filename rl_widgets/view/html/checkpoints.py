"""Checkpoints and files of a run as HTML."""

from __future__ import annotations

from pathlib import Path

from rl_widgets.view import checkpoints, run_files, wording
from rl_widgets.view.checkpoints import CheckpointRow, Checkpoints
from rl_widgets.view.escape import escape

_HEADS = ("Checkpoint", "Mean reward", "Iteration", "Env steps", "Saved", "Size", "Attempt", "")


def table(found: Checkpoints, chosen: str | None = None) -> str:
    """The checkpoints, newest first, or the sentence that stands in their place.

    The row of the path `chosen` is marked, and stays in view while the others are scrolled.
    """
    if found.message:
        return f'<div class="rlw-note">{escape(found.message)}</div>'
    head = "".join(f"<th>{escape(words)}</th>" for words in _HEADS)
    body = "".join(_row(row, row.path == chosen) for row in found.rows)
    return (
        f'<div class="rlw-note">{escape(found.summary)}</div>'
        '<div class="rlw-scroll rlw-checkpoints"><table class="rlw-children">'
        f"<tr>{head}</tr>{body}</table></div>"
    )


def _row(row: CheckpointRow, chosen: bool) -> str:
    cells = (row.name, row.reward, row.iteration, row.env_steps, row.time, row.size_text,
             str(row.attempt), row.marks)  # fmt: skip
    kind = "rlw-kept" if row.exists else "rlw-gone"
    if row.best:
        kind += " rlw-best"
    current = ""
    if chosen:
        kind, current = f"{kind} rlw-chosen", ' aria-current="true"'
    return (
        f'<tr class="{kind}"{current}>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
    )


def code(words: str, python: str) -> str:
    """A sentence and the code to copy below it."""
    return (
        f'<div class="rlw-note">{escape(words)}</div><pre class="rlw-code">{escape(python)}</pre>'
    )


def offer(run_id: str, name: str, path: Path) -> str:
    """A file, or a folder as a zip, to take along: as a link, or where it lies and as code."""
    try:
        url = run_files.folder_link(path) if path.is_dir() else run_files.file_link(path)
    except OSError as error:
        return (
            f'<div class="rlw-warning">{escape(f"{name} cannot be read ({error.strerror}).")}</div>'
        )
    saved_as = f"{path.name}.zip" if path.is_dir() else path.name
    python = checkpoints.download_code(run_id, name)
    where = code(f"It lies at {path}; a copy by code:", python)
    if url is None:
        limit = wording.size(run_files.LINKED)
        return f"<div>{escape(f'{saved_as} is larger than the {limit} of a link.')}</div>{where}"
    return (
        f'<div><a class="rlw-download" download="{escape(saved_as)}" href="{url}">Save '
        f"{escape(saved_as)}</a> (the link goes in two minutes, so that no notebook keeps it)"
        f"</div>{where}"
    )


SHEET = """
.rlw .rlw-checkpoints { max-height: 260px; overflow: auto; margin: 2px 0 6px; }
.rlw .rlw-checkpoints tr.rlw-chosen td { position: sticky; top: 0; bottom: 0; }
.rlw table.rlw-children tr.rlw-chosen td { color: var(--rlw-text);
  background: color-mix(in srgb, var(--rlw-line) 20%, var(--rlw-ground)); }
.rlw table.rlw-children tr.rlw-gone td { color: var(--rlw-quiet); text-decoration: line-through; }
.rlw table.rlw-children tr.rlw-gone td:last-child { text-decoration: none; }
.rlw table.rlw-children tr.rlw-best td { font-weight: 600; }
.rlw pre.rlw-code { font-family: var(--jp-code-font-family, monospace); font-size: 12px;
  user-select: all; white-space: pre-wrap; overflow-wrap: anywhere; margin: 2px 0 8px;
  padding: 6px 10px; border: 1px solid var(--rlw-border); border-radius: 6px; color: inherit;
  background: var(--jp-layout-color0, transparent); }
.rlw .rlw-actions { display: flex; flex-flow: row wrap; align-items: center; gap: 4px 8px;
  overflow: visible; margin: 2px 0; }
.rlw .rlw-actions button { width: auto; border-radius: 5px; font-size: 12px; height: 26px;
  line-height: 26px; padding: 0 12px; box-shadow: none; }
.rlw .rlw-actions .widget-dropdown { width: auto; max-width: 100%; }
.rlw .rlw-files { width: 100%; }
.rlw .rlw-files select { font-family: var(--jp-code-font-family, monospace); font-size: 12px; }
"""
