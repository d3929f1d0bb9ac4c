"""A form as HTML: its pieces, and the whole that a saved notebook keeps."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from rl_widgets.view.escape import escape
from rl_widgets.view.form_view import FormView
from rl_widgets.view.html import configuration
from rl_widgets.view.style import sheet as style


def heading(words: str) -> str:
    """The name of a group of fields."""
    return f'<div class="rlw-heading">{escape(words)}</div>'


def part(words: str) -> str:
    """The name of some fields within a group."""
    return f'<div class="rlw-part">{escape(words)}</div>'


def title(words: str, about: str) -> str:
    """What the form is."""
    return (
        f'<div class="rlw-title">{escape(words)}</div><div class="rlw-quiet">{escape(about)}</div>'
    )


def unit(words: str, locked: bool) -> str:
    """What stands behind a field: its unit, and that it is locked."""
    parts = [words] if words else []
    parts += ["locked"] if locked else []
    return f'<span class="rlw-unit">{escape(", ".join(parts))}</span>'


def wrong(sentences: Iterable[str]) -> str:
    """What is wrong with a field, read aloud when it appears; or ''."""
    said = "\n".join(dict.fromkeys(sentences))
    return f'<div class="rlw-wrong" role="alert">{escape(said)}</div>' if said else ""


def notes(sentences: Iterable[str]) -> str:
    """The arithmetic, or ''."""
    lines = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="rlw-notes">{lines}</ul>' if lines else ""


def picture(svg: str) -> str:
    """The cluster. `svg` is our own, whose texts are escaped."""
    return f'<div class="rlw-cluster">{svg}</div>' if svg else ""


def status(words: str) -> str:
    """What is happening, or how many fields stand in the way."""
    return f'<span class="rlw-note" role="status">{escape(words)}</span>' if words else ""


def code(text: str, *, live: bool = True) -> str:
    """'Copy as Python' with the code, in a live form also 'Insert as cell'; or ''."""
    return configuration.code(text, "of this form", insert=live) if text else ""


def save_as_yaml(name: str, content: str) -> str:
    """A link that saves a text as a file of this name; one that does nothing for none."""
    if not content:
        return '<a class="rlw-save" role="link" aria-disabled="true">Save as YAML</a>'
    data = base64.b64encode(content.encode()).decode("ascii")
    return (
        f'<a class="rlw-save" download="{escape(name)}" href="data:application/yaml;base64,{data}" '
        'title="Save what stands in the form as a file">Save as YAML</a>'
    )


def document(view: FormView, key: str, as_of: str) -> str:
    """The HTML form. `key` joins it with its live form, `as_of` says when it was true."""
    rows = "".join(
        f"<tr><th>{escape(label)}</th><td><bdi>{escape(value)}</bdi></td></tr>"
        for label, value in view.rows
    )
    runs = "".join(f"<li><code>{escape(run)}</code></li>" for run in view.runs)
    again = f"<br><code>{escape(view.again)}</code> shows it again." if view.again else ""
    return "".join(
        [
            f"<style>{style.sheet(f'.rlw-saved-{escape(key)}')}{style.unfolding(key)}</style>",
            f'<div class="rlw rlw-card rlw-saved rlw-saved-{escape(key)}">',
            title(view.title, ""),
            f'<table class="rlw-values"><tbody>{rows}</tbody></table>',
            wrong(sentence for _, sentence in view.errors),
            picture(view.svg),
            notes(view.notes),
            code(view.code, live=False),
            f"<div>Runs:</div><ul>{runs}</ul>" if runs else "",
            f'<div class="rlw-note">As it was at {escape(as_of)}.{again}</div></div>',
        ]
    )


def text(view: FormView) -> str:
    """The form as text."""
    lines = [view.title, *(f"  {label}: {value}" for label, value in view.rows)]
    lines += [f"  ! {sentence}" for _, sentence in view.errors]
    lines += [f"  - {note}" for note in view.notes]
    lines += [f"  run {run}" for run in view.runs]
    return "\n".join(lines)
