"""One real Jupyter server for the tests of a module, asked as pytest-jupyter asks one.

pytest-jupyter starts a server for each test; its fixtures are made here for a whole module.
"""

from __future__ import annotations

import asyncio
import json
import urllib.parse
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tornado.httpserver
import tornado.testing
from jupyter_core.utils import ensure_event_loop
from jupyter_server.auth import Authorizer
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from pytest_jupyter.jupyter_core import (  # noqa: F401 - these run tests that are coroutines
    pytest_pycollect_makeitem,
    pytest_pyfunc_call,
)
from pytest_jupyter.pytest_tornasync import AsyncHTTPServerClient
from tornado.httpclient import HTTPResponse
from traitlets.config import Config

from rl_widgets.server.app import RLWidgets
from rl_widgets.workspace import Workspace
from tests.server.description import check

TOKEN = "the-token-of-these-tests"
BASE = "/a%40b/"

Fetch = Callable[..., Awaitable[HTTPResponse]]
Api = Callable[..., Awaitable[Any]]


class Doorkeeper(Authorizer):
    """Lets everybody in but who says that they may not."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return handler.request.headers.get("X-Forbidden") != f"{action} {resource}"


@pytest.fixture(scope="module")
def jp_asyncio_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = ensure_event_loop(prefer_selector_loop=True)
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the workspace that the server serves."""
    return tmp_path_factory.mktemp("workspace") / "ws"


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    """The extension's settings beside the workspace; a module has its own."""
    return {}


@pytest.fixture(scope="module")
def jp_serverapp(
    tmp_path_factory: pytest.TempPathFactory,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
    folder: Path,
    settings: dict[str, Any],
) -> Iterator[ServerApp]:
    place = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
            patch.setenv(f"JUPYTER_{name}", str(place / name))
        patch.setenv("JUPYTER_NO_CONFIG", "1")
        config = Config(
            {
                "ServerApp": {
                    "jpserver_extensions": {"rl_widgets.server": True},
                    "authorizer_class": Doorkeeper,
                },
                "IdentityProvider": {"token": TOKEN},
                # The supervisors of these runs are the tests, and they may be slow to say so.
                "RLWidgets": {"workspace": str(folder), "reaper_period": 1e6, **settings},
            }
        )
        app = _started(config, place, jp_asyncio_loop)
        [found] = app.extension_manager.extension_apps["rl_widgets.server"]
        jp_asyncio_loop.run_until_complete(
            until(lambda: any(getattr(t, "looks", 0) for t in found._threads), "the first look")
        )
        yield app
        jp_asyncio_loop.run_until_complete(app._cleanup())
        ServerApp.clear_instance()


def _started(config: Config, place: Path, loop: asyncio.AbstractEventLoop) -> ServerApp:
    ServerApp.clear_instance()
    (place / "root").mkdir()
    app = ServerApp.instance(
        config=config,
        base_url=BASE,
        root_dir=str(place / "root"),
        open_browser=False,
        allow_root=True,
        port_retries=0,
    )
    app.init_signal = lambda: None

    async def initialize() -> None:
        app.initialize(argv=[], new_httpserver=False, find_extensions=False)

    loop.run_until_complete(initialize())
    app.start_app()
    return app


@pytest.fixture(scope="module")
def extension(jp_serverapp: ServerApp) -> RLWidgets:
    """The extension in the server."""
    [found] = jp_serverapp.extension_manager.extension_apps["rl_widgets.server"]
    assert isinstance(found, RLWidgets)
    return found


@pytest.fixture(scope="module")
def jp_fetch(
    jp_serverapp: ServerApp,
    jp_asyncio_loop: asyncio.AbstractEventLoop,
) -> Iterator[Fetch]:
    """Sends a request to the server, with its token unless the headers say otherwise."""

    async def serve() -> tuple[tornado.httpserver.HTTPServer, AsyncHTTPServerClient]:
        server = tornado.httpserver.HTTPServer(jp_serverapp.web_app)
        server.add_socket(tornado.testing.bind_unused_port()[0])
        return server, AsyncHTTPServerClient(http_server=server)

    server, client = jp_asyncio_loop.run_until_complete(serve())

    def fetch(
        *parts: str, headers: Any = None, params: Any = None, **settings: Any
    ) -> Awaitable[HTTPResponse]:
        address = url_path_join(BASE, urllib.parse.quote(url_path_join(*parts), safe="/%"))
        query = urllib.parse.urlencode(params or {}, doseq=True)
        return client.fetch(
            f"{address}?{query}" if query else address,
            headers={"Authorization": f"token {TOKEN}"} if headers is None else headers,
            **{"request_timeout": 60, "raise_error": False, **settings},
        )

    yield fetch
    client.close()
    server.stop()
    jp_asyncio_loop.run_until_complete(server.close_all_connections())


@pytest.fixture(scope="module")
def api(jp_fetch: Fetch) -> Api:
    """Asks a path of the API and gives the JSON of the answer, whose status is as expected."""

    async def ask(
        path: str = "", method: str = "GET", body: Any = None, status: int = 200, **params: Any
    ) -> Any:
        text = body if isinstance(body, (str, bytes)) else json.dumps({} if body is None else body)
        answer = await jp_fetch(
            f"rl-widgets/api/{path}".rstrip("/"),
            method=method,
            params={name.removesuffix("_"): value for name, value in params.items()},
            body=None if method == "GET" else text,
            allow_nonstandard_methods=True,
        )
        assert answer.code == status, (answer.code, answer.body)
        if status == 204:
            assert not answer.body
            return None
        found = json.loads(answer.body, parse_constant=_no_constant)
        check(path, method, status, found)
        if status >= 400:
            assert {"message", "reason"} <= set(found) <= {"message", "reason", "field", "errors"}
            assert found["message"].strip().endswith((".", ")", "…", "?")), found["message"]
        return found

    return ask


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


@pytest.fixture(scope="module")
def workspace(jp_serverapp: ServerApp, folder: Path) -> Iterator[Workspace]:
    """The same workspace as another process has it open."""
    opened = Workspace(folder=folder)
    yield opened
    opened.close()


async def until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Let the server go on until a condition holds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not happen"
        await asyncio.sleep(0.01)
