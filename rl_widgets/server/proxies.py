"""The Ray dashboard of a run's cluster and TensorBoard, under the server's address and login.

Both are only looked at: GET and HEAD, no websocket. What tells who the user is (cookies, the
server's token) does not reach them, and no cookie of theirs reaches the browser.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from jupyter_server.auth.decorator import authorized
from jupyter_server_proxy.handlers import ProxyHandler, RewritableResponse
from tornado import web
from tornado.httputil import HTTPHeaders

from rl_widgets.backend.cluster_record import RECORD_NAME, read_record
from rl_widgets.server.handler import AUTH_RESOURCE, EXPECTED, sentence_of, status_of
from rl_widgets.server.pages import page
from rl_widgets.store.errors import NotFoundError

#: What a browser sends that is meant for this server alone.
_OURS = ("Cookie", "Authorization", "X-XSRFToken", "Referer", "Origin")
#: What Ray does at a GET although it changes something or stands still: profilers, tests.
_NOT_ONLY_SEEN = re.compile(
    r"/(\w+/)?\w*_profile\b|/(task|worker)/traceback\b|/api/v0/delay|/test/"
)

Target = tuple[str, int, str]
"""Host, port, and the token that is sent along ('' for none)."""


def _without_cookies(response: RewritableResponse) -> None:
    kept = HTTPHeaders()
    for name, value in response.headers.get_all():
        if name.lower() != "set-cookie":
            kept.add(name, value)
    response.headers = kept


class ReadOnlyProxy(ProxyHandler):
    """Hands on what is asked of a program of a run."""

    SUPPORTED_METHODS = ("GET", "HEAD")
    auth_resource = AUTH_RESOURCE
    #: The part of the address that names the program.
    part = ""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._served = settings.pop("served")
        self._pool = settings.pop("pool")
        self._token = ""
        settings |= {"rewrite_response": _without_cookies, "update_last_activity": False}
        super().__init__(*arguments, **settings)

    async def get(self, *path: str) -> None:
        if self.request.headers.get("Upgrade", "").lower() == "websocket":
            raise web.HTTPError(403, "Here is only what can be seen: no websocket.")
        await self._forward(*path)

    async def head(self, *path: str) -> None:
        await self._forward(*path)

    def find(self, run_id: str) -> Target | None:
        """Where the program of a run answers, None while it starts; on a thread of the pool.

        Raises the errors of the workspace.
        """
        raise NotImplementedError

    @authorized
    async def _forward(self, run_id: str, path: str | None) -> None:
        if not path:
            query = f"?{self.request.query}" if self.request.query else ""
            self.redirect(f"{self.request.path}/{query}")
            return
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._pool, partial(self.find, run_id))
        except EXPECTED as error:
            self._say(status_of(error), sentence_of(error))
            return
        if found is None:
            self._say(202, "It is starting; this takes some seconds.", again=2)
            return
        host, port, self._token = found
        self.proxy_base = f"rl-widgets/{self.part}/{run_id}"
        asked = parse_qsl(self.request.query, keep_blank_values=True)
        self.request.query = urlencode([pair for pair in asked if pair[0] != "token"])
        if self.request.headers.get("Accept") == "text/event-stream":
            # A stream would be handed on with its cookies.
            self.request.headers["Accept"] = "*/*"
        try:
            await self.proxy(host, port, path)
        except web.HTTPError as error:
            if error.status_code < 500:
                raise
            self._say(503, "It does not answer now. Its run may be ending.")
        except OSError:
            self._say(503, "It does not answer now. Its run may be ending.")

    def proxy_request_headers(self) -> Any:
        headers = self.request.headers.copy()
        for name in _OURS:
            headers.pop(name, None)
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def proxy_request_options(self) -> dict[str, Any]:
        return {"follow_redirects": False, "connect_timeout": 10.0, "request_timeout": 60.0}

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """A sentence also before it is known who asks, which Jupyter's own page wants to know."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        said = getattr(error, "log_message", None) or f"{self.request.method} is not allowed here."
        self._say(status_code, said)

    def _say(self, status: int, sentence: str, again: int = 0) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page(sentence, again))


class RayHandler(ReadOnlyProxy):
    """The dashboard of a run's cluster, with the cluster's token added on the way."""

    part = "ray"

    def find(self, run_id: str) -> Target | None:
        if _NOT_ONLY_SEEN.search(unquote(self.request.path)):
            raise NotFoundError("Ray's profilers are not offered here: they act on the run.")
        record = self._served.table.get(run_id)
        cluster = read_record(self._served.workspace.run_folder(record.id) / RECORD_NAME)
        if record.final or cluster is None or not cluster.dashboard:
            when = "ended with the run" if record.final else "comes with the run's head node"
            raise NotFoundError(f"The Ray dashboard {when}.")
        host, _, port = cluster.dashboard.rpartition(":")
        return host, int(port), cluster.token


class TensorboardHandler(ReadOnlyProxy):
    """TensorBoard on a run, started at the first look."""

    part = "tensorboard"

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._boards = settings.pop("boards")
        super().__init__(*arguments, **settings)

    def find(self, run_id: str) -> Target | None:
        record = self._served.table.get(run_id)
        found = self._boards.address(self._served.workspace.folder, record.id)
        return None if found is None else (*found, "")
