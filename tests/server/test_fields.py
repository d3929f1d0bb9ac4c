"""Forms over HTTP: the fields, what is wrong with values, and the same object as a submission."""

from __future__ import annotations

import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from rl_widgets.experiment import Experiment
from rl_widgets.forms import document
from rl_widgets.forms.checking import KINDS, check
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.server import fields, kernels
from rl_widgets.server.app import RLWidgets
from rl_widgets.store.errors import UserError
from rl_widgets.workspace import Workspace
from tests.server.conftest import Api

FORM = {"experiment": "by-http", "environment": "CartPole-v1"}
HEAD = {"name": "new-head", "vm_size": "STANDARD_D2_V2", "max_nodes": 2}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {"max_nodes": 3, "max_runs": 5, "allowed_targets": ["local", "new-head"]}


async def test_every_kind_has_its_fields(api: Api) -> None:
    for kind in KINDS:
        found = await api(f"fields/{kind}")
        assert found["properties"]
    assert found["required"] == ["experiment", "environment"]
    assert found["x-choices"]["environment"][0] == "CartPole-v1"
    assert found["examples"] == [dict(ExperimentFields.begins)]
    for algorithm in found["x-choices"]["algorithm"]:
        assert (await api(f"fields/{algorithm}"))["properties"]["lr"]["title"] == "Learning rate"
    assert "appo-pong" in (await api("fields/APPO"))["x-choices"]["preset"]
    assert "there are compute_target" in (await api("fields/other", status=404))["message"]


async def test_values_are_checked_and_nothing_changes(api: Api, workspace: Workspace) -> None:
    before = workspace.store.targets.all(), workspace.store.runs.find()
    values = {**FORM, "worker_nodes": 1, "head_target": HEAD, "config": {"lr": 0.01}}
    found = await api("fields/experiment/check", "POST", {"values": values})
    assert found["errors"] == {}
    assert found["values"]["head_target"] == HEAD
    assert found["notes"][0].startswith("The head has 2 CPUs")
    assert found["picture"]["svg"].startswith("<svg")
    compile(found["code"], "code", "exec")
    bad = {**values, "config": {"lr": "<b>"}, "worker_node": 1}
    found = await api("fields/experiment/check", "POST", {"values": bad})
    assert found["errors"] == check(ExperimentFields, bad, workspace).errors
    assert set(found["errors"]) == {"worker_node", "config.lr"}
    assert found["code"] == ""
    assert (workspace.store.targets.all(), workspace.store.runs.find()) == before


async def test_what_the_server_would_refuse_is_said_at_the_field(api: Api) -> None:
    async def said(**change: Any) -> Any:
        body = {"values": {**FORM, **change}}
        return (await api("fields/experiment/check", "POST", body))["errors"]

    assert "at most 3 nodes" in (await said(worker_nodes=3))["worker_nodes"]
    other = {**HEAD, "name": "not-allowed"}
    refused = await said(head_target=other)
    assert "lets runs take" in refused["head_target"]
    assert "worker_target" not in refused
    large = {**HEAD, "max_nodes": 4}
    assert "at most 3 nodes" in (await said(head_target=large))["head_target.max_nodes"]
    many = {"seeds": [1, 2, 3, 4, 5, 6]}, {"vary": {"lr": [0.1, 0.2, 0.3]}, "seeds": [1, 2]}
    for field, given in zip(("seeds", "vary"), many, strict=True):
        sentence = (await api("runs", "POST", {**FORM, **given}, status=409))["message"]
        assert "allows 5 active runs at a time" in sentence
        assert await said(**given) == {f"{field}.group": sentence}


async def test_a_script_of_ones_own_lies_where_this_server_shows_it(
    api: Api, workspace: Workspace, tmp_path: Path
) -> None:
    text = "from rl_widgets.rllib import train\n"
    for folder, words in ((workspace.folder / "kept", ""), (tmp_path / "other", "lies outside")):
        folder.mkdir()
        (folder / "mine.py").write_text(text)
        values = {**FORM, "source_directory": str(folder), "entry_script": "mine.py"}
        found = await api("fields/experiment/check", "POST", {"values": values})
        assert words in found["errors"].get("source_directory", "")
        if words:
            await api("runs", "POST", values, status=400)
        else:
            assert "source_directory" not in found["errors"]
    # Nothing that lies there is looked at, or told of.
    values = {**FORM, "source_directory": "/etc", "entry_script": "passwd"}
    found = await api("fields/experiment/check", "POST", {"values": values})
    assert set(found["errors"]) == {"source_directory"}
    assert "lies outside" in found["errors"]["source_directory"]
    # A user whom nobody knows.
    values = {**FORM, "source_directory": "~nobody-at-all/x", "entry_script": "mine.py"}
    found = await api("fields/experiment/check", "POST", {"values": values})
    assert found["errors"]["source_directory"]
    await api("runs", "POST", values, status=400)


async def test_a_package_of_a_condition_that_cannot_be_is_refused(api: Api) -> None:
    values = {**FORM, "pip_packages": ["numpy; os_name ~= 'posix'"]}
    found = await api("fields/experiment/check", "POST", {"values": values})
    assert "is no pip requirement" in found["errors"]["pip_packages"]


async def test_an_environment_that_only_a_kernel_has_is_left_to_it(api: Api) -> None:
    values = {**FORM, "environment": "Mine-v1"}
    found = await api("fields/experiment/check", "POST", {"values": values})
    assert set(found["errors"]) == {"environment"}
    body = {"values": values, "kernel": "python3"}
    assert (await api("fields/experiment/check", "POST", body))["errors"] == {}


async def test_a_python_that_cannot_train_is_said_before_a_run_is_submitted(
    api: Api, extension: RLWidgets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def said(kernel: Any) -> str:
        body = {"values": FORM, "kernel": kernel}
        found = await api("fields/experiment/check", "POST", body)
        assert not found["code"]
        assert set(found["errors"]) == {"kernel"}
        return str(found["errors"]["kernel"])

    assert "no kernel 'other'" in await said("other")
    assert "name of a kernel" in await said(5)
    lean = tmp_path / "python"
    lean.write_text("#!/bin/sh\necho ray torch\n")
    lean.chmod(0o700)
    assert kernels.python_of(extension.served, "python3") == sys.executable
    programs = {"lean": [str(lean)], "gone": [str(tmp_path / "none")], "R": ["/bin/sh"]}
    monkeypatch.setattr(extension.served, "find_kernel", programs.__getitem__)
    assert "'lean' has no ray and torch. Install" in await said("lean")
    assert "could not be started" in await said("gone")
    assert "is none that trains" in await said("R")
    monkeypatch.setattr(kernels, "trains_here", lambda: False)
    assert "this server has no Ray and torch" in await said("")
    refused = await api("runs", "POST", FORM, status=400)
    assert (refused["field"], refused["reason"]) == ("kernel", "bad_request")


async def test_all_that_a_kernel_refuses_is_said_without_the_file_it_was_sent(
    api: Api, extension: RLWidgets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = tmp_path / "python"
    strict.write_text(
        '#!/bin/sh\n[ "$1" = -c ] && echo nothing && exit\n'
        "echo 'a warning' >&2\n"
        "echo 'rl-widgets: experiment.yaml, line 3, column 1: No environment.' >&2\n"
        "echo 'rl-widgets: experiment.yaml: No algorithm.' >&2\nexit 2\n"
    )
    strict.chmod(0o700)
    monkeypatch.setattr(extension.served, "find_kernel", lambda _: [str(strict)])
    refused = await api("runs", "POST", {**FORM, "kernel": "strict"}, status=400)
    assert refused["message"] == "No environment.\nNo algorithm."


async def test_how_long_a_run_takes_is_said_and_measured_anew_when_one_has_ended(
    api: Api, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def said() -> str:
        values = {**FORM, "environment": "Acrobot-v1"}
        return str((await api("fields/experiment/check", "POST", {"values": values}))["notes"][-1])

    asked: list[str] = []

    def measured(environment: str, algorithm: str, ws: Workspace) -> list[float]:
        asked.append(environment)
        return [1500.0]

    assert (await said()).startswith("How long a run takes is not known")
    monkeypatch.setattr(fields, "measured", measured)
    assert (await said()).startswith("How long a run takes is not known")
    run = Experiment(workspace, "a-cell").start_logging()
    assert "1,500 env steps/s, measured in 1 run" in await said()
    await said()
    assert len(asked) == 1
    run.complete()
    await said()
    assert len(asked) == 2


async def test_a_new_target_is_checked_as_it_is_made(api: Api, workspace: Workspace) -> None:
    async def said(**change: Any) -> Any:
        body = {"values": {**HEAD, **change}}
        found = await api("fields/compute_target/check", "POST", body)
        assert bool(found["code"]) == (not found["errors"])
        return found["errors"]

    assert await said() == {}
    assert "lets runs take" in (await said(name="another"))["name"]
    assert "at most 3 nodes" in (await said(max_nodes=4))["max_nodes"]
    known = await said(name="local")
    assert known["name"] == "There is a compute target 'local' already."
    refused = await api("targets", "POST", {**HEAD, "name": "local"}, status=409)
    assert refused["message"] == known["name"]
    refused = await api("targets", "POST", {**HEAD, "min_nodes": -1}, status=400)
    assert refused["field"] == "min_nodes"


async def test_each_field_of_a_new_target_has_its_own_sentence(
    api: Api, workspace: Workspace
) -> None:
    target = {**HEAD, "name": "a b", "vm_size": "HUGE", "max_nodes": 0}
    values = {**FORM, "head_target": target}
    inside = check(ExperimentFields, values, workspace).errors
    assert set(inside) == {f"head_target.{name}" for name in ("name", "vm_size", "max_nodes")}
    found = await api("fields/experiment/check", "POST", {"values": values})
    assert found["errors"] == inside
    alone = (await api("fields/compute_target/check", "POST", {"values": target}))["errors"]
    assert list(alone.values()) == list(inside.values())
    # What is refused when it is sent is so with all of its fields.
    assert (await api("targets", "POST", target, status=400))["errors"] == alone
    assert (await api("runs", "POST", values, status=400))["errors"] == inside


async def test_a_form_is_a_file_and_a_file_a_form(api: Api, workspace: Workspace) -> None:
    before = workspace.store.targets.all(), workspace.store.runs.find()
    values = {**FORM, "head_target": HEAD, "config": {"lr": 0.01}, "seeds": [1, 2]}
    locked = ["environment", "config.lr"]
    body = {"values": values, "locked": locked, "kernel": None}
    file = await api("fields/experiment/write", "POST", body)
    checked = check(ExperimentFields, values, workspace).values
    assert file == {
        "name": "experiment.yaml",
        "text": document.dump(ExperimentFields, checked, locked),
    }
    body = {"name": "class.yaml", "data": b64encode(file["text"].encode()).decode()}
    again = await api("fields/experiment/read", "POST", body)
    assert again == {"values": values, "locked": locked}
    target = await api("fields/compute_target/write", "POST", {"values": HEAD})
    assert target["name"] == "compute-target.yaml"
    assert "locked" not in target["text"]
    refused = await api("fields/experiment/write", "POST", {"values": {}}, status=400)
    assert set(refused["errors"]) == {"experiment", "environment"}
    body = {"values": values, "locked": ["enviroment"]}
    said = (await api("fields/experiment/write", "POST", body, status=400))["message"]
    assert "Did you mean 'environment'?" in said
    assert (workspace.store.targets.all(), workspace.store.runs.find()) == before


@pytest.mark.parametrize(
    "text",
    [
        b"version: 9\n",
        b"version: 1\nenviroment: x\nworker_node: 2\n",
        b"version: 1\nseeds: [1,\n",
        b"version: 1\nlocked: [enviroment]\n",
        b"version: 1\n\xff",
        b"version: 1\n#" + b"x" * document.MOST_BYTES,
    ],
)
async def test_a_file_is_refused_in_the_words_of_the_code(api: Api, text: bytes) -> None:
    with pytest.raises(UserError) as found:
        document.fitting(document.decoded(text, "a.yaml"), ExperimentFields)
    body = {"name": "a.yaml", "data": b64encode(text).decode()}
    refused = await api("fields/experiment/read", "POST", body, status=400)
    assert refused["message"] == str(found.value)


async def test_what_no_page_can_be_sent_is_said(api: Api) -> None:
    async def said(data: str, name: Any = "a.yaml") -> str:
        body = {"name": name, "data": data}
        return str((await api("fields/experiment/read", "POST", body, status=400))["message"])

    endless = b64encode(b"version: 1\nconfig: {lr: [[0, .inf]]}\n").decode()
    assert "a.yaml, line 2, column 1: config has an infinite number" in await said(endless)
    assert "base64" in await said("%")
    assert "name is a text" in await said(endless, 3)


@pytest.mark.parametrize("body", [{}, {"values": [1]}, {"values": {}, "more": 1}, "[", "null"])
async def test_a_bad_request_is_refused(api: Api, body: Any) -> None:
    await api("fields/experiment/check", "POST", body, status=400)


async def test_the_same_object_is_submitted_as_a_group(
    api: Api, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_widgets.backend.submission.start_supervisor", lambda *_: None)
    values = {**FORM, "seeds": [1, 2], "head_target": HEAD, "config": '{"lr": 0.01}'}
    found = await api("runs", "POST", values, status=201)
    assert found["id"] == found["ids"][0]
    groups = [workspace.get_run(run_id).tags for run_id in found["ids"]]
    assert [tags["seed"] for tags in groups] == ["1", "2"]
    assert groups[0]["group"] == groups[1]["group"]
    assert "new-head" in workspace.compute_targets
    compile(found["code"], "code", "exec")
    said = await api("runs", "POST", {**FORM, "seeds": [1, 2, 3, 4]}, status=409)
    assert "5 active runs at a time; there are 2" in said["message"]
    said = await api("runs", "POST", {**FORM, "config": '{"lr": 1,\n x}'}, status=400)
    assert "line 2, column 2" in said["message"]
    said = await api("runs", "POST", {**FORM, "config": {"lr": "x"}}, status=400)
    assert said["field"] == "config.lr"


async def test_a_trial_is_the_first_run_alone_and_a_form_begins_with_it(
    api: Api, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_widgets.backend.submission.start_supervisor", lambda *_: None)
    values = {**FORM, "vary": {"lr": [0.01, 0.02]}, "stop": {"time_total_s": 600}}
    [run_id] = (await api("runs", "POST", {**values, "trial": True}, status=201))["ids"]
    assert workspace.get_run(run_id).tags == {"trial": "60 s of 600 s"}
    again = await api(f"runs/{run_id}/experiment")
    assert again == {
        "values": {
            **FORM,
            "algorithm": "IMPALA",
            "config": {"lr": 0.01},
            "stop": {"time_total_s": 600},
        },
        "kernel": "",
    }
    assert (await api("fields/experiment/check", "POST", {"values": again["values"]}))["code"]
    await api("runs", "POST", {**values, "trial": "yes"}, status=400)
    own = Experiment(workspace, "a-cell").start_logging()
    assert "was not submitted" in (await api(f"runs/{own.id}/experiment", status=400))["message"]
    own.complete()
    await api("runs/nothing/experiment", status=404)
