"""Compute targets: named kinds of nodes that runs take and give back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rl_widgets.backend.machine import GIB, Machine, Size, find_size, sizes, this_machine
from rl_widgets.fields.compute_target import NETWORK, ComputeTargetFields, Nodes
from rl_widgets.fields.specification import collect, fields_of
from rl_widgets.store.database import Store
from rl_widgets.store.errors import ConflictError, FieldError, RLWidgetsError
from rl_widgets.store.targets import TargetRecord
from rl_widgets.store.times import utc_text

if TYPE_CHECKING:
    from rl_widgets.run import Run
    from rl_widgets.workspace import Workspace

#: The target that every workspace has: this machine as one node.
LOCAL_TARGET = "local"

_TYPE = "AmlCompute"


class ComputeTargetException(RLWidgetsError):
    """A compute target does not exist, exists already, or cannot be made as asked."""


@dataclass(frozen=True)
class AmlComputeProvisioningConfiguration:
    """What `AmlCompute.provisioning_configuration` returns: a checked description of nodes."""

    size: Size
    vm_priority: str
    min_nodes: int
    max_nodes: int
    idle_seconds_before_scaledown: int
    network: dict[str, str]
    tags: dict[str, str]
    description: str

    @property
    def vm_size(self) -> str:
        """The name of the size."""
        return self.size.name


class ComputeTarget:
    """A named kind of nodes of a workspace.

    `ComputeTarget(workspace=ws, name=…)` gives the one of that name, and raises
    `ComputeTargetException` where there is none.
    """

    def __new__(cls, workspace: Workspace, name: str) -> AmlCompute:
        record = workspace.store.targets.get(name)
        if record is None:
            known = ", ".join(t.name for t in workspace.store.targets.all())
            raise ComputeTargetException(
                f"There is no compute target {name!r:.80} in the workspace {workspace.name!r}. "
                f"There are: {known}."
            )
        return AmlCompute._of(workspace, record)

    @staticmethod
    def create(
        workspace: Workspace,
        name: str,
        provisioning_configuration: AmlComputeProvisioningConfiguration,
    ) -> AmlCompute:
        """Make a new target. Raises `ComputeTargetException` for a bad or a taken name."""
        try:
            fields_of(ComputeTargetFields)["name"].check(name)
        except FieldError as error:
            raise ComputeTargetException(str(error)) from None
        if not isinstance(provisioning_configuration, AmlComputeProvisioningConfiguration):
            raise ComputeTargetException(
                "ComputeTarget.create takes what AmlCompute.provisioning_configuration(…) returns, "
                f"not {type(provisioning_configuration).__name__}."
            )
        record = _record(name, provisioning_configuration)
        if not workspace.store.targets.add(record):
            raise ComputeTargetException(
                f"There is a compute target {name!r} already. Take it by "
                f"ws.compute_targets[{name!r}], change it by .update(…), or choose another name."
            )
        return ComputeTarget(workspace, name)


class AmlCompute(ComputeTarget):
    """Nodes of one size, from `min_nodes` to `max_nodes`.

    On this machine a node is a Ray node of its own, started for a run and ended with it. More
    logical CPUs than the machine has are allowed: nodes then share its cores.
    """

    _workspace: Workspace
    _record: TargetRecord

    @classmethod
    def _of(cls, workspace: Workspace, record: TargetRecord) -> AmlCompute:
        target = object.__new__(AmlCompute)
        target._workspace = workspace
        target._record = record
        return target

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int = 0,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int = 1800,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: dict[str, str] | None = None,
        description: str | None = None,
        *,
        cpus: int | None = None,
        gpus: int = 0,
        memory_gb: float | None = None,
    ) -> AmlComputeProvisioningConfiguration:
        """Describe nodes: a size by name, or one of your own by `cpus`, `gpus`, `memory_gb` (GiB).

        Raises `ComputeTargetException`, with what to change, for what cannot be.
        """
        values = _checked(
            {
                "vm_size": vm_size,
                "vm_priority": vm_priority,
                "min_nodes": min_nodes,
                "max_nodes": max_nodes,
                "idle_seconds_before_scaledown": idle_seconds_before_scaledown,
                "vnet_resourcegroup_name": vnet_resourcegroup_name,
                "vnet_name": vnet_name,
                "subnet_name": subnet_name,
                "tags": tags,
                "description": description,
                "cpus": cpus,
                "gpus": gpus,
                "memory_gb": memory_gb,
            }
        )
        network = {name: values[name] for name in NETWORK if values[name]}
        return AmlComputeProvisioningConfiguration(
            size=_size(values),
            vm_priority=values["vm_priority"],
            min_nodes=values["min_nodes"],
            max_nodes=values["max_nodes"],
            idle_seconds_before_scaledown=values["idle_seconds_before_scaledown"],
            network=network,
            tags=dict(values["tags"] or {}),
            description=values["description"] or "",
        )

    @staticmethod
    def supported_vmsizes(workspace: Workspace) -> list[dict[str, Any]]:
        """The sizes by name, with `vCPUs`, `gpus` and `memoryGB`."""
        return [
            {"name": s.name, "vCPUs": s.cpus, "gpus": s.gpus, "memoryGB": s.memory_gb}
            for s in sizes()
        ]

    @property
    def name(self) -> str:
        """The name of the target."""
        return self._record.name

    @property
    def workspace(self) -> Workspace:
        """The workspace it belongs to."""
        return self._workspace

    @property
    def type(self) -> str:
        """'AmlCompute'."""
        return self._record.type

    @property
    def vm_size(self) -> str:
        """The name of the nodes' size."""
        return self._record.vm_size

    @property
    def provisioning_state(self) -> str:
        """'Succeeded': a target of this machine is there as soon as it is made."""
        return "Succeeded"

    def get_status(self) -> AmlComputeStatus:
        """How many nodes there are and what they do."""
        record = self._refreshed()
        busy = self._workspace.store.targets.busy_nodes(self.name)
        idle = max(0, record.min_nodes - busy)
        return AmlComputeStatus(
            current_node_count=busy + idle,
            target_node_count=busy + idle,
            running_node_count=busy,
            idle_node_count=idle,
            creation_time=record.created,
            modified_time=record.modified,
            min_nodes=record.min_nodes,
            max_nodes=record.max_nodes,
            idle_seconds=record.idle_seconds,
            vm_priority=record.vm_priority,
            vm_size=record.vm_size,
        )

    def wait_for_completion(
        self,
        show_output: bool = False,
        min_node_count: int | None = None,
        timeout_in_minutes: float = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Wait until the target has `min_node_count` nodes (None: those of its scale settings).

        Prints the state and a dot each second where `show_output`, and which of the two ended the
        wait: the nodes or the time limit.
        """
        if is_delete_operation:
            return
        wanted = self._record.min_nodes if min_node_count is None else min_node_count
        if wanted > self._record.max_nodes:
            raise ComputeTargetException(
                f"{self.name!r} can have at most {self._record.max_nodes} nodes, so that "
                f"min_node_count={wanted} would never be reached. Raise max_nodes by .update(…)."
            )
        deadline = time.monotonic() + timeout_in_minutes * 60
        if show_output:
            print(self.provisioning_state, end="", flush=True)
        while self.get_status().current_node_count < wanted:
            if time.monotonic() >= deadline:
                if show_output:
                    print(
                        f"\nWait timeout has been reached ({timeout_in_minutes:g} minutes): "
                        f"{self.get_status().current_node_count} of {wanted} nodes. Nodes of this "
                        "machine start with the run that needs them."
                    )
                return
            if show_output:
                print(".", end="", flush=True)
            time.sleep(min(1.0, max(0.0, deadline - time.monotonic())))
        if show_output:
            print(
                "\nAmlCompute wait for completion finished\n"
                f"Minimum number of nodes requested have been provisioned: {wanted}"
            )

    def update(
        self,
        min_nodes: int | None = None,
        max_nodes: int | None = None,
        idle_seconds_before_scaledown: int | None = None,
    ) -> None:
        """Change the scale settings; None leaves one as it is."""
        record = self._refreshed()
        low = record.min_nodes if min_nodes is None else min_nodes
        high = record.max_nodes if max_nodes is None else max_nodes
        idle = (
            record.idle_seconds
            if idle_seconds_before_scaledown is None
            else idle_seconds_before_scaledown
        )
        # The size is not asked for: any that there can be will do.
        scale = {"min_nodes": low, "max_nodes": high, "idle_seconds_before_scaledown": idle}
        _checked({"cpus": 1, **scale})
        self._workspace.store.targets.change(
            self.name, min_nodes=low, max_nodes=high, idle_seconds=idle
        )
        self._refreshed()

    def list_nodes(self) -> list[dict[str, Any]]:
        """The nodes that runs hold now: name, run id, state."""
        store = self._workspace.store
        found = []
        for run_id in self._workspace.store.targets.active_runs(self.name):
            for child in store.runs.children(run_id):
                if child.target == self.name:
                    found += [
                        {"nodeId": node.name, "runId": run_id, "nodeState": node.state}
                        for node in store.nodes.of([child.id])
                        if node.state in ("starting", "alive")
                    ]
        return found

    def get_active_runs(self) -> list[Run]:
        """The runs that wait for nodes of this target or hold some, in order."""
        return [
            self._workspace.get_run(run_id)
            for run_id in self._workspace.store.targets.active_runs(self.name)
        ]

    def delete(self, force: bool = False) -> None:
        """Delete the target. Raises `ConflictError` where a run needs it, unless forced."""
        if self.name == LOCAL_TARGET:
            raise ConflictError(
                "The compute target 'local' is this machine, which every workspace has; it cannot "
                "be deleted."
            )
        for run_id in self._workspace.store.targets.active_runs(self.name):
            self._workspace.refresh(run_id)
        self._workspace.store.targets.delete(self.name, force)

    def _refreshed(self) -> TargetRecord:
        record = self._workspace.store.targets.get(self.name)
        if record is None:
            raise ComputeTargetException(f"The compute target {self.name!r} has been deleted.")
        self._record = record
        return record

    def __repr__(self) -> str:
        r = self._record
        return (
            f"AmlCompute(name={r.name!r}, vm_size={r.vm_size!r}, cpus={r.cpus}, gpus={r.gpus}, "
            f"min_nodes={r.min_nodes}, max_nodes={r.max_nodes})"
        )


@dataclass(frozen=True)
class AmlComputeStatus:
    """How a target stands; `serialize()` gives the reference's names. Times: seconds (UTC)."""

    current_node_count: int
    target_node_count: int
    running_node_count: int
    idle_node_count: int
    creation_time: float
    modified_time: float
    min_nodes: int
    max_nodes: int
    idle_seconds: int
    vm_priority: str
    vm_size: str
    preparing_node_count: int = 0
    unusable_node_count: int = 0
    leaving_node_count: int = 0
    preempted_node_count: int = 0
    allocation_state: str = "Steady"
    provisioning_state: str = "Succeeded"
    errors: None = None

    @property
    def allocation_state_transition_time(self) -> float:
        """When the target was last changed."""
        return self.modified_time

    @property
    def node_state_counts(self) -> dict[str, int]:
        """Nodes by what they do."""
        return {
            "preparingNodeCount": self.preparing_node_count,
            "runningNodeCount": self.running_node_count,
            "idleNodeCount": self.idle_node_count,
            "unusableNodeCount": self.unusable_node_count,
            "leavingNodeCount": self.leaving_node_count,
            "preemptedNodeCount": self.preempted_node_count,
        }

    @property
    def scale_settings(self) -> dict[str, Any]:
        """Minimum, maximum and the idle time (ISO 8601) before nodes are given back."""
        return {
            "minNodeCount": self.min_nodes,
            "maxNodeCount": self.max_nodes,
            "nodeIdleTimeBeforeScaleDown": f"PT{self.idle_seconds}S",
        }

    def serialize(self) -> dict[str, Any]:
        """The status as a dict of JSON values."""
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": self.node_state_counts,
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": utc_text(self.allocation_state_transition_time),
            "errors": self.errors,
            "creationTime": utc_text(self.creation_time),
            "modifiedTime": utc_text(self.modified_time),
            "provisioningState": self.provisioning_state,
            "provisioningStateTransitionTime": None,
            "scaleSettings": self.scale_settings,
            "vmPriority": self.vm_priority.capitalize(),
            "vmSize": self.vm_size,
        }


def ensure_local_target(store: Store, machine: Machine | None = None) -> None:
    """Have the target `local`: this machine, as large as it is today."""
    machine = machine or this_machine()
    has = store.targets.get(LOCAL_TARGET)
    values: dict[str, Any] = {
        "cpus": machine.cpus,
        "gpus": machine.gpus,
        "memory": machine.memory,
    }
    if has is None:
        store.targets.add(
            TargetRecord(
                name=LOCAL_TARGET,
                type=_TYPE,
                vm_size="LOCAL",
                min_nodes=0,
                max_nodes=1,
                idle_seconds=1800,
                description="This machine",
                **values,
            )
        )
    elif any(getattr(has, name) != value for name, value in values.items()):
        store.targets.change(LOCAL_TARGET, **values)


def _record(name: str, configuration: AmlComputeProvisioningConfiguration) -> TargetRecord:
    return TargetRecord(
        name=name,
        type=_TYPE,
        vm_size=configuration.size.name,
        cpus=configuration.size.cpus,
        gpus=configuration.size.gpus,
        memory=int(configuration.size.memory_gb * GIB),
        min_nodes=configuration.min_nodes,
        max_nodes=configuration.max_nodes,
        idle_seconds=configuration.idle_seconds_before_scaledown,
        vm_priority=configuration.vm_priority,
        network=configuration.network,
        tags=configuration.tags,
        description=configuration.description,
    )


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    found, errors = collect(Nodes, values)
    for sentence in errors.values():
        raise ComputeTargetException(sentence)
    return found


def _size(values: dict[str, Any]) -> Size:
    cpus, memory = values["cpus"], values["memory_gb"]
    if cpus is None:
        size = find_size(values["vm_size"])
        assert size is not None, "its name was checked"
        return size
    return Size("CUSTOM", cpus, float(4 * cpus if memory is None else memory), values["gpus"])


__all__ = [
    "AmlCompute",
    "AmlComputeProvisioningConfiguration",
    "AmlComputeStatus",
    "ComputeTarget",
    "ComputeTargetException",
]
