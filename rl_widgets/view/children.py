"""The child runs of a run (head and worker) with their nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import badge, wording
from rl_widgets.view.badge import Badge

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
        label={"head": "Head", "worker": "Workers"}.get(record.role, record.role),
        status=record.status,
        badge=badge.of_run(record.status),
        message=wording.shown(record.message, 300),
        target=wording.shown(record.target) or "—",
        nodes_text=_nodes_text(rows, alive, record.final),
        nodes_alive=alive,
        lasted="—" if record.started is None else wording.duration(end - record.started),
        usage=_usage(sum(cpu) if cpu else None, sum(memory) if memory else None),
        nodes=rows,
    )


def _nodes_text(rows: Sequence[NodeRow], alive: int, final: bool) -> str:
    if not rows:
        return "no nodes"
    if final:
        dead = sum(row.state == "dead" for row in rows)
        return wording.plural(len(rows), "node") + (f", {dead} died" if dead else "")
    return f"{alive} of {wording.plural(len(rows), 'node')} alive"


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
        usage=_usage(cpu, memory),
        cpu_cores=cpu,
        memory_gb=memory,
        restarts=node.restarts,
        lasted="—" if node.started is None else wording.duration(end - node.started),
        reason=wording.shown(node.reason, 300) if node.state == "dead" else "",
    )


def _usage(cpu: float | None, memory: float | None) -> str:
    parts = []
    if cpu is not None:
        parts.append(f"{cpu:.2f} cores")
    if memory is not None:
        parts.append(f"{memory:.1f} GB")
    return ", ".join(parts) or "—"
