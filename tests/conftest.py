"""What all tests share: a workspace of their own, and no browser test left out in silence."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rl_widgets.workspace import Workspace


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-browser",
        action="store_true",
        help="fail, instead of leaving out the browser tests, where there is no chromium",
    )


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # The quick tests first: what is broken shows before a cluster has started.
    items.sort(key=lambda item: sum(m in item.keywords for m in ("cluster", "browser")))
    for item in items:
        # Two processes of pytest have one cluster between them at a time, and a module's tests stay
        # together.
        group = "cluster" if "cluster" in item.keywords else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))
    if shutil.which("chromium") or config.getoption("--require-browser"):
        return
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="no chromium on the PATH"))


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the workspace of the person who runs it."""
    home = tmp_path / "home"
    monkeypatch.setenv("RL_WIDGETS_HOME", str(home))
    return home


@pytest.fixture
def ws(own_home: Path) -> Workspace:
    """An empty workspace."""
    return Workspace()


@pytest.fixture
def workspace(own_home: Path) -> Iterator[Workspace]:
    """A workspace in which real runs are submitted: none outlives the test."""
    ws = Workspace()
    yield ws
    for name in ws.experiments:
        for run in ws.experiments[name].get_runs():
            run.cancel()
            run.wait_for_completion(raise_on_error=False)
