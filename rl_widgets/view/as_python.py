"""A run's submission as the code cell that makes the same run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rl_widgets.backend.machine import GIB
from rl_widgets.backend.node_groups import HEAD_OBJECT_STORE, WORKER_OBJECT_STORE
from rl_widgets.compute import LOCAL_TARGET
from rl_widgets.store.runs import RunRecord
from rl_widgets.store.targets import TargetRecord
from rl_widgets.view import wording
from rl_widgets.workspace import home

#: What finds a compute target of the workspace by its name; None for one that was deleted.
Targets = Callable[[str], TargetRecord | None]

#: The tag of a run that began with a checkpoint: '<run id>/<path>'.
STARTED_FROM = "started_from"

_WIDTH = 88
_IDLE_SECONDS = 1800


def as_python(record: RunRecord, workspace: Path, snapshot: Path, targets: Targets) -> str:
    """The cell's code; '' for a run that was not submitted, such as one that a cell logged.

    It takes the files of the run's snapshot. Of environment variables it has the names alone: their
    values come from the environment of whoever runs the cell.
    """
    plan = record.definition
    origin, _, checkpoint = str(record.tags.get(STARTED_FROM, "")).partition("/")
    if checkpoint:
        return _from_checkpoint(record, workspace, origin, checkpoint)
    if not {"entry_script", "head", "source_directory"} <= set(plan):
        return ""
    head, worker = plan["head"], plan.get("worker")
    groups = {g["target"]: g for g in (worker, head) if g is not None and g["target"]}
    groups = {head["target"]: groups.pop(head["target"]), **groups}
    names = {
        target: "head" if target == head["target"] else "workers"
        for target in groups
        if target != LOCAL_TARGET
    }
    variables = plan.get("environment_variables") or []
    made = [_target(names[t], t, targets(t), groups[t]) for t in groups if t in names]
    uses = ["Experiment", "ReinforcementLearningEstimator", "RunDetails", "Workspace"]
    uses += ["AmlCompute", "ComputeTarget"] if made else []
    uses += ["Ray"] if plan.get("framework_arguments") else []
    uses += ["WorkerConfiguration"] if worker is not None else []
    lines = _first_lines(record)
    if variables:
        lines.append("# Its environment variables are taken from the environment of this cell.")
        lines += ["import os", ""]
    lines += [call("from rl_widgets import ", sorted(uses), ending="")]
    lines += ["", f"ws = {workspace_code(workspace)}"]
    lines += made
    lines += [_estimator(plan, names, snapshot)]
    submit = ["config=estimator"]
    if record.tags:
        submit.append(f"tags={literal(record.tags)}")
    lines.append(call(f"run = Experiment(ws, {quoted(record.experiment)}).submit(", submit))
    lines.append("RunDetails(run).show()")
    return "\n".join(lines) + "\n"


def _first_lines(record: RunRecord) -> list[str]:
    when = wording.clock(record.created)
    lines = [f"# The run {record.id} again, as it was submitted on {when}."]
    if record.attempt > 1:
        lines.append(
            f"# That one was resumed (attempt {record.attempt}); this begins at the beginning, "
            "with the settings of the last attempt."
        )
    return lines


def _from_checkpoint(record: RunRecord, workspace: Path, origin: str, checkpoint: str) -> str:
    """The code for a run that began with the weights of another run's checkpoint."""
    arguments = [quoted(checkpoint)]
    params = record.definition.get("script_params")
    if isinstance(params, Mapping) and params:
        arguments.append(f"script_params={literal(dict(params), 4)}")
    tags = {name: value for name, value in record.tags.items() if name != STARTED_FROM}
    if tags:
        arguments.append(f"tags={literal(tags, 4)}")
    lines = [
        *_first_lines(record),
        "from rl_widgets import RunDetails, Workspace",
        "",
        f"ws = {workspace_code(workspace)}",
        call(f"run = ws.get_run({quoted(origin)}).new_run_from(", arguments),
        "RunDetails(run).show()",
    ]
    return "\n".join(lines) + "\n"


def literal(value: Any, indent: int = 0) -> str:
    """A value of JSON as Python writes it, over several lines where one is too long."""
    if not isinstance(value, (dict, list)):
        return quoted(value) if isinstance(value, str) else repr(value)
    inner = indent + 4
    if isinstance(value, dict):
        items = [f"{literal(k)}: {literal(v, inner)}" for k, v in value.items()]
    else:
        items = [literal(v, inner) for v in value]
    flat = ", ".join(items)
    if "\n" not in flat and len(flat) + indent <= _WIDTH - 20:
        return f"{{{flat}}}" if isinstance(value, dict) else f"[{flat}]"
    body = "".join(f"{' ' * inner}{item},\n" for item in items)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{body}{' ' * indent}{closing}"


def quoted(text: str) -> str:
    """As `repr`, in double quotes where that needs no more escapes."""
    written = repr(text)
    plain = written[0] == "'" and '"' not in written and "\\'" not in written
    return f'"{written[1:-1]}"' if plain else written


def _estimator(plan: Mapping[str, Any], names: Mapping[str, str], snapshot: Path) -> str:
    source = str(snapshot) if snapshot.is_dir() else plan["source_directory"]
    head, worker = plan["head"], plan.get("worker")
    arguments = []
    if source != plan["source_directory"]:
        # As a literal: no text of a path can end the comment.
        arguments.append(
            f"# The files as the run had them, from {quoted(plan['source_directory'])}."
        )
    arguments.append(f"source_directory={quoted(source)}")
    arguments.append(f"entry_script={quoted(plan['entry_script'])}")
    script_params = plan.get("script_params") or plan.get("arguments")
    if script_params:
        arguments.append(f"script_params={literal(script_params, 4)}")
    if head["target"] in names:
        arguments.append(f"compute_target={names[head['target']]}")
    if head["gpus"] or worker is not None:
        arguments.append(f"use_gpu={head['gpus'] > 0}")
    if head["object_store"] != HEAD_OBJECT_STORE:
        arguments.append(f"shm_size={head['object_store']}")
    packages = plan.get("requirements") or plan.get("pip_packages")
    if packages:
        arguments.append(f"pip_packages={literal(packages, 4)}")
    variables = plan.get("environment_variables")
    if variables:
        taken = "".join(
            f"        {quoted(name)}: os.environ[{quoted(name)}],\n" for name in variables
        )
        arguments.append(f"environment_variables={{\n{taken}    }}")
    if plan.get("framework_arguments"):
        given = literal(plan["framework_arguments"], 8)
        arguments.append(f"rl_framework=Ray(framework_arguments={given})")
    for name in ("cluster_coordination_timeout_seconds", "max_run_duration_seconds"):
        if plan.get(name) is not None:
            arguments.append(f"{name}={plan[name]!r}")
    if worker is not None:
        arguments.append(_worker(worker, names))
    return call("estimator = ReinforcementLearningEstimator(", arguments, always=True)


def _worker(worker: Mapping[str, Any], names: Mapping[str, str]) -> str:
    arguments = [f"node_count={worker['node_count']}"]
    # Workers without a target of their own share the head's one local node.
    if worker["target"] in names:
        arguments.append(f"compute_target={names[worker['target']]}")
    elif worker["target"]:
        arguments.append(f"compute_target={quoted(worker['target'])}")
    if worker["gpus"]:
        arguments.append("use_gpu=True")
    if worker["object_store"] != WORKER_OBJECT_STORE:
        arguments.append(f"shm_size={worker['object_store']}")
    return call("worker_configuration=WorkerConfiguration(", arguments, indent=4)


def _target(name: str, target: str, record: TargetRecord | None, group: Mapping[str, Any]) -> str:
    """Takes the target, or makes it where the workspace has none of that name."""
    size = {"vm_size": group["vm_size"], "cpus": group["cpus"], "gpus": group["gpus"]}
    memory = group["memory"]
    if record is not None:
        size = {"vm_size": record.vm_size, "cpus": record.cpus, "gpus": record.gpus}
        memory = record.memory
    arguments: dict[str, Any] = {"vm_size": size["vm_size"]}
    if size["vm_size"] == "CUSTOM":
        arguments = {"cpus": size["cpus"]}
        if size["gpus"]:
            arguments["gpus"] = size["gpus"]
        arguments["memory_gb"] = memory / GIB
    arguments["max_nodes"] = group["node_count"] if record is None else record.max_nodes
    if record is not None:
        arguments |= {
            key: value
            for key, value, default in (
                ("min_nodes", record.min_nodes, 0),
                ("idle_seconds_before_scaledown", record.idle_seconds, _IDLE_SECONDS),
                ("vm_priority", record.vm_priority, "dedicated"),
                ("tags", record.tags, {}),
                ("description", record.description, ""),
            )
            if value != default
        } | dict(record.network)
    given = [f"{key}={literal(value, 8)}" for key, value in arguments.items()]
    config = call("AmlCompute.provisioning_configuration(", given, indent=4)
    parts = ["ws", quoted(target), config]
    found = f"{name} = ws.compute_targets.get({quoted(target)})"
    return call(f"{found} or ComputeTarget.create(", parts, always=True)


def workspace_code(folder: Path) -> str:
    """Opens a workspace."""
    return "Workspace()" if folder == home() else f"Workspace(folder={quoted(str(folder))})"


def call(
    opening: str, arguments: list[str], indent: int = 0, always: bool = False, ending: str = ")"
) -> str:
    """A call on one line where it fits, else with a line for each argument."""
    flat = f"{opening}{', '.join(arguments)}{ending}"
    if not always and "\n" not in flat and len(flat) + indent <= _WIDTH:
        return flat
    if not ending:
        opening, ending = f"{opening}(", ")"
    lines = [
        f"{' ' * (indent + 4)}{argument}{'' if argument.startswith('#') else ','}\n"
        for argument in arguments
    ]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{ending}"
