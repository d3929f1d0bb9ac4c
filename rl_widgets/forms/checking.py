"""`describe` and `check`: what a form shows, and what it says as a person types."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from rl_widgets.backend import requirements, snapshot
from rl_widgets.backend.machine import GIB, Machine, find_size, this_machine
from rl_widgets.backend.node_groups import Asked, node_groups
from rl_widgets.backend.plan import NodeGroup
from rl_widgets.compute import LOCAL_TARGET
from rl_widgets.estimator import ReinforcementLearningEstimator, WorkerConfiguration
from rl_widgets.fields.compute_target import ComputeTargetFields
from rl_widgets.fields.describe import describe as describe
from rl_widgets.fields.mapping import bytes_of
from rl_widgets.fields.specification import Fields, collect, fields_of
from rl_widgets.forms import arithmetic, code
from rl_widgets.forms.arithmetic import TIMES, Learning
from rl_widgets.forms.cluster import ClusterFields
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.forms.picture import Picture, picture
from rl_widgets.forms.settings import defaults_of, settings_of, translated
from rl_widgets.forms.stopping import StopFields
from rl_widgets.forms.submission import runs_of, script_of, start, target_name
from rl_widgets.forms.training import OWN, TrainingFields, changes_of, whole_config
from rl_widgets.rllib.errors import ResourceRequestError
from rl_widgets.store.errors import FieldError, NotFoundError, UserError
from rl_widgets.store.targets import TargetRecord
from rl_widgets.view import wording

if TYPE_CHECKING:
    from rl_widgets.run import Run
    from rl_widgets.workspace import Workspace

#: What there are forms of, by the name in an address.
KINDS: dict[str, Callable[[], type[Fields]]] = {
    "compute_target": lambda: ComputeTargetFields,
    "worker_configuration": lambda: WorkerConfiguration,
    "estimator": lambda: ReinforcementLearningEstimator,
    "script_params": lambda: TrainingFields,
    "impala": partial(settings_of, "IMPALA"),
    "appo": partial(settings_of, "APPO"),
    "stop": lambda: StopFields,
    "cluster": lambda: ClusterFields,
    "experiment": lambda: ExperimentFields,
}

#: What the fields of an estimator are called in a form of a cluster.
_ASKED = {
    "use_gpu": (),
    "script_params": ("config.num_gpus",),
    "worker_configuration.use_gpu": ("worker_use_gpu",),
    "worker_configuration.node_count": ("worker_nodes",),
}

#: The settings that ask for a resource, in names of 2.60: the first that is given is named.
_ASKING = {
    "GPU": ("num_gpus_per_learner", "num_gpus_per_env_runner", "num_learners"),
    "CPU": (
        "num_env_runners",
        "num_cpus_per_env_runner",
        "num_cpus_for_main_process",
        "num_learners",
        "num_cpus_per_learner",
        "evaluation_num_env_runners",
        "num_aggregator_actors_per_learner",
        "num_offline_eval_runners",
    ),
}


@dataclass(frozen=True)
class Checked:
    """What a form shows of some values.

    `values`: the good ones, converted, with the defaults of those not given. `errors`: a sentence
    by field, with dots into it (`config.lr`). `notes`: the arithmetic. `code`: Python that makes
    exactly this, '' with errors. `picture` of the cluster, None where there is none or it is not
    known. `defaults`: for a training, the settings in force where `config` is silent.
    """

    values: dict[str, Any]
    errors: dict[str, str]
    notes: tuple[str, ...] = ()
    code: str = ""
    picture: Picture | None = None
    defaults: dict[str, Any] = field(default_factory=dict)


def kind(name: str) -> type[Fields]:
    """The fields of a kind. Raises `NotFoundError`."""
    if name not in KINDS:
        raise NotFoundError(f"There are no fields of {name!r:.60}; there are {', '.join(KINDS)}.")
    return KINDS[name]()


def check(
    cls: type[Fields],
    values: Mapping[str, Any],
    ws: Workspace,
    machine: Machine | None = None,
    *,
    here: bool = True,
) -> Checked:
    """Check values of a form in a workspace; changes nothing.

    `machine`: that of the nodes. `here` False: another Python will submit, whose variables and
    environments are not known.
    """
    if not isinstance(values, Mapping):
        raise UserError(f"The values of a form are a dict of fields, not {type(values).__name__}.")
    return _Check(cls, values, ws, machine or this_machine(), here).made()


def submit(values: Mapping[str, Any], ws: Workspace) -> list[Run]:
    """Start the run of an experiment's values, or the runs of a group; returns at once.

    Raises `FieldError` with the first thing that is wrong, before anything starts.
    """
    checked = check(ExperimentFields, values, ws)
    for name, sentence in checked.errors.items():
        raise FieldError(sentence, name)
    return start(checked.values, ws)


class _Check:
    """The steps of one check in their order."""

    def __init__(
        self,
        cls: type[Fields],
        values: Mapping[str, Any],
        ws: Workspace,
        machine: Machine,
        here: bool,
    ) -> None:
        self._cls, self._ws, self._machine, self._here = cls, ws, machine, here
        self._values, self._errors = collect(cls, values)
        if not here and "environment" in self._errors:
            self._forgive_environment(values)
        self._groups: tuple[NodeGroup, NodeGroup | None] | None = None

    def made(self) -> Checked:
        """All that there is to say."""
        if issubclass(self._cls, ClusterFields):
            self._check_cluster()
        elif self._cls is WorkerConfiguration:
            self._check_workers()
        elif self._cls is ReinforcementLearningEstimator:
            self._find("compute_target", self._values.get("compute_target"))
            if not self._errors:
                self._check_estimator()
        if issubclass(self._cls, ExperimentFields):
            self._check_requests()
            if len(script_of(self._values)) == 2:
                self._examine(**script_of(self._values))
        defaults = self._defaults() if issubclass(self._cls, TrainingFields) else {}
        return Checked(
            values=self._values,
            errors=self._errors,
            notes=tuple(self._notes(defaults)),
            code="" if self._errors else self._code(),
            picture=picture(*self._groups) if self._groups else self._target_picture(),
            defaults=defaults,
        )

    def _forgive_environment(self, values: Mapping[str, Any]) -> None:
        """A name that only this Python does not know is the other one's to judge."""
        name = values.get("environment")
        try:
            self._values["environment"] = fields_of(self._cls)["environment"].check(name)
            del self._errors["environment"]
        except FieldError:
            pass

    def _check_cluster(self) -> None:
        for name, text in (self._values.get("environment_variables") or {}).items():
            if text is None and self._here and name not in os.environ:
                self._errors[f"environment_variables.{name}"] = (
                    f"The environment variable {name} is to be taken from where the run is "
                    "submitted, and is not set there: set it, or give its value."
                )
        head = self._find("head_target", self._values.get("head_target") or LOCAL_TARGET)
        worker = self._find("worker_target", self._values.get("worker_target"))
        workers = self._values.get("worker_nodes")
        if head is None or workers is None or (worker is None and self._asks_for_worker_target()):
            return
        gpus = [config.get("num_gpus") for config, _ in self._configs()]
        asked = Asked(
            head=head,
            use_gpu=self._values.get("use_gpu"),
            object_store=bytes_of(self._values.get("shm_size")),
            config_gpus=max(
                (g for g in gpus if isinstance(g, (int, float)) and g < 1e6), default=0
            ),
            workers=workers,
            worker=worker,
            worker_use_gpu=bool(self._values.get("worker_use_gpu")),
            worker_object_store=bytes_of(self._values.get("worker_shm_size")),
        )
        self._fit(asked)

    def _check_estimator(self) -> None:
        """Its files and its GPUs, as at submit."""
        estimator = ReinforcementLearningEstimator(**self._values)
        source = self._examine(estimator.source_directory, estimator.entry_script or "")
        if source is None:
            return
        if estimator.pip_requirements_file:
            try:
                requirements.read_file(source.directory / estimator.pip_requirements_file)
            except UserError as error:
                self._errors["pip_requirements_file"] = str(error)
        self._fit(estimator.asked(self._record))

    def _examine(self, source_directory: str, entry_script: str) -> snapshot.Source | None:
        """The files of a script, or what is wrong with them."""
        try:
            return snapshot.examine(source_directory, entry_script)
        except UserError as error:
            of_script = str(error).startswith("entry_script")
            self._errors["entry_script" if of_script else "source_directory"] = str(error)
            return None

    def _check_workers(self) -> None:
        """Their target and their GPUs, beside a head on this machine."""
        target = self._find("compute_target", self._values.get("compute_target"))
        if self._errors:
            return
        self._fit(
            Asked(
                head=self._record(LOCAL_TARGET),
                workers=self._values["node_count"],
                worker=target,
                worker_use_gpu=self._values["use_gpu"],
            )
        )
        # Without its head it is no cluster that could be drawn.
        self._groups = None

    def _record(self, name: str) -> TargetRecord:
        record = self._ws.store.targets.get(name) or self._ws.store.targets.get(LOCAL_TARGET)
        assert record is not None, "every workspace has the target of this machine"
        return record

    def _fit(self, asked: Asked) -> None:
        """Size the nodes, or say at which field they cannot be."""
        try:
            self._groups = node_groups(asked, self._machine, LOCAL_TARGET)
        except FieldError as error:
            known = fields_of(self._cls)
            # What is of the workers first: a cluster's `use_gpu` is the head's.
            names = [error.field, *_ASKED[error.field], error.field.rpartition(".")[2]]
            if "num_gpus" in (self._values.get("vary") or {}):
                names = [name.replace("config.num_gpus", "vary.num_gpus") for name in names]
            field = next((n for n in names if n.split(".")[0] in known), error.field)
            self._errors.setdefault(field, str(error))

    def _asks_for_worker_target(self) -> bool:
        return any(name.split(".")[0] == "worker_target" for name in self._errors)

    def _find(self, name: str, target: Any) -> TargetRecord | None:
        """The record of a compute target, also of one that is still to be made."""
        if target is None:
            return None
        called = target_name(target) or ""
        record = self._ws.store.targets.get(called)
        if isinstance(target, Mapping):
            new = _record_of(target)
            if record is not None and not _same(record, new):
                self._errors[f"{name}.name"] = (
                    f"There is a compute target {called!r} already, and it is another. Take it by "
                    "its name alone, or choose another name."
                )
                return None
            return record or new
        if record is None:
            known = ", ".join(t.name for t in self._ws.store.targets.all())
            self._errors[name] = (
                f"There is no compute target {called!r:.80} in the workspace {self._ws.name!r}. "
                f"There are: {known}."
            )
        return record

    def _defaults(self) -> dict[str, Any]:
        algorithm, env = self._values.get("algorithm"), self._values.get("environment")
        unknown = {"algorithm", "preset", "config.preset"} & set(self._errors)
        if algorithm is None or env is None or unknown:
            return {}
        return defaults_of(algorithm, env, whole_config(self._values))

    def _configs(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The settings of each run, seeds aside, with what it changes of those of all."""
        whole = whole_config(self._values)
        return [({**whole, **changes}, changes) for changes in changes_of(self._values)]

    def _check_requests(self) -> None:
        """What each run asks for of its cluster, at the setting that asks for it."""
        wrong = {name.partition(".")[0] for name in self._errors}
        if self._groups is None or wrong & {"environment", "algorithm", "config", "vary", *OWN}:
            return
        algorithm, env = self._values["algorithm"], self._values["environment"]
        for config, changes in self._configs():
            found = translated(algorithm, config)
            learning = Learning(algorithm, defaults_of(algorithm, env, config), found.settings)
            try:
                arithmetic.check_request(*self._groups, learning)
            except ResourceRequestError as error:
                names = _ASKING[error.resource]
                name = next((n for n in names if found.settings.get(n)), names[0])
                name = found.said_as.get(name, name)
                place = "vary" if name in changes else "config"
                self._errors.setdefault(f"{place}.{name}", str(error))

    def _notes(self, defaults: Mapping[str, Any]) -> list[str]:
        found: list[str] = []
        if len(own := script_of(self._values)) == 2:
            where = f"{own['entry_script']} in {own['source_directory']}"
            found.append(f"The entry script is {where}: what it sets by itself is not seen here.")
        if self._groups is not None:
            learning = None if issubclass(self._cls, TrainingFields) else arithmetic.ANY
            if defaults and "config" not in self._errors:
                config = self._values.get("config") or {}
                learning = arithmetic.learning_of(self._values["algorithm"], defaults, config)
            found += arithmetic.notes(*self._groups, learning, self._machine, self._ws.store)
        if issubclass(self._cls, TrainingFields) and not self._errors:
            runs = len(runs_of(self._values))
            if runs > 1:
                found.append(f"{runs} runs, with a common tag 'group'.")
        if issubclass(self._cls, ComputeTargetFields) and not self._errors:
            found += _target_notes(_record_of(self._values), self._machine)
        return found

    def _target_picture(self) -> Picture | None:
        if not issubclass(self._cls, ComputeTargetFields) or self._errors:
            return None
        record = _record_of(self._values)
        node = NodeGroup(record.name, record.vm_size, 1, record.cpus, record.gpus, record.memory, 0)
        return picture(node, None, label="Node")

    def _code(self) -> str:
        if issubclass(self._cls, ExperimentFields):
            return code.experiment_code(self._values, self._ws.folder)
        if issubclass(self._cls, ComputeTargetFields):
            return code.target_code(self._values, self._ws.folder)
        for constructor in (WorkerConfiguration, ReinforcementLearningEstimator):
            if issubclass(self._cls, constructor):
                return code.arguments_code(constructor.__name__, constructor, self._values)
        name = "stop" if self._cls is StopFields else "config"
        return code.literal_code(name, code.given(self._cls, self._values))


def _record_of(target: Mapping[str, Any]) -> TargetRecord:
    """The record that a new compute target will have."""
    cpus, memory = target.get("cpus"), target.get("memory_gb")
    size = None if cpus is not None else find_size(str(target.get("vm_size")))
    if size is not None:
        cpus, gpus, memory, name = size.cpus, size.gpus, size.memory_gb, size.name
    else:
        gpus, name = target.get("gpus") or 0, "CUSTOM"
    assert cpus is not None, "the target was checked"
    return TargetRecord(
        name=str(target["name"]),
        type="AmlCompute",
        vm_size=name,
        cpus=cpus,
        gpus=gpus,
        memory=int((4 * cpus if memory is None else memory) * GIB),
        min_nodes=target.get("min_nodes") or 0,
        max_nodes=target["max_nodes"],
        idle_seconds=target.get("idle_seconds_before_scaledown", 1800),
    )


def _same(one: TargetRecord, other: TargetRecord) -> bool:
    """Whether runs have the same of both."""
    names = ("vm_size", "cpus", "gpus", "memory", "min_nodes", "max_nodes", "idle_seconds")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _target_notes(target: TargetRecord, machine: Machine) -> list[str]:
    gpus = f", {wording.plural(target.gpus, 'GPU')}" if target.gpus else ""
    found = [
        f"Each node has {wording.plural(target.cpus, 'CPU')}{gpus} and "
        f"{wording.gibibytes(target.memory)}; {wording.plural(target.max_nodes, 'node')} at most."
    ]
    cpus = target.cpus * target.max_nodes
    if cpus > machine.cpus:
        found.append(
            f"{target.max_nodes} {TIMES} {target.cpus} = {cpus} CPUs; this machine has "
            f"{wording.plural(machine.cpus, 'core')}: {wording.rough(cpus / machine.cpus)} {TIMES} "
            "oversubscribed when all are in use."
        )
    if target.gpus > machine.gpus:
        found.append(f"This machine has {wording.plural(machine.gpus, 'GPU')}, so nodes get these.")
    return found
