"""Workspaces: found by a config file, and a broken one is named by file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rl_widgets import Experiment, UserError, Workspace


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project" / "notebooks"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_without_a_config_the_embedded_workspace_is_opened_and_said_once(
    elsewhere: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Workspace.from_config().folder == own_home
    assert Workspace.from_config().folder == own_home
    assert capsys.readouterr().out.count("embedded workspace") == 1


def test_a_config_is_found_by_walking_up(elsewhere: Path, tmp_path: Path) -> None:
    config = tmp_path / "project" / "config.json"
    config.write_text('{"workspace_name": "team", "resource_group": "rg", "folder": "data"}')
    ws = Workspace.from_config()
    assert (ws.name, ws.resource_group) == ("team", "rg")
    assert ws.folder == tmp_path / "project" / "data"
    nearer = elsewhere / ".rl_widgets" / "config.json"
    nearer.parent.mkdir()
    nearer.write_text('{"workspace_name": "near"}')
    assert Workspace.from_config().name == "near"


def test_what_is_written_is_found_again(elsewhere: Path, tmp_path: Path) -> None:
    ws = Workspace("mine", tmp_path / "w", resource_group="rg")
    ws.write_config()
    again = Workspace.from_config()
    assert (again.name, again.folder, again.resource_group) == ("mine", tmp_path / "w", "rg")
    assert all(isinstance(v, str) for v in (ws.name, ws.location, ws.subscription_id))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{\n "workspace_name": "x",\n oops\n}', "broken in line 3, column 2"),
        ('{\n "workspace_name": 3}', "line 2: workspace_name is a text"),
        ("[]", "no JSON object"),
        ("{}", "no workspace_name"),
        ('{"workspace_name": "../../etc"}', "not usable"),
    ],
)
def test_a_broken_config_is_an_error_with_file_and_line(
    elsewhere: Path, text: str, sentence: str
) -> None:
    file = elsewhere / ".rl_widgets" / "config.json"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(UserError, match=sentence):
        Workspace.from_config()


def test_somebody_elses_config_is_passed_over(elsewhere: Path, own_home: Path) -> None:
    (elsewhere / "config.json").write_text(json.dumps({"debug": True}))
    assert Workspace.from_config().folder == own_home


@pytest.mark.parametrize("name", ["ab", "a" * 37, "-abc", "a b c", "<b>x</b>", "ünï", "", None])
def test_names_of_experiments_are_checked(ws: Workspace, name: str) -> None:
    with pytest.raises(UserError, match="3 to 36 letters"):
        Experiment(ws, name)
    assert ws.experiments == {}


def test_an_experiment_is_there_for_all_and_shows_itself(ws: Workspace) -> None:
    experiment = Experiment(workspace=ws, name="rllib-pong-multi-node")
    assert list(Workspace().experiments) == ["rllib-pong-multi-node"]
    assert "<td>rllib-pong-multi-node</td>" in experiment._repr_html_()
