"""The form of an experiment, without a browser: trait and control, errors, code, runs, files."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rl_widgets import Experiment, ExperimentForm, RunDetails, UserError, WorkerConfiguration
from rl_widgets.forms.opened import from_estimator
from rl_widgets.widgets.compare_runs import CompareRuns
from rl_widgets.workspace import Workspace
from tests.view.fixture_runs import make
from tests.widgets.conftest import NotebookShell, control, settled, wait_until

BAD = '<img src=x onerror="alert(1)">'


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(folder=tmp_path / "ws")
    yield made
    made.close()


def said(form: ExperimentForm, path: str) -> str:
    return form._drawn.controls[path].said


def search(form: ExperimentForm, words: str) -> None:
    form._drawn.search.value = words
    settled(form)


def test_it_can_be_submitted_as_it_is(form: ExperimentForm) -> None:
    assert form.errors == {}
    assert not form._submit.disabled
    assert not form._try.disabled
    assert "CartPole-v1" in control(form, "environment").options
    assert "<svg" in form._pieces["picture"].value
    assert "rollout worker" in form._pieces["notes"].value
    assert "not known" in form._pieces["notes"].value  # how long it takes


def test_an_environment_of_this_python_alone_is_refused(form: ExperimentForm) -> None:
    import gymnasium

    gymnasium.register("Meanwhile-v0", entry_point="gymnasium.envs.classic_control:CartPoleEnv")
    try:
        control(form, "environment").value = "Meanwhile-v0"
        settled(form)
        assert "Meanwhile-v0" not in control(form, "environment").options
        assert "registered in this Python alone" in said(form, "environment")
    finally:
        del gymnasium.registry["Meanwhile-v0"]


def test_a_control_changes_the_live_objects(form: ExperimentForm) -> None:
    estimator = form.estimator
    control(form, "worker_nodes").value = "2"
    control(form, "config.lr").value = "1e-3"
    control(form, "stop.episode_reward_mean").value = "120"
    assert form.values["worker_nodes"] == 2
    assert form.estimator is estimator
    assert estimator.worker_configuration is not None
    assert estimator.worker_configuration.node_count == 2
    assert estimator.script_params["--config"]["lr"] == 0.001
    assert estimator.script_params["--stop"]["episode_reward_mean"] == 120
    settled(form)
    assert json.loads(control(form, "config").value) == {"lr": 0.001}
    assert control(form, "config.lr").value == "1e-3"  # as it was typed


def test_the_live_objects_change_the_controls(form: ExperimentForm) -> None:
    seen: list[Any] = []
    form.observe(lambda change: seen.append(change["new"]["max_run_duration_seconds"]), "values")
    form.estimator.max_run_duration_seconds = 90
    assert seen == [90]
    form.estimator.worker_configuration = WorkerConfiguration(3)
    form.estimator.worker_configuration.node_count = 4
    params = form.estimator.script_params
    form.estimator.script_params = {**params, "--config": {"lr": 0.01}, "--env": "Acrobot-v1"}
    settled(form)
    assert control(form, "max_run_duration_seconds").value == "90"
    assert control(form, "worker_nodes").value == "4"
    assert control(form, "config.lr").value == "0.01"
    assert control(form, "environment").value == "Acrobot-v1"
    assert form.errors == {}
    form.values = {**form.values, "algorithm": "PPO", "seeds": [3, 4]}
    settled(form)
    assert control(form, "algorithm").value == "PPO"
    assert control(form, "seeds").value == "3, 4"
    assert form.estimator.script_params["--run"] == "PPO"
    form.estimator.worker_configuration = None
    settled(form)
    assert "worker_nodes" not in form.values


def test_mappings_are_read_only_and_names_are_known(form: ExperimentForm) -> None:
    for change in (form.values, form.values["stop"], form.estimator.script_params):
        with pytest.raises(UserError, match="read-only"):
            change["a"] = 1
        for way in (
            lambda of: of.update(a=1),
            lambda of: of.__ior__({"a": 1}),
            lambda of: of.clear(),
            lambda of: of.pop(next(iter(of))),
            lambda of: of.__delitem__(next(iter(of))),
            lambda of: of.setdefault("a", 1),
        ):
            with pytest.raises(UserError, match="read-only"):
                way(change)
    form.values = {**form.values, "seeds": [1, 2], "vary": {"lr": [0.1]}}
    for listed in (form.values["seeds"], form.values["vary"]["lr"]):
        with pytest.raises(UserError, match=r"list is read-only.*\[\*old"):
            listed.append(3)
        with pytest.raises(UserError, match="read-only"):
            listed += [3]
        assert type(copy.deepcopy(listed)) is list
    assert form.values["seeds"] == [1, 2]
    # However deep, of the live object, too.
    form.estimator.script_params = {**form.estimator.script_params, "--config": {"grad_clip": 3}}
    for deep in (form.estimator.script_params["--config"], form.values["config"]):
        for way in (lambda of: of.update(a=1), lambda of: of.pop("lr"), lambda of: of.clear()):
            with pytest.raises(UserError, match="read-only"):
                way(deep)
    assert type(copy.deepcopy(form.values["config"])) is dict
    form.estimator.pip_packages = ["pytest"]
    with pytest.raises(UserError, match="read-only"):
        form.estimator.pip_packages.append("!!! no")
    before = form.values
    with pytest.raises(UserError, match="environment"):
        form.values = {"enviroment": "CartPole-v1"}
    with pytest.raises(UserError, match="dict"):
        form.values = 3
    assert form.values is before


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("experiment", "", "needed"),
        ("experiment", BAD, "cannot name an experiment"),
        ("experiment", "日本語", "cannot name an experiment"),
        ("environment", "CartPoel-v1", "CartPole-v1"),
        ("environment", "x" * 10_000, "name without spaces"),
        ("algorithm", "IMPLAA", "IMPALA"),
        ("worker_nodes", "many", "whole number"),
        ("worker_nodes", "-1", "whole number"),
        ("worker_nodes", "9" * 10_000, "whole number"),
        ("worker_nodes", "2.5", "whole number"),
        ("config", '{"lr": 1,\n  oops}', "line 2, column 3"),
        ("config", "[1, 2]", "object"),
        ("config.lr", "fast", "lr"),
        ("stop.episode_reward_mean", BAD, "episode_reward_mean"),
        ("seeds", "1, two", "whole numbers"),
        ("vary", '{"lr": 3}', "list of values"),
        ("max_run_duration_seconds", "1e99", "whole number"),
    ],
)
def test_an_error_stands_at_its_field(
    form: ExperimentForm, path: str, text: str, words: str
) -> None:
    control(form, path).value = text
    settled(form)
    found = said(form, path)
    assert 'role="alert"' in found
    assert words in found
    assert "<img" not in found
    assert form._submit.disabled
    assert form.code == ""
    assert "to be put right" in form._pieces["status"].value
    others = [c.said for p, c in form._drawn.controls.items() if p != path]
    assert not any(others)
    assert "<img" not in form._repr_html_()
    with pytest.raises(UserError):
        form.submit()


def test_a_mistake_is_put_right_again(form: ExperimentForm) -> None:
    control(form, "config").value = '{"lr": '
    settled(form)
    assert control(form, "config.lr").disabled
    control(form, "config").value = '{"lr": 0.5}'
    settled(form)
    assert not said(form, "config")
    assert control(form, "config.lr").value == "0.5"
    assert not control(form, "config.lr").disabled
    assert not form._submit.disabled


def test_all_other_settings_come_behind_a_search(form: ExperimentForm) -> None:
    assert "config.vtrace" not in form._drawn.controls
    search(form, "vtrace")
    control(form, "config.vtrace").value = False
    search(form, "shared memory")
    assert form.values["config"]["vtrace"] is False
    control(form, "shm_size").value = "lots"
    settled(form)
    assert "24g" in said(form, "shm_size")
    search(form, "")
    assert said(form, "shm_size")  # what is wrong stays in sight
    search(form, "no such setting at all")
    assert "0 other settings" in form._drawn._count.value


def test_the_settings_are_those_of_the_algorithm(form: ExperimentForm) -> None:
    assert "config.clip_param" not in form._drawn.controls
    control(form, "algorithm").value = "PPO"
    settled(form)
    assert "config.clip_param" in form._drawn.controls


def test_locked_fields_take_no_input(ws: Workspace) -> None:
    form = ExperimentForm(ws, locked=["environment", "config.lr"])
    for path in ("environment", "config.lr", "config", "vary"):
        assert control(form, path).disabled
        assert "locked" in form._drawn.controls[path]._line.children[-1].value
    assert not control(form, "config.gamma").disabled
    settled(form)
    form.close()
    with pytest.raises(UserError, match="environment"):
        ExperimentForm(ws, locked=["enviroment"])
    with pytest.raises(UserError, match="list"):
        ExperimentForm(ws, locked="environment")


def test_its_code_makes_an_equal_submission(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    form = ExperimentForm(
        ws,
        {
            "experiment": "from-code",
            "environment": "CartPole-v1",
            "config": {"lr": 0.002},
            "stop": {"timesteps_total": 1000},
            "worker_nodes": 1,
            "tags": {"who": "a <b> ünïcode"},
        },
    )
    asked: list[Any] = []

    def submit(_self: Any, config: Any, tags: Any = None) -> Any:
        asked.append((config, tags))
        raise StopIteration

    monkeypatch.setattr(Experiment, "submit", submit)
    with pytest.raises(StopIteration):
        exec(form.code, {})
    config, tags = asked[0]
    assert from_estimator(config) == from_estimator(form.estimator)
    assert tags == {"who": "a <b> ünïcode"}
    assert "Copy as Python" in form._pieces["code"].value
    assert "Insert as cell" in form._pieces["code"].value
    assert "Insert as cell" not in form._repr_html_()  # nobody would answer it
    settled(form)
    form.close()


def test_what_is_submitted_is_shown_beneath(
    form: ExperimentForm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixtures = [make(tmp_path / "runs", f"run_{i}", definition={}) for i in range(3)]
    asked: list[dict[str, Any]] = []

    def start(values: dict[str, Any], _ws: Workspace) -> list[Any]:
        asked.append(values)
        several = bool(values["seeds"])
        return [fixture.run for fixture in fixtures[: 3 if several else 1]]

    monkeypatch.setattr("rl_widgets.forms.checking.start", start)
    form._try.click()
    wait_until(lambda: form._beneath.children, "the run's view")
    [first] = form._beneath.children[0].children
    assert isinstance(first, RunDetails)
    assert asked[0]["stop"] == {"episode_reward_mean": 150, "time_total_s": 60}
    assert asked[0]["tags"] == {"trial": "60 s of 600 s"}
    assert form.values["stop"]["time_total_s"] == 600
    form.values = {**form.values, "seeds": [1, 2, 3]}
    settled(form)
    form._submit.click()
    wait_until(lambda: len(form._beneath.children) == 2, "the group's view")
    words, group = form._beneath.children[0].children
    # The trial's own stop is no change of the form's.
    assert "Changed: Seeds 1, 2, 3" in words.value
    compare = next(child for child in group.children if isinstance(child, CompareRuns))
    choose = next(child for child in group.children if hasattr(child, "options"))
    choose.value = "run_2"
    wait_until(lambda: group.children[-1].children, "the chosen run")
    assert "3 runs submitted" in form._pieces["status"].value
    assert [run.id for run in form.runs] == ["run_0", "run_0", "run_1", "run_2"]
    details = [first, *group.children[-1].children]
    for fixture in fixtures:
        fixture.end("Completed")
    for view in (compare, *details):
        view.close()
    wait_until(lambda: not any(view.following for view in details), "the end of the views")
    for fixture in fixtures:
        fixture.workspace.close()


def test_a_refused_submission_is_said(
    form: ExperimentForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: Any) -> Any:
        raise UserError("The disk is full: delete a run.")

    monkeypatch.setattr("rl_widgets.forms.checking.start", start)
    form._submit.click()
    wait_until(lambda: "disk is full" in form._pieces["status"].value, "the sentence")
    settled(form)
    assert not form._submit.disabled


def test_a_kernel_that_cannot_train_is_said(
    form: ExperimentForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl_widgets.forms.installed.trains_here", lambda: False)
    control(form, "config.lr").value = "0.1"
    settled(form)
    assert "no Ray and torch" in form._pieces["general"].value
    assert form._submit.disabled
    for submit in (form.submit, form.try_out):
        with pytest.raises(UserError, match=r"rl-widgets\[rllib\]"):
            submit()


def test_a_file_opens_the_same_form(form: ExperimentForm, ws: Workspace, tmp_path: Path) -> None:
    form.values = {**form.values, "config": {"lr": [[0, 0.1], [100, 0.01]]}, "seeds": [1, 2]}
    path = tmp_path / "experiment ü.yaml"
    form.save(path)
    again = ExperimentForm.load(path, ws)
    assert again.values == form.values
    assert again.code == form.code
    path.write_text("version: 1\nenviroment: CartPole-v1\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"line 2, column 1.*environment"):
        ExperimentForm.load(path, ws)
    form.values = {**form.values, "worker_nodes": -1}
    with pytest.raises(UserError, match="whole number"):
        form.save(path)
    settled(again)
    again.close()


def test_a_run_opens_as_a_form(form: ExperimentForm, ws: Workspace, tmp_path: Path) -> None:
    group = {"target": "local", "vm_size": "", "cpus": 2, "gpus": 0, "object_store": 1 << 30}
    definition = {
        "entry_script": "train_rllib.py",
        "script_params": {**form.estimator.script_params, "--config": {"lr": 0.25}},
        "head": {**group, "node_count": 1},
    }
    fixture = make(tmp_path / "runs", definition=definition)
    again = ExperimentForm.from_run(fixture.run)
    assert again.values["config"] == {"lr": 0.25}
    assert again.values["experiment"] == "rllib-pong-multi-node"
    assert control(again, "config.lr").value == "0.25"
    with pytest.raises(UserError, match="Run"):
        ExperimentForm.from_run("run_1")  # type: ignore[arg-type]
    fixture.logger.log_metrics({"throughput/env_steps_sampled_per_s": 500.0}, step=1, env_steps=1)
    fixture.take_in()
    fixture.end("Completed")
    again.values = {**again.values, "stop": {"timesteps_total": 30_000}}
    again._rates.clear()
    assert any("about 60 s" in n and "500 env steps/s" in n for n in again.notes), again.notes
    settled(again)
    again.close()
    fixture.workspace.close()


def test_a_saved_notebook_has_the_values(form: ExperimentForm, shell: NotebookShell) -> None:
    form.values = {**form.values, "tags": {"note": f"{BAD} 日本語 \ud800"}}
    form.show()
    kept = _kept(shell)
    assert "CartPole-v1" in kept["text/html"]
    assert "<img" not in kept["text/html"]
    assert "CartPole-v1" in kept["text/plain"]
    form.values = {**form.values, "environment": "Acrobot-v1"}
    wait_until(lambda: "Acrobot-v1" in _kept(shell)["text/html"], "the saved form's update")
    bundle = form._repr_mimebundle_()
    assert {"text/html", "text/plain"} <= set(bundle)


def _kept(shell: NotebookShell) -> dict[str, Any]:
    return next(d for d in shell.outputs.values() if "text/html" in d)


def test_a_saved_notebook_keeps_no_environment_variable(form: ExperimentForm) -> None:
    form.values = {**form.values, "environment_variables": {"TOKEN": "s3cr3t"}}
    assert form.errors == {}
    assert "s3cr3t" in form.code
    assert "s3cr3t" not in form._repr_html_()
    assert "s3cr3t" not in str(form)
    assert "s3cr3t" not in repr(form)


def test_a_plain_script_prints_it(form: ExperimentForm, capsys: pytest.CaptureFixture[str]) -> None:
    form.show()
    assert "Environment: CartPole-v1" in capsys.readouterr().out


def test_a_form_on_a_script_of_ones_own_is_displayed(ws: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "sources"
    source.mkdir()
    (source / "mine.py").write_text("")
    form = ExperimentForm(ws, {"source_directory": source, "entry_script": "mine.py"})
    assert form.values["source_directory"] == str(source)
    for shown in (str(form), form._repr_html_()):
        assert "Source directory" in shown
        assert "mine.py" in shown
    settled(form)
    form.close()


def test_a_double_click_submits_once(form: ExperimentForm, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    goes_on = threading.Event()

    def submit() -> list[Any]:
        calls.append(1)
        goes_on.wait(20)
        return []

    monkeypatch.setattr(form, "submit", submit)
    form._submit.click()
    wait_until(lambda: calls, "the first submission")
    form._submit.click()
    goes_on.set()
    wait_until(lambda: not form._sending, "the end of it")
    settled(form)
    assert len(calls) == 1
    form._submit.click()
    wait_until(lambda: len(calls) == 2, "another one")
    settled(form)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [({"seeds": [object()]}, "seeds are whole numbers"), ({"config": {"lr": object()}}, "config")],
)
def test_objects_that_are_no_values_are_said_as_everywhere(
    ws: Workspace, value: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence) as refused:
        ExperimentForm(ws, value)
    assert "object of" not in str(refused.value)
