"""From an experiment's checked values to estimators, and to runs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_widgets.compute import AmlCompute, ComputeTarget
from rl_widgets.estimator import ReinforcementLearningEstimator, WorkerConfiguration
from rl_widgets.experiment import Experiment
from rl_widgets.forms.training import changes_of, whole_config
from rl_widgets.store.errors import StoreError

if TYPE_CHECKING:
    from rl_widgets.run import Run
    from rl_widgets.workspace import Workspace

SCRIPT = "train_rllib.py"
#: The tag that the runs of one submission share, where it makes several.
GROUP = "group"

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
    checkpoint_at_end=args.checkpoint_at_end,
    keep_checkpoints_num=args.keep_checkpoints_num,
)
'''


@dataclass(frozen=True)
class OneRun:
    """What is a run's own among those of one submission: its seed, the varied settings."""

    seed: int | None
    changes: Mapping[str, Any]

    @property
    def tags(self) -> dict[str, str]:
        """The run's place in its group."""
        seed = {} if self.seed is None else {"seed": str(self.seed)}
        return seed | {name: json.dumps(value) for name, value in self.changes.items()}


def training_script(workspace: Workspace) -> str:
    """The directory of the entry script that trains what its arguments say, `train_rllib.py`."""
    folder = script_folder(workspace)
    path = folder / SCRIPT
    try:
        folder.mkdir(exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != _SOURCE:
            partial = path.with_name(f".{SCRIPT}.{os.getpid()}")
            partial.write_text(_SOURCE, encoding="utf-8")
            os.replace(partial, path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror}).") from error
    return str(folder)


def script_folder(workspace: Workspace) -> Path:
    """Where the entry script is, or will be."""
    return workspace.folder / "scripts"


def is_packaged(source_directory: str, entry_script: str | None) -> bool:
    """Whether an estimator's script is the packaged one, which `training_script` writes anew."""
    if entry_script != SCRIPT:
        return False
    path = Path(source_directory) / SCRIPT
    try:
        return not path.is_file() or path.read_text(encoding="utf-8") == _SOURCE
    except (OSError, UnicodeDecodeError):
        return False


def script_of(values: Mapping[str, Any]) -> dict[str, str]:
    """The estimator's arguments that name an entry script of one's own; {} for the packaged one."""
    names = ("source_directory", "entry_script")
    return {name: values[name] for name in names if values.get(name)}


def runs_of(values: Mapping[str, Any]) -> list[OneRun]:
    """The runs that a submission makes: one for each seed and each combination of settings."""
    seeds: Sequence[int | None] = values.get("seeds") or [None]
    return [OneRun(seed, changes) for changes in changes_of(values) for seed in seeds]


def script_params(values: Mapping[str, Any], one: OneRun) -> dict[str, Any]:
    """The arguments of the entry script."""
    params: dict[str, Any] = {"--run": values["algorithm"], "--env": values["environment"]}
    config = {**whole_config(values), **one.changes}
    if config:
        params["--config"] = config
    if values.get("stop"):
        params["--stop"] = dict(values["stop"])
    for name, value in (
        ("--seed", one.seed),
        ("--checkpoint-freq", values.get("checkpoint_freq")),
        ("--keep-checkpoints-num", values.get("keep_checkpoints_num")),
    ):
        if value is not None:
            params[name] = value
    if values.get("checkpoint_at_end"):
        params["--checkpoint-at-end"] = ""
    return params


def cluster_arguments(values: Mapping[str, Any]) -> dict[str, Any]:
    """The estimator's arguments that say on what it runs; only those that are given."""
    found: dict[str, Any] = {"compute_target": target_name(values.get("head_target"))}
    for name in (
        "use_gpu",
        "shm_size",
        "pip_packages",
        "cluster_coordination_timeout_seconds",
        "max_run_duration_seconds",
    ):
        found[name] = values.get(name)
    variables = values.get("environment_variables")
    if variables:
        found["environment_variables"] = {
            name: os.environ.get(name, "") if text is None else text
            for name, text in variables.items()
        }
    if values.get("worker_nodes"):
        found["worker_configuration"] = WorkerConfiguration(
            values["worker_nodes"],
            target_name(values.get("worker_target")),
            use_gpu=bool(values.get("worker_use_gpu")),
            shm_size=values.get("worker_shm_size"),
        )
    return {name: value for name, value in found.items() if value is not None}


def estimator_of(
    values: Mapping[str, Any], packaged: str, one: OneRun
) -> ReinforcementLearningEstimator:
    """The estimator of one of the runs; `packaged` is the directory of the packaged script."""
    own = script_of(values)
    return ReinforcementLearningEstimator(
        own.get("source_directory", packaged),
        entry_script=own.get("entry_script", SCRIPT),
        script_params=script_params(values, one),
        **cluster_arguments(values),
    )


def target_name(target: Any) -> str | None:
    """The name of a compute target, in whichever form it is given."""
    if isinstance(target, Mapping):
        return str(target["name"])
    return target if target is None or isinstance(target, str) else str(target.name)


def make_targets(values: Mapping[str, Any], workspace: Workspace) -> None:
    """Make the compute targets of checked values that the workspace has not.

    Raises `ComputeTargetException` where one is refused.
    """
    for target in (values.get("head_target"), values.get("worker_target")):
        if isinstance(target, Mapping) and target["name"] not in workspace.compute_targets:
            given = {name: value for name, value in target.items() if name != "name"}
            configuration = AmlCompute.provisioning_configuration(**given)
            ComputeTarget.create(workspace, target["name"], configuration)


def start(values: Mapping[str, Any], workspace: Workspace) -> list[Run]:
    """Make the new compute targets, and start a run for each seed and varied value.

    `values` are checked ones. Raises `UserError`, `ComputeTargetException` where one is refused;
    the runs that have started before it go on.
    """
    make_targets(values, workspace)
    runs, source = runs_of(values), training_script(workspace)
    group = {} if len(runs) == 1 else {GROUP: f"{values['experiment']}-{time.time_ns() // 10**6}"}
    experiment = Experiment(workspace, values["experiment"])
    estimators = [estimator_of(values, source, one) for one in runs]
    for estimator in estimators:
        estimator.prepare(workspace)
    tags = dict(values.get("tags") or {})
    return [
        experiment.submit(estimator, tags={**tags, **(one.tags if group else {}), **group})
        for one, estimator in zip(runs, estimators, strict=True)
    ]
