"""The wheel of a clean clone, in an environment of its own without Ray and torch."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_widgets import Workspace
from tests.panel.conftest import ROOT, Lab, Server

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]


def call(*words: object) -> str:
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def install(tmp_path: Path) -> Callable[[str], Path]:
    """Makes an environment with the wheel, its extras and JupyterLab; returns its Python."""

    def install(extras: str) -> Path:
        clone, wheels, env = tmp_path / "clone", tmp_path / "wheels", tmp_path / "env"
        call("git", "clone", "--quiet", ROOT, clone)
        pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
        call(sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", wheels, clone)
        call(sys.executable, "-m", "venv", env)
        [wheel] = wheels.glob("*.whl")
        found = env / "bin" / "python"
        locked = clone / "requirements.lock"
        call(found, *pip, "install", "-c", locked, f"{wheel}{extras}", "jupyterlab")
        return found

    return install


def test_an_installed_wheel_serves_the_panel_without_what_trains(
    install: Callable[[str], Path],
    make_server: Callable[..., Server],
    new_lab: Callable[..., Lab],
) -> None:
    python = install("")
    look = "import importlib.util as u; print([m for m in ('ray', 'torch') if u.find_spec(m)])"
    assert call(python, "-c", look).strip() == "[]"
    server = make_server(python=python)
    assert server.get("rl-widgets/api/")["trains_here"] is False
    lab = new_lab(server)
    lab.open()
    panel = lab.show_panel()
    panel.get_by_text("There is no run yet").wait_for()
    panel.get_by_role("button", name="New RL experiment…").click()
    form = lab.run_page()
    form.get_by_text("Environment").first.wait_for()
    lab.picture("wheel-new-experiment")


@pytest.mark.cluster
def test_an_installed_wheel_trains_from_the_panel(
    install: Callable[[str], Path],
    make_server: Callable[..., Server],
    new_lab: Callable[..., Lab],
    workspace: Workspace,
) -> None:
    server = make_server(python=install("[rllib]"))
    began = time.monotonic()
    lab = new_lab(server)
    lab.open()
    lab.show_panel().get_by_role("button", name="New RL experiment…").click()
    lab.run_page().get_by_role("button", name="Submit").click()
    page = lab.run_page()
    page.get_by_text("Running").first.wait_for(timeout=240_000)
    page.locator(".u-over").first.wait_for(timeout=240_000)
    print(f"from the page of JupyterLab to a curve: {time.monotonic() - began:.0f} s")
    lab.picture("wheel-first-training")
    [run] = workspace.experiments["quickstart"].get_runs()
    assert run.get_metrics()
