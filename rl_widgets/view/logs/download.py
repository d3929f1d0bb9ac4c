"""A log to take along: as a link that holds it, or as where it lies."""

from __future__ import annotations

import base64
from pathlib import Path

from rl_widgets.view import wording
from rl_widgets.view.escape import escape
from rl_widgets.view.logs import page as log_page
from rl_widgets.view.logs.files import LogFile

#: A larger file is not put into a link.
MOST_IN_A_LINK = 5_000_000


def offer(run_id: str, file: LogFile, path: Path) -> str:
    """HTML that offers a file: a link with all of it in it, or its path and code."""
    try:
        with log_page.open_log(path) as opened:
            data = opened.read(MOST_IN_A_LINK + 1)
        size = path.stat().st_size
    except OSError as error:
        return f'<div class="rlw-warning">{escape(log_page.trouble(path, error))}</div>'
    code = f'ws.get_run("{run_id}").download_file("{file.name}")'
    places = (
        f'<div>It lies at <code class="rlw-id">{escape(path)}</code></div>'
        f'<div>or, as code: <code class="rlw-id">{escape(code)}</code></div>'
    )
    if len(data) > MOST_IN_A_LINK:
        return (
            f"<div>{escape(path.name)} ({escape(wording.size(size))}) is too large for a link in "
            f"this page.</div>{places}"
        )
    url = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    return (
        f'<div><a class="rlw-download" download="{escape(path.name)}" href="{url}">Save '
        f"{escape(path.name)}</a> ({escape(wording.size(len(data)))}; the link goes in two "
        f"minutes, so that no notebook keeps it)</div>{places}"
    )
