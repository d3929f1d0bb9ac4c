"""Pages about a run that the Jupyter server of its workspace has, while one runs."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from rl_widgets.backend import servers
from rl_widgets.view.reader import RunReader


def page_of(reader: RunReader, part: Literal["ray", "tensorboard"]) -> str:
    """The address of a page without its host; '' where no server runs.

    The notebook's own page comes from that server, but maybe by another name than the server knows:
    through a hub, or a forwarded port.
    """
    server = servers.living(reader.store)
    if server is None:
        return ""
    return f"{urlsplit(server.url).path}rl-widgets/{part}/{reader.run_id}/"
