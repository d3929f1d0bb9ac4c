"""What the server says of the workspace and of each run, and how it refuses."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest

import rl_widgets
from rl_widgets.experiment import Experiment
from rl_widgets.store import statuses
from rl_widgets.workspace import Workspace
from tests.server.conftest import Api, Fetch
from tests.view.fixture_runs import RUN_ID, FixtureRun, make
from tests.view.golden import HTML_NAME, running

FAILED_ID = "pong_1700000001_0badcafe"
ODD_ID = "pong_1700000002_0badcafe"


@pytest.fixture(scope="module")
def run(workspace: Workspace, folder: Path) -> FixtureRun:
    """A run that goes on."""
    return running(folder)


@pytest.fixture(scope="module", autouse=True)
def others(run: FixtureRun, folder: Path) -> None:
    """One that failed, and one whose numbers are none."""
    failed = make(folder, FAILED_ID, ago=4000, display_name=HTML_NAME, tags={"team": "blue"})
    failed.start()
    failed.result(1, 2.0)
    failed.end(statuses.FAILED, {"message": "ValueError: <b>no</b> environment"})
    odd = make(folder, ODD_ID, ago=50, experiment="other-exp", status=statuses.RUNNING)
    odd.start()
    for i, value in enumerate([1.0, math.nan, math.inf, -math.inf, 5.0], 1):
        odd.result(i, value)


async def test_the_root_says_what_is_served(api: Api, folder: Path) -> None:
    found = await api()
    assert found["version"] == rl_widgets.__version__
    assert found["workspace"]["folder"] == str(folder)
    assert found["read_only"] is False
    assert found["trains_here"] is True
    assert (await api("revision"))["revision"] >= found["revision"] > 1e10


async def test_the_list_has_all_runs_with_their_numbers(api: Api) -> None:
    # A busy machine's first answer does not wait for all numbers.
    found = await api("runs", curves=1)
    while not all(row["curve"] for row in found["runs"][::2]):
        found = await api("runs", curves=1)
    assert [row["id"] for row in found["runs"]] == [ODD_ID, FAILED_ID, RUN_ID]
    assert found["total"] == 3
    odd, failed, run = found["runs"]
    assert (run["reward"], run["best_reward"], run["env_steps"]) == (-1.0, -1.0, 120_000)
    assert run["metric"] == "episode_reward_mean"
    assert run["badge"] == {"text": "Running", "tone": "active"}
    assert len(run["curve"]) == 37
    assert run["curve"][-1] == -1.0
    assert 0 < run["progress"] < 1
    assert run["running_s"] == pytest.approx(174, abs=60)
    assert failed["message"] == "ValueError: <b>no</b> environment"
    assert failed["name"] == HTML_NAME
    assert failed["final"]
    assert odd["curve"] == [1.0, None, None, None, 5.0]
    assert (odd["reward"], odd["best_reward"]) == (5.0, 5.0)
    assert odd["user"]
    assert (run["timing"][:12], run["reward_text"]) == ("running for ", "-1.00")
    assert failed["timing"].startswith("ran 1 h")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "failed"}, [FAILED_ID]),
        ({"state": "active"}, [ODD_ID, RUN_ID]),
        ({"state": "Running,Failed"}, [ODD_ID, FAILED_ID, RUN_ID]),
        ({"experiment": "other-exp"}, [ODD_ID]),
        ({"text": "blue"}, [FAILED_ID]),
        ({"text": "ALERT"}, [FAILED_ID]),
        ({"text": "nothing has this"}, []),
        ({"tag": "team"}, [FAILED_ID]),
        ({"tag": "team=blue"}, [FAILED_ID]),
        ({"tag": "team=red"}, []),
        ({"archived": 1}, []),
        ({"mine": 1}, [ODD_ID, FAILED_ID, RUN_ID]),
        ({"sort": "reward"}, [ODD_ID, FAILED_ID, RUN_ID]),
        ({"sort": "reward", "order": "asc"}, [RUN_ID, FAILED_ID, ODD_ID]),
        ({"sort": "best"}, [ODD_ID, FAILED_ID, RUN_ID]),
        ({"sort": "duration"}, [FAILED_ID, RUN_ID, ODD_ID]),
        ({"sort": "name"}, [FAILED_ID, RUN_ID, ODD_ID]),
        ({"sort": "status", "order": "asc"}, [ODD_ID, RUN_ID, FAILED_ID]),
        ({"offset": 1, "limit": 1}, [FAILED_ID]),
        ({"offset": 5}, []),
    ],
)
async def test_filters_and_orders(api: Api, query: dict[str, Any], expected: list[str]) -> None:
    found = await api("runs", **query)
    assert [row["id"] for row in found["runs"]] == expected
    if not {"offset", "limit"} & set(query):
        assert found["total"] == len(expected)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("runs", {"sort": "colour"}),
        ("runs", {"order": "up"}),
        ("runs", {"state": "Running,asleep"}),
        ("runs", {"limit": "201"}),
        ("runs", {"limit": "-1"}),
        ("runs", {"limit": "1e3"}),
        ("runs", {"offset": "9" * 400}),
        ("runs", {"mine": "yes"}),
        (f"runs/{RUN_ID}/series", {}),
        (f"runs/{RUN_ID}/series", {"name": [f"m{i}" for i in range(13)]}),
        (f"runs/{RUN_ID}/series", {"name": "episode_reward_mean", "axis": "weeks"}),
        (f"runs/{RUN_ID}/series", {"name": "episode_reward_mean", "points": "5000"}),
        (f"runs/{RUN_ID}/series", {"name": "episode_reward_mean", "from": "nan"}),
        (f"runs/{RUN_ID}/series", {"name": "episode_reward_mean", "from": "9", "to": "1"}),
        (f"runs/{RUN_ID}/series", {"name": "episode_reward_mean", "smoothing": "1"}),
        (f"runs/{RUN_ID}/series", {"name": "episode_reward_mean", "after": "-1"}),
        (f"runs/{RUN_ID}/logs/page", {"file": "head/driver_log.txt", "lines": "0"}),
    ],
)
async def test_a_bad_parameter_is_said(api: Api, path: str, query: dict[str, Any]) -> None:
    await api(path, status=400, **query)


@pytest.mark.parametrize(
    "part",
    [
        "",
        "/children",
        "/metrics",
        "/series?name=x",
        "/throughput",
        "/diagnosis",
        "/checkpoints",
        "/episodes",
        "/configuration",
        "/logs",
        "/logs/page?file=x",
        "/files",
        "/files/head/driver_log.txt",
    ],
)
async def test_an_unknown_run_is_said(jp_fetch: Fetch, part: str) -> None:
    for run_id in ("nothing", "..%2f..", "%00", "%F0%9F%8E%AE", f"{RUN_ID}_head", "x" * 5000):
        path, _, query = part.partition("?")
        params = dict([query.split("=")]) if query else None
        answer = await jp_fetch(f"rl-widgets/api/runs/{run_id}{path}", params=params)
        assert answer.code == 404, (run_id, answer.body)
        assert b"message" in answer.body


async def test_a_run_is_told_in_full(api: Api) -> None:
    found = await api(f"runs/{RUN_ID}")
    assert found["header"]["badge"]["text"] == "Running"
    assert found["row"]["id"] == RUN_ID
    assert found["failure"] is None
    assert {fact["name"]: fact["text"] for fact in found["facts"]}["env_steps"] == "120,000"
    assert found["criteria"][0]["text"] == "reward -1.00 of 18"
    assert found["can"] == {"cancel": True, "resume": False, "delete": False}
    assert found["attempt"] == 1
    assert f'ws.get_run("{RUN_ID}")' in found["insert"]
    compile(found["insert"], "insert", "exec")
    failed = await api(f"runs/{FAILED_ID}")
    assert failed["failure"]["sentence"] == "ValueError: <b>no</b> environment"
    assert failed["can"] == {"cancel": False, "resume": False, "delete": True}


async def test_every_part_of_a_run_is_what_the_view_says(api: Api) -> None:
    children = await api(f"runs/{RUN_ID}/children", whole=1)
    assert [row["label"] for row in children["rows"]] == [
        "Head",
        "head",
        "Workers",
        "worker-0",
        "worker-1",
    ]
    assert children["rows"][1]["cpu"]["text"] == "0.93 of 2 cores"
    metrics = await api(f"runs/{RUN_ID}/metrics")
    assert metrics["main"] == "episode_reward_mean"
    assert "episode_reward_mean" in metrics["groups"][0]["names"]
    assert (await api(f"runs/{RUN_ID}/throughput"))["limit"].startswith("Not known")
    assert (await api(f"runs/{RUN_ID}/diagnosis"))["nothing"]
    kept = await api(f"runs/{RUN_ID}/checkpoints")
    assert (kept["rows"], kept["resume_code"]) == ([], "")
    assert "message" in await api(f"runs/{RUN_ID}/episodes")
    assert (await api(f"runs/{RUN_ID}/configuration"))["settings"]
    [log] = (await api(f"runs/{RUN_ID}/logs"))["files"]
    assert log["name"] == "head/driver_log.txt"
    page = await api(f"runs/{RUN_ID}/logs/page", file=log["name"])
    assert (page["first"], page["total_lines"], page["at_end"]) == (0, 2, True)
    assert page["lines"][1][0] == {"text": "(IMPALA)", "colour": "green", "bold": False}


async def test_a_line_is_given_thinned_in_a_window_and_as_a_tail(api: Api, run: FixtureRun) -> None:
    path = f"runs/{RUN_ID}/series"
    found = await api(path, name="episode_reward_mean")
    [line] = found["series"]
    assert found["axis"] == "env_steps"
    assert found["goal"] == 18
    assert found["sentence"] == (
        "episode_reward_mean: -1.00 now, best -1.00, at env steps 120,000."
    )
    assert (line["x"][0], line["y"][0], line["x"][-1]) == (12_000, -19.0, 120_000)
    window = await api(path, name="episode_reward_mean", from_=60_000, to=90_000)
    [part] = window["series"]
    assert (part["x"][0], part["x"][-1]) == (57_000, 93_000)
    several = await api(path, name=["episode_reward_mean", "time_total_s"], axis="iteration")
    assert [one["name"] for one in several["series"]] == ["episode_reward_mean", "time_total_s"]
    assert several["series"][1]["x"][-1] == 40
    assert several["series"][1]["sentence"].startswith("time_total_s: 80.00 now")
    smooth = await api(path, name="episode_reward_mean", smoothing=0.9)
    assert smooth["series"][0]["y"][-1] < line["y"][-1]
    nothing = await api(path, name="episode_reward_mean", after=line["last_id"])
    assert (nothing["x"], nothing["last_id"], nothing["more"]) == ([], line["last_id"], False)
    run.result(41, 3.5)
    tail = await api(path, name="episode_reward_mean", after=line["last_id"])
    assert (tail["x"], tail["y"], tail["more"]) == ([123_000], [3.5], False)
    assert "low" not in tail, "there is no band"
    for i, reward in ((42, 4.0), (43, 5.0)):
        run.logger.log_metrics(
            {"episode_reward_min": reward - 2, "episode_reward_max": reward + 2},
            step=i,
            env_steps=i * 3000,
        )
        run.result(i, reward)
    banded = await api(path, name="episode_reward_mean", after=tail["last_id"])
    assert (banded["y"], banded["low"], banded["high"]) == ([4.0, 5.0], [2.0, 3.0], [6.0, 7.0])
    await api(path, name="no such metric", status=404)
    await api(path, name="no such metric", after=0, status=404)


async def test_what_is_no_number_is_null_and_counted(api: Api) -> None:
    found = await api(f"runs/{ODD_ID}/series", name="episode_reward_mean")
    [line] = found["series"]
    assert line["y"] == [1.0, None, None, None, 5.0]
    assert line["gaps"] == 3


async def test_a_page_that_has_the_state_of_a_run_gets_no_second_one(
    api: Api, jp_fetch: Fetch
) -> None:
    path = f"rl-widgets/api/runs/{FAILED_ID}"
    first = await jp_fetch(path)
    headers = {**first.request.headers, "If-None-Match": first.headers["ETag"]}
    again = await jp_fetch(path, headers=headers)
    assert (again.code, again.body) == (304, b"")
    await api(f"runs/{FAILED_ID}", "PATCH", {"tags": {"team": "red"}})
    assert (await jp_fetch(path, headers=headers)).code == 200


async def test_experiments_count_their_runs(api: Api, workspace: Workspace) -> None:
    Experiment(workspace, "empty-exp")
    found = {one["name"]: one for one in (await api("experiments"))["experiments"]}
    assert (found["rllib-pong-multi-node"]["runs"], found["rllib-pong-multi-node"]["active"]) == (
        2,
        1,
    )
    assert found["empty-exp"] == {"name": "empty-exp", "runs": 0, "active": 0, "newest": None}


async def test_the_machine_says_what_it_has(api: Api) -> None:
    found = await api("machine")
    assert found["cpus"] >= 1
    assert found["memory_bytes"] > found["memory_used_bytes"] > 0
    assert found["workspace_bytes"] > 0
    assert found["sizes"][0]["name"] == "LOCAL"
    assert [gauge["label"] for gauge in found["text"]] == ["Load", "Memory", "Disk"]


async def test_a_run_that_a_cell_logs_is_in_the_list_at_once_with_its_numbers(
    api: Api, workspace: Workspace
) -> None:
    run = Experiment(workspace, "cell-exp").start_logging("a cell's run")
    seen: dict[str, Any] = {}

    async def look() -> Any:
        found = await api("runs", experiment="cell-exp")
        [seen["row"]] = found["runs"]
        return seen["row"]

    assert (await look())["name"] == "a cell's run"
    began = time.monotonic()
    run.log("loss", 0.5)
    run.log("loss", 0.25)
    while (await look())["reward"] != 0.25:
        assert time.monotonic() - began < 30
    assert seen["row"]["metric"] == "loss"
    run.complete()
    assert (await look())["status"] == "Completed"
