"""The Ray dashboard and TensorBoard under the server's own address: seen, and no more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tornado.httpserver
import tornado.testing
import tornado.web

from rl_widgets.backend.cluster_record import ClusterRecord
from rl_widgets.server.app import RLWidgets
from rl_widgets.server.tensorboards import Board
from rl_widgets.store import statuses
from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.workspace import Workspace
from tests.server.conftest import BASE, TOKEN, Api, Fetch, until
from tests.view.fixture_runs import RUN_ID, FixtureRun, make

RAY = f"rl-widgets/ray/{RUN_ID}"
BOARD = f"rl-widgets/tensorboard/{RUN_ID}"


class Dashboard(tornado.web.RequestHandler):
    """Stands for Ray's: says what it was asked, wants its token, sets a cookie."""

    def get(self) -> None:
        self.set_cookie("ray-authentication-token", "secret")
        if self.request.path == "/moved":
            self.redirect("/elsewhere")
            return
        if self.request.headers.get("Authorization") != "Bearer the-clusters":
            self.set_status(401)
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        self.write(json.dumps({"uri": self.request.uri, "headers": headers}))

    head = get


@pytest.fixture(scope="module")
def port(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[int]:
    async def serve() -> tuple[tornado.httpserver.HTTPServer, int]:
        server = tornado.httpserver.HTTPServer(tornado.web.Application([(".*", Dashboard)]))
        socket, number = tornado.testing.bind_unused_port()
        server.add_socket(socket)
        return server, number

    server, number = jp_asyncio_loop.run_until_complete(serve())
    yield number
    server.stop()


@pytest.fixture(scope="module")
def run(workspace: Workspace, folder: Path, port: int) -> FixtureRun:
    made = make(folder)
    made.start()
    cluster = ClusterRecord(RUN_ID, str(made.folder), "/nowhere/rlw-x", "no boot of this machine")
    cluster.token, cluster.dashboard = "the-clusters", f"127.0.0.1:{port}"
    cluster.write()
    return made


async def test_the_dashboard_gets_its_own_token_and_nothing_of_ours(
    jp_fetch: Fetch, run: FixtureRun
) -> None:
    headers = {
        "Cookie": "username=secret; _xsrf=secret",
        "Referer": f"http://here/?token={TOKEN}",
        "Authorization": f"token {TOKEN}",
        "X-Other": "kept",
    }
    answer = await jp_fetch(
        f"{RAY}/api/v0/tasks", params={"limit": 5, "token": TOKEN}, headers=headers
    )
    assert answer.code == 200
    found = json.loads(answer.body)
    assert found["uri"] == "/api/v0/tasks?limit=5"
    assert found["headers"]["authorization"] == "Bearer the-clusters"
    assert found["headers"]["x-other"] == "kept"
    assert not {"cookie", "referer"} & set(found["headers"])
    assert TOKEN not in answer.body.decode()
    assert "secret" not in "".join(answer.headers.get_list("Set-Cookie"))
    assert (await jp_fetch(f"{RAY}/", method="HEAD")).code == 200


async def test_addresses_hold_below_the_base_url(jp_fetch: Fetch, run: FixtureRun) -> None:
    answer = await jp_fetch(RAY, follow_redirects=False)
    assert (answer.code, answer.headers["Location"]) == (302, f"{BASE}{RAY}/")
    answer = await jp_fetch(f"{RAY}/moved", follow_redirects=False)
    assert (answer.code, answer.headers["Location"]) == (302, f"{BASE}{RAY}/elsewhere")


async def test_it_is_only_looked_at(jp_fetch: Fetch, run: FixtureRun, api: Api) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await jp_fetch(
            f"{RAY}/api/jobs/", method=method, body="{}", allow_nonstandard_methods=True
        )
        assert answer.code == 405, method
    for path in ("worker/cpu_profile", "task/cpu_profile", "memory_profile", "api/v0/delay/9"):
        assert (await jp_fetch(f"{RAY}/{path}")).code == 404
    upgrade = {
        "Authorization": f"token {TOKEN}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw==",
        "Sec-WebSocket-Version": "13",
    }
    assert (await jp_fetch(f"{RAY}/api/jobs/x/logs/tail", headers=upgrade)).code == 403
    assert (await api(f"runs/{RUN_ID}"))["links"]["ray_dashboard"] == f"{RAY}/"


async def test_a_dashboard_that_is_not_there_is_said(
    jp_fetch: Fetch, run: FixtureRun, api: Api
) -> None:
    record = run.folder / "cluster.json"
    kept = record.read_text()
    free = tornado.testing.bind_unused_port()
    free[0].close()
    record.write_text(json.dumps({**json.loads(kept), "dashboard": f"127.0.0.1:{free[1]}"}))
    answer = await jp_fetch(f"{RAY}/")
    assert (answer.code, b"does not answer" in answer.body) == (503, True)
    for host in ("elsewhere.example:80", "10.0.0.1:80"):
        record.write_text(json.dumps({**json.loads(kept), "dashboard": host}))
        assert (await jp_fetch(f"{RAY}/")).code == 403
    record.write_text("broken")
    answer = await jp_fetch(f"{RAY}/")
    assert (answer.code, b"comes with the run" in answer.body) == (404, True)
    record.write_text(kept)
    run.end(statuses.COMPLETED)
    answer = await jp_fetch(f"{RAY}/")
    assert (answer.code, b"ended with the run" in answer.body) == (404, True)
    assert (await jp_fetch("rl-widgets/ray/nothing/")).code == 404
    assert (await api(f"runs/{RUN_ID}"))["links"]["ray_dashboard"] == ""


async def test_tensorboard_is_started_at_the_first_look(
    jp_fetch: Fetch,
    run: FixtureRun,
    port: int,
    extension: RLWidgets,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The process stands for TensorBoard's, which takes too long for each run of the tests.
    script = (
        "import sys; assert sys.argv[2]; "
        f"print('http://127.0.0.1:{port}/', flush=True); sys.stdin.read()"
    )
    monkeypatch.setattr("rl_widgets.server.tensorboards._MAIN", script)
    first = await jp_fetch(f"{BOARD}/")
    assert (first.code, b"It is starting" in first.body) == (202, True)
    boards = extension.boards._boards
    await until(lambda: boards[RUN_ID].address, "its address")
    answer = await jp_fetch(f"{BOARD}/data/runs", params={"a": 1})
    assert json.loads(answer.body)["uri"] == "/data/runs?a=1"
    assert "authorization" not in json.loads(answer.body)["headers"]
    board = boards[RUN_ID]
    board.asked -= 1e6
    extension.boards.end_idle()
    assert board.ended
    assert not boards


def test_a_board_that_does_not_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_widgets.server.tensorboards._MAIN", "raise SystemExit('no board')")
    board: Any = Board(tmp_path, "x")
    board._reading.join(60)
    board._process.wait(60)
    with pytest.raises(RLWidgetsError, match="did not start: no board"):
        _ = board.address
    board.close()


@pytest.mark.long
async def test_the_real_tensorboard_answers_through_the_server(
    jp_fetch: Fetch, workspace: Workspace, folder: Path
) -> None:
    made = make(folder, "board_1700000000_0badcafe")
    made.start()
    made.result(1, 1.0)
    address = "rl-widgets/tensorboard/board_1700000000_0badcafe"
    deadline = asyncio.get_running_loop().time() + 240
    while (answer := await jp_fetch(f"{address}/")).code == 202:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.5)
    assert answer.code == 200, answer.body
    assert b"TensorBoard" in answer.body
    environment = await jp_fetch(f"{address}/data/environment")
    assert "data_location" in json.loads(environment.body)
