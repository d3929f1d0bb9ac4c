"""Compute targets: what there is, and making, scaling and deleting them."""

from __future__ import annotations

import contextlib
from typing import Any

from rl_widgets.compute import AmlCompute, ComputeTarget
from rl_widgets.fields.compute_target import ComputeTargetFields
from rl_widgets.fields.specification import collect
from rl_widgets.server.request import ForbiddenError, Request
from rl_widgets.server.run_pages import workspace_code
from rl_widgets.server.served import Limits, Served
from rl_widgets.store.errors import ConflictError, FieldError, NotFoundError, UserError
from rl_widgets.store.targets import TargetRecord
from rl_widgets.view import as_python, wording
from rl_widgets.view.badge import Badge

_SCALE = ("min_nodes", "max_nodes", "idle_seconds_before_scaledown")


def target_list(served: Served, asked: Request) -> Any:
    """All targets, oldest first."""
    found = []
    for one in _targets(served).values():
        with contextlib.suppress(NotFoundError):
            found.append(_answer(served, one))
    return {"targets": found}


def one_target(served: Served, asked: Request, name: str) -> Any:
    """One target."""
    return _answer(served, _target(served, name))


def create(served: Served, asked: Request) -> Any:
    """Make a target."""
    values, errors = collect(ComputeTargetFields, asked.body)
    if "name" in values:
        check_allowed(served.limits, values["name"])
    for field, sentence in errors.items():
        raise FieldError(sentence, field, errors)
    check_nodes(served.limits, values["max_nodes"])
    name = values.pop("name")
    configuration = AmlCompute.provisioning_configuration(**values)
    check_new(served, name)
    ComputeTarget.create(served.workspace, name, configuration)
    return _answer(served, _target(served, name))


def change(served: Served, asked: Request, name: str) -> Any:
    """Scale a target."""
    given = asked.fields(_SCALE)
    target = _target(served, name)
    check_allowed(served.limits, name)
    if given.get("max_nodes") is not None:
        check_nodes(served.limits, given["max_nodes"])
    target.update(**given)
    return _answer(served, target)


def delete(served: Served, asked: Request, name: str) -> Any:
    """Delete a target that no run needs."""
    target = _target(served, name)
    check_allowed(served.limits, name)
    target.delete()


def check_allowed(limits: Limits, name: str) -> None:
    """Raises `ForbiddenError` for a target that this server does not let its users take."""
    if limits.allowed_targets and name not in limits.allowed_targets:
        raise ForbiddenError(
            f"This server lets runs take the compute targets {', '.join(limits.allowed_targets)}, "
            f"not {name!r:.80}."
        )


def check_new(served: Served, name: str) -> None:
    """Raises `ConflictError` for the name of a target that there is."""
    if name in _targets(served):
        raise ConflictError(f"There is a compute target {name!r:.80} already.")


def check_nodes(limits: Limits, nodes: Any) -> None:
    """Raises `UserError` for more nodes than this server allows."""
    if limits.max_nodes and isinstance(nodes, int) and nodes > limits.max_nodes:
        raise UserError(f"This server allows at most {limits.max_nodes} nodes, not {nodes:,}.")


def _targets(served: Served) -> dict[str, AmlCompute]:
    return served.workspace.compute_targets


def _target(served: Served, name: str) -> AmlCompute:
    found = _targets(served).get(name)
    if found is None:
        raise NotFoundError(f"There is no compute target {name!r:.80} in this workspace.")
    return found


def _answer(served: Served, target: AmlCompute) -> dict[str, Any]:
    status = target.get_status()
    record = target.workspace.store.targets.get(target.name)
    if record is None:
        raise NotFoundError(f"The compute target {target.name!r} has just been deleted.")
    active = target.workspace.store.targets.active_runs(target.name)
    starting = sum(node["nodeState"] == "starting" for node in target.list_nodes())
    return {
        "name": target.name,
        "type": target.type,
        "size": target.vm_size,
        "cpus": record.cpus,
        "gpus": record.gpus,
        "memory_bytes": record.memory,
        "min_nodes": status.min_nodes,
        "max_nodes": status.max_nodes,
        "idle_seconds": status.idle_seconds,
        "nodes_idle": status.idle_node_count,
        "nodes_busy": status.running_node_count,
        "nodes_starting": starting,
        "active_runs": active,
        "state": target.provisioning_state,
        "message": record.description,
        "created": record.created,
        "code": _code(served, target.name),
        "badge": Badge("In use", "active") if active else Badge("Ready", "good"),
        "nodes_text": (
            f"{status.running_node_count} busy, {status.idle_node_count} idle, "
            f"of {status.max_nodes}"
        ),
        "about": _about(record),
    }


def _about(record: TargetRecord) -> str:
    gpus = f", {wording.plural(record.gpus, 'GPU')}" if record.gpus else ""
    cpus = wording.plural(record.cpus, "CPU")
    return f"{cpus}{gpus}, {wording.size(record.memory)} for each node"


def _code(served: Served, name: str) -> str:
    return (
        "from rl_widgets import Workspace\n\n"
        f"ws = {workspace_code(served)}\n"
        f"compute_target = ws.compute_targets[{as_python.literal(name)}]\n"
    )
