"""The fields of forms: what there are, and what is wrong with the values of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rl_widgets.compute import LOCAL_TARGET
from rl_widgets.forms.checking import Checked, check, describe, kind
from rl_widgets.forms.code import plain
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.forms.submission import target_name
from rl_widgets.server.request import ForbiddenError, Request, mapping
from rl_widgets.server.served import Limits, Served
from rl_widgets.server.targets import check_allowed, check_nodes
from rl_widgets.store.errors import UserError


def fields_of_kind(served: Served, asked: Request, name: str) -> Any:
    """The fields as a subset of JSON Schema."""
    return describe(kind(name))


def check_fields(served: Served, asked: Request, name: str) -> Any:
    """Check values; changes nothing."""
    given = asked.fields(("values", "kernel"), needed=("values",))
    cls = kind(name)
    values = mapping("values", given["values"])
    if issubclass(cls, ExperimentFields):
        found = checked_experiment(served, values, here=not given.get("kernel"))
    else:
        found = check(cls, values, served.workspace)
    return {
        "values": plain(found.values),
        "errors": found.errors,
        "notes": found.notes,
        "code": found.code,
        "picture": found.picture,
        "defaults": plain(found.defaults),
    }


def checked_experiment(served: Served, values: Mapping[str, Any], *, here: bool) -> Checked:
    """An experiment's values, with what this server refuses among the errors."""
    found = check(ExperimentFields, values, served.workspace, here=here)
    head, worker = found.values.get("head_target"), found.values.get("worker_target")
    nodes = (found.values.get("worker_nodes") or 0) + 1
    head_name = target_name(head) or LOCAL_TARGET
    refusals: tuple[tuple[str, Callable[[Limits, Any], None], Any], ...] = (
        ("head_target", check_allowed, head_name),
        ("worker_target", check_allowed, target_name(worker) or head_name),
        ("worker_nodes", check_nodes, nodes),
        ("head_target.max_nodes", check_nodes, _most(head)),
        ("worker_target.max_nodes", check_nodes, _most(worker)),
    )
    for field, refuse, what in refusals:
        try:
            refuse(served.limits, what)
        except (UserError, ForbiddenError) as error:
            found.errors.setdefault(field, str(error))
    return found


def _most(target: Any) -> int:
    """The nodes of a target that is still to be made."""
    return int(target["max_nodes"]) if isinstance(target, Mapping) else 0
