"""Every field with every kind of bad value: code, form, REST and YAML say the same words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rl_widgets import (
    AmlCompute,
    ComputeTarget,
    ReinforcementLearningEstimator,
    RLWidgetsError,
    WorkerConfiguration,
    Workspace,
)
from rl_widgets.cli import main
from rl_widgets.fields.specification import fields_of
from rl_widgets.forms import checking, document
from rl_widgets.widgets.cluster_form import ClusterForm
from rl_widgets.widgets.experiment_form import ExperimentForm
from rl_widgets.widgets.field_text import kinds_of
from rl_widgets.widgets.form import Form
from tests.server.conftest import Api
from tests.widgets.conftest import wait_until

BAD: dict[str, Any] = {
    "wrong type": {"a": [1]},
    "a list": ["a", 1],
    "a flag": True,
    "below": -1,
    "above": 10**30,
    "400 digits": 10**400,
    "a fraction": 0.123,
    "empty": "",
    "10,000 characters": "x" * 10_000,
    "HTML": "<img src=x onerror=alert(1)>",
    "other scripts": "日本語 עברית 🎮",
    "not JSON": '{"lr": 1,\n  oops}',
}
#: Values that a whole object of each kind has beside the one that is tried.
GOOD: dict[str, dict[str, Any]] = {
    "compute_target": {"name": "made-here", "cpus": 1, "max_nodes": 1},
    "worker_configuration": {"node_count": 1},
    "estimator": {"source_directory": "files", "entry_script": "train.py"},
    "experiment": {"experiment": "every-field", "environment": "CartPole-v1"},
    "cluster": {},
    "script_params": {"environment": "CartPole-v1"},
    "impala": {},
    "appo": {},
    "stop": {},
}
TAKES_OBJECTS = ("config", "script_params", "env_config")
#: Where a form has the fields of a kind: as they are, or in one of its fields.
INSIDE = {"compute_target": "head_target", "impala": "config", "stop": "stop"}
#: A form takes names of RLlib 0.8.3 and paths of results, too, and says so.
OLD_NAMES = {("impala", "no_such_field"), ("stop", "no_such_field")}
#: Settings of an algorithm are checked by one function: a few stand for all.
SETTINGS = ["lr", "num_env_runners", "vtrace", "model", "env_config"]


def _names(kind: str) -> list[str]:
    return [
        *(SETTINGS if kind in ("impala", "appo") else fields_of(checking.kind(kind))),
        "no_such_field",
    ]


CASES = [pytest.param(k, name, id=f"{k}-{name}") for k in GOOD for name in _names(k)]


@pytest.fixture(scope="module")
def ws(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The workspace that the server serves, as code has it open in a folder with a script."""
    folder = tmp_path_factory.mktemp("every-field")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("rl_widgets.forms.checking.start", lambda *_: [])
        patch.setattr("rl_widgets.cli._workspace", lambda _: workspace)
        Path("files").mkdir()
        Path("files/train.py").write_text("")
        yield workspace


@pytest.fixture(scope="module")
def forms(ws: Workspace) -> Iterator[dict[str, Form]]:
    """The notebook's forms, by the kinds that they have fields of."""
    experiment, cluster = ExperimentForm(ws), ClusterForm(ws)
    inside = dict.fromkeys(INSIDE, experiment)
    for form in (experiment, cluster):
        form.unobserve_all("values")  # what is drawn has its own tests
    yield {"experiment": experiment, "cluster": cluster, **inside}
    for form in (experiment, cluster):
        wait_until(lambda form=form: not form._thread.busy, "the drawing")
        form.close()


@pytest.mark.parametrize(("kind", "name"), CASES)
async def test_everybody_says_the_same(
    ws: Workspace,
    api: Api,
    forms: dict[str, Form],
    kind: str,
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refused = set()
    cls = checking.kind(kind)
    kinds = kinds_of(checking.describe(cls)["properties"].get(name, {}))
    for bad, value in BAD.items():
        values = {**GOOD[kind], name: value}
        checked = checking.check(cls, values, ws)
        errors = checked.errors
        rest = await api(f"fields/{kind}/check", "POST", {"values": values})
        assert rest["errors"] == errors, bad
        # What a file says is checked by the very same call.
        assert document.read(document.as_yaml({"version": 1, **values})).values == values
        # Left empty in a page, a target is none.
        submits = value or not name.endswith("_target")
        if kind == "experiment" and errors and submits:
            assert (await api("runs", "POST", values, status=400))["errors"] == errors, bad
        whole = values if kind == "experiment" else None
        if kind in INSIDE and (kind, name) not in OLD_NAMES:
            whole = {**GOOD["experiment"], INSIDE[kind]: values}
        if whole and errors:
            file = tmp_path / "experiment.yaml"
            file.write_text(document.as_yaml({"version": 1, **whole}))
            assert main(["submit", str(file)]) == 2
            said = capsys.readouterr().err
            mine = list(errors.values())[: None if kind == "experiment" else 1]
            assert all(sentence in said for sentence in mine), (bad, said)
        if kind in forms and (kind, name) not in OLD_NAMES:
            assert _form_says(forms[kind], kind, values) == list(errors.values())[:1], bad
        if _has_code(kind, name):
            said = _code_says(kind, ws, values)
            assert said == next(iter(errors.values()), ""), (bad, errors)
        assert bool(checked.code) == (not errors)
        for sentence in errors.values():
            assert len(sentence) < 1_500
            assert sentence.rstrip().endswith((".", ")", "?")), sentence
            refused.add(bad)
        if bad == "not JSON" and kinds & {"object", "array"}:
            assert "line 2, column 3" in next(iter(errors.values())), errors
    assert "wrong type" in refused or name in TAKES_OBJECTS, refused


#: What is wrong with parts of an experiment that are good each on their own, or with a part of its
#: settings: the values, the field that is named, words of the sentence.
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "a preset among the settings": ({"config": {"preset": "x"}}, "config.preset", "none of IMPALA"),
    "a preset of a wrong type": ({"config": {"preset": ["x"]}}, "config.preset", "none of IMPALA"),
    "a varied preset": ({"vary": {"preset": ["x"]}}, "vary.preset", "none of IMPALA"),
    "400 digits in the settings": (
        {"config": {"grad_clip": 10**400}},
        "config.grad_clip",
        "finite",
    ),
    "400 digits between evaluations": (
        {"config": {"evaluation_interval_s": 10**400}},
        "config.evaluation_interval_s",
        "seconds between two",
    ),
    "GPUs for a learner": (
        {"config": {"num_gpus_per_learner": 99}},
        "config.num_gpus_per_learner",
        "asks for 99 GPUs",
    ),
    "GPUs under an old name": (
        {"config": {"num_gpus_per_worker": 99, "num_workers": 1}},
        "config.num_gpus_per_worker",
        "asks for 99 GPUs",
    ),
    "varied GPUs": ({"vary": {"num_gpus": [0, 99]}}, "vary.num_gpus", "This machine has"),
    "varied GPUs of learners": (
        {"vary": {"num_gpus_per_learner": [0, 99]}},
        "vary.num_gpus_per_learner",
        "asks for 99 GPUs",
    ),
    "more env runners than can share the CPUs": (
        {"config": {"num_env_runners": 9_000}},
        "config.num_env_runners",
        "env runners x 1), and the cluster has",
    ),
    "varied env runners": (
        {"vary": {"num_workers": [0, 9_000]}},
        "vary.num_workers",
        "it would wait for ever",
    ),
    "a seed and seeds": ({"config": {"seed": 1}, "seeds": [1, 2]}, "config.seed", "leave one out"),
    "a varied seed": ({"vary": {"seed": [1, 2]}}, "vary.seed", "the field of seeds"),
    "an environment among the settings": (
        {"config": {"env": "NoSuch-v9"}},
        "config.env",
        "leave it out of config.",
    ),
    "a varied environment": ({"vary": {"env": ["x", 5]}}, "vary.env", "leave it out of vary."),
    "GPUs beside a named size": (
        {"head_target": {"name": "made", "vm_size": "LOCAL_2", "gpus": 1, "max_nodes": 1}},
        "head_target.vm_size",
        "Give either vm_size or gpus (with cpus",
    ),
    "GPUs and memory beside a named size": (
        {
            "head_target": {
                "name": "made",
                "vm_size": "LOCAL_2",
                "gpus": 1,
                "memory_gb": 8,
                "max_nodes": 1,
            }
        },
        "head_target.vm_size",
        "Give either vm_size or gpus and memory_gb",
    ),
    "a tag that no run takes": ({"tags": {"a": "x" * 1_001}}, "tags.a", "at most 1,000 characters"),
    "the name of a tag that no run takes": (
        {"tags": {"a" * 101: ""}},
        "tags",
        "1 to 100 characters",
    ),
    "a varied value that no tag takes": (
        {"vary": {"lr": [[[i, 0.1] for i in range(200)], 0.1]}},
        "vary.lr",
        "a tag has at most 1,000 characters",
    ),
    "a varied field": (
        {"preset": "impala-pong", "vary": {"preset": ["impala-pong"]}},
        "vary.preset",
        "is given and varied",
    ),
    "a varied setting against another": (
        {"config": {"num_env_runners": 1}, "vary": {"lr": [0.1], "num_workers": [1]}},
        "vary.num_workers",
        "set the same thing",
    ),
    "two varied settings against each other": (
        {"vary": {"num_gpus_per_learner": [0], "num_gpus": [0]}},
        "vary",
        "set the same thing",
    ),
    "a frame size that a game has not": (
        {"environment": "PongNoFrameskip-v4", "config": {"model": {"dim": 50}}},
        "config.model",
        "42, 64, 84",
    ),
    "a network that a game has not": (
        {"environment": "PongNoFrameskip-v4", "config": {"model": {"use_lstm": True}}},
        "config.model",
        "use_lstm",
    ),
    "a setting that a game has not": (
        {"environment": "PongNoFrameskip-v4", "config": {"env_config": {"dimm": 42}}},
        "config.env_config",
        "has no 'dimm'",
    ),
    "threads of a game": (
        {"environment": "PongNoFrameskip-v4", "vary": {"env_config": [{"num_threads": "x"}]}},
        "vary.env_config",
        "whole number from 0",
    ),
    "a text for CPUs": (
        {"config": {"num_cpus_per_learner": "x"}},
        "config.num_cpus_per_learner",
        "a number or 'auto'",
    ),
    "a number for an object": (
        {"config": {"rl_module_spec": 1}},
        "config.rl_module_spec",
        "it must be RLModuleSpec or",
    ),
    "an object for a function": (
        {"config": {"learner_connector": {}}},
        "config.learner_connector",
        "of type dict",
    ),
    "a schedule of nothing": ({"config": {"lr": []}}, "config.lr", "two or more pairs"),
    "a schedule from later on": (
        {"vary": {"entropy_coeff": [[[5, 1], [9, 0]]]}},
        "vary.entropy_coeff",
        "from env step 0",
    ),
    "a schedule out of bounds": (
        {"config": {"lr": [[0, 20], [9, 0]]}},
        "config.lr",
        "at env step 0 is 20; it must be from 0 to 10",
    ),
    "a minibatch of parts of fragments": (
        {"config": {"sgd_minibatch_size": 33}},
        "config.sgd_minibatch_size",
        "a multiple of the 50 env steps",
    ),
    "a varied batch that no fragments make": (
        {"algorithm": "PPO", "vary": {"rollout_fragment_length": [100, 3000]}},
        "vary.rollout_fragment_length",
        "'auto' or 2000",
    ),
    "nothing recorded": (
        {
            "algorithm": "BC",
            "config": {
                "dataset_num_iters_per_learner": 1,
                "input_": "sampler",
                "evaluation_interval": 1,
            },
        },
        "config.input_",
        "recorded data",
    ),
    "a class of no module": ({"environment": "CartPole.v1"}, "environment", "'CartPole-v1'"),
    "a name without an environment": ({"environment": "Ant-v2"}, "environment", "has no more"),
    "clipping twice": (
        {"environment": "PongNoFrameskip-v4", "config": {"learner_connector": "a.path"}},
        "config.learner_connector",
        "cannot both be given",
    ),
}


@pytest.mark.parametrize("case", WRONG)
async def test_everybody_says_the_same_of_a_whole(
    ws: Workspace, api: Api, forms: dict[str, Form], case: str
) -> None:
    given, field, words = WRONG[case]
    values = {**GOOD["experiment"], **given}
    errors = checking.check(checking.kind("experiment"), values, ws).errors
    assert list(errors) == [field]
    assert words in errors[field]
    assert (await api("fields/experiment/check", "POST", {"values": values}))["errors"] == errors
    assert document.read(document.as_yaml({"version": 1, **values})).values == values
    assert _form_says(forms["experiment"], "experiment", values) == [errors[field]]
    assert _code_says("experiment", ws, values) == errors[field]


@pytest.mark.parametrize("algorithm", ["IMPALA", "APPO"])
async def test_everybody_says_the_same_of_all_settings_at_once(
    ws: Workspace, api: Api, forms: dict[str, Form], algorithm: str
) -> None:
    cls, form = checking.kind("experiment"), forms["experiment"]
    described = checking.describe(checking.kind(algorithm.lower()))["properties"]
    refused = set()
    for bad, value in BAD.items():
        if bad == "10,000 characters":  # 200 times that is more than a request may have
            continue
        config = dict.fromkeys(described, value)
        values = {**GOOD["experiment"], "algorithm": algorithm, "config": config}
        errors = checking.check(cls, values, ws).errors
        assert (await api("fields/experiment/check", "POST", {"values": values}))[
            "errors"
        ] == errors
        assert document.read(document.as_yaml({"version": 1, **values})).values == values
        form.values = values
        assert form.errors == errors, bad
        refused |= {name.removeprefix("config.") for name in errors}
    # The others are of an older RLlib: they are left out of a training, with a note.
    assert len(refused) > 0.9 * len(described)


def _form_says(form: Form, kind: str, values: dict[str, Any]) -> list[str]:
    """The first sentence of a notebook's form; what is no field is refused at the assignment."""
    inside = INSIDE.get(kind)
    if inside is not None:
        values = {**GOOD["experiment"], inside: values}
    try:
        form.values = values
    except RLWidgetsError as error:
        return [str(error)]
    return list(form.errors.values())[:1]


def _has_code(kind: str, name: str) -> bool:
    """Whether code can say it: Python itself names unknown arguments, and a file of the workers
    is looked for in the estimator's directory."""
    worker_file = (kind, name) == ("worker_configuration", "pip_requirements_file")
    return kind == "experiment" or not (kind not in CODE or worker_file or name == "no_such_field")


def _code_says(kind: str, ws: Workspace, values: dict[str, Any]) -> str:
    try:
        CODE[kind](ws, dict(values))
    except RLWidgetsError as error:
        return str(error)
    return ""


def _target(ws: Workspace, values: dict[str, Any]) -> None:
    name = values.pop("name")
    configuration = AmlCompute.provisioning_configuration(**values)
    if name != "made-here":
        ComputeTarget.create(ws, name, configuration)
        ws.compute_targets[name].delete()


def _worker(ws: Workspace, values: dict[str, Any]) -> None:
    worker = WorkerConfiguration(**values)
    _estimator(ws, {**GOOD["estimator"], "worker_configuration": worker})


def _estimator(ws: Workspace, values: dict[str, Any]) -> None:
    ReinforcementLearningEstimator(**values).prepare(ws)


def _experiment(ws: Workspace, values: dict[str, Any]) -> None:
    checking.submit(values, ws)


CODE: dict[str, Callable[[Workspace, dict[str, Any]], None]] = {
    "compute_target": _target,
    "worker_configuration": _worker,
    "estimator": _estimator,
    "experiment": _experiment,
}
