"""The fields of a cluster: head and workers, limits, packages and variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl_widgets.fields.compute_target import NewOrKnownTarget
from rl_widgets.fields.mapping import Bytes, Packages, Variables
from rl_widgets.fields.nodes import (
    CLUSTER,
    LIMITS,
    MAX_WORKERS,
    PACKAGES,
    PIP_HELP,
    SHM_HELP,
    RunLimits,
)
from rl_widgets.fields.trait import Flag, Whole


class ClusterFields(RunLimits):
    """The head, the workers, and what holds for both."""

    title = "Cluster"
    about = "A head node, where the algorithm learns, and worker nodes, where it plays."

    groups: tuple[str, ...] = (CLUSTER, LIMITS, PACKAGES)

    head_target = NewOrKnownTarget(
        optional=True,
        label="Compute target of the head",
        help="By default this machine. A new one is made by its fields, with its name.",
        group=CLUSTER,
    )
    use_gpu = Flag(
        optional=True,
        label="Head uses GPUs",
        help="By default as the size and the machine have them.",
        group=CLUSTER,
    )
    worker_nodes = Whole(0, low=0, high=MAX_WORKERS, label="Worker nodes", group=CLUSTER)
    worker_target = NewOrKnownTarget(
        optional=True,
        label="Compute target of the workers",
        help="By default the head's.",
        group=CLUSTER,
    )
    worker_use_gpu = Flag(False, label="Workers use GPUs", group=CLUSTER, advanced=True)
    shm_size = Bytes(
        optional=True,
        unit="bytes",
        label="Shared memory of the head",
        help=SHM_HELP.format(of="the head", size="1 GiB"),
        group=LIMITS,
        advanced=True,
    )
    worker_shm_size = Bytes(
        optional=True,
        unit="bytes",
        label="Shared memory of each worker",
        help=SHM_HELP.format(of="each worker node", size="200 MiB"),
        group=LIMITS,
        advanced=True,
    )
    pip_packages = Packages(
        optional=True,
        label="pip packages",
        help=PIP_HELP,
        group=PACKAGES,
        advanced=True,
    )
    environment_variables = Variables(
        optional=True,
        inherited=True,
        label="Environment variables",
        help="null takes the value that the variable has where the run is submitted.",
        examples=({"NAME": "value"},),
        group=PACKAGES,
        advanced=True,
    )

    @classmethod
    def across(cls, values: Mapping[str, Any], errors: dict[str, str]) -> None:
        """What is of the workers needs workers; two new targets of one name are one."""
        super().across(values, errors)
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
