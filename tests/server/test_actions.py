"""What can be done through the server, what it refuses, and with which words."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from rl_widgets.backend.liveness import RunLock
from rl_widgets.experiment import Experiment
from rl_widgets.server.request import MAX_BODY
from rl_widgets.store import statuses
from rl_widgets.store.errors import NotFoundError
from rl_widgets.workspace import Workspace
from tests.server.conftest import Api, Fetch
from tests.view.fixture_runs import FixtureRun, make


@pytest.fixture
def run(workspace: Workspace, folder: Path, request: pytest.FixtureRequest) -> FixtureRun:
    """A run of this test alone that goes on."""
    made = make(folder, f"run_{abs(hash(request.node.name)) % 10**10}_0badcafe")
    made.start()
    made.result(1, 2.0)
    return made


def path_of(run: FixtureRun, part: str = "") -> str:
    return f"runs/{run.run_id}{part}"


async def test_a_run_is_renamed_tagged_pinned_and_archived(
    api: Api, run: FixtureRun, workspace: Workspace
) -> None:
    name = "mein Läufer 🎮 <b>"
    found = await api(
        path_of(run),
        "PATCH",
        {"name": name, "description": "why", "tags": {"a": "1", "b": "x"}, "pinned": True},
    )
    assert found["row"]["name"] == name
    assert found["description"] == "why"
    assert (found["row"]["pinned"], found["row"]["archived"]) == (True, False)
    found = await api(path_of(run), "PATCH", {"tags": {"a": None, "c": "2"}})
    assert found["row"]["tags"] == {"b": "x", "c": "2"}
    assert workspace.get_run(run.run_id).display_name == name
    await api(path_of(run), "PATCH", {"archived": True})
    listed = [row["id"] for row in (await api("runs"))["runs"]]
    assert run.run_id not in listed
    archived = [row["id"] for row in (await api("runs", archived=1))["runs"]]
    assert archived == [run.run_id]


@pytest.mark.parametrize(
    "body",
    [
        "no JSON",
        "[]",
        '"text"',
        '{"name": 5}',
        '{"name": "' + "x" * 1001 + '"}',
        '{"archived": "yes"}',
        '{"pinned": 1}',
        '{"tags": ["a"]}',
        '{"tags": {"a": {"b": 1}}}',
        '{"tags": {"": "x"}}',
        '{"tags": {"' + "k" * 101 + '": "x"}}',
        '{"colour": "red"}',
        '{"name": NaN}',
        '{"name": "\\ud800"}',
        "[" * 100_000,
        b"\xff\xfe{}",
        '{"name": "a", "tags": {"a": "1", "b": []}}',
    ],
)
async def test_a_bad_change_changes_nothing(api: Api, run: FixtureRun, body: Any) -> None:
    before = run.workspace.store.runs.get(run.run_id)
    await api(path_of(run), "PATCH", body, status=400)
    assert run.workspace.store.runs.get(run.run_id) == before


async def test_a_body_that_is_too_large_is_refused(api: Api, run: FixtureRun) -> None:
    found = await api(path_of(run), "PATCH", "x" * (MAX_BODY + 1), status=413)
    assert found["reason"] == "too_large"


async def test_a_run_is_canceled_once(api: Api, run: FixtureRun) -> None:
    found = await api(path_of(run, "/cancel"), "POST", status=202)
    assert found["row"]["status"] == statuses.CANCEL_REQUESTED
    assert found["can"]["cancel"] is False
    assert run.workspace.store.runs.get(run.run_id).cancel_reason == "Canceled by the user."
    await api(path_of(run, "/cancel"), "POST", status=409)
    run.end(statuses.CANCELED)
    assert "has ended" in (await api(path_of(run, "/cancel"), "POST", status=409))["message"]
    await api("runs/nothing/cancel", "POST", status=404)


async def test_a_run_that_has_ended_is_deleted_with_its_folder(
    api: Api, run: FixtureRun, folder: Path
) -> None:
    outside = folder.parent / "outside.txt"
    outside.write_text("stays")
    (run.folder / "link").symlink_to(outside)
    (run.folder / "folder").symlink_to(folder.parent)
    found = await api(path_of(run), "DELETE", status=409)
    assert "cancel it first" in found["message"]
    run.end(statuses.FAILED)
    held = await api(path_of(run), "DELETE", status=409)
    assert "A process still holds" in held["message"]
    assert run.lock is not None
    run.lock.close()
    assert (await api(path_of(run)))["can"]["delete"]
    await api(path_of(run), "DELETE", status=204)
    assert not run.folder.exists()
    assert outside.read_text() == "stays"
    with pytest.raises(NotFoundError):
        run.workspace.store.runs.get(run.run_id)
    for part in ("", "/children", "/series?name=x"):
        await api(path_of(run, part).partition("?")[0], status=404, name="episode_reward_mean")
    await api(path_of(run), "DELETE", status=404)
    assert run.run_id not in [row["id"] for row in (await api("runs"))["runs"]]


async def test_a_run_whose_folder_is_gone_is_deleted_too(api: Api, run: FixtureRun) -> None:
    run.end(statuses.COMPLETED)
    assert run.lock is not None
    run.lock.close()
    shutil.rmtree(run.folder)
    assert (await api(path_of(run)))["header"]["status"] == "Completed"
    assert (await api(path_of(run, "/files")))["files"] == []
    await api(path_of(run), "DELETE", status=204)


async def test_what_cannot_be_resumed_says_why(api: Api, run: FixtureRun) -> None:
    assert "not submitted" in (await api(path_of(run, "/resume"), "POST", status=409))["message"]
    await api(path_of(run, "/resume"), "POST", {"stop": [1]}, status=400)
    await api(path_of(run, "/resume"), "POST", {"start": {}}, status=400)
    await api("runs/nothing/resume", "POST", status=404)


async def test_a_target_is_made_scaled_used_and_deleted(
    api: Api, workspace: Workspace, run: FixtureRun
) -> None:
    new = {"name": "cpu-nodes", "vm_size": "STANDARD_D2_V2", "max_nodes": 4}
    made = await api("targets", "POST", new, status=201)
    assert (made["cpus"], made["max_nodes"], made["nodes_busy"]) == (2, 4, 0)
    compile(made["code"], "code", "exec")
    assert (made["nodes_text"], made["badge"]["text"]) == ("0 busy, 0 idle, of 4", "Ready")
    assert made["about"] == "2 CPUs, 7.5 GB for each node"
    assert "already" in (await api("targets", "POST", new, status=409))["message"]
    own = {"name": "own", "cpus": 3, "memory_gb": 2, "max_nodes": 1}
    assert (await api("targets", "POST", own, status=201))["memory_bytes"] == 2 << 30
    listed = [target["name"] for target in (await api("targets"))["targets"]]
    assert listed == ["local", "cpu-nodes", "own"]
    assert (await api("targets/cpu-nodes", "PATCH", {"max_nodes": 6}))["max_nodes"] == 6
    assert workspace.compute_targets["cpu-nodes"].get_status().max_nodes == 6
    await api("targets/cpu-nodes", "PATCH", {"min_nodes": 7}, status=400)
    await api("targets/none", status=404)
    await api("targets/none", "PATCH", {}, status=404)
    await api("targets/none", "DELETE", status=404)
    await api("targets/local", "DELETE", status=409)
    waiting = make(workspace.folder, "needs_1700000000_0badcafe")
    with workspace.store.runs._database.write() as connection:
        from rl_widgets.store.schema import requests

        row = {"run": waiting.run_id, "target": "cpu-nodes", "nodes": 1}
        connection.execute(requests.insert(), [row])
    used = await api("targets/cpu-nodes")
    assert used["active_runs"] == [waiting.run_id]
    assert waiting.run_id in (await api("targets/cpu-nodes", "DELETE", status=409))["message"]
    waiting.end(statuses.CANCELED)
    await api("targets/cpu-nodes", "DELETE", status=204)
    await api("targets/cpu-nodes", status=404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "ok-name"},
        {"name": "bad name", "vm_size": "LOCAL", "max_nodes": 1},
        {"name": 5, "vm_size": "LOCAL", "max_nodes": 1},
        {"name": "ok-name", "vm_size": "HUGE", "max_nodes": 1},
        {"name": "ok-name", "vm_size": ["LOCAL"], "max_nodes": 1},
        {"name": "ok-name", "vm_size": "LOCAL", "max_nodes": 0},
        {"name": "ok-name", "vm_size": "LOCAL", "max_nodes": 10**30},
        {"name": "ok-name", "vm_size": "LOCAL", "max_nodes": True},
        {"name": "ok-name", "vm_size": "LOCAL", "max_nodes": 2, "min_nodes": 3},
        {"name": "ok-name", "cpus": 2, "memory_gb": 1e300, "max_nodes": 1},
        {"name": "ok-name", "cpus": 2, "memory_gb": "much", "max_nodes": 1},
        {"name": "ok-name", "cpus": 2, "gpus": -1, "max_nodes": 1},
        {"name": "ok-name", "vm_size": "LOCAL", "max_nodes": 1, "colour": "red"},
        {"name": "ok-name", "vm_size": "LOCAL", "max_nodes": 1, "min_nodes": "0"},
    ],
)
async def test_a_bad_target_is_refused(api: Api, body: Any) -> None:
    await api("targets", "POST", body, status=400)
    assert "ok-name" not in [t["name"] for t in (await api("targets"))["targets"]]


FORM = {"experiment": "from-the-form", "environment": "CartPole-v1", "algorithm": "PPO"}


async def test_a_form_starts_a_run_of_a_script_that_is_shown(
    api: Api, monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    started = []
    monkeypatch.setattr(
        "rl_widgets.backend.submission.start_supervisor",
        lambda *arguments: started.append(arguments[1]),
    )
    body = {**FORM, "config": {"lr": 0.01}, "stop": {"training_iteration": 3}, "seed": 7}
    found = await api("runs", "POST", {**body, "worker_nodes": 1}, status=201)
    assert started == [found["id"]]
    record = workspace.store.runs.get(found["id"])
    params = {"--run": "PPO", "--env": "CartPole-v1", "--seed": 7}
    config, stop = {"lr": 0.01}, {"training_iteration": 3}
    assert record.definition["script_params"] == {**params, "--config": config, "--stop": stop}
    assert record.definition["worker"]["node_count"] == 1
    compile(found["code"], "code", "exec")
    script = workspace.run_folder(found["id"]) / "snapshot" / "train_rllib.py"
    compile(script.read_text(), "script", "exec")
    assert (await api(f"runs/{found['id']}"))["header"]["experiment"] == "from-the-form"


@pytest.mark.parametrize(
    "change",
    [
        {"experiment": "x"},
        {"experiment": None},
        {"environment": "Cart Pole"},
        {"environment": "--config"},
        {"algorithm": 5},
        {"config": []},
        {"config": {"lr": {"deep": ["x"] * 3}, "stop": None}, "stop": 5},
        {"seed": -1},
        {"seed": 1.5},
        {"worker_nodes": -1},
        {"worker_nodes": 10**9},
        {"worker_nodes": 3, "worker_target": "local"},
        {"head_target": "none"},
        {"worker_target": ["local"]},
        {"kernel": "no-such-kernel"},
        {"kernel": 5},
        {"script": "rm -rf"},
    ],
)
async def test_a_bad_form_starts_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    monkeypatch.setattr("rl_widgets.backend.submission.start_supervisor", None)
    before = (await api("runs"))["total"]
    await api("runs", "POST", {**FORM, **change}, status=400)
    assert (await api("runs"))["total"] == before


async def test_a_run_that_a_kernel_logs_is_canceled_like_any(
    api: Api, workspace: Workspace
) -> None:
    run = Experiment(workspace, "a-cell").start_logging()
    assert RunLock.acquire(run.folder) is None
    found = await api(f"runs/{run.id}/cancel", "POST", status=202)
    assert found["header"]["status"] == "Canceled"
    run._end(statuses.COMPLETED)
    assert run.get_status() == "Canceled"
    await api(f"runs/{run.id}", "DELETE", status=204)


async def test_a_method_that_an_address_does_not_have_is_said(api: Api, jp_fetch: Fetch) -> None:
    found = await api("experiments", "POST", {}, status=405)
    assert "GET" in found["message"]
    await api("runs", "DELETE", status=405)
    assert (await jp_fetch("rl-widgets/api/runs", method="PUT", body="{}")).code == 405
