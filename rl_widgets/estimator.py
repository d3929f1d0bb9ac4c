"""The estimator: what to run, on what, and within which limits."""

from __future__ import annotations

import math
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_widgets.backend import requirements, snapshot
from rl_widgets.backend.arguments import ScriptParams, json_of, to_argv
from rl_widgets.backend.machine import Machine, this_machine
from rl_widgets.backend.node_command import OBJECT_STORE_MINIMUM, check_framework_arguments
from rl_widgets.backend.node_environment import check_variables
from rl_widgets.backend.plan import NodeGroup, Plan
from rl_widgets.compute import LOCAL_TARGET, AmlCompute, ComputeTargetException
from rl_widgets.store.errors import UserError
from rl_widgets.store.targets import TargetRecord

if TYPE_CHECKING:
    from rl_widgets.workspace import Workspace

SUPPORTED_RAY = "2.60"
MAX_SECONDS = 90 * 86_400
MAX_WORKERS = 1_000

#: The object store of a worker node: fragments and weights pass through it, no data set.
WORKER_OBJECT_STORE = 200 << 20
HEAD_OBJECT_STORE = 1 << 30


class Ray:
    """The framework: Ray, in the installed version.

    `framework_arguments` are extra arguments of the head's `ray start`; those that set what this
    package sets (ports, address, folder, sizes, …) are refused.
    """

    name = "Ray"

    def __init__(
        self, version: str | None = None, framework_arguments: Sequence[str] | None = None
    ) -> None:
        installed = requirements.version_of("ray")
        if version is not None and version != installed:
            raise UserError(
                f"Ray {version!s:.40} is not supported here; supported: "
                f"{installed or SUPPORTED_RAY}. Leave version out to take the installed one."
            )
        self.version = version or installed or SUPPORTED_RAY
        arguments = [] if framework_arguments is None else framework_arguments
        if isinstance(arguments, str) or not all(isinstance(a, str) for a in arguments):
            raise UserError("framework_arguments is a list of texts, such as ['--verbose'].")
        check_framework_arguments(arguments)
        self.framework_arguments = list(arguments)

    def __repr__(self) -> str:
        return f"Ray(version={self.version!r}, framework_arguments={self.framework_arguments!r})"


@dataclass
class EnvironmentDefinition:
    """Variables and packages of a run's environment, as one object."""

    name: str | None = None
    environment_variables: dict[str, str] = field(default_factory=dict)
    pip_packages: list[str] = field(default_factory=list)


@dataclass
class WorkerConfiguration:
    """The worker nodes: how many, of which compute target. One Ray node for each."""

    node_count: int
    compute_target: AmlCompute | str | None = None
    use_gpu: bool = False
    environment: EnvironmentDefinition | None = None
    shm_size: int | str | None = None
    pip_packages: Sequence[str] | None = None
    pip_requirements_file: str | None = None
    conda_packages: Sequence[str] | None = None
    conda_dependencies_file: str | None = None

    def __post_init__(self) -> None:
        _whole("node_count", self.node_count, 1, MAX_WORKERS)
        _target_name(self.compute_target)
        _boolean("use_gpu", self.use_gpu)
        _bytes_of(self.shm_size)
        _check_packages(self)


@dataclass(frozen=True)
class Submission:
    """What an estimator comes to in a workspace, after every check that can be made."""

    plan: Plan
    source: snapshot.Source
    environment_variables: dict[str, str]
    warnings: list[str]


class ReinforcementLearningEstimator:
    """A reinforcement learning job on a Ray cluster: an entry script, a head and its workers.

    `source_directory` holds the entry script and all it imports; `script_params` are its
    arguments, read as a shell would. Times in seconds; `shm_size` (bytes or '24g') is an upper
    limit of the head's object store. With `compute_target=None` the job takes this machine.

    Raises `UserError` for a wrong type or bound at once; `Experiment.submit` checks the rest
    before anything starts.
    """

    def __init__(
        self,
        source_directory: str | os.PathLike[str],
        *,
        environment: EnvironmentDefinition | None = None,
        entry_script: str | None = None,
        script_params: ScriptParams | None = None,
        compute_target: AmlCompute | str | None = None,
        use_gpu: bool | None = None,
        pip_packages: Sequence[str] | None = None,
        conda_packages: Sequence[str] | None = None,
        environment_variables: Mapping[str, str] | None = None,
        rl_framework: Ray | None = None,
        cluster_coordination_timeout_seconds: int | None = None,
        max_run_duration_seconds: int | None = None,
        worker_configuration: WorkerConfiguration | None = None,
        conda_dependencies_file: str | None = None,
        pip_requirements_file: str | None = None,
        shm_size: int | str | None = None,
        inputs: Sequence[Any] | None = None,
    ) -> None:
        if not isinstance(source_directory, (str, os.PathLike)) or not str(source_directory):
            raise UserError(
                f"source_directory is the path of a directory, not {source_directory!r:.60}."
            )
        self._source_directory = str(source_directory)
        self.environment = environment
        self.entry_script = entry_script
        self.script_params: ScriptParams = {} if script_params is None else script_params
        if not isinstance(self.script_params, (Mapping, list, tuple)):
            raise UserError(f"script_params is a dict, not {type(script_params).__name__}.")
        to_argv(self.script_params)
        self.compute_target = compute_target
        _target_name(compute_target)
        self.use_gpu = use_gpu
        if use_gpu is not None:
            _boolean("use_gpu", use_gpu)
        self.pip_packages = pip_packages
        self.conda_packages = conda_packages
        self.conda_dependencies_file = conda_dependencies_file
        self.pip_requirements_file = pip_requirements_file
        _check_packages(self)
        self.environment_variables = _variables(environment_variables)
        self._framework = Ray() if rl_framework is None else rl_framework
        if not isinstance(self._framework, Ray):
            raise UserError(f"rl_framework is Ray(…), not {rl_framework!r:.60}.")
        self.cluster_coordination_timeout_seconds = _seconds(
            "cluster_coordination_timeout_seconds", cluster_coordination_timeout_seconds
        )
        self.max_run_duration_seconds = _seconds(
            "max_run_duration_seconds", max_run_duration_seconds
        )
        if worker_configuration is not None and not isinstance(
            worker_configuration, WorkerConfiguration
        ):
            raise UserError(
                f"worker_configuration is WorkerConfiguration(…), not {worker_configuration!r:.60}."
            )
        self._worker_configuration = worker_configuration
        self.shm_size = shm_size
        _bytes_of(shm_size)
        if inputs:
            raise UserError(
                "inputs (datasets) are not supported: put the files into source_directory, or "
                "read them by their path."
            )

    @property
    def source_directory(self) -> str:
        """The directory that the snapshot is taken of."""
        return self._source_directory

    @property
    def framework(self) -> Ray:
        """The framework: Ray."""
        return self._framework

    @property
    def worker_configuration(self) -> WorkerConfiguration | None:
        """The worker nodes, or None for a cluster of the head alone."""
        return self._worker_configuration

    @property
    def head_configuration(self) -> dict[str, Any]:
        """What the head node is started with."""
        return {
            "compute_target": _target_name(self.compute_target),
            "node_count": 1,
            "use_gpu": self.use_gpu,
            "shm_size": _bytes_of(self.shm_size),
        }

    @property
    def rl_config(self) -> dict[str, Any]:
        """All of the submission, as a dict."""
        worker = self._worker_configuration
        return {
            "source_directory": self._source_directory,
            "entry_script": self.entry_script,
            "arguments": to_argv(self.script_params),
            "framework": {
                "name": self._framework.name,
                "version": self._framework.version,
                "arguments": self._framework.framework_arguments,
            },
            "head_configuration": self.head_configuration,
            "worker_configuration": None
            if worker is None
            else {
                "compute_target": _target_name(worker.compute_target),
                "node_count": worker.node_count,
                "use_gpu": worker.use_gpu,
                "shm_size": _bytes_of(worker.shm_size),
            },
            "cluster_coordination_timeout_seconds": self.cluster_coordination_timeout_seconds,
            "max_run_duration_seconds": self.max_run_duration_seconds,
        }

    def prepare(self, workspace: Workspace, machine: Machine | None = None) -> Submission:
        """Check everything that can be checked before anything starts.

        Raises `UserError`, `ComputeTargetException`, with a sentence that says what to change.
        """
        machine = machine or this_machine()
        warnings: list[str] = []
        ray = requirements.version_of("ray")
        if ray is None or not ray.startswith(f"{SUPPORTED_RAY}."):
            raise UserError(
                f"Ray {SUPPORTED_RAY} is needed to run jobs and {ray or 'none'} is installed here: "
                "pip install 'rl-widgets[rllib]'."
            )
        source = snapshot.examine(self._source_directory, self.entry_script or "")
        worker = self._worker_configuration
        head_target = _resolve(workspace, self.compute_target)
        self._check_gpus(head_target, worker, machine)
        head = _group(head_target, self.use_gpu, machine)
        head = replace(head, object_store=_bytes_of(self.shm_size) or HEAD_OBJECT_STORE)
        workers = None
        if worker is not None:
            worker_target = (
                head_target
                if worker.compute_target is None
                else _resolve(workspace, worker.compute_target)
            )
            workers = replace(
                _group(worker_target, worker.use_gpu, machine),
                node_count=worker.node_count,
                object_store=_bytes_of(worker.shm_size) or WORKER_OBJECT_STORE,
            )
            if worker.compute_target is None and head_target.name == LOCAL_TARGET:
                head, workers = _share(head, workers)
        plan = Plan(
            entry_script=os.path.normpath(self.entry_script or ""),
            arguments=to_argv(self.script_params),
            source_directory=str(source.directory),
            head=head,
            worker=workers,
            script_params=_plain(self.script_params),
            stop=json_of(self.script_params, "--stop"),
            framework_version=self._framework.version,
            framework_arguments=self._framework.framework_arguments,
            pip_packages=self._packages(source, warnings),
            requirements=self._requirements(source),
            environment_variables=sorted(self._variables()),
            cluster_coordination_timeout_seconds=self.cluster_coordination_timeout_seconds,
            max_run_duration_seconds=self.max_run_duration_seconds,
            versions={
                "python": platform.python_version(),
                "ray": ray,
                "rl_widgets": requirements.version_of("rl-widgets") or "",
                **requirements.versions_of("torch", "gymnasium", "ale-py", "numpy"),
            },
        )
        self._check_capacity(workspace, plan)
        cpus = head.cpus + (workers.cpus * workers.node_count if workers else 0)
        if cpus > machine.cpus:
            warnings.append(
                f"The cluster has {cpus} logical CPUs and this machine has {machine.cpus}: its "
                "processes share the cores."
            )
        return Submission(plan, source, self._variables(), warnings)

    def _check_gpus(
        self, head: TargetRecord, worker: WorkerConfiguration | None, machine: Machine
    ) -> None:
        there = f"This machine has {machine.gpus or 'no'} GPU{'s' if machine.gpus > 1 else ''}"
        config = json_of(self.script_params, "--config") or {}
        asked = config.get("num_gpus", 0)
        names_gpu = isinstance(asked, (int, float)) and not isinstance(asked, bool) and asked > 0
        if machine.gpus == 0 and (self.use_gpu or names_gpu):
            changes = []
            if self.use_gpu:
                changes.append("set use_gpu=False (or leave it out) in the estimator")
            if names_gpu:
                changes.append('set "num_gpus": 0 in the script\'s --config')
            raise UserError(f"{there}, and the run asks for one: {' and '.join(changes)}.")
        if worker is not None and worker.use_gpu and machine.gpus == 0:
            raise UserError(
                f"{there}, and the workers ask for one: set use_gpu=False in WorkerConfiguration."
            )
        if self.use_gpu and head.gpus == 0:
            raise UserError(
                f"use_gpu=True, but the nodes of {head.name!r} ({head.vm_size}) have no GPU: take "
                "a target with a GPU size, or set use_gpu=False."
            )
        if names_gpu and asked > machine.gpus:
            raise UserError(
                f"{there}, and the script's --config asks for num_gpus={asked:g}: lower it."
            )

    def _check_capacity(self, workspace: Workspace, plan: Plan) -> None:
        for name, wanted in plan.requests().items():
            target = workspace.store.targets.get(name)
            if target is not None and wanted > target.max_nodes:
                raise UserError(
                    f"The run needs {wanted} nodes of the compute target {name!r}, which has at "
                    f"most {target.max_nodes} (max_nodes): it would wait for ever. Lower "
                    "node_count, or raise max_nodes by .update(max_nodes=…)."
                )

    def _packages(self, source: snapshot.Source, warnings: list[str]) -> list[str]:
        install, said = requirements.missing(self._requirements(source))
        warnings += said
        return install

    def _requirements(self, source: snapshot.Source) -> list[str]:
        wanted: list[str] = []
        for of in (self, self._worker_configuration):
            if of is None:
                continue
            wanted += of.pip_packages or []
            if of.environment is not None:
                wanted += of.environment.pip_packages
            if of.pip_requirements_file:
                wanted += requirements.read_file(source.directory / of.pip_requirements_file)
        return list(dict.fromkeys(wanted))

    def _variables(self) -> dict[str, str]:
        own = {} if self.environment is None else self.environment.environment_variables
        return {**_variables(own), **self.environment_variables}


def _resolve(workspace: Workspace, target: AmlCompute | str | None) -> TargetRecord:
    name = _target_name(target) or LOCAL_TARGET
    record = workspace.store.targets.get(name)
    if record is None:
        known = ", ".join(t.name for t in workspace.store.targets.all())
        raise ComputeTargetException(
            f"There is no compute target {name!r} in the workspace {workspace.name!r}. There are: "
            f"{known}."
        )
    return record


def _group(target: TargetRecord, use_gpu: bool | None, machine: Machine) -> NodeGroup:
    return NodeGroup(
        target=target.name,
        vm_size=target.vm_size,
        node_count=1,
        cpus=target.cpus,
        gpus=0 if use_gpu is False else min(target.gpus, machine.gpus),
        memory=min(target.memory, machine.memory),
        object_store=0,
    )


def _share(head: NodeGroup, workers: NodeGroup) -> tuple[NodeGroup, NodeGroup]:
    """Head and workers of the one local node: its cores and memory divided, a core each at least.

    The lease is the head's; the workers need none beside it.
    """
    parts = workers.node_count + 1
    cpus, memory = max(1, head.cpus // parts), head.memory // parts
    return (
        replace(head, cpus=cpus, memory=memory),
        replace(workers, target="", cpus=cpus, memory=memory),
    )


def _plain(script_params: ScriptParams) -> dict[str, Any] | list[str]:
    return dict(script_params) if isinstance(script_params, Mapping) else list(script_params)


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UserError(f"{name} is a dict, not {type(value).__name__}.")
    return dict(value)


_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _variables(value: Any) -> dict[str, str]:
    variables = _mapping("environment_variables", value)
    for name, text in variables.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise UserError(
                f"{name!r:.60} cannot name an environment variable: letters, digits and '_', not "
                "beginning with a digit."
            )
        if not isinstance(text, str) or "\0" in text:
            raise UserError(
                f"The environment variable {name} is a text without NUL characters, not "
                f"{type(text).__name__}."
            )
    check_variables(variables)
    return variables


def _target_name(target: Any) -> str | None:
    if target is None or (isinstance(target, str) and target):
        return target
    if isinstance(target, AmlCompute):
        return target.name
    raise UserError(f"compute_target is a compute target, its name, or None, not {target!r:.60}.")


def _boolean(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise UserError(f"{name} is True or False, not {value!r:.60}.")


def _whole(name: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UserError(f"{name} is a whole number from {low} to {high:,}, not {value!r:.60}.")


def _seconds(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    _whole(name, value, 1, MAX_SECONDS)
    return int(value)


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", re.IGNORECASE)


def _bytes_of(value: Any) -> int | None:
    """Bytes of 1073741824 or '1g'. Raises `UserError`."""
    if value is None:
        return None
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        if match:
            unit = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}[match[2].lower()]
            value = int(float(match[1]) * (1 << unit))
    if isinstance(value, bool) or not isinstance(value, int) or value < OBJECT_STORE_MINIMUM:
        raise UserError(
            f"shm_size is a number of bytes or a text such as '24g', at least "
            f"{OBJECT_STORE_MINIMUM >> 20} MiB; not {value!r:.60}."
        )
    return value


def _check_packages(of: WorkerConfiguration | ReinforcementLearningEstimator) -> None:
    if of.conda_packages or of.conda_dependencies_file:
        raise UserError(
            "conda_packages and conda_dependencies_file are not supported: the run uses the Python "
            "environment of the notebook. Name the packages in pip_packages."
        )
    if isinstance(of.pip_packages, str):
        raise UserError("pip_packages is a list of texts, such as ['numpy>=2'], not one text.")
    if of.environment is not None and not isinstance(of.environment, EnvironmentDefinition):
        raise UserError(f"environment is EnvironmentDefinition(…), not {of.environment!r:.60}.")
    if of.pip_requirements_file is not None and (
        not isinstance(of.pip_requirements_file, str)
        or Path(of.pip_requirements_file).is_absolute()
    ):
        raise UserError(
            "pip_requirements_file is the path of a file in source_directory, relative to it."
        )
    requirements.missing(of.pip_packages or [])
