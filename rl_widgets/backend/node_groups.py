"""The nodes that a run takes: how large head and workers are, and whether there can be such."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rl_widgets.backend.machine import Machine
from rl_widgets.backend.plan import NodeGroup
from rl_widgets.store.errors import FieldError
from rl_widgets.store.targets import TargetRecord

#: The object store of a worker node: fragments and weights pass through it, no data set.
WORKER_OBJECT_STORE = 200 << 20
HEAD_OBJECT_STORE = 1 << 30
#: Ray itself and one process of a training take about as much.
LEAST_MEMORY = 400 << 20


@dataclass(frozen=True)
class Asked:
    """What a submission says of its nodes. `workers`: how many; `worker`: the target of their own.

    `config_gpus` is `num_gpus` of the script's --config; object stores are in bytes, None the
    default.
    """

    head: TargetRecord
    use_gpu: bool | None = None
    object_store: int | None = None
    config_gpus: Any = 0
    workers: int = 0
    worker: TargetRecord | None = None
    worker_use_gpu: bool = False
    worker_object_store: int | None = None


def node_groups(
    asked: Asked, machine: Machine, local_target: str
) -> tuple[NodeGroup, NodeGroup | None]:
    """Head and workers. Raises `FieldError` where there are no such GPUs or not so many nodes."""
    _check_gpus(asked, machine)
    head = _group(asked.head, asked.use_gpu, machine)
    head = replace(head, object_store=asked.object_store or HEAD_OBJECT_STORE)
    workers = None
    if asked.workers:
        workers = replace(
            _group(asked.worker or asked.head, asked.worker_use_gpu, machine),
            node_count=asked.workers,
            object_store=asked.worker_object_store or WORKER_OBJECT_STORE,
        )
        if asked.worker is None and asked.head.name == local_target:
            _check_memory(head.memory, asked.workers)
            head, workers = _share(head, workers)
    _check_capacity(asked, head, workers)
    return head, workers


def _check_gpus(asked: Asked, machine: Machine) -> None:
    there = f"This machine has {machine.gpus or 'no'} GPU{'s' if machine.gpus > 1 else ''}"
    number = asked.config_gpus
    names_gpu = isinstance(number, (int, float)) and not isinstance(number, bool) and number > 0
    if machine.gpus == 0 and (asked.use_gpu or names_gpu):
        changes = []
        if asked.use_gpu:
            changes.append("set use_gpu=False (or leave it out) in the estimator")
        if names_gpu:
            changes.append('set "num_gpus": 0 in the script\'s --config')
        field = "use_gpu" if asked.use_gpu else "script_params"
        raise FieldError(f"{there}, and the run asks for one: {' and '.join(changes)}.", field)
    if asked.workers and asked.worker_use_gpu and machine.gpus == 0:
        raise FieldError(
            f"{there}, and the workers ask for one: set use_gpu=False in WorkerConfiguration.",
            "worker_configuration.use_gpu",
        )
    if asked.use_gpu and asked.head.gpus == 0:
        raise FieldError(
            f"use_gpu=True, but the nodes of {asked.head.name!r} ({asked.head.vm_size}) have no "
            "GPU: take a target with a GPU size, or set use_gpu=False.",
            "use_gpu",
        )
    if names_gpu and number > machine.gpus:
        raise FieldError(
            f"{there}, and the script's --config asks for num_gpus={number:g}: lower it.",
            "script_params",
        )


def _check_capacity(asked: Asked, head: NodeGroup, workers: NodeGroup | None) -> None:
    wanted = {head.target: 1}
    if workers is not None and workers.target:
        wanted[workers.target] = wanted.get(workers.target, 0) + workers.node_count
    for target in filter(None, (asked.head, asked.worker)):
        count = wanted.get(target.name, 0)
        if count > target.max_nodes:
            raise FieldError(
                f"The run needs {count} nodes of the compute target {target.name!r}, which has at "
                f"most {target.max_nodes} (max_nodes): it would wait for ever. Lower node_count, "
                "or raise max_nodes by .update(max_nodes=…).",
                "worker_configuration.node_count",
            )


def _check_memory(memory: int, workers: int) -> None:
    """Each node of a divided machine has to have something to work with."""
    most = max(0, memory // LEAST_MEMORY - 1)
    if workers > most:
        raise FieldError(
            f"The head and {workers:,} worker node{'s' if workers > 1 else ''} would share the "
            f"{memory >> 20:,} MiB of this machine, {(memory >> 20) // (workers + 1):,} MiB for "
            f"each, and a node needs {LEAST_MEMORY >> 20} MiB. Lower node_count to {most:,}"
            f"{' or less' if most else ''}, or take a compute target for the workers.",
            "worker_configuration.node_count",
        )


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
