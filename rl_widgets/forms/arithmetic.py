"""The arithmetic of a cluster, aloud: CPUs, env runners, the machine's share, the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rl_widgets.backend.machine import Machine
from rl_widgets.backend.plan import NodeGroup
from rl_widgets.rllib import catalogue, resources
from rl_widgets.rllib.errors import ConfigError, ResourceRequestError
from rl_widgets.rllib.presets import ASYNCHRONOUS_ALGORITHMS
from rl_widgets.rllib.settings import is_search_space
from rl_widgets.rllib.sizing import NodeCapacity, Sizing, size
from rl_widgets.store.database import Store
from rl_widgets.view import wording

TIMES, _MINUS = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Learning:
    """What of a training has a say in the arithmetic. `given` are settings in names of 2.60."""

    algorithm: str
    preset: Mapping[str, Any]
    given: Mapping[str, Any]


#: Of a script of which nothing is known: a CPU for itself, and one for each rollout worker.
ANY: Final = Learning("", {}, {})


def notes(
    head: NodeGroup,
    workers: NodeGroup | None,
    learning: Learning | None,
    machine: Machine,
    store: Store,
) -> list[str]:
    """Sentences on what the cluster comes to."""
    found = [_nodes(head, workers)]
    if learning is not None:
        found += _env_runners(head, workers, learning)
    found += _machine(head, workers, machine)
    return found + _queue(head, workers, store)


def _nodes(head: NodeGroup, workers: NodeGroup | None) -> str:
    said = f"The head has {_size(head)}"
    if workers is not None:
        each = f"{wording.plural(workers.node_count, 'worker')} {_size(workers)}"
        said += f", {'each of ' if workers.node_count > 1 else 'the '}{each}"
    return f"{said}."


def _size(group: NodeGroup) -> str:
    gpus = f", {wording.plural(group.gpus, 'GPU')}" if group.gpus else ""
    return f"{wording.plural(group.cpus, 'CPU')}{gpus}, {wording.gibibytes(group.memory)}"


def _env_runners(head: NodeGroup, workers: NodeGroup | None, learning: Learning) -> list[str]:
    given = _given(learning)
    if any(is_search_space(value) for value in given.values()):
        return []
    sizing = _sized(head, workers, learning)
    settings, reasons = {**learning.preset, **sizing.settings, **given}, sizing.reasons
    main = settings.get("num_cpus_for_main_process", 1)
    each = settings.get("num_cpus_per_env_runner", 1)
    runners = settings.get("num_env_runners")
    counted = isinstance(runners, int) or learning is ANY
    if each != 1 or not isinstance(main, int) or not counted:
        return reasons
    cpus = head.cpus + (workers.cpus * workers.node_count if workers else 0)
    fit = max(0, cpus - main)
    found = [f"{_sum(head, workers)} {_MINUS} {main} = {wording.plural(fit, 'rollout worker')}."]
    if runners is not None and runners != fit:
        who = "The settings ask for" if "num_env_runners" in given else "The run takes"
        found.append(f"{who} {runners}{'; they share the CPUs' if runners > fit else ''}.")
    return found + reasons


def check_request(head: NodeGroup, workers: NodeGroup | None, learning: Learning) -> None:
    """Raise `ResourceRequestError` where the training would, when it has its cluster."""
    given = _given(learning)
    if any(is_search_space(value) for value in given.values()):
        return
    defaults = catalogue.default_config(learning.algorithm).defaults
    chosen = _sized(head, workers, learning).settings
    parts = resources.request({**defaults, **learning.preset, **chosen, **given})
    nodes: list[resources.Amounts] = [
        {"CPU": head.cpus, "GPU": head.gpus, resources.HEAD_RESOURCE: 1.0}
    ]
    if workers is not None:
        nodes += [{"CPU": workers.cpus, "GPU": workers.gpus}] * workers.node_count
    try:
        resources.check_fits(parts, nodes)
    except ResourceRequestError:
        if resources.share(parts, nodes) is None:
            raise


def _given(learning: Learning) -> dict[str, Any]:
    return {name: value for name, value in learning.given.items() if value is not None}


def _sized(head: NodeGroup, workers: NodeGroup | None, learning: Learning) -> Sizing:
    if learning.algorithm not in ASYNCHRONOUS_ALGORITHMS:
        return Sizing()
    return size(_capacities(head, workers), learning.preset, _given(learning), cuda=True)


def _sum(head: NodeGroup, workers: NodeGroup | None) -> str:
    """CPUs as a person adds them up."""
    if workers is None:
        return str(head.cpus)
    return f"{head.cpus} + {workers.node_count} {TIMES} {workers.cpus}"


def _capacities(head: NodeGroup, workers: NodeGroup | None) -> Sequence[NodeCapacity]:
    nodes = [NodeCapacity(head.cpus, head.gpus, head=True)]
    if workers is not None:
        nodes += [NodeCapacity(workers.cpus, workers.gpus)] * workers.node_count
    return nodes


def _machine(head: NodeGroup, workers: NodeGroup | None, machine: Machine) -> list[str]:
    count = workers.node_count if workers else 0
    cpus = head.cpus + (workers.cpus * count if workers else 0)
    memory = head.memory + (workers.memory * count if workers else 0)
    found = []
    if cpus > machine.cpus:
        found.append(
            f"This machine has {wording.plural(machine.cpus, 'core')}: "
            f"{wording.rough(cpus / machine.cpus)} {TIMES} oversubscribed, its processes share the "
            "cores."
        )
    if memory > machine.memory:
        found.append(
            f"The nodes' memory adds up to {wording.gibibytes(memory)}, and this machine has "
            f"{wording.gibibytes(machine.memory)} for all."
        )
    return found


def _queue(head: NodeGroup, workers: NodeGroup | None, store: Store) -> list[str]:
    """What the run would wait for: earlier runs on its targets, where not enough is free."""
    wanted = {head.target: 1}
    if workers is not None and workers.target:
        wanted[workers.target] = wanted.get(workers.target, 0) + workers.node_count
    before: dict[str, None] = {}
    for name, count in wanted.items():
        record = store.targets.get(name)
        if record is None:
            continue
        active = store.targets.active_runs(name)
        waiting = any(store.runs.get(run).status in ("NotStarted", "Queued") for run in active)
        if waiting or store.targets.busy_nodes(name) + count > record.max_nodes:
            before.update(dict.fromkeys(active))
    if not before:
        return []
    return [f"The queue before you: {wording.plural(len(before), 'run')}."]


def learning_of(
    algorithm: str, preset: Mapping[str, Any], config: Mapping[str, Any]
) -> Learning | None:
    """The learning of settings that were checked; None for those that cannot be."""
    from rl_widgets.forms.settings import translated

    try:
        return Learning(algorithm, preset, translated(algorithm, config).settings)
    except ConfigError:
        return None
