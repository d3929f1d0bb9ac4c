"""Submitting runs that train an RLlib algorithm, from the values of a form."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl_widgets.compute import LOCAL_TARGET
from rl_widgets.experiment import Experiment
from rl_widgets.forms.document import save
from rl_widgets.forms.submission import runs_of, start, target_name
from rl_widgets.forms.trial import trial
from rl_widgets.server import kernels
from rl_widgets.server.fields import checked_experiment
from rl_widgets.server.request import Request, boolean
from rl_widgets.server.run_actions import check_room
from rl_widgets.server.served import Served
from rl_widgets.server.targets import check_allowed
from rl_widgets.store.errors import FieldError, UserError
from rl_widgets.view import as_python

#: What a form may leave empty instead of leaving it out.
_EMPTY = ("head_target", "worker_target", "kernel")
_FILE = "experiment.yaml"
#: How a sentence on a file begins.
_PLACE = re.compile(rf"^{re.escape(_FILE)}(?:, line \d+, column \d+)?: ", re.MULTILINE)


def submit(served: Served, asked: Request) -> Any:
    """Start the runs of an experiment; returns their ids and the Python that starts them again."""
    values = {k: v for k, v in asked.body.items() if not (k in _EMPTY and v == "")}
    kernel = values.pop("kernel", None)
    if kernel is not None and not isinstance(kernel, str):
        raise FieldError(f"kernel is the name of a kernel, not {kernel!r:.60}.", "kernel")
    short = boolean("trial", values.pop("trial", None) or False)
    if "seed" in values:
        seed = values.pop("seed")
        values.setdefault("seeds", seed)
    checked = checked_experiment(served, values, here=not kernel)
    head, worker = checked.values.get("head_target"), checked.values.get("worker_target")
    for target in (head, worker or head):
        check_allowed(served.limits, target_name(target) or LOCAL_TARGET)
    for name, sentence in checked.errors.items():
        raise FieldError(sentence, name, checked.errors)
    given = trial(checked.values) if short else checked.values
    if not kernel:
        try:
            kernels.check_trains(served, "")
        except UserError as error:
            raise FieldError(str(error), "kernel") from None
    with served.starting:
        check_room(served, len(runs_of(given)))
        if kernel:
            Experiment(served.workspace, given["experiment"])
            ids = _by_kernel(served, kernel, given)
        else:
            ids = [run.id for run in start(given, served.workspace)]
    return {"id": ids[0], "ids": ids, "code": checked.code if ids[1:] else _code(served, ids[0])}


def _by_kernel(served: Served, kernel: str, values: Mapping[str, Any]) -> list[str]:
    """Submit by the Python of a kernel: it is that which runs the supervisor and the nodes."""
    python, name = kernels.python_of(served, kernel), f"The Python of the kernel {kernel!r:.80}"
    with tempfile.TemporaryDirectory(prefix="rl_widgets-") as folder:
        file = Path(folder) / _FILE
        save(values, file)
        try:
            said = kernels.command(served, python, name, ["submit", str(file)])
        except UserError as error:
            # Nobody has seen this file: a place in it says nothing.
            raise UserError(_PLACE.sub("", str(error))) from error
    # Ids are all that is said; a message before them has spaces.
    ids = [line for line in said.splitlines() if line and " " not in line]
    runs = [served.workspace.get_run(run_id) for run_id in ids or [""]]
    for run in runs:
        run.add_properties({kernels.PROPERTY: kernel})
    return [run.id for run in runs]


def _code(served: Served, run_id: str) -> str:
    record = served.workspace.store.runs.get(run_id)
    snapshot = served.workspace.run_folder(run_id) / "snapshot"
    find = served.workspace.store.targets.get
    return as_python.as_python(record, served.workspace.folder, snapshot, find)
