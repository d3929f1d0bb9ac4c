"""Every field with every kind of bad value: code, form, REST and YAML say the same words."""

from __future__ import annotations

import json
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
from rl_widgets.fields.specification import fields_of
from rl_widgets.forms import checking, document
from rl_widgets.server.fields import check_fields
from rl_widgets.server.request import Request, read_body
from rl_widgets.server.served import Limits, Served

BAD: dict[str, Any] = {
    "wrong type": {"a": [1]},
    "a list": ["a", 1],
    "a flag": True,
    "below": -1,
    "above": 10**30,
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
}
TAKES_OBJECTS = ("config", "script_params")
CASES = [
    pytest.param(kind, name, id=f"{kind}-{name}")
    for kind in GOOD
    for name in [*fields_of(checking.kind(kind)), "no_such_field"]
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("every-field")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("rl_widgets.forms.checking.start", lambda *_: [])
        Path("files").mkdir()
        Path("files/train.py").write_text("")
        made = Workspace(folder=folder / "ws")
        yield made
        made.close()


@pytest.fixture(scope="module")
def served(workspace: Workspace) -> Iterator[Served]:
    found = Served(str(workspace.folder), workspace.folder, Limits(), {}.__getitem__)
    yield found
    found.close()


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_everybody_says_the_same(
    workspace: Workspace, served: Served, kind: str, name: str
) -> None:
    refused = set()
    cls = checking.kind(kind)
    for bad, value in BAD.items():
        values = {**GOOD[kind], name: value}
        form = checking.check(cls, values, workspace)
        rest = check_fields(served, Request(body=_sent(values)), kind)
        assert rest["errors"] == form.errors, bad
        text = document.as_yaml({"version": 1, **values})
        assert checking.check(cls, document.read(text).values, workspace).errors == form.errors
        if _has_code(kind, name):
            said = _code_says(kind, workspace, values)
            assert said == next(iter(form.errors.values()), ""), (bad, form.errors)
        assert bool(form.code) == (not form.errors)
        for sentence in form.errors.values():
            assert len(sentence) < 1_500
            assert sentence.rstrip().endswith((".", ")", "?")), sentence
            refused.add(bad)
    assert "wrong type" in refused or name in TAKES_OBJECTS, refused


def _has_code(kind: str, name: str) -> bool:
    """Whether code can say it: Python itself names unknown arguments, and a file of the workers
    is looked for in the estimator's directory."""
    worker_file = (kind, name) == ("worker_configuration", "pip_requirements_file")
    return kind == "experiment" or not (worker_file or name == "no_such_field")


def _sent(values: dict[str, Any]) -> Any:
    """As it comes over the wire."""
    return read_body(json.dumps({"values": values}).encode())


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
