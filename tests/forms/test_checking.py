"""What a form shows as a person types: the arithmetic, the picture, the code, the file."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from rl_widgets import AmlCompute, ComputeTarget, Experiment, UserError, WorkerConfiguration
from rl_widgets.backend.machine import GIB, Machine
from rl_widgets.cli import main
from rl_widgets.estimator import ReinforcementLearningEstimator
from rl_widgets.fields.describe import describe
from rl_widgets.fields.specification import fields_of
from rl_widgets.forms import document, opened
from rl_widgets.forms.checking import KINDS, Checked, check, kind, submit
from rl_widgets.forms.cluster import ClusterFields
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.forms.trial import trial, untried
from rl_widgets.store.errors import FieldError
from rl_widgets.view import wording
from rl_widgets.widgets.cluster_form import ClusterForm
from rl_widgets.workspace import Workspace

TUTORIAL = {
    "experiment": "pong",
    "environment": "PongNoFrameskip-v4",
    "config": {"num_gpus": 1},
    "head_target": {"name": "head-gpu", "vm_size": "STANDARD_NC6", "max_nodes": 2},
    "worker_target": {"name": "worker-cpu", "vm_size": "STANDARD_D2_V2", "max_nodes": 4},
    "worker_nodes": 4,
}
WITH_GPU = Machine(cpus=2, gpus=1, memory=8 * GIB, shared_memory=GIB)
WITHOUT = Machine(cpus=2, gpus=0, memory=8 * GIB, shared_memory=GIB)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs whose supervisor would have been started."""
    found: list[str] = []
    monkeypatch.setattr(
        "rl_widgets.backend.submission.start_supervisor", lambda *given: found.append(given[1])
    )
    return found


def of(values: dict[str, Any], ws: Workspace, machine: Machine = WITH_GPU) -> Checked:
    return check(ExperimentFields, values, ws, machine)


def test_the_arithmetic_is_said_aloud(ws: Workspace) -> None:
    found = of(TUTORIAL, ws)
    assert not found.errors
    assert "6 + 4 × 2 − 1 = 13 rollout workers." in found.notes  # noqa: RUF001
    assert any("2 cores: 7 × oversubscribed" in note for note in found.notes)  # noqa: RUF001
    assert not any("queue" in note for note in found.notes)
    assert found.defaults["clip_rewards"] == 1.0


def test_a_cluster_alone_says_its_rollout_workers(ws: Workspace) -> None:
    cluster = {name: TUTORIAL[name] for name in fields_of(ClusterFields) if name in TUTORIAL}
    found = check(ClusterFields, cluster, ws, WITH_GPU)
    assert found.notes[1] == "6 + 4 × 2 − 1 = 13 rollout workers."  # noqa: RUF001


def test_an_estimator_where_values_belong_is_refused_with_the_way_to_open_it(ws: Workspace) -> None:
    given: Any = ReinforcementLearningEstimator(".")
    with pytest.raises(UserError, match=r"not Reinforcement.*ClusterForm\.from_estimator"):
        ClusterForm(ws, given)


def test_the_queue_before_a_run_is_counted(ws: Workspace, started: list[str]) -> None:
    one = {**TUTORIAL, "config": None, "worker_nodes": 0, "worker_target": None}
    one |= {"head_target": "local", "environment": "CartPole-v1"}
    submit(one, ws)
    assert len(started) == 1
    assert "The queue before you: 1 run." in of(one, ws).notes


def test_a_machine_without_gpu_is_said_at_the_field(ws: Workspace) -> None:
    said = of({**TUTORIAL, "use_gpu": True}, ws, WITHOUT).errors
    assert set(said) == {"use_gpu"}
    assert "This machine has no GPU" in said["use_gpu"]
    assert set(of(TUTORIAL, ws, WITHOUT).errors) == {"config.num_gpus"}


def test_more_nodes_than_a_target_has_are_said_at_the_field(ws: Workspace) -> None:
    found = of({**TUTORIAL, "worker_nodes": 5}, ws)
    assert "at most 4 (max_nodes)" in found.errors["worker_nodes"]
    assert (found.code, found.picture) == ("", None)


def test_nodes_that_share_this_machine_have_some_memory_each(ws: Workspace) -> None:
    values = {"environment": "CartPole-v1", "experiment": "many", "worker_nodes": 20}
    said = of(values, ws).errors["worker_nodes"]
    assert "8,192 MiB of this machine, 390 MiB for each" in said
    assert "Lower node_count to 19 or less" in said
    assert not of({**values, "worker_nodes": 19}, ws).errors
    estimator = ReinforcementLearningEstimator(
        ".", entry_script=Path(__file__).name, worker_configuration=WorkerConfiguration(20)
    )
    estimator.source_directory = str(Path(__file__).parent)
    with pytest.raises(FieldError, match="a node needs 400 MiB") as refused:
        estimator.prepare(ws, WITH_GPU)
    assert str(refused.value) == said


def test_a_target_that_was_deleted_meanwhile_is_said(ws: Workspace) -> None:
    config = AmlCompute.provisioning_configuration(vm_size="LOCAL_1", max_nodes=1)
    target = ComputeTarget.create(ws, "gone", config)
    values = {**TUTORIAL, "config": None, "head_target": target}
    assert not of(values, ws).errors
    target.delete()
    assert "There is no compute target 'gone'" in of(values, ws).errors["head_target"]


def test_a_new_target_never_takes_the_place_of_another(ws: Workspace) -> None:
    config = AmlCompute.provisioning_configuration(vm_size="LOCAL_1", max_nodes=1)
    ComputeTarget.create(ws, "head-gpu", config)
    assert "already, and it is another" in of(TUTORIAL, ws).errors["head_target.name"]


def test_the_picture_shows_every_node_and_escapes_all(ws: Workspace) -> None:
    picture = of(TUTORIAL, ws).picture
    assert picture is not None
    assert [node.role for node in picture.nodes] == ["head", *["worker"] * 4]
    assert (picture.nodes[0].cpus, picture.nodes[0].gpus, picture.nodes[4].cpus) == (6, 1, 2)
    root = ElementTree.fromstring(picture.svg)
    squares = [r for r in root.iter() if r.tag.endswith("rect") and r.get("rx") == "2"]
    assert len(squares) == 6 + 1 + 4 * 2
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', picture.svg))
    assert colours == {"currentColor", "none", "var(--jp-brand-color1, #1976d2)"}
    many = of({**TUTORIAL, "worker_target": {**TUTORIAL["worker_target"], "max_nodes": 1000},
               "worker_nodes": 1000}, ws).picture  # fmt: skip
    assert many is not None
    assert many.hidden == 988
    assert len(many.svg) < 20_000
    assert "988 more workers" in many.svg


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_described_for_any_form(name: str) -> None:
    found = json.loads(json.dumps(describe(kind(name))))
    properties = found["properties"].values()
    assert [about["x-order"] for about in properties] == list(range(len(properties)))
    groups = [about["x-group"] for about in properties]
    assert len(set(groups)) == sum(a != b for a, b in zip(groups, [None, *groups], strict=False))
    assert all(about["title"] for about in properties)
    assert set(found["required"]) <= set(found["properties"])


def test_seeds_and_varied_settings_make_a_group(ws: Workspace, started: list[str]) -> None:
    values = {"experiment": "grid", "environment": "CartPole-v1", "seeds": [1, 2]}
    values |= {"vary": {"lr": [0.1, 0.01]}, "tags": {"who": "me"}}
    assert of(values, ws).code.endswith("\nCompareRuns(runs).show()\n")
    runs = submit(values, ws)
    assert len(runs) == len(started) == 4
    assert len({run.tags.pop("group") for run in runs}) == 1
    assert {(run.tags["seed"], run.tags["lr"], run.tags["who"]) for run in runs} == {
        (seed, lr, "me") for seed in "12" for lr in ("0.1", "0.01")
    }
    again = opened.from_run(runs[1])
    assert again == {
        "experiment": "grid",
        "environment": "CartPole-v1",
        "algorithm": "IMPALA",
        "config": {"lr": 0.1},
        "seeds": [2],
        "tags": {"who": "me"},
    }
    too_many = {**values, "seeds": list(range(50)), "vary": {"lr": [0.1, 0.2, 0.3]}}
    assert "150 runs" in of(too_many, ws).errors["vary"]


@pytest.mark.parametrize(
    "stop", [{}, {"time_total_s": 600}, {"time_total_s": 1.5e-3, "episode_reward_mean": 150}]
)
def test_a_form_on_a_trial_has_the_whole_runs_stop(
    ws: Workspace, started: list[str], stop: dict[str, float]
) -> None:
    values = {"experiment": "tried", "environment": "CartPole-v1", "tags": {"who": "me"}}
    values |= {"stop": stop} if stop else {}
    [run] = submit(trial(of(values, ws).values), ws)
    assert run.tags["trial"].startswith("60 s")
    params = ws.store.runs.get(run.id).definition["script_params"]
    assert params["--stop"] == {**stop, "time_total_s": min(60, stop.get("time_total_s", 60))}
    assert opened.from_run(run) == {**values, "algorithm": "IMPALA"}


def test_a_form_refuses_with_the_words_of_submit(ws: Workspace, started: list[str]) -> None:
    with pytest.raises(FieldError, match="must be from 0 to 1") as refused:
        submit({"experiment": "abc", "environment": "CartPole-v1", "config": {"gamma": 2}}, ws)
    assert refused.value.field == "config.gamma"
    assert not started
    assert not ws.store.runs.find()


def test_a_file_outside_is_refused(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "train.py").write_text("")
    (tmp_path / "outside.txt").write_text("numpy")
    good = {"source_directory": "files", "entry_script": "train.py"}
    assert not check(ReinforcementLearningEstimator, good, ws).errors
    for name in ("entry_script", "pip_requirements_file"):
        for path in ("../outside.txt", "a/../../outside.txt", str(tmp_path / "outside.txt")):
            found = check(ReinforcementLearningEstimator, {**good, name: path}, ws)
            assert "relative to" in found.errors[name], path


def test_pasted_json_with_a_mistake_says_line_and_column(ws: Workspace) -> None:
    values = {**TUTORIAL, "config": '{"lr": 0.1,\n  "gamma": 0,9}'}
    assert "line 2, column 14" in of(values, ws).errors["config"]
    quoted = {**TUTORIAL, "stop": "{'time_total_s': 3}"}
    assert "double quotes" in of(quoted, ws).errors["stop"]


def test_an_estimator_opens_as_a_form(ws: Workspace) -> None:
    own = ReinforcementLearningEstimator(".", entry_script="mine.py", use_gpu=False, shm_size="1g")
    assert opened.cluster_of(own) == {"use_gpu": False, "shm_size": "1g"}
    with pytest.raises(UserError, match="was not submitted"):
        opened.from_run(Experiment(ws, "by-hand").start_logging())


ARTICLE = {
    "--run": "IMPALA",
    "--env": "PongNoFrameskip-v4",
    "--config": '\'{"num_gpus": 0, "num_workers": 2}\'',
    "--stop": '\'{"episode_reward_mean": 18, "time_total_s": 3600}\'',
}


@pytest.mark.parametrize(
    ("script", "params", "words"),
    [
        (None, ARTICLE, "names no entry_script"),
        ("mine.py", {}, "is not given --run"),
        ("mine.py", {"--run": "IMPALA"}, "is not given --env"),
        ("mine.py", {**ARTICLE, "--num-samples": 2}, "is given '--num-samples'"),
        ("mine.py", {**ARTICLE, "--config": "settings.json"}, "'settings.json', no object of JSON"),
        ("mine.py", {**ARTICLE, "--seed": "one"}, "'one', no whole number"),
        ("mine.py", ["--run"], "is given '--run'"),
    ],
)
def test_a_script_of_other_arguments_is_refused_with_what_to_do(
    script: str | None, params: Any, words: str
) -> None:
    estimator = ReinforcementLearningEstimator(".", entry_script=script, script_params=params)
    with pytest.raises(UserError, match=re.escape(words)) as refused:
        opened.from_estimator(estimator)
    assert "ClusterForm.from_estimator(estimator)" in str(refused.value)
    assert "'Copy as Python'" in str(refused.value)


def test_a_run_of_a_script_of_ones_own_opens_and_keeps_it(
    ws: Workspace, tmp_path: Path, started: list[str]
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "pong_rllib.py").write_text("")
    estimator = ReinforcementLearningEstimator(
        str(files), entry_script="pong_rllib.py", script_params=ARTICLE
    )
    run = Experiment(ws, "article").submit(estimator)
    script = {"source_directory": str(files), "entry_script": "pong_rllib.py"}
    values = opened.from_run(run)
    assert values == {
        **script,
        "experiment": "article",
        "algorithm": "IMPALA",
        "environment": "PongNoFrameskip-v4",
        "config": {"num_gpus": 0, "num_workers": 2},
        "stop": {"episode_reward_mean": 18, "time_total_s": 3600},
    }
    found = of(values, ws)
    assert found.notes[0].startswith(f"The entry script is pong_rllib.py in {files}: ")
    assert document.read(document.write(found.values)).values == {
        name: value for name, value in values.items() if name != "algorithm"
    }
    [again] = submit({**values, "seeds": [7]}, ws)
    plan = ws.store.runs.get(again.id).definition
    assert plan["source_directory"] == str(files)
    assert plan["arguments"] == [*ws.store.runs.get(run.id).definition["arguments"], "--seed", "7"]
    assert opened.from_run(again) == {**values, "seeds": [7]}

    (files / "pong_rllib.py").unlink()
    assert "is no file in source_directory" in of(values, ws).errors["entry_script"]
    kept = opened.from_run(run)
    assert kept == {**values, "source_directory": str(ws.run_folder(run.id) / "snapshot")}
    assert not of(kept, ws).errors
    (ws.run_folder(run.id) / "snapshot" / "pong_rllib.py").unlink()
    with pytest.raises(UserError, match="has no snapshot of it: put it there again"):
        opened.from_run(run)


def test_a_configuration_is_watched_and_checked_at_each_assignment() -> None:
    seen = []
    estimator = ReinforcementLearningEstimator(".", worker_configuration=WorkerConfiguration(1))
    estimator.observe(seen.append, ["use_gpu", "environment_variables"])
    estimator.use_gpu = True
    with pytest.raises(FieldError, match="is True or False"):
        estimator.use_gpu = "yes"
    with pytest.raises(UserError, match="read-only"):
        estimator.environment_variables["A"] = "b"
    estimator.environment_variables = {"A": "b"}
    assert [change["name"] for change in seen] == ["use_gpu", "environment_variables"]
    assert estimator.environment_variables == {"A": "b"}
    with pytest.raises(FieldError, match="node_count is a whole number from 1"):
        estimator.worker_configuration.node_count = 0


GOOD = "version: 1\nexperiment: abc\nenvironment: CartPole-v1\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "begins with 'version: 1'"),
        ("experiment: abc", "says no version"),
        ("version: 2", r"line 1, column 1: an experiment of version 2 cannot be read"),
        (GOOD + "seeds: [1\n", r"line 5, column 1"),
        (GOOD + "seeds: 1\nseeds: 2\n", r"line 5, column 1: seeds is given twice"),
        (GOOD + "a: &x [1]\n", r"line 4, column 4: anchors"),
        (GOOD + "b: *x\n", r"line 4, column 4: aliases"),
        (GOOD + "a: !!python/object:os.system {}\n", "line 4, column 4"),
        (GOOD + "1: 2\n", "names are texts, and this one is '1'"),
        (GOOD + "? [a]\n: 1\n", "names are texts"),
        (GOOD + "a: " + "[" * 5000, "levels|expected"),
        ("a: \x07", "no YAML"),
        (GOOD + "---\nversion: 1\n", "line 4, column 1: a second document begins here"),
    ],
)
def test_a_broken_file_is_said_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        document.read(text)


def test_numbers_and_texts_of_a_file_are_what_they_look_like(tmp_path: Path) -> None:
    text = "version: 1\na: [1e-3, 1_0, no, 0x1, 2024-01-01, 1:30, null, true, .5, '1']\n"
    found = [0.001, "1_0", "no", "0x1", "2024-01-01", "1:30", None, True, 0.5, "1"]
    assert document.read(text).values == {"a": found}
    assert document.read(document.as_yaml({"version": 1, "a": found})).values == {"a": found}
    with pytest.raises(UserError, match="cannot be read"):
        document.load(tmp_path / "nothing.yaml")


def test_the_terminal_submits_a_file_or_only_checks_it(
    tmp_path: Path, own_home: Path, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "experiment.yaml"
    file.write_text(GOOD + "seeds: [1, 2]\nconfig:\n  lr: 1e-3\n")
    assert main(["submit", str(file), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "2 runs" in said
    assert '"lr": 0.001' in said
    assert not started
    assert main(["submit", str(file)]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if " " not in line] == started
    assert len(started) == 2
    file.write_text(GOOD + "enviroment: x\nconfig:\n  lrr: 1e-3\n")
    assert main(["submit", str(file)]) == 2
    said = capsys.readouterr().err
    assert "experiment.yaml, line 4, column 1: There is no field 'enviroment'." in said
    assert "Did you mean 'environment'?" in said
    assert "experiment.yaml, line 6, column 3: IMPALA has no setting 'lrr'" in said
    assert main(["submit", str(file), "--workers", "2"]) == 2
    assert "say it in the file" in capsys.readouterr().err
    assert len(started) == 2


def test_a_trial_that_was_resumed_keeps_the_stop_of_its_own() -> None:
    for said in ("60 s", "60 s of 600 s"):
        values = {"stop": {"time_total_s": 7200}, "tags": {"trial": said, "who": "me"}}
        assert untried(values) == {"stop": {"time_total_s": 7200}, "tags": {"who": "me"}}


def test_a_group_of_presets_opens_without_its_tags(ws: Workspace, started: list[str]) -> None:
    values = {
        "experiment": "presets",
        "environment": "CartPole-v1",
        "vary": {"preset": ["impala-cartpole", "impala-atari"]},
        "tags": {"who": "me"},
    }
    one, _ = submit(of(values, ws).values, ws)
    assert one.tags["preset"] == '"impala-cartpole"'
    again = opened.from_run(one)
    assert again["preset"] == "impala-cartpole"
    assert again["tags"] == {"who": "me"}


@pytest.mark.parametrize("name", ["group", "seed"])
def test_a_tag_of_the_groups_own_is_refused_of_a_person(ws: Workspace, name: str) -> None:
    values = {"experiment": "tags", "environment": "CartPole-v1", "tags": {name: "mine"}}
    assert of(values, ws).errors == {}
    assert f"its own tag '{name}'" in of({**values, "seeds": [1, 2]}, ws).errors["tags"]


def test_what_is_no_object_is_said_with_an_example(ws: Workspace) -> None:
    values = {"experiment": "texts", "environment": "CartPole-v1", "environment_variables": "A=1"}
    said = of(values, ws).errors["environment_variables"]
    assert 'such as {"NAME": "value"}, not \'A=1\'' in said


def test_large_figures_are_written_out() -> None:
    assert [wording.rough(x) for x in (1.5, 7, 99.4, 99.6, 1600)] == [
        *("1.5", "7", "99", "100", "1,600")
    ]
    assert wording.gibibytes(2000 * (1 << 30)) == "2,000 GiB"
