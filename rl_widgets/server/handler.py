"""The one handler of the API: who asks, what for, on which thread, and what an error reads."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from rl_widgets.compute import ComputeTargetException
from rl_widgets.server.encoding import encoded
from rl_widgets.server.request import MAX_BODY, ForbiddenError, Request, read_body
from rl_widgets.store.errors import (
    ConflictError,
    FieldError,
    NotFoundError,
    RLWidgetsError,
    UserError,
)

if TYPE_CHECKING:
    from rl_widgets.server.routes import Route
    from rl_widgets.server.served import Served

AUTH_RESOURCE = "rl-widgets"

#: Errors by the status that they are answered with, the special ones first.
_STATUS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], int], ...] = (
    (NotFoundError, 404),
    (ConflictError, 409),
    (ForbiddenError, 403),
    ((UserError, ComputeTargetException), 400),
    ((RLWidgetsError, OSError, sqlite3.Error), 503),
)
EXPECTED = (RLWidgetsError, OSError, sqlite3.Error)

#: Of the system's errors, those that say that a name leads to nothing.
_NO_SUCH_FILE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}

_REASONS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    503: "unavailable",
}


def status_of(error: Exception) -> int:
    """The status that an expected error is answered with."""
    if isinstance(error, OSError) and error.errno in _NO_SUCH_FILE:
        return 404
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def sentence_of(error: Exception) -> str:
    """What a person reads of an expected error."""
    if isinstance(error, RLWidgetsError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _NO_SUCH_FILE:
        return "There is no such file, or it has just been removed."
    said = getattr(error, "strerror", None) or str(error)
    return f"The workspace could not be read ({said}). Try again in a moment."


class ApiHandler(APIHandler):
    """Answers one route: each method is a function that runs on the pool's threads."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, route: Route, served: Served, pool: Executor) -> None:
        self._route = route
        self._served = served
        self._pool = pool
        self._own_etag: str | None = None
        self._track_activity = route.tracked

    @web.authenticated
    @authorized
    async def get(self, *path: str) -> None:
        await self._answer(*path)

    @web.authenticated
    @authorized
    async def post(self, *path: str) -> None:
        await self._answer(*path)

    @web.authenticated
    @authorized
    async def patch(self, *path: str) -> None:
        await self._answer(*path)

    @web.authenticated
    @authorized
    async def delete(self, *path: str) -> None:
        await self._answer(*path)

    async def _answer(self, *path: str) -> None:
        method = self.request.method or ""
        action = self._route.actions.get(method)
        if action is None:
            self.set_header("Allow", ", ".join(self._route.actions))
            self._refuse(405, f"{method} is not known here; there is {self._get_allowed()}.")
            return
        if method != "GET" and self._served.limits.read_only:
            self._refuse(403, "This server shows the workspace and changes nothing (read_only).")
            return
        if len(self.request.body) > MAX_BODY:
            self._refuse(413, f"The body has more than {MAX_BODY:,} bytes.")
            return
        try:
            asked = Request(self._query(), read_body(self.request.body))
            make = partial(action.function, self._served, asked, *path)
            text = await self._on_pool(
                # Making JSON of 4,000 points takes milliseconds too.
                partial(self._page, make, *path)
                if method == "GET" and self._route.etag
                else lambda: encoded(make())
            )
        except EXPECTED as error:
            self._own_etag = None
            self.clear_header("Etag")
            self._refuse(status_of(error), sentence_of(error), error)
            return
        self.set_status(304 if text is None else action.status)
        if text is None or action.status == 204:
            self.finish()
        else:
            self.finish(text)

    def _page(self, make: Callable[[], Any], run_id: str | None = None) -> str | None:
        """The text of a page that has a state; None where the browser holds it in this state."""
        self._own_etag = self._served.etag(self._route.etag, run_id)
        self.set_etag_header()
        # Kept by the browser, and asked for again each time.
        self.set_header("Cache-Control", "private, no-cache")
        if self.check_etag_header():
            return None
        asked = sorted((n, v) for n, v in self._query().items() if n not in ("poll", "token"))
        address = f"{self.request.path}?{urlencode(asked, doseq=True)}"
        return self._served.answer(address, self._own_etag, lambda: encoded(make()))

    def update_api_activity(self) -> None:
        """What a page asks for by itself, from a timer, keeps no idle server alive."""
        if self.request.method != "GET" or self.get_query_argument("poll", "0") != "1":
            super().update_api_activity()

    def _query(self) -> Mapping[str, list[str]]:
        return {name: self.get_query_arguments(name) for name in self.request.query_arguments}

    def _get_allowed(self) -> str:
        return " and ".join(self._route.actions)

    def compute_etag(self) -> str | None:
        return self._own_etag or super().compute_etag()

    def _on_pool(self, call: Callable[[], Any]) -> Awaitable[Any]:
        return asyncio.get_running_loop().run_in_executor(self._pool, call)

    def _refuse(self, status: int, sentence: str, error: Exception | None = None) -> None:
        """Of a form it is said, too, which fields are wrong, with dots into them."""
        self.set_status(status)
        said: dict[str, Any] = {"message": sentence, "reason": _REASONS.get(status, "error")}
        if isinstance(error, FieldError):
            said |= {"field": error.field, "errors": error.errors}
        self.finish(encoded(said))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What tornado and Jupyter refuse, in the same form as what we do."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        sentence = getattr(error, "log_message", None)
        if not sentence:
            sentence = {
                403: "Sign in to this Jupyter server first, or send its token.",
                404: "There is nothing at this address.",
                405: f"{self.request.method} is not known here.",
            }.get(status_code, "The server met an error that it did not expect; see its log.")
        self.finish(encoded({"message": sentence, "reason": _REASONS.get(status_code, "error")}))
