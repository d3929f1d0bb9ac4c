"""Submitting a run that trains an RLlib algorithm, from the fields of a form."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from rl_widgets.compute import LOCAL_TARGET
from rl_widgets.estimator import ReinforcementLearningEstimator, WorkerConfiguration
from rl_widgets.experiment import Experiment
from rl_widgets.server import kernels
from rl_widgets.server.machine import trains_here
from rl_widgets.server.request import Request, mapping, whole
from rl_widgets.server.run_actions import check_room
from rl_widgets.server.served import Served
from rl_widgets.server.targets import check_allowed, check_nodes
from rl_widgets.store.errors import ConflictError, StoreError, UserError
from rl_widgets.view import as_python

_FIELDS = (
    "experiment",
    "environment",
    "algorithm",
    "config",
    "stop",
    "seed",
    "head_target",
    "worker_target",
    "worker_nodes",
    "kernel",
)
_MOST_WORKERS = 1_000
#: Names of environments and algorithms: what a command line takes as one word.
_NAME = re.compile(r"[\w.][\w./:@+-]{0,199}")

SCRIPT = "train_rllib.py"
_SOURCE = '''"""Train an RLlib algorithm with the settings of its arguments."""

import ray

from rl_widgets.rllib import train, tune

args = train.create_parser().parse_args()
ray.init(address=args.ray_address)
tune.run(
    run_or_experiment=args.run,
    config={"env": args.env, **args.config},
    stop=args.stop,
    local_dir=args.local_dir,
    seed=args.seed,
    checkpoint_freq=args.checkpoint_freq,
)
'''


def submit(served: Served, asked: Request) -> Any:
    """Start a run; returns its id and the Python that starts the same run again."""
    given = asked.fields(_FIELDS, needed=("experiment", "environment", "algorithm"))
    params: dict[str, Any] = {
        "--run": _name("algorithm", given["algorithm"]),
        "--env": _name("environment", given["environment"]),
    }
    config, stop = (mapping(name, given.get(name)) for name in ("config", "stop"))
    if config:
        params["--config"] = config
    if stop:
        params["--stop"] = stop
    if given.get("seed") is not None:
        params["--seed"] = whole("seed", given["seed"], 0, 2**31 - 1)
    workers = whole("worker_nodes", given.get("worker_nodes") or 0, 0, _MOST_WORKERS)
    head = _target(served, "head_target", given.get("head_target"))
    worker = _target(served, "worker_target", given.get("worker_target"))
    for target in {head or LOCAL_TARGET, worker or head or LOCAL_TARGET}:
        check_allowed(served.limits, target)
    check_nodes(served.limits, workers + 1)
    check_room(served)
    kernel = given.get("kernel") or ""
    if not isinstance(kernel, str):
        raise UserError(f"kernel is the name of a kernel, not {kernel!r:.60}.")
    if not kernel and not trains_here():
        raise ConflictError(
            "The Python of this server has no Ray and torch to train with. Choose a kernel that "
            "has them, or install 'rl-widgets[rllib]' beside the server."
        )
    experiment = Experiment(served.workspace, given["experiment"])
    estimator = ReinforcementLearningEstimator(
        _source(served.workspace.folder),
        entry_script=SCRIPT,
        script_params=params,
        compute_target=head,
        worker_configuration=WorkerConfiguration(workers, worker) if workers else None,
    )
    if kernel:
        run_id = _by_kernel(served, kernel, experiment.name, estimator)
    else:
        run_id = experiment.submit(estimator).id
    record = served.workspace.store.runs.get(run_id)
    snapshot = served.workspace.run_folder(run_id) / "snapshot"
    code = as_python.as_python(
        record, served.workspace.folder, snapshot, served.workspace.store.targets.get
    )
    return {"id": run_id, "code": code}


def _by_kernel(
    served: Served, kernel: str, experiment: str, estimator: ReinforcementLearningEstimator
) -> str:
    """Submit by the Python of a kernel: it is that which runs the supervisor and the nodes."""
    arguments = ["submit", str(Path(estimator.source_directory) / SCRIPT)]
    arguments += ["--experiment", experiment]
    if estimator.compute_target:
        arguments += ["--target", str(estimator.compute_target)]
    worker = estimator.worker_configuration
    if worker is not None:
        arguments += ["--workers", str(worker.node_count)]
        if worker.compute_target:
            arguments += ["--worker-target", str(worker.compute_target)]
    said = kernels.command(served, kernel, [*arguments, "--", *estimator.rl_config["arguments"]])
    run_id = next(iter(reversed(said.split())), "")
    run = served.workspace.get_run(run_id)
    run.add_properties({kernels.PROPERTY: kernel})
    return run.id


def _source(workspace: Path) -> Path:
    """The folder of the entry script, which is the same for all such runs."""
    folder = workspace / "scripts"
    path = folder / SCRIPT
    try:
        folder.mkdir(exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != _SOURCE:
            partial = path.with_name(f".{SCRIPT}.{os.getpid()}")
            partial.write_text(_SOURCE, encoding="utf-8")
            os.replace(partial, path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror}).") from error
    return folder


def _name(field: str, value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise UserError(
            f"{field} is a name without spaces, such as "
            f"{'PPO' if field == 'algorithm' else 'CartPole-v1'}, not {value!r:.60}."
        )
    return value


def _target(served: Served, field: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise UserError(f"{field} is the name of a compute target, not {value!r:.60}.")
    if served.workspace.store.targets.get(value) is None:
        raise UserError(f"{field}: there is no compute target {value!r:.80} in this workspace.")
    return value
