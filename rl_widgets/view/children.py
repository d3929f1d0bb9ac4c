"""The child runs of a run (head and worker) with their nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import badge, wording
from rl_widgets.view.badge import Badge

#: What a child run of each role is called.
LABELS = {"head": "Head", "worker": "Workers"}

#: (child run's id, metric name) -> its latest value, or None.
Latest = Callable[[str, str], float | None]


@dataclass(frozen=True)
class NodeRow:
    """One Ray node."""

    name: str
    state: str
    badge: Badge
    size: str
    usage: str
    cpu_cores: float | None
    memory_gb: float | None
    restarts: int
    lasted: str
    reason: str


@dataclass(frozen=True)
class ChildRow:
    """A child run; `nodes_text` says how many of its nodes are alive."""

    run_id: str
    role: str
    label: str
    status: str
    badge: Badge
    message: str
    target: str
    nodes_text: str
    nodes_alive: int
    lasted: str
    usage: str
    nodes: tuple[NodeRow, ...]


def children(
    records: Sequence[RunRecord], nodes: Sequence[NodeRecord], latest: Latest, now: float
) -> tuple[ChildRow, ...]:
    """Rows of the child runs in the order of `records`."""
    return tuple(_row(r, [n for n in nodes if n.run == r.id], latest, now) for r in records)


def _row(record: RunRecord, nodes: Sequence[NodeRecord], latest: Latest, now: float) -> ChildRow:
    rows = tuple(_node(node, latest, now) for node in nodes)
    alive = sum(row.state == "alive" for row in rows)
    end = record.ended if record.ended is not None else now
    cpu = [row.cpu_cores for row in rows if row.cpu_cores is not None]
    memory = [row.memory_gb for row in rows if row.memory_gb is not None]
    return ChildRow(
        run_id=record.id,
        role=record.role,
        label=LABELS.get(record.role, record.role),
        status=record.status,
        badge=badge.of_run(record.status),
        message=wording.shown(record.message, 300),
        target=wording.shown(record.target) or "—",
        nodes_text=nodes_text([row.state for row in rows], record.final),
        nodes_alive=alive,
        lasted="—" if record.started is None else wording.duration(end - record.started),
        usage=_usage(
            sum(cpu) if cpu else None,
            sum(memory) if memory else None,
            sum(node.cpus for node in nodes if node.state == "alive"),
            sum(node.memory for node in nodes if node.state == "alive"),
        ),
        nodes=rows,
    )


def nodes_text(states: Sequence[str], final: bool) -> str:
    """How many of the nodes in these states are alive; of a run that has ended, how many died."""
    if not states:
        return "no nodes"
    if final:
        dead = sum(state == "dead" for state in states)
        return wording.plural(len(states), "node") + (f", {dead} died" if dead else "")
    alive = sum(state == "alive" for state in states)
    return f"{alive} of {wording.plural(len(states), 'node')} alive"


def _node(node: NodeRecord, latest: Latest, now: float) -> NodeRow:
    running = node.state == "alive"
    cpu = latest(node.run, f"resources/{node.name}/cpu") if running else None
    memory = latest(node.run, f"resources/{node.name}/memory_gb") if running else None
    size = wording.plural(node.cpus, "CPU")
    if node.gpus:
        size += f", {wording.plural(node.gpus, 'GPU')}"
    size += f", {node.memory / 1e9:.1f} GB"
    end = node.ended if node.ended is not None else now
    return NodeRow(
        name=wording.shown(node.name),
        state=node.state,
        badge=badge.of_node(node.state, node.started is not None),
        size=size,
        usage=_usage(cpu, memory, node.cpus, node.memory),
        cpu_cores=cpu,
        memory_gb=memory,
        restarts=node.restarts,
        lasted="—" if node.started is None else wording.duration(end - node.started),
        reason=wording.shown(node.reason, 300),
    )


def _usage(cpu: float | None, memory: float | None, cores: int, memory_bytes: int) -> str:
    parts = []
    if cpu is not None:
        parts.append(f"{cpu:.2f} of {wording.plural(cores, 'core')}")
    if memory is not None:
        parts.append(f"{memory:.1f} of {memory_bytes / 1e9:.1f} GB")
    return ", ".join(parts) or "—"
