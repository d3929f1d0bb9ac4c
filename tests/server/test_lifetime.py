"""What the extension does beside answering: tells of changes, looks after runs, keeps a server."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp

from rl_widgets.backend import servers
from rl_widgets.backend.liveness import RunLock
from rl_widgets.experiment import Experiment
from rl_widgets.server.app import SCHEMA_ID, RLWidgets
from rl_widgets.server.served import Limits, Served
from rl_widgets.server.watching import Watcher
from rl_widgets.store import statuses
from rl_widgets.store.servers import ServerRecord
from rl_widgets.workspace import Workspace
from tests.server.conftest import Api, Fetch, until
from tests.view.fixture_runs import RUN_ID, FixtureRun, make


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {"reaper_period": 1.0}


@pytest.fixture(scope="module")
def told(jp_serverapp: ServerApp) -> list[dict[str, Any]]:
    """All events since the server began."""
    found: list[dict[str, Any]] = []

    async def listener(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        found.append(data)

    assert jp_serverapp.event_logger is not None
    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA_ID, listener=listener)
    return found


@pytest.fixture(scope="module")
def run(workspace: Workspace, folder: Path) -> FixtureRun:
    # Held before there is a row: the server looks each second.
    place = workspace.run_folder(RUN_ID)
    place.mkdir(parents=True)
    lock = RunLock.acquire(place)
    made = make(folder)
    made.lock = lock
    made.start()
    return made


async def test_every_change_is_announced_with_a_revision_that_grows(
    api: Api, told: list[dict[str, Any]], run: FixtureRun, workspace: Workspace
) -> None:
    async def announced(run_id: str, since: int) -> None:
        await until(lambda: any(run_id in e["runs"] for e in told[since:]), f"news of {run_id}")

    await announced(run.run_id, 0)
    for change in (
        lambda: run.result(1, 1.0),
        lambda: workspace.store.runs.describe(run.run_id, display_name="new"),
        lambda: workspace.store.nodes.set(f"{run.run_id}_head", "head", state="dead"),
        lambda: workspace.get_run(run.run_id).tag("a", "b"),
    ):
        since = len(told)
        change()
        await announced(run.run_id, since)
    since = len(told)
    cell = Experiment(workspace, "a-cell").start_logging()
    await announced(cell.id, since)
    since = len(told)
    cell.log("loss", 1.0)
    await announced(cell.id, since)
    cell.complete()
    await api(f"runs/{cell.id}")
    since = len(told)
    assert workspace.store.runs.delete(cell.id)
    await announced(cell.id, since)
    since = len(told)
    await api("targets", "POST", {"name": "cpus", "cpus": 1, "max_nodes": 1}, status=201)
    await until(lambda: any(e["targets"] for e in told[since:]), "news of targets")
    revisions = [event["revision"] for event in told]
    assert revisions == sorted(set(revisions))
    assert (await api("revision"))["revision"] == revisions[-1]


async def test_asking_for_the_revision_keeps_no_server_alive(
    jp_serverapp: ServerApp, api: Api, jp_fetch: Fetch
) -> None:
    settings = jp_serverapp.web_app.settings
    settings.pop("api_last_activity", None)
    await api("revision")
    await api("runs", no_track_activity=1)
    for path in ("runs", "machine", "targets"):
        await api(path, poll=1)
    # An open form is checked again by itself whenever the workspace changes.
    await api("fields/compute_target/check", "POST", {"values": {"name": "a"}})
    assert "api_last_activity" not in settings
    await api("runs")
    assert "api_last_activity" in settings


async def test_an_active_run_keeps_its_server(
    jp_serverapp: ServerApp, extension: RLWidgets, run: FixtureRun
) -> None:
    await until(lambda: extension.current_activity() == [run.run_id], "the run")
    assert jp_serverapp.extension_manager.any_activity()
    await extension._each_minute()
    assert "rl_widgets" in jp_serverapp.web_app.settings["last_activity_times"]
    extension.keep_server_alive = False
    assert extension.current_activity() is None
    extension.keep_server_alive = True


async def test_a_run_whose_supervisor_is_gone_is_ended_and_said(
    api: Api, run: FixtureRun, extension: RLWidgets
) -> None:
    assert run.lock is not None
    run.lock.close()
    await until(lambda: run.run.workspace.store.runs.get(run.run_id).final, "its end")
    found = await api(f"runs/{run.run_id}")
    assert found["header"]["status"] == statuses.FAILED
    assert "supervisor ended before the run did" in found["failure"]["sentence"]
    await until(lambda: extension.current_activity() is None, "nothing")


async def test_the_run_page_is_found_through_the_record(
    workspace: Workspace, run: FixtureRun, extension: RLWidgets, jp_serverapp: ServerApp
) -> None:
    public = workspace.get_run(run.run_id)
    await until(lambda: extension._registered, "the address")
    url = public.get_portal_url()
    assert url == f"{jp_serverapp.connection_url}rl-widgets/open/{run.run_id}"
    assert url.startswith("http://")
    assert "token" not in url
    [child, _] = public.get_children()
    assert child.get_portal_url() == url
    # One that was killed, and a process that has its number now, are no servers.
    here = servers.this_process("http://elsewhere/")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    later = here.process_started + 100
    workspace.store.servers.add(ServerRecord(here.host, dead.pid, later, "http://dead/"))
    workspace.store.servers.add(ServerRecord(here.host, os.getppid(), later, "http://reused/"))
    assert public.get_portal_url() == url
    servers.forget_the_dead(workspace.store)
    assert [s.pid for s in workspace.store.servers.on(here.host)] == [os.getpid()]
    workspace.store.servers.remove(here.host, here.pid)
    assert "jupyter lab" in public.get_portal_url()


async def test_two_servers_of_one_workspace_see_the_same(api: Api, folder: Path) -> None:
    other = Served(str(folder), folder, Limits())
    news: list[Any] = []
    watcher = Watcher(other, news.append)
    watcher.start()
    try:
        await api("targets", "POST", {"name": "both", "cpus": 1, "max_nodes": 1}, status=201)
        await until(lambda: any(n.targets for n in news), "news at the other server")
        assert {r.id for r in other.table.all()} == {
            row["id"] for row in (await api("runs"))["runs"]
        }
    finally:
        watcher.stop(wait=10)
        other.close()


def remove(folder: Path) -> None:
    """Take a folder away at once: piece by piece, the server would make it again meanwhile."""
    away = folder.with_name("removed")
    folder.rename(away)
    shutil.rmtree(away)


async def test_a_workspace_folder_that_is_removed_is_begun_anew(
    api: Api, folder: Path, told: list[dict[str, Any]]
) -> None:
    assert (await api("runs"))["total"]
    remove(folder)
    found = await api("runs")
    assert (found["runs"], found["total"]) == ([], 0)
    again = Workspace(folder=folder)
    run = Experiment(again, "new-exp").start_logging()
    await until(lambda: any(run.id in e["runs"] for e in told), "news of the new one")
    assert (await api("runs"))["total"] == 1
    run.complete()
    again.close()


async def test_a_workspace_that_cannot_be_opened_is_said_and_served_when_it_can(
    api: Api, folder: Path, extension: RLWidgets
) -> None:
    # The server may be quicker than the file.
    while not folder.is_file():
        remove(folder)
        with contextlib.suppress(IsADirectoryError):
            folder.write_text("a file in its place")
    found = await api("runs", status=503)
    assert "cannot be made" in found["message"]
    assert found["reason"] == "unavailable"
    folder.unlink()
    await until(folder.is_dir, "its return")
    assert (await api("runs"))["total"] == 0
