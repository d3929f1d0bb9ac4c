"""A form's file: the names that a teacher locks in it, what cannot be opened, and its bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rl_widgets.cli import main
from rl_widgets.fields.compute_target import ComputeTargetFields
from rl_widgets.forms import document
from rl_widgets.forms.checking import check
from rl_widgets.forms.cluster import ClusterFields
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.forms.locked import IN_CONFIG, changed, is_locked
from rl_widgets.store.errors import UserError
from rl_widgets.workspace import Workspace

GOOD = "version: 1\nexperiment: quickstart\nenvironment: CartPole-v1\n"


def opened(text: str, cls: Any = ExperimentFields) -> document.Document:
    return document.fitting(document.decoded(text.encode(), "class.yaml"), cls)


def test_a_lock_is_read_and_written_again() -> None:
    found = opened(GOOD + "locked: [environment, config.lr, environment]\nconfig: {lr: 0.1}\n")
    assert found.locked == ["environment", "config.lr", "environment"]
    assert "locked" not in found.values
    text = document.dump(ExperimentFields, found.values, ["environment", "config.lr"])
    assert text.startswith("version: 1\nlocked:\n- environment\n- config.lr\nexperiment:")
    assert opened(text).locked == ["environment", "config.lr"]
    assert opened(GOOD + "locked: null\n").locked == ()
    # A setting that another algorithm has not is not locked in it.
    values = {**found.values, "algorithm": "IMPALA"}
    assert "clip_param" not in document.dump(ExperimentFields, values, ["config.clip_param"])
    assert "clip_param" in document.dump(
        ExperimentFields, {**values, "algorithm": "PPO"}, ["config.clip_param"]
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("locked: environment\n", r"line 4, column 1: locked is a list of names of fields"),
        ("locked: {a: 1}\n", r"line 4, column 1: locked is a list of names of fields"),
        ("locked: [experiment, enviroment]\n", r"line 4, column 22: .*mean 'environment'\?"),
        ("locked:\n- config.lrr\n", r"line 5, column 3: .*'config.lrr'.*mean 'config.lr'\?"),
        ("locked: [3]\n", r"line 4, column 10: .*and 3 is none"),
        (
            "locked: [config.seed]\n",
            r"line 4, column 10: 'config.seed' is given by the field seeds",
        ),
        (f"locked: [{'a, ' * 2000}b]\n", r"line 4, column 1: locked has 2,001 names"),
        ("enviroment: x\nlocked: [stp]\n", r"(?s)line 4, column 1: .*\n.*line 5, column 10: "),
        ("---\nversion: 1\n", r"line 4, column 1: a second document begins here"),
        ("tags: &mine {a: b}\n", r"line 4, column 7: anchors \(&name\) are not taken here"),
        ("seeds: [1,\n", r"class.yaml, line 5, column 1: "),
    ],
)
def test_what_a_form_cannot_open_is_said_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        opened(GOOD + text)


def test_a_file_that_is_none_of_ours_is_said() -> None:
    with pytest.raises(UserError, match=r"class.yaml has more than 512 KiB"):
        opened(GOOD + "#" * document.MOST_BYTES)
    with pytest.raises(UserError, match=r"class.yaml is no text in UTF-8 \(byte 1\)"):
        document.decoded(b"a\xff", "class.yaml")
    with pytest.raises(UserError, match="version 7 cannot be read here"):
        opened("version: 7\n")
    with pytest.raises(UserError, match="There is no field 'environment'"):
        opened(GOOD, ComputeTargetFields)
    assert opened("version: 1\nworker_nodes: many\n", ClusterFields).values == {
        "worker_nodes": "many"
    }
    assert document.file_name(ComputeTargetFields) == "compute-target.yaml"


def test_a_lock_holds_what_is_in_it_and_around_it() -> None:
    locked = ["config.lr", "stop"]
    assert [p for p in ("config", "config.lr", "vary", "stop.time_total_s") if is_locked(p, locked)]
    assert not [p for p in ("config.gamma", "seeds", "environment") if is_locked(p, locked)]
    old = {"experiment": "abc", "config": {"lr": 0.1}}
    assert not changed(["config.lr", "algorithm"], ExperimentFields, old, {
        **old, "algorithm": "IMPALA", "seeds": [1],
    })  # fmt: skip
    found = changed(["config.lr", "algorithm"], ExperimentFields, old, {"algorithm": "PPO"})
    assert set(found) == {"config.lr", "algorithm"}


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("config.lr", {"config": '{"lr": 9}'}),
        ("config.lr", {"vary": {"lr": [1, 2]}}),
        ("config.lr", {"vary": '{"lr_schedule": [[[0, 0.1], [9, 0.2]]]}'}),
        ("config.num_env_runners", {"config": {"num_workers": 3}}),
        ("config.num_env_runners", {"vary": {"num_workers": [3]}}),
        ("config", {"vary": {"lr": [1, 2]}}),
        ("stop.time_total_s", {"stop": '{"time_total_s": 9}'}),
        ("preset", {"config": {"preset": "impala-pong"}}),
        ("seeds", {"config": '{"seed": 1}'}),
    ],
)
def test_a_lock_holds_whichever_way_the_same_is_said(name: str, new: dict[str, Any]) -> None:
    assert changed([name], ExperimentFields, {}, new)
    assert not changed([name], ExperimentFields, {}, {"stop": {"training_iteration": 9}})


def test_the_same_in_other_words_is_no_change() -> None:
    old = {"config": {"num_env_runners": 2, "lr": 0.1}}
    new = {"config": '{"num_workers": 2, "lr": 0.1, "gamma": 0.5}'}
    assert not changed(["config.num_env_runners", "config.lr"], ExperimentFields, old, new)


@pytest.mark.parametrize(("name", "setting"), IN_CONFIG.items())
def test_what_a_locked_field_gives_no_setting_does(name: str, setting: str) -> None:
    assert is_locked(f"config.{setting}", [name])
    assert not is_locked("config", [name])
    for field, value in (("config", "1"), ("vary", "[1]")):
        text = f"locked: [{name}]\n{field}: {{{setting}: {value}}}\n"
        sentence = f"line 5, column {len(field) + 4}: '{setting}' in {field} is given by .*{name}"
        with pytest.raises(UserError, match=sentence):
            opened(GOOD + text)
        opened(GOOD + text.replace(name, "stop"))


def test_the_terminal_keeps_what_is_locked(
    tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "class.yaml"
    file.write_text(GOOD + "locked: [experiment, environment]\n")
    assert main(["submit", str(file), "--dry-run"]) == 0
    assert "Locked: experiment, environment." in capsys.readouterr().out
    assert main(["submit", str(file), "--dry-run", "--experiment", "another"]) == 2
    assert "'experiment' is locked in class.yaml" in capsys.readouterr().err
    file.write_text(GOOD + "locked: [enviroment]\nworker_nodes: many\n")
    assert main(["submit", str(file), "--dry-run"]) == 2
    said = capsys.readouterr().err
    assert "class.yaml, line 4, column 10: There is no field 'enviroment'. Did you mean" in said
    assert "class.yaml, line 5, column 1: worker_nodes is a whole number" in said


def test_each_field_of_a_new_target_has_its_own_error(own_home: Path) -> None:
    ws = Workspace()
    target = {"name": "a b", "vm_size": "HUGE", "max_nodes": 0, "gpu": 1}
    values = {"experiment": "abc", "environment": "CartPole-v1", "head_target": target}
    found = check(ExperimentFields, values, ws).errors
    alone = check(ComputeTargetFields, target, ws).errors
    assert found == {f"head_target.{name}": sentence for name, sentence in alone.items()}
    assert set(alone) == {"name", "vm_size", "max_nodes", "gpu"}
    cluster = check(ClusterFields, {"worker_nodes": 1, "worker_target": target}, ws).errors
    assert set(cluster) == {f"worker_target.{name}" for name in alone}
    ws.close()
