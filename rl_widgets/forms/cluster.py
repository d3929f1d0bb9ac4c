"""The fields of a cluster: head and workers, limits, packages and variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl_widgets.fields.compute_target import NewOrKnownTarget
from rl_widgets.fields.mapping import Bytes, Packages, Variables
from rl_widgets.fields.nodes import MAX_SECONDS, MAX_WORKERS
from rl_widgets.fields.specification import Fields
from rl_widgets.fields.trait import Flag, Whole

_CLUSTER, _LIMITS, _PACKAGES = "Cluster", "Limits", "Packages and variables"


class ClusterFields(Fields):
    """The head, the workers, and what holds for both."""

    title = "Cluster"
    about = "A head node, where the algorithm learns, and worker nodes, where it plays."

    head_target = NewOrKnownTarget(
        optional=True,
        label="Compute target of the head",
        help="By default this machine. A new one is made by its fields, with its name.",
        group=_CLUSTER,
    )
    use_gpu = Flag(
        optional=True,
        label="Head uses GPUs",
        help="By default as the size and the machine have them.",
        group=_CLUSTER,
    )
    worker_nodes = Whole(0, low=0, high=MAX_WORKERS, label="Worker nodes", group=_CLUSTER)
    worker_target = NewOrKnownTarget(
        optional=True,
        label="Compute target of the workers",
        help="By default the head's.",
        group=_CLUSTER,
    )
    worker_use_gpu = Flag(False, label="Workers use GPUs", group=_CLUSTER, advanced=True)
    max_run_duration_seconds = Whole(
        low=1,
        high=MAX_SECONDS,
        floats=True,
        optional=True,
        unit="s",
        label="Time limit",
        help="The run is canceled when it is over, counted from the start of the script.",
        group=_LIMITS,
    )
    cluster_coordination_timeout_seconds = Whole(
        low=1,
        high=MAX_SECONDS,
        floats=True,
        optional=True,
        unit="s",
        label="Wait for nodes",
        help="The longest wait for all nodes once the first has started; then the run fails.",
        group=_LIMITS,
        advanced=True,
    )
    shm_size = Bytes(
        optional=True,
        unit="bytes",
        label="Shared memory of the head",
        help="An upper limit of its object store: bytes, or '24g'. By default 1 GiB.",
        group=_LIMITS,
        advanced=True,
    )
    worker_shm_size = Bytes(
        optional=True,
        unit="bytes",
        label="Shared memory of each worker",
        help="An upper limit of its object store: bytes, or '24g'. By default 200 MiB.",
        group=_LIMITS,
        advanced=True,
    )
    pip_packages = Packages(
        optional=True,
        label="pip packages",
        help="Requirements as pip has them. What is installed already costs nothing.",
        group=_PACKAGES,
        advanced=True,
    )
    environment_variables = Variables(
        optional=True,
        inherited=True,
        label="Environment variables",
        help="null takes the value that the variable has where the run is submitted.",
        group=_PACKAGES,
        advanced=True,
    )

    @classmethod
    def across(cls, values: Mapping[str, Any], errors: dict[str, str]) -> None:
        """What is of the workers needs workers; two new targets of one name are one."""
        if values.get("worker_nodes") == 0:
            for name in ("worker_target", "worker_use_gpu", "worker_shm_size"):
                if values.get(name):
                    errors[name] = f"{name} is given, and worker_nodes is 0: ask for workers."
        head, worker = values.get("head_target"), values.get("worker_target")
        if not (isinstance(head, Mapping) and isinstance(worker, Mapping)) or head == worker:
            return
        if head["name"] == worker["name"]:
            errors["worker_target.name"] = (
                f"head_target and worker_target are both called {head['name']!r} and differ: "
                "give one of them another name."
            )
