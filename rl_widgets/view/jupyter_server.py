"""Pages about a run that the Jupyter server of its workspace has, while one runs."""

from __future__ import annotations

import os
from typing import Literal
from urllib.parse import urlsplit

from rl_widgets.backend import servers
from rl_widgets.view.reader import RunReader


def page_of(reader: RunReader, part: Literal["open", "ray", "tensorboard"]) -> str:
    """The address of a page without its host; '' where the notebook's page has no such server.

    The notebook's own page comes from that server, but maybe by another name than the server knows:
    through a hub, or a forwarded port. Those of Voilà and of VS Code do not come from it.
    """
    elsewhere = "VSCODE_PID" in os.environ or os.environ.get("SERVER_SOFTWARE", "").startswith(
        "voila"
    )
    server = None if elsewhere else servers.living(reader.store)
    if server is None:
        return ""
    # What has pages below its own ends with a slash.
    end = "" if part == "open" else "/"
    return f"{urlsplit(server.url).path}rl-widgets/{part}/{reader.run_id}{end}"
