"""What is said of the log that is shown: its name, which part of it, and its troubles."""

from __future__ import annotations

from rl_widgets.view import wording
from rl_widgets.view.escape import escape
from rl_widgets.view.logs.files import LogFile
from rl_widgets.view.logs.page import LogPage


def option(file: LogFile) -> str:
    """A file in a list to choose from."""
    return f"{file.label} · {wording.size(file.size) if file.size else 'empty'}"


def part(page: LogPage, live: bool) -> str:
    """Which part of a log a page is: 'the last 1,000 lines of 3.2 MB, live'."""
    if not page.lines:
        return "empty" if not page.trouble else ""
    n, size = wording.plural(len(page.lines), "line"), wording.size(page.size)
    if page.start == 0 and page.end >= page.size:
        said = f"{n}, {size}"
    elif page.end >= page.size:
        said = f"the last {n} of {size}"
    elif page.start == 0:
        said = f"the first {n} of {size}"
    else:
        first, last = (f"{100 * at / page.size:.0f} %" for at in (page.start, page.end))
        said = f"{n}, from {first} to {last} of {size}"
    return f"{said}, live" if live else said


def heading(file: LogFile | None, page: LogPage, live: bool, notice: str, over: bool) -> str:
    """HTML of name, part and troubles; `over` is whether the run has ended."""
    if file is None:
        said = "This run has no logs here." if over else "There is no log yet."
        return f'<div class="rlw-note">{said}</div>'
    sentences = [s for s in (page.trouble, notice) if s]
    if page.binary:
        sentences.append("This file is not plain text; what is not is left out or shown as �.")
    troubles = "".join(f'<div class="rlw-warning">{escape(s)}</div>' for s in sentences)
    return (
        f'<div class="rlw-log-heading">{escape(file.title)} '
        f'<span class="rlw-note">{escape(part(page, live))}</span></div>{troubles}'
    )
