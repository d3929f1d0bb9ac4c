"""A server that shows the workspace and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rl_widgets.server.routes import ROUTES
from rl_widgets.workspace import Workspace
from tests.server.conftest import Api
from tests.view.fixture_runs import RUN_ID, make


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {"read_only": True}


async def test_all_is_shown_and_nothing_can_be_changed(
    api: Api, workspace: Workspace, folder: Path
) -> None:
    run = make(folder)
    run.start()
    run.result(1, 1.0)
    before = workspace.store.runs.find(include_children=True), workspace.store.targets.all()
    assert (await api())["read_only"] is True
    assert (await api(f"runs/{RUN_ID}"))["can"] == {
        "cancel": False,
        "resume": False,
        "delete": False,
    }
    for route in ROUTES:
        path = route.path.lstrip("/").replace("{id}", RUN_ID).replace("{name}", "local")
        for method in set(route.actions) - {"GET"}:
            found = await api(path, method, {}, status=403)
            assert "read_only" in found["message"]
    after = workspace.store.runs.find(include_children=True), workspace.store.targets.all()
    assert after == before
