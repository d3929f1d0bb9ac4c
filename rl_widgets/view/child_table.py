"""The table of a run's child runs: head and workers, each with its nodes and what they use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord
from rl_widgets.view import badge, catalogue, children, wording
from rl_widgets.view.badge import Badge
from rl_widgets.view.reader import RunReader
from rl_widgets.view.series import Floats, Series

#: As many samples are drawn of what a node uses.
SAMPLES = 60
#: As many nodes of a child run are shown before a person asks for all.
FEW = 8

_TRAINED = ("throughput/env_steps_trained_per_s",)
_RESTARTS = "num_env_runner_restarts"


@dataclass(frozen=True)
class Use:
    """CPU or memory in use: `text` is '1.3 of 2 cores'; `fractions` are the last samples, 0..1."""

    text: str = "—"
    fractions: tuple[float, ...] = ()
    sentence: str = ""


@dataclass(frozen=True)
class TableRow:
    """A child run, or (`node`) one of its nodes. `note` is why it is as it is."""

    node: bool
    label: str
    about: str
    badge: Badge
    nodes: str
    cpu: Use
    memory: Use
    speed: str
    restarts: str
    started: str
    lasted: str
    note: str


@dataclass(frozen=True)
class ChildTable:
    """`deaths` says in one sentence which nodes died; `hidden` counts the nodes left out."""

    rows: tuple[TableRow, ...]
    deaths: str
    hidden: int
    nodes: int


def child_table(
    reader: RunReader, now: float, child: str | None = None, whole: bool = False
) -> ChildTable:
    """The table of all child runs, or of one ('head' or 'worker'); `whole` with every node."""
    with reader.lock:
        records = [r for r in reader.children if child in (None, r.role)]
        nodes = {r.id: [n for n in reader.nodes if n.run == r.id] for r in records}
        names = [
            f"resources/{n.name}/{what}" for some in nodes.values() for n in some for what in _USE
        ]
        held = reader.several([*names, *catalogue.SPEED_NAMES, *_TRAINED, _RESTARTS])
        alone = not any(r.role == "worker" for r in reader.children)
        rows: list[TableRow] = []
        hidden = 0
        for record in records:
            some = sorted(nodes[record.id], key=lambda n: (n.state != "dead", n.position))
            shown = some if whole or len(some) <= FEW + 1 else some[:FEW]
            hidden += len(some) - len(shown)
            rows.append(_child(record, nodes[record.id], held, now, alone))
            rows += [_node(n, held, now) for n in shown]
    everyone = [n for some in nodes.values() for n in some]
    return ChildTable(tuple(rows), _deaths(everyone, reader.record.final), hidden, len(everyone))


def _child(
    record: RunRecord,
    nodes: Sequence[NodeRecord],
    held: dict[str, Series],
    now: float,
    alone: bool,
) -> TableRow:
    end = record.ended if record.ended is not None else now
    running = [n for n in nodes if n.state == "alive"] or nodes
    head = record.role == "head"
    speed = _speed(held, _TRAINED, "trained") if head and not alone else ""
    if not head or alone:
        speed = _speed(held, catalogue.SPEED_NAMES, "sampled")
    restarted = held.get(_RESTARTS)
    restarts = sum(n.restarts for n in nodes)
    if (not head or alone) and restarted is not None:
        restarts += round(restarted.last() or 0)
    return TableRow(
        node=False,
        label=children.LABELS.get(record.role, record.role),
        about=wording.shown(record.target),
        badge=badge.of_run(record.status),
        nodes=children.nodes_text([n.state for n in nodes], record.final),
        cpu=_use("cpu", running, held),
        memory=_use("memory_gb", running, held),
        speed="—" if record.final else speed,
        restarts=str(restarts) if restarts else "—",
        started=wording.moment(record.started, now),
        lasted="—" if record.started is None else wording.short_duration(end - record.started),
        note=wording.shown(record.message, 300),
    )


def _node(node: NodeRecord, held: dict[str, Series], now: float) -> TableRow:
    end = node.ended if node.ended is not None else now
    size = wording.plural(node.cpus, "CPU")
    if node.gpus:
        size += f", {wording.plural(node.gpus, 'GPU')}"
    return TableRow(
        node=True,
        label=wording.shown(node.name),
        about="",
        badge=badge.of_node(node.state, node.started is not None),
        nodes=f"{size}, {node.memory / 1e9:.1f} GB",
        cpu=_use("cpu", [node], held),
        memory=_use("memory_gb", [node], held),
        speed="",
        restarts=str(node.restarts) if node.restarts else "—",
        started=wording.moment(node.started, now),
        lasted="—" if node.started is None else wording.short_duration(end - node.started),
        note=wording.shown(node.reason, 300),
    )


#: What is sampled: how a value is written, and its name in a sentence.
_USE = {"cpu": ("{:.2f}", "CPU"), "memory_gb": ("{:.1f}", "Memory")}


def _use(what: str, nodes: Sequence[NodeRecord], held: dict[str, Series]) -> Use:
    """What some nodes use together; of nodes that have ended, what they used at most."""
    there = [(n, held.get(f"resources/{n.name}/{what}")) for n in nodes]
    sampled = [(n, s) for n, s in there if s is not None and len(s)]
    if not sampled:
        return Use()
    form, name = _USE[what]
    total = sum(n.cpus if what == "cpu" else n.memory / 1e9 for n, _ in sampled)
    values = _together([s.column("value")[-SAMPLES:] for _, s in sampled])
    seen = values[np.isfinite(values)]
    if not len(seen) or total <= 0:
        return Use()
    low, high = form.format(seen.min()), form.format(seen.max())
    of = wording.plural(round(total), "core") if what == "cpu" else f"{total:.1f} GB"
    running = any(n.state == "alive" for n, _ in sampled)
    value = form.format(seen[-1]) if running else f"at most {high}"
    return Use(
        text=f"{value} of {of}",
        fractions=tuple((values / total).tolist()),
        sentence=f"{name} in the last {len(values)} samples: {low} to {high} of {of}",
    )


def _together(columns: Sequence[Floats]) -> Floats:
    """The sum of samples that were taken at the same times, as far back as any of them goes."""
    summed = np.zeros(max(len(c) for c in columns))
    for column in columns:
        summed[len(summed) - len(column) :] += column
    return summed


def _speed(held: dict[str, Series], names: Sequence[str], word: str) -> str:
    series = next((held[n] for n in names if n in held), None)
    value = None if series is None else series.recent()
    return "—" if value is None else f"{wording.count(value)} {word}"


def _deaths(nodes: Sequence[NodeRecord], final: bool) -> str:
    dead = [n for n in nodes if n.state == "dead"]
    if not dead:
        return ""
    first = dead[0]
    reason = wording.shown(first.reason, 300).rstrip(".")
    if len(dead) == 1:
        why = f" ({reason})" if reason else ""
        left = any(n.state == "alive" for n in nodes if n.run == first.run)
        goes_on = left and not final
        rest = ". The run goes on with what is left, where its algorithm can" if goes_on else ""
        return f"The node {wording.shown(first.name)} died{why}{rest}."
    names = ", ".join(wording.shown(n.name) for n in dead[:3])
    more = f" and {len(dead) - 3} more" if len(dead) > 3 else ""
    why = f" The first, {wording.shown(first.name)}: {reason}." if reason else ""
    return f"{len(dead)} nodes died: {names}{more}.{why}"
