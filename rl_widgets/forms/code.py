"""Python that makes exactly what a form makes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl_widgets.fields.compute_target import Nodes
from rl_widgets.fields.specification import Fields, fields_of
from rl_widgets.forms.submission import (
    GROUP,
    SCRIPT,
    OneRun,
    runs_of,
    script_of,
    script_params,
    target_name,
)
from rl_widgets.view.as_python import call, literal, quoted, workspace_code

_HEAD = {
    "use_gpu",
    "shm_size",
    "pip_packages",
    "cluster_coordination_timeout_seconds",
    "max_run_duration_seconds",
}
#: What a run of a group has of its own, by the field that makes it.
_MADE_OF = {"seed": "seeds", "changes": "vary"}


def plain(value: Any) -> Any:
    """A field's value as JSON has it: mappings are dicts, compute targets their names."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return target_name(value)


def given(cls: type[Fields], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not their field's default, as JSON has them."""
    return {
        name: plain(values[name])
        for name, field in fields_of(cls).items()
        if name in values and plain(values[name]) != plain(field.default())
    }


def target_code(values: Mapping[str, Any], folder: Path) -> str:
    """Makes a compute target."""
    lines = [
        "from rl_widgets import AmlCompute, ComputeTarget, Workspace",
        "",
        f"ws = {workspace_code(folder)}",
        f"compute_target = {_create(values, 0)}",
    ]
    return "\n".join(lines) + "\n"


def arguments_code(name: str, cls: type[Fields], values: Mapping[str, Any]) -> str:
    """Makes an object of `rl_widgets` from its keyword arguments."""
    arguments = [f"{key}={literal(value, 4)}" for key, value in given(cls, values).items()]
    return f"from rl_widgets import {name}\n\n{call(f'{name}(', arguments)}\n"


def literal_code(name: str, values: Mapping[str, Any]) -> str:
    """Names a dict."""
    return f"{name} = {literal(plain(values))}\n"


def experiment_code(values: Mapping[str, Any], folder: Path) -> str:
    """Makes the whole submission: its new compute targets, the estimator, the run or runs."""
    runs = runs_of(values)
    several = len(runs) > 1
    variables = plain(values.get("environment_variables") or {})
    targets = _targets(values)
    uses = ["Experiment", "ReinforcementLearningEstimator", "Workspace"]
    uses += ["CompareRuns" if several else "RunDetails"]
    uses += ["AmlCompute", "ComputeTarget"] if targets else []
    uses += ["WorkerConfiguration"] if values.get("worker_nodes") else []
    lines = ["import os"] if None in variables.values() else []
    lines += ["import time"] if several else []
    lines += [""] if lines else []
    lines += [call("from rl_widgets import ", sorted(uses), ending="")]
    packaged = "from rl_widgets.forms.submission import training_script"
    lines += [""] if script_of(values) else [packaged, ""]
    lines += [f"ws = {workspace_code(folder)}"]
    lines += [
        f"ws.compute_targets.get({quoted(name)}) or {_create(target, 0)}"
        for name, target in targets.items()
    ]
    if several:
        lines += _group(values, runs)
    else:
        lines += [_estimator(values, runs[0]), *_submit(values)]
    return "\n".join(lines) + "\n"


def cluster_code(values: Mapping[str, Any], folder: Path, script: Mapping[str, Any]) -> str:
    """Makes the new compute targets and an estimator on the cluster; `script` are its arguments
    that say what it runs."""
    targets = _targets(values)
    uses = ["ReinforcementLearningEstimator"]
    uses += ["AmlCompute", "ComputeTarget", "Workspace"] if targets else []
    uses += ["WorkerConfiguration"] if values.get("worker_nodes") else []
    variables = plain(values.get("environment_variables") or {})
    lines = ["import os", ""] if None in variables.values() else []
    lines += [call("from rl_widgets import ", sorted(uses), ending=""), ""]
    lines += [f"ws = {workspace_code(folder)}"] if targets else []
    lines += [
        f"ws.compute_targets.get({quoted(name)}) or {_create(target, 0)}"
        for name, target in targets.items()
    ]
    arguments = [f"{name}={literal(plain(value), 4)}" for name, value in script.items() if value]
    arguments += _cluster(values)
    lines += [call("estimator = ReinforcementLearningEstimator(", arguments, always=True)]
    return "\n".join(lines) + "\n"


def _group(values: Mapping[str, Any], runs: list[OneRun]) -> list[str]:
    experiment = quoted(values["experiment"])
    tags = plain(values.get("tags") or {})
    names = [name for name in ("seed", "changes") if values.get(_MADE_OF[name])]
    listed = ""
    for one in runs:
        parts = {"seed": one.seed, "changes": dict(one.changes)}
        own = [*(parts[name] for name in names), {**tags, **one.tags}]
        listed += f"    ({', '.join(literal(part, 4) for part in own)}),\n"
    body = _estimator(values, runs[0], loop=True).replace("\n", "\n    ")
    return [
        f"experiment = Experiment(ws, {experiment})",
        f'{GROUP} = f"{values["experiment"]}-{{time.time_ns() // 10**6}}"',
        f"runs = []\nfor {', '.join([*names, 'tags'])} in [\n{listed}]:",
        f"    {body}",
        f'    runs.append(experiment.submit(estimator, tags={{**tags, "{GROUP}": {GROUP}}}))',
        "CompareRuns(runs).show()",
    ]


def _submit(values: Mapping[str, Any]) -> list[str]:
    arguments = ["config=estimator"]
    if values.get("tags"):
        arguments.append(f"tags={literal(plain(values['tags']), 4)}")
    name = quoted(values["experiment"])
    return [
        call(f"run = Experiment(ws, {name}).submit(", arguments),
        "RunDetails(run).show()",
    ]


def _estimator(values: Mapping[str, Any], one: OneRun, *, loop: bool = False) -> str:
    params = {name: literal(plain(v), 8) for name, v in script_params(values, one).items()}
    if loop:
        # The order of the arguments is that of each run.
        if values.get("vary"):
            known = script_params(values, OneRun(None, {})).get("--config", {})
            params["--config"] = f"{{**{literal(plain(known), 8)}, **changes}}"
        if values.get("seeds"):
            params["--seed"] = "seed"
    written = "".join(f"        {quoted(name)}: {text},\n" for name, text in params.items())
    own = {name: quoted(text) for name, text in script_of(values).items()}
    script = {"source_directory": "training_script(ws)", "entry_script": quoted(SCRIPT), **own}
    arguments = [
        *(f"{name}={text}" for name, text in script.items()),
        f"script_params={{\n{written}    }}",
        *_cluster(values),
    ]
    return call("estimator = ReinforcementLearningEstimator(", arguments, always=True)


def _cluster(values: Mapping[str, Any]) -> list[str]:
    """The estimator's arguments that say on what it runs."""
    arguments = []
    head = target_name(values.get("head_target"))
    if head is not None:
        arguments.append(f"compute_target={quoted(head)}")
    arguments += [
        f"{name}={literal(plain(values[name]), 4)}"
        for name in sorted(_HEAD)
        if values.get(name) is not None
    ]
    variables = values.get("environment_variables")
    if variables:
        items = "".join(
            f"        {quoted(n)}: {f'os.environ[{quoted(n)}]' if v is None else quoted(v)},\n"
            for n, v in variables.items()
        )
        arguments.append(f"environment_variables={{\n{items}    }}")
    if values.get("worker_nodes"):
        arguments.append(_workers(values))
    return arguments


def _workers(values: Mapping[str, Any]) -> str:
    arguments = [f"node_count={values['worker_nodes']}"]
    target = target_name(values.get("worker_target"))
    if target is not None:
        arguments.append(f"compute_target={quoted(target)}")
    if values.get("worker_use_gpu"):
        arguments.append("use_gpu=True")
    if values.get("worker_shm_size") is not None:
        arguments.append(f"shm_size={literal(values['worker_shm_size'])}")
    return call("worker_configuration=WorkerConfiguration(", arguments, indent=4)


def _targets(values: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    both = (values.get("head_target"), values.get("worker_target"))
    return {target["name"]: target for target in both if isinstance(target, Mapping)}


def _create(target: Mapping[str, Any], indent: int) -> str:
    arguments = [f"{k}={literal(v, indent + 8)}" for k, v in given(Nodes, target).items()]
    config = call("AmlCompute.provisioning_configuration(", arguments, indent=indent + 4)
    return call(
        "ComputeTarget.create(", ["ws", quoted(target["name"]), config], indent=indent, always=True
    )
