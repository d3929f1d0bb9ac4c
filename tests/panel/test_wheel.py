"""The wheel of a clean clone, in an environment of its own without Ray and torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.panel.conftest import ROOT, Lab, Server

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(900)]


def call(*words: object) -> str:
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """The Python of an empty environment in which the wheel and JupyterLab were installed."""
    clone, wheels, env = tmp_path / "clone", tmp_path / "wheels", tmp_path / "env"
    call("git", "clone", "--quiet", ROOT, clone)
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    call(sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", wheels, clone)
    call(sys.executable, "-m", "venv", env)
    [wheel] = wheels.glob("*.whl")
    found = env / "bin" / "python"
    call(found, *pip, "install", "-c", clone / "requirements.lock", wheel, "jupyterlab")
    return found


def test_an_installed_wheel_serves_the_panel_without_what_trains(
    python: Path, make_server: Callable[..., Server], new_lab: Callable[..., Lab]
) -> None:
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
