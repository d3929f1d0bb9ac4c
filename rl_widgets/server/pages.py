"""Pages of a link: the way into JupyterLab, and one sentence where there is none."""

from __future__ import annotations

import asyncio
import html
from concurrent.futures import Executor
from functools import partial
from urllib.parse import urlencode

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from rl_widgets.server.handler import AUTH_RESOURCE, EXPECTED, sentence_of, status_of
from rl_widgets.server.served import Served
from rl_widgets.store.runs import RunRecord

#: What JupyterLab's panel looks for in its own address, opens, and takes away.
OPEN = "rl-widgets-run"


def page(sentence: str, again: int = 0) -> str:
    """A page of one sentence; with `again` it is asked for once more after so many seconds."""
    refresh = f'<meta http-equiv="refresh" content="{again}">' if again else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{refresh}'
        "<title>RL Widgets</title></head>"
        f'<body style="font-family: sans-serif; margin: 3em">{html.escape(sentence)}</body></html>'
    )


def _record(served: Served, run_id: str) -> RunRecord:
    return served.table.get(run_id)


class OpenHandler(JupyterHandler):
    """`open/<id>`: the address that is given on, whatever front end there is."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, served: Served, pool: Executor) -> None:
        self._served = served
        self._pool = pool

    @web.authenticated
    @authorized
    async def get(self, run_id: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            record = await loop.run_in_executor(self._pool, partial(_record, self._served, run_id))
        except EXPECTED as error:
            self.set_status(status_of(error))
            self.finish(page(sentence_of(error)))
            return
        self.redirect(f"{url_path_join(self.base_url, 'lab')}?{urlencode({OPEN: record.id})}")
