"""'Open YAML' and 'Save as YAML' of the forms, without a browser, and fields that are locked."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from rl_widgets import ClusterForm, ExperimentForm, UserError, Workspace
from rl_widgets.forms import document
from rl_widgets.view.escape import escape
from rl_widgets.widgets.form import Form
from tests.widgets.conftest import control, settled

GOOD = b"version: 1\nexperiment: of-a-class\nenvironment: Acrobot-v1\nseeds: [1, 2]\n"


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(folder=tmp_path / "ws")
    yield made
    made.close()


def choose(form: Form, content: bytes, name: str = "class.yaml") -> str:
    """Choose a file as a page does; what the form says of it."""
    file = {"name": name, "type": "", "size": len(content), "content": memoryview(content)}
    form._file.open.set_trait("value", ({**file, "last_modified": datetime.now(timezone.utc)},))
    settled(form)
    assert form._file.open.value == ()
    return str(form._pieces["status"].value)


def saved(form: Form) -> bytes:
    """What 'Save as YAML' has the browser save."""
    link = form._file._save.value
    found = re.search(r'download="[\w-]+\.yaml" href="data:application/yaml;base64,([^"]*)"', link)
    assert found, link
    return base64.b64decode(found[1])


@pytest.mark.parametrize("kind", [ExperimentForm, ClusterForm])
def test_the_button_saves_the_bytes_of_the_code(
    ws: Workspace, tmp_path: Path, kind: type[ExperimentForm | ClusterForm]
) -> None:
    form = kind(ws, {**ExperimentForm.fields.begins, "worker_nodes": 1} if kind is ExperimentForm
                else {"worker_nodes": 1, "shm_size": "1g"})  # fmt: skip
    settled(form)
    form.save(tmp_path / "a.yaml")
    assert saved(form) == (tmp_path / "a.yaml").read_bytes()
    control(form, "worker_nodes").value = "many"
    settled(form)
    assert "href" not in form._file._save.value
    assert 'aria-disabled="true"' in form._file._save.value
    form.close()


def test_a_file_replaces_what_stands_in_the_form(form: ExperimentForm) -> None:
    form.values = {**form.values, "config": {"lr": 0.5}, "worker_nodes": 1}
    assert "class.yaml is opened." in choose(form, GOOD)
    assert form.values == {
        "experiment": "of-a-class",
        "environment": "Acrobot-v1",
        "seeds": [1, 2],
    }
    assert control(form, "seeds").value == "1, 2"
    assert control(form, "config.lr").value == ""
    assert saved(form) == GOOD.replace(b"[1, 2]", b"\n- 1\n- 2").replace(b": \n", b":\n")
    # What cannot be is said at its field, as of `ExperimentForm.load`.
    choose(form, GOOD + b"worker_nodes: many\n")
    assert "not &#x27;many&#x27;" in form._drawn.controls["worker_nodes"].said
    assert form._submit.disabled


@pytest.mark.parametrize(
    "content",
    [
        b"version: 9\n",
        b"version: 1\nenviroment: <b>\nworker_node: 2\n",
        b"version: 1\nseeds: [1,\n",
        b"version: 1\nlocked: [enviroment]\n",
        b"version: 1\n\xff",
        b"version: 1\n#" + b"x" * document.MOST_BYTES,
        b"",
    ],
)
def test_a_file_that_cannot_be_opened_changes_nothing(
    form: ExperimentForm, ws: Workspace, tmp_path: Path, content: bytes
) -> None:
    before = form.values
    (tmp_path / "class.yaml").write_bytes(content)
    with pytest.raises(UserError) as found:
        ExperimentForm.load(tmp_path / "class.yaml", ws)
    said = choose(form, content)
    assert 'role="alert"' in said
    assert escape(str(found.value)) in said
    assert form.values is before
    assert form.locked == ()
    # The next thing that is typed takes it away.
    control(form, "worker_nodes").value = "1"
    settled(form)
    assert not form._pieces["status"].value


def test_a_file_locks_fields_and_so_does_what_is_saved_of_it(form: ExperimentForm) -> None:
    choose(form, GOOD + b"locked: [environment, config.lr]\n")
    assert form.locked == ("environment", "config.lr")
    for path in ("environment", "config.lr", "config", "vary"):
        assert control(form, path).disabled
        assert control(form, path).description.endswith("(locked)")
        assert "locked" in form._drawn.controls[path]._line.children[-1].value
    assert control(form, "environment").value == "Acrobot-v1"
    control(form, "config.gamma").value = "0.9"
    settled(form)
    assert b"locked:\n- environment\n- config.lr\n" in saved(form)
    # Another file of the class has another lock.
    choose(form, GOOD + b"locked: [seeds]\n")
    assert not control(form, "environment").disabled
    assert control(form, "environment").description == "Environment"
    assert control(form, "seeds").disabled


def test_what_is_locked_in_code_no_file_changes(ws: Workspace, tmp_path: Path) -> None:
    form = ExperimentForm(ws, locked=["environment", "algorithm"])
    before = form.values
    said = choose(form, GOOD)
    assert "class.yaml, line 3, column 1: " in said
    assert "is locked in this form, and the file has another value" in said
    assert form.values is before
    choose(form, GOOD.replace(b"Acrobot-v1", b"CartPole-v1") + b"locked: [seeds]\n")
    assert form.values["seeds"] == [1, 2]
    assert form.locked == ("environment", "algorithm", "seeds")
    form.save(tmp_path / "b.yaml")
    again = ExperimentForm.load(tmp_path / "b.yaml", ws)
    settled(again)
    assert again.locked == form.locked
    assert control(again, "seeds").disabled
    for one in (form, again):
        settled(one)
        one.close()


def test_a_locked_field_is_not_given_in_the_settings(ws: Workspace) -> None:
    form = ExperimentForm(ws, locked=["seeds", "evaluation_videos"])
    control(form, "config").value = '{"seed": 3}'
    control(form, "vary").value = '{"evaluation_videos": [1, 2]}'
    settled(form)
    assert "given by the field seeds, which is locked" in form._drawn.controls["config.seed"].said
    assert "evaluation_videos, which is locked" in form._drawn.controls["vary"].said
    assert form._submit.disabled
    control(form, "config").value = "{}"
    control(form, "vary").value = ""
    settled(form)
    assert form.errors == {}
    assert not form._submit.disabled
    form.close()


def test_each_field_of_a_new_target_shows_its_own_error(ws: Workspace) -> None:
    form: Any = ClusterForm(ws)
    target = {"name": "a b", "vm_size": "LOCAL_2", "max_nodes": 0, "min_nodes": -1}
    form.values = {"head_target": target}
    settled(form)
    head = form._drawn.controls["head_target"]
    wrong = {name: part.said for name, part in head._parts.items() if part.said}
    assert set(wrong) == {"name", "max_nodes", "min_nodes"}
    for name, sentence in form.errors.items():
        assert escape(sentence) in wrong[name.removeprefix("head_target.")]
    settled(form)
    form.close()
