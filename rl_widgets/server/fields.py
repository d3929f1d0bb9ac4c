"""The fields of forms: what there are, and what is wrong with the values of one."""

from __future__ import annotations

import base64
import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rl_widgets.compute import LOCAL_TARGET
from rl_widgets.fields.compute_target import ComputeTargetFields
from rl_widgets.fields.specification import Fields
from rl_widgets.fields.specification import fields_of as traits_of
from rl_widgets.forms import document, installed, locked
from rl_widgets.forms.checking import Checked, check, describe, kind
from rl_widgets.forms.code import plain
from rl_widgets.forms.expected import expectation, measured
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.forms.opened import from_run
from rl_widgets.forms.settings import settings_of
from rl_widgets.forms.submission import runs_of, target_name
from rl_widgets.forms.training import TrainingFields
from rl_widgets.server import kernels
from rl_widgets.server.request import ForbiddenError, Request, mapping, text
from rl_widgets.server.run_actions import check_room
from rl_widgets.server.served import Limits, Served
from rl_widgets.server.targets import check_allowed, check_new, check_nodes
from rl_widgets.store.errors import ConflictError, FieldError, RLWidgetsError, UserError

_NO_JSON = (
    "{} has an infinite number or none at all (.inf, .nan), which no page can be sent: submit the "
    "file itself with rl-widgets submit, or open it in a notebook."
)
_Refusal = tuple[str, Callable[..., None], Any, Any]


def fields_of_kind(served: Served, asked: Request, name: str) -> Any:
    """The fields as a subset of JSON Schema, with words to choose from."""
    algorithm = _algorithm(name)
    cls = _kind(name)
    choices: dict[str, Sequence[str]] = {}
    if algorithm:
        choices = {"preset": installed.presets(algorithm)}
    elif issubclass(cls, TrainingFields):
        names = installed.environments()
        choices = {"environment": names, "algorithm": installed.algorithms()}
    return {**describe(cls), "x-choices": choices}


def fields_of_run(served: Served, asked: Request, run_id: str) -> Any:
    """The values of a form that makes a run again."""
    record = served.table.get(run_id)
    run = served.workspace.get_run(record.id)
    run = run.parent or run
    kernel = str(run.properties.get(kernels.PROPERTY, ""))
    values = from_run(run)
    try:
        check_inside(served, values.get("source_directory") or "")
    except ForbiddenError:
        values["source_directory"] = str(served.workspace.run_folder(run.id) / "snapshot")
    return {"values": plain(values), "kernel": kernel}


def check_fields(served: Served, asked: Request, name: str) -> Any:
    """Check values; changes nothing."""
    given = asked.fields(("values", "kernel"), needed=("values",))
    cls = _kind(name)
    values = mapping("values", given["values"])
    if issubclass(cls, ExperimentFields):
        kernel = given.get("kernel") or ""
        found = _with_room(served, checked_experiment(served, values, here=not kernel))
        try:
            kernels.check_trains(served, kernel)
        except RLWidgetsError as error:
            found.errors["kernel"] = str(error)
        found = _expected(served, found)
    elif cls is ComputeTargetFields:
        found = checked_target(served, values)
    else:
        found = check(cls, values, served.workspace)
    return {
        "values": plain(found.values),
        "errors": found.errors,
        "notes": found.notes,
        "code": "" if found.errors else found.code,
        "picture": found.picture,
        "defaults": plain(found.defaults),
    }


def read_document(served: Served, asked: Request, name: str) -> Any:
    """What a form has of a YAML file, and which of its fields are locked; changes nothing.

    `data` is the file in base64; of a file that is too large, its beginning is enough.
    """
    given = asked.fields(("name", "data"), needed=("name", "data"))
    called, data = text("name", given["name"]), text("data", given["data"])
    try:
        content = base64.b64decode(data, validate=True)
    except ValueError as error:
        raise UserError(f"data is a file in base64 ({error}).") from None
    cls = _kind(name)
    found = document.fitting(document.decoded(content, called), cls)
    endless = {n: _NO_JSON.format(n) for n, value in found.values.items() if not _finite(value)}
    if endless:
        raise UserError("\n".join(found.located(endless)))
    values = {n: value for n, value in found.values.items() if value is not None}
    return {"values": values, "locked": locked.names(found.locked, cls, found.values)}


def write_document(served: Served, asked: Request, name: str) -> Any:
    """The YAML file of a form's values, as text; writes nothing."""
    given = asked.fields(("values", "locked", "kernel"), needed=("values",))
    cls = _kind(name)
    values = mapping("values", given["values"])
    names = locked.names(given.get("locked") or [], cls, values)
    found = check(cls, values, served.workspace, here=not given.get("kernel"))
    for field, sentence in found.errors.items():
        raise FieldError(sentence, field, found.errors)
    return {"name": document.file_name(cls), "text": document.dump(cls, found.values, names)}


def _finite(value: Any) -> bool:
    if isinstance(value, (dict, list)):
        return all(map(_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def checked_experiment(served: Served, values: Mapping[str, Any], *, here: bool) -> Checked:
    """An experiment's values, with what this server refuses among the errors."""
    if sentence := _outside(served, values):
        # Nothing in it is looked at, nor told of.
        inside = {n: v for n, v in values.items() if n not in ("source_directory", "entry_script")}
        found = checked_experiment(served, inside, here=here)
        found.errors["source_directory"] = sentence
        return found
    found = check(ExperimentFields, values, served.workspace, here=here)
    head, worker = found.values.get("head_target"), found.values.get("worker_target")
    nodes = (found.values.get("worker_nodes") or 0) + 1
    head_name = target_name(head) or LOCAL_TARGET
    limits = served.limits
    refusals: list[_Refusal] = [("head_target", check_allowed, limits, head_name)]
    if worker:
        refusals.append(("worker_target", check_allowed, limits, target_name(worker)))
    return _refused(
        found,
        *refusals,
        ("worker_nodes", check_nodes, limits, nodes),
        ("head_target.max_nodes", check_nodes, limits, _most(head)),
        ("worker_target.max_nodes", check_nodes, limits, _most(worker)),
    )


def _with_room(served: Served, found: Checked) -> Checked:
    """With what makes more runs than this server allows now among the errors.

    A submission is told so by itself, as its trial is one run alone: what is wrong with the number
    of runs only is named apart from its field. That there is no room for one run is about no field.
    """
    found = _refused(found, ("", check_room, served, 1))
    field = "vary" if found.values.get("vary") else "seeds"
    refusal = f"{field}.group", check_room, served, len(runs_of(found.values))
    return found if "" in found.errors else _refused(found, refusal)


def _outside(served: Served, values: Mapping[str, Any]) -> str:
    """Why a source directory is not one that this server shows; '' where it is, or is none."""
    given = values.get("source_directory")
    if not values.get("entry_script"):  # one without the other is looked at by nobody
        return ""
    try:
        traits_of(ExperimentFields)["source_directory"].converted(given or "")
        check_inside(served, given if isinstance(given, str) else "")
    except ForbiddenError as error:
        return str(error)
    except (FieldError, OSError, ValueError):  # no path at all, which its field says
        return ""
    return ""


def check_inside(served: Served, directory: str) -> None:
    """Raises `ForbiddenError` for a directory outside of what this server shows.

    A run takes a copy of it, which whoever may see runs can read.
    """
    places = [served.root.resolve(), served.workspace.folder.resolve()]
    # Of a user whom nobody knows, this leaves the name as it is; pathlib raises an error.
    path = Path(os.path.expanduser(directory)).resolve()
    if directory and not any(path.is_relative_to(place) for place in places):
        raise ForbiddenError(
            f"source_directory {directory!r:.300} lies outside of the folder that this server "
            f"shows ({places[0]}). Copy it there, or submit from a notebook."
        )


def checked_target(served: Served, values: Mapping[str, Any]) -> Checked:
    """A new compute target's values, with what this server refuses among the errors."""
    found = check(ComputeTargetFields, values, served.workspace)
    refusals: list[_Refusal] = []
    if "name" in found.values:
        name = found.values["name"]
        refusals = [("name", check_allowed, served.limits, name), ("name", check_new, served, name)]
    most: tuple[Limits, Any] = served.limits, found.values.get("max_nodes")
    return _refused(found, *refusals, ("max_nodes", check_nodes, *most))


def _refused(found: Checked, *refusals: _Refusal) -> Checked:
    for field, refuse, by, what in refusals:
        try:
            refuse(by, what)
        except (UserError, ForbiddenError, ConflictError) as error:
            found.errors.setdefault(field, str(error))
    return found


def _most(target: Any) -> int:
    """The nodes of a target that is still to be made."""
    return int(target["max_nodes"]) if isinstance(target, Mapping) else 0


def _algorithm(name: str) -> str:
    """The algorithm of RLlib that an address names; '' for none."""
    known = {algorithm.lower(): algorithm for algorithm in installed.algorithms()}
    return known.get(name.lower(), "")


def _kind(name: str) -> type[Fields]:
    algorithm = _algorithm(name)
    return settings_of(algorithm) if algorithm else kind(name)


#: Seconds for which measured env steps/s are taken as they are, and kinds of runs that are held.
_FRESH, _MOST_HELD = 60.0, 50
_lock = threading.Lock()


@dataclass(frozen=True)
class _Measured:
    at: float
    #: The runs that went on.
    active: tuple[str, ...]
    rates: list[float]


_held: dict[tuple[Any, ...], _Measured] = {}


def _expected(served: Served, found: Checked) -> Checked:
    """With a note on how long the run takes, from what earlier ones were measured at."""
    if found.errors:
        return found
    trained = found.values["environment"], found.values["algorithm"]
    workspace = served.workspace
    key = (workspace.folder, *trained)
    now, active = time.monotonic(), tuple(sorted(record.id for record in served.table.active()))
    with _lock:
        held = _held.get(key)
    # A run that has ended since was measured.
    if held is None or held.active != active or now - held.at >= _FRESH:
        try:
            rates = measured(*trained, workspace)
        except (RLWidgetsError, OSError):
            rates = []
        held = _Measured(now, active, rates)
        with _lock:
            if len(_held) >= _MOST_HELD:
                _held.clear()
            _held[key] = held
    return replace(found, notes=(*found.notes, expectation(found.values, held.rates)))
