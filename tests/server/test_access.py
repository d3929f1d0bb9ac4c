"""Who may do what: every route asks for a login and for permission, and a server can be limited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rl_widgets.server.routes import ROUTES
from rl_widgets.store import statuses
from rl_widgets.workspace import Workspace
from tests.server.conftest import BASE, TOKEN, Api, Fetch
from tests.view.fixture_runs import RUN_ID, FixtureRun, make

FORM = {"experiment": "limited", "environment": "CartPole-v1", "algorithm": "PPO"}

#: Every address with each of its methods.
ALL = [
    *((f"api{route.path}", method) for route in ROUTES for method in route.actions),
    ("api/runs/{id}/files/head/driver_log.txt", "GET"),
    ("api/runs/{id}/files/head/driver_log.txt", "HEAD"),
    ("open/{id}", "GET"),
    ("ray/{id}/", "GET"),
    ("ray/{id}/", "HEAD"),
    ("tensorboard/{id}/", "GET"),
    ("tensorboard/{id}/", "HEAD"),
]
_ACTIONS = {"GET": "read", "HEAD": "read", "POST": "write", "PATCH": "write", "DELETE": "write"}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {"max_runs": 2, "max_nodes": 3, "allowed_targets": ["local", "shared"]}


@pytest.fixture(scope="module")
def run(workspace: Workspace, folder: Path) -> FixtureRun:
    made = make(folder)
    made.start()
    made.write_log("a line\n")
    return made


def _path(template: str) -> str:
    return "rl-widgets/" + template.replace("{id}", RUN_ID).replace("{name}", "shared")


def _state(run: FixtureRun) -> Any:
    store = run.workspace.store
    return store.runs.find(include_children=True), store.targets.all()


@pytest.mark.parametrize(("template", "method"), ALL)
async def test_nobody_gets_in_without_the_token(
    jp_fetch: Fetch, run: FixtureRun, template: str, method: str
) -> None:
    before = _state(run)
    body = None if method in ("GET", "HEAD") else "{}"
    for headers in ({}, {"Authorization": "token wrong"}):
        answer = await jp_fetch(
            _path(template),
            method=method,
            body=body,
            headers=dict(headers),
            follow_redirects=False,
            allow_nonstandard_methods=True,
        )
        # A page of its own sends to the login; what the page's script asks for is refused.
        page = not template.startswith("api") and method in ("GET", "HEAD")
        assert answer.code == (302 if page else 403), answer.body
        if page:
            assert answer.headers["Location"].startswith(f"{BASE}login?")
        elif method != "HEAD":
            assert json.loads(answer.body)["message"]
    assert _state(run) == before


@pytest.mark.parametrize(("template", "method"), ALL)
async def test_nobody_gets_in_without_permission(
    jp_fetch: Fetch, run: FixtureRun, template: str, method: str
) -> None:
    before = _state(run)
    answer = await jp_fetch(
        _path(template),
        method=method,
        body=None if method in ("GET", "HEAD") else "{}",
        headers={
            "Authorization": f"token {TOKEN}",
            "X-Forbidden": f"{_ACTIONS[method]} rl-widgets",
        },
        follow_redirects=False,
        allow_nonstandard_methods=True,
    )
    assert answer.code == 403, answer.body
    assert _state(run) == before


async def test_a_page_of_another_site_cannot_act_for_a_user_who_is_logged_in(
    jp_fetch: Fetch, run: FixtureRun
) -> None:
    login = await jp_fetch("login", params={"token": TOKEN}, headers={}, follow_redirects=False)
    cookies = [c.partition(";")[0] for c in login.headers.get_list("Set-Cookie")]
    cookie = {"Cookie": "; ".join(c for c in cookies if not c.startswith("_xsrf"))}
    path = _path("api/runs/{id}")
    assert (await jp_fetch(path, headers=dict(cookie))).code == 200
    answer = await jp_fetch(path, method="PATCH", body='{"name": "stolen"}', headers=dict(cookie))
    assert answer.code == 403
    assert run.run.display_name == RUN_ID


async def test_limits_hold(
    api: Api, run: FixtureRun, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    monkeypatch.setattr(
        "rl_widgets.backend.submission.start_supervisor", lambda *given: started.append(given)
    )
    for name in ("other", "shared"):
        size = {"name": name, "vm_size": "STANDARD_D1_V2", "max_nodes": 4}
        status = 403 if name == "other" else 400
        await api("targets", "POST", size, status=status)
    size = {"name": "shared", "vm_size": "STANDARD_D1_V2", "max_nodes": 3}
    await api("targets", "POST", size, status=201)
    await api("targets/shared", "PATCH", {"max_nodes": 4}, status=400)
    found = await api("runs", "POST", {**FORM, "worker_nodes": 3}, status=400)
    assert "at most 3 nodes" in found["message"]
    assert not started
    await api("runs", "POST", FORM, status=201)
    found = await api("runs", "POST", FORM, status=409)
    assert "2 active runs" in found["message"]
    assert len(started) == 1
    # It is no matter of a field, and a form says so before anything is submitted.
    for seeds in ([], [1, 2]):
        body = {"values": {**FORM, "seeds": seeds}}
        checked = await api("fields/experiment/check", "POST", body)
        assert checked["errors"] == {"": found["message"]}
    for record in run.workspace.store.runs.find(status=[statuses.NOT_STARTED]):
        run.workspace.store.runs.set(record.id, status=statuses.CANCELED)


async def test_open_leads_into_jupyterlab(jp_fetch: Fetch, run: FixtureRun) -> None:
    answer = await jp_fetch(f"rl-widgets/open/{RUN_ID}", follow_redirects=False)
    assert answer.code == 302
    assert answer.headers["Location"] == f"{BASE}lab?rl-widgets-run={RUN_ID}"
    answer = await jp_fetch("rl-widgets/open/<script>alert(1)<%2fscript>", follow_redirects=False)
    assert answer.code == 404
    assert b"There is no run" in answer.body
    assert b"<script" not in answer.body
