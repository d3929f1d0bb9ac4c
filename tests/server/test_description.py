"""The OpenAPI file against the handlers, in both directions, and fuzzed."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from jupyter_server.serverapp import ServerApp
from schemathesis import checks as known_checks

from rl_widgets.server.routes import FILE_PATH, ROUTES
from rl_widgets.store import statuses
from rl_widgets.workspace import Workspace
from tests.server.conftest import BASE, TOKEN, Fetch
from tests.server.description import description, operations
from tests.view.fixture_runs import make


def test_what_is_served_is_described_and_nothing_else() -> None:
    served = {(route.path, method) for route in ROUTES for method in route.actions}
    served |= {(FILE_PATH, "GET"), (FILE_PATH, "HEAD")}
    assert served == set(operations())


def test_each_answer_that_is_described_is_the_one_that_is_given() -> None:
    for route in ROUTES:
        for method, action in route.actions.items():
            responses = operations()[route.path, method]["responses"]
            assert [status for status in responses if status.startswith("20")] == [
                str(action.status)
            ]
            assert ("304" in responses) == bool(route.etag and method == "GET")


IDS = [f"fuzz_17000000{i:02}_0badcafe" for i in range(4)]


def _with_real_names() -> dict[str, Any]:
    """The description with names that there are: others only try the 404."""
    found = copy.deepcopy(description())
    for item in found["paths"].values():
        for parameter in item.get("parameters", []):
            real = {
                "id": [*IDS, "nothing"],
                "name": ["local", "cpus", "nothing"],
                "kind": ["experiment", "compute_target", "estimator", "stop", "nothing"],
                "path": ["supervisor.log", "nothing", "../x"],
            }
            parameter["schema"]["enum"] = real[parameter["name"]]
        for operation in item.values():
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                if parameter["name"] == "name":
                    parameter["schema"]["items"]["enum"] = ["episode_reward_mean", "x"]
    return found


def _fuzz(base: str, examples: int) -> int:
    schema = schemathesis.openapi.from_dict(_with_real_names())
    answers = []

    def ask(case: Any) -> None:
        response = case.call(base_url=base, headers={"Authorization": f"token {TOKEN}"}, timeout=60)
        assert response.status_code < 500 or response.status_code == 503, (
            case.method,
            response.url,
            case.body,
            response.text,
        )
        answers.append(response.status_code)
        if case.method != "HEAD":
            case.validate_response(
                response, checks=[known_checks.not_a_server_error, _as_described], headers={}
            )

    for result in schema.get_all_operations():
        for mode in schemathesis.GenerationMode:
            strategy = result.ok().as_strategy(generation_mode=mode)
            settings = hypothesis.settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                suppress_health_check=list(hypothesis.HealthCheck),
                phases=[hypothesis.Phase.generate],
            )
            settings(hypothesis.given(strategy)(ask))()
    return len(answers)


@schemathesis.check
def _as_described(context: Any, response: Any, case: Any) -> None:
    if response.status_code in (200, 201, 202):
        case.operation.validate_response(response)


@pytest.mark.parametrize("examples", [2, pytest.param(100, marks=pytest.mark.long)])
async def test_whatever_is_asked_there_is_no_internal_error(
    jp_serverapp: ServerApp,
    jp_fetch: Fetch,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    examples: int,
) -> None:
    monkeypatch.setattr("rl_widgets.backend.submission.start_supervisor", lambda *_: None)
    # The folder is the module's: what the first examples have left is asked for again.
    known = {record.id for record in Workspace(folder=folder).store.runs.several()}
    for i, run_id in enumerate(IDS):
        if run_id in known:
            continue
        run = make(folder, run_id)
        run.start()
        run.result(1, float("nan") if i % 2 else 1.0)
        run.write_log("a line\n")
        if i > 1:
            run.end(statuses.FAILED, {"message": "No."})
    answer = await jp_fetch("rl-widgets/api/revision")
    base = answer.request.url.split(BASE)[0] + f"{BASE}rl-widgets/api"
    count = await asyncio.get_running_loop().run_in_executor(None, _fuzz, base, examples)
    assert count > 2 * len(operations())
