"""The estimator: what to run, on what, and within which limits."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import traitlets

from rl_widgets.backend import requirements, snapshot
from rl_widgets.backend.arguments import ScriptParams, json_of, to_argv
from rl_widgets.backend.machine import Machine, this_machine
from rl_widgets.backend.node_command import check_framework_arguments
from rl_widgets.backend.node_groups import Asked, node_groups
from rl_widgets.backend.plan import Plan
from rl_widgets.compute import LOCAL_TARGET, AmlCompute, ComputeTargetException
from rl_widgets.fields.mapping import bytes_of
from rl_widgets.fields.nodes import EstimatorFields, WorkerFields
from rl_widgets.fields.specification import Fields, fields_of
from rl_widgets.store.errors import FieldError, UserError
from rl_widgets.store.targets import TargetRecord

if TYPE_CHECKING:
    from rl_widgets.workspace import Workspace

SUPPORTED_RAY = "2.60"


class _Part(traitlets.TraitType[Any, Any]):
    """An attribute that is an object of one class, or None."""

    def __init__(self, kind: type, words: str) -> None:
        super().__init__(None)
        self._kind, self._words = kind, words

    def validate(self, obj: Any, value: Any) -> Any:
        if value is not None and not isinstance(value, self._kind):
            raise FieldError(f"{self.name} is {self._words}, not {value!r:.60}.", str(self.name))
        return value


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


class WorkerConfiguration(WorkerFields):
    """The worker nodes: how many, of which compute target. One Ray node for each.

    Every attribute is checked when it is assigned, and can be observed. Raises `UserError`.
    """

    environment = _Part(EnvironmentDefinition, "EnvironmentDefinition(…)")

    def __init__(
        self,
        node_count: int,
        compute_target: AmlCompute | str | None = None,
        use_gpu: bool = False,
        environment: EnvironmentDefinition | None = None,
        shm_size: int | str | None = None,
        pip_packages: Sequence[str] | None = None,
        pip_requirements_file: str | None = None,
        conda_packages: Sequence[str] | None = None,
        conda_dependencies_file: str | None = None,
    ) -> None:
        super().__init__(
            node_count=node_count,
            compute_target=compute_target,
            use_gpu=use_gpu,
            shm_size=shm_size,
            pip_packages=pip_packages,
            pip_requirements_file=pip_requirements_file,
            conda_packages=conda_packages,
            conda_dependencies_file=conda_dependencies_file,
        )
        self.environment = environment

    def __repr__(self) -> str:
        return f"WorkerConfiguration({_given(self)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WorkerConfiguration) and repr(self) == repr(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Submission:
    """What an estimator comes to in a workspace, after every check that can be made."""

    plan: Plan
    source: snapshot.Source
    environment_variables: dict[str, str]
    warnings: list[str]


class ReinforcementLearningEstimator(EstimatorFields):
    """A reinforcement learning job on a Ray cluster: an entry script, a head and its workers.

    `source_directory` holds the entry script and all it imports; `script_params` are its
    arguments, read as a shell would. Times in seconds; `shm_size` (bytes or '24g') is an upper
    limit of the head's object store. With `compute_target=None` the job takes this machine.

    Every attribute is checked when it is assigned, and can be observed (`.observe`); mappings are
    read-only. Raises `UserError` for a wrong type or bound at once; `Experiment.submit` checks the
    rest before anything starts.
    """

    environment = _Part(EnvironmentDefinition, "EnvironmentDefinition(…)")
    rl_framework = _Part(Ray, "Ray(…)")
    worker_configuration = _Part(WorkerConfiguration, "WorkerConfiguration(…)")

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
        super().__init__(
            source_directory=source_directory,
            entry_script=entry_script,
            script_params={} if script_params is None else script_params,
            compute_target=compute_target,
            use_gpu=use_gpu,
            pip_packages=pip_packages,
            conda_packages=conda_packages,
            environment_variables={} if environment_variables is None else environment_variables,
            cluster_coordination_timeout_seconds=cluster_coordination_timeout_seconds,
            max_run_duration_seconds=max_run_duration_seconds,
            conda_dependencies_file=conda_dependencies_file,
            pip_requirements_file=pip_requirements_file,
            shm_size=shm_size,
        )
        self.environment = environment
        self.rl_framework = Ray() if rl_framework is None else rl_framework
        self.worker_configuration = worker_configuration
        if inputs:
            raise UserError(
                "inputs (datasets) are not supported: put the files into source_directory, or "
                "read them by their path."
            )

    @property
    def framework(self) -> Ray:
        """The framework: Ray."""
        return self.rl_framework or Ray()

    @property
    def head_configuration(self) -> dict[str, Any]:
        """What the head node is started with."""
        return {
            "compute_target": _target_name(self.compute_target),
            "node_count": 1,
            "use_gpu": self.use_gpu,
            "shm_size": bytes_of(self.shm_size),
        }

    @property
    def rl_config(self) -> dict[str, Any]:
        """All of the submission, as a dict."""
        worker = self.worker_configuration
        return {
            "source_directory": self.source_directory,
            "entry_script": self.entry_script,
            "arguments": to_argv(self.script_params),
            "framework": {
                "name": self.framework.name,
                "version": self.framework.version,
                "arguments": self.framework.framework_arguments,
            },
            "head_configuration": self.head_configuration,
            "worker_configuration": None
            if worker is None
            else {
                "compute_target": _target_name(worker.compute_target),
                "node_count": worker.node_count,
                "use_gpu": worker.use_gpu,
                "shm_size": bytes_of(worker.shm_size),
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
        source = snapshot.examine(self.source_directory, self.entry_script or "")
        head, workers = node_groups(
            self.asked(lambda name: _resolve(workspace, name)), machine, LOCAL_TARGET
        )
        plan = Plan(
            entry_script=os.path.normpath(self.entry_script or ""),
            arguments=to_argv(self.script_params),
            source_directory=str(source.directory),
            head=head,
            worker=workers,
            script_params=_plain(self.script_params),
            stop=json_of(self.script_params, "--stop"),
            framework_version=self.framework.version,
            framework_arguments=self.framework.framework_arguments,
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
            python=sys.executable or "",
        )
        cpus = head.cpus + (workers.cpus * workers.node_count if workers else 0)
        if cpus > machine.cpus:
            warnings.append(
                f"The cluster has {cpus} logical CPUs and this machine has {machine.cpus}: its "
                "processes share the cores."
            )
        return Submission(plan, source, self._variables(), warnings)

    def asked(self, find: Callable[[str], TargetRecord]) -> Asked:
        """What is asked for of nodes; `find` gives a compute target by its name."""
        worker = self.worker_configuration
        own = None if worker is None else _target_name(worker.compute_target)
        return Asked(
            head=find(_target_name(self.compute_target) or LOCAL_TARGET),
            use_gpu=self.use_gpu,
            object_store=bytes_of(self.shm_size),
            config_gpus=(json_of(self.script_params, "--config") or {}).get("num_gpus", 0),
            workers=0 if worker is None else worker.node_count,
            worker=None if own is None else find(own),
            worker_use_gpu=worker is not None and worker.use_gpu,
            worker_object_store=None if worker is None else bytes_of(worker.shm_size),
        )

    def _packages(self, source: snapshot.Source, warnings: list[str]) -> list[str]:
        install, said = requirements.missing(self._requirements(source))
        warnings += said
        return install

    def _requirements(self, source: snapshot.Source) -> list[str]:
        wanted: list[str] = []
        for of in (self, self.worker_configuration):
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
        checked = fields_of(EstimatorFields)["environment_variables"].check(own)
        return {**checked, **self.environment_variables}


def _resolve(workspace: Workspace, name: str) -> TargetRecord:
    record = workspace.store.targets.get(name)
    if record is None:
        known = ", ".join(t.name for t in workspace.store.targets.all())
        raise ComputeTargetException(
            f"There is no compute target {name!r:.80} in the workspace {workspace.name!r}. "
            f"There are: {known}."
        )
    return record


def _plain(script_params: ScriptParams) -> dict[str, Any] | list[str]:
    return dict(script_params) if isinstance(script_params, Mapping) else list(script_params)


def _target_name(target: AmlCompute | str | None) -> str | None:
    return target.name if isinstance(target, AmlCompute) else target


def _given(fields: Fields) -> str:
    """The arguments that differ from their defaults, as code has them."""
    known = fields_of(type(fields))
    values = [(name, getattr(fields, name), field.default()) for name, field in known.items()]
    return ", ".join(f"{name}={value!r}" for name, value, default in values if value != default)
