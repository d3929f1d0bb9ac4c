"""The extension is enabled by its installation, says its settings, and works with any kernel."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rl_widgets.forms import document
from rl_widgets.server import _jupyter_server_extension_points, kernels, run_pages
from rl_widgets.server.app import RLWidgets
from rl_widgets.server.request import Request
from rl_widgets.server.run_actions import resume
from rl_widgets.server.served import Limits, Served
from rl_widgets.server.submission import submit
from rl_widgets.store import statuses
from rl_widgets.store.errors import ConflictError, UserError
from tests.view.fixture_runs import FixtureRun, make

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "jupyter-config"


def test_a_server_that_finds_the_configuration_has_the_extension(tmp_path: Path) -> None:
    file = CONFIG / "jupyter_server_config.d" / "rl_widgets.json"
    [name] = json.loads(file.read_text())["ServerApp"]["jpserver_extensions"]
    assert name == RLWidgets.get_extension_package()
    [point] = _jupyter_server_extension_points()
    assert point["app"] is RLWidgets
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter_server.extension.serverextension", "list"],
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(shutil.copytree(CONFIG, tmp_path / "etc"))},
        capture_output=True,
        text=True,
        check=True,
    )
    said = listed.stdout + listed.stderr
    plain = re.sub(r"\x1b\[\d+m", "", said)
    assert f"{name} enabled" in plain
    assert re.search(rf"{re.escape(name)} \S* ?OK", plain), plain


def test_every_setting_has_its_help() -> None:
    own = RLWidgets.class_own_traits(config=True)
    names = {"workspace", "read_only", "max_runs", "max_nodes", "allowed_targets"}
    assert {*names, "reaper_period", "keep_server_alive"} <= set(own)
    assert all(trait.help.strip() for trait in own.values())
    said = subprocess.run(
        [sys.executable, "-c", "from rl_widgets.server.app import main; main()", "--help-all"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(f"--RLWidgets.{name}" in said for name in own)


def served(folder: Path, program: Path) -> Served:
    return Served(str(folder), folder, Limits(), {"other": [str(program), "-m", "x"]}.__getitem__)


def program(path: Path, code: str) -> Path:
    path.write_text(f"#!{sys.executable}\nimport json, sys\n{code}")
    path.chmod(0o700)
    return path


@pytest.fixture
def run(tmp_path: Path) -> FixtureRun:
    return make(tmp_path / "ws")


FORM = {"experiment": "other-python", "environment": "CartPole-v1", "algorithm": "PPO"}


def test_a_kernel_submits_by_its_own_python(tmp_path: Path, run: FixtureRun) -> None:
    said = tmp_path / "said.json"
    python = program(
        tmp_path / "python",
        "text = open(sys.argv[-1]).read()\n"
        f"json.dump([sys.argv[1:], text], open({str(said)!r}, 'w')); print({run.run_id!r})",
    )
    here = served(tmp_path / "ws", python)
    body = {
        **FORM,
        "kernel": "other",
        "worker_nodes": 2,
        "config": {"lr": 1},
        "stop": {"training_iteration": 2},
    }
    assert submit(here, Request(body=body))["id"] == run.run_id
    [module, cli, option, config, command, file], text = json.loads(said.read_text())
    assert (module, cli, option, command) == ("-m", "rl_widgets.cli", "--workspace", "submit")
    assert not Path(config).exists()
    assert not Path(file).exists()
    del body["kernel"]
    assert document.read(text).values == body
    assert run.run.properties == {kernels.PROPERTY: "other"}
    here.close()


def test_a_run_is_resumed_by_the_python_that_submitted_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "trains_here", lambda: False)
    said = tmp_path / "said.json"
    code = f"json.dump(sys.argv[1:], open({str(said)!r}, 'w'))"
    python = program(tmp_path / "python", code)
    run = make(tmp_path / "ws", definition={"stop": {}, "python": str(python)})
    run.start()
    run.end(statuses.FAILED)
    here = served(tmp_path / "ws", tmp_path / "nothing")
    assert run_pages.detail(here, Request(), run.run_id)["row"].can["resume"]
    resume(here, Request(body={"stop": {"training_iteration": 9}}), run.run_id)
    [*_, command, run_id, option, stop] = json.loads(said.read_text())
    assert (command, run_id, option) == ("resume", run.run_id, "--stop")
    assert json.loads(stop) == {"training_iteration": 9}

    program(python, "sys.exit('no ray')")
    with pytest.raises(ConflictError, match=r"cannot resume runs: no ray\. Install"):
        resume(here, Request(body={}), run.run_id)
    python.unlink()
    with pytest.raises(ConflictError, match="the one that submitted it is not here"):
        resume(here, Request(body={}), run.run_id)
    here.close()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("sys.exit('ModuleNotFoundError: rl_widgets')", "cannot submit runs: ModuleNotFound"),
        ("print('rl-widgets: No GPU.', file=sys.stderr); sys.exit(2)", "^No GPU.$"),
    ],
)
def test_what_a_kernel_refuses_is_said(
    tmp_path: Path, run: FixtureRun, code: str, sentence: str
) -> None:
    here = served(tmp_path / "ws", program(tmp_path / "python", code))
    with pytest.raises(UserError, match=sentence):
        submit(here, Request(body={**FORM, "kernel": "other"}))
    here.close()
