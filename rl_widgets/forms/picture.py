"""The cluster as a picture: a box for each node, with its CPUs and GPUs."""

from __future__ import annotations

from dataclasses import dataclass

from rl_widgets.backend.plan import NodeGroup
from rl_widgets.view import wording
from rl_widgets.view.escape import escape

#: Worker nodes that are drawn; of more it says how many.
MOST_NODES = 12
#: CPUs that are drawn in a node; of more it says how many.
MOST_CPUS = 32
_BOX, _GAP, _DOT, _COLUMNS = 132, 12, 12, 8
_TEXT, _TOP = 15, 42


@dataclass(frozen=True)
class Node:
    """One box: `role` is 'head' or 'worker'; `size` and `target` are names."""

    role: str
    label: str
    size: str
    target: str
    cpus: int
    gpus: int


@dataclass(frozen=True)
class Picture:
    """The nodes that are drawn, how many more there are, one sentence for all, and the SVG."""

    nodes: tuple[Node, ...]
    hidden: int
    text: str
    svg: str


def picture(head: NodeGroup, workers: NodeGroup | None, label: str = "Head") -> Picture:
    """Head first, then the workers."""
    count = 0 if workers is None else workers.node_count
    nodes = [_node("head", label, head)]
    if workers is not None:
        drawn = min(count, MOST_NODES)
        nodes += [_node("worker", f"Worker {i + 1}", workers) for i in range(drawn)]
    hidden = max(0, count - MOST_NODES)
    text = f"A {label.lower()} with {_about(nodes[0])}"
    if workers is not None:
        each = " each" if count > 1 else ""
        text += f" and {wording.plural(count, 'worker')} with {_about(nodes[1])}{each}"
    return Picture(tuple(nodes), hidden, f"{text}.", _svg(nodes, hidden, text))


def _node(role: str, label: str, group: NodeGroup) -> Node:
    return Node(role, label, group.vm_size, group.target, group.cpus, group.gpus)


def _about(node: Node) -> str:
    gpus = f" and {wording.plural(node.gpus, 'GPU')}" if node.gpus else ""
    return f"{wording.plural(node.cpus, 'CPU')}{gpus}"


def _svg(nodes: list[Node], hidden: int, text: str) -> str:
    """Colours are the page's: `currentColor` and JupyterLab's variables."""
    columns = 4
    height = max(_height(node) for node in nodes)
    boxes = []
    for i, node in enumerate(nodes):
        # The head has a row of its own.
        column, row = (0, 0) if i == 0 else ((i - 1) % columns, 1 + (i - 1) // columns)
        boxes.append(_box(node, column * (_BOX + _GAP), row * (height + _GAP), height))
    rows = 1 + -(-(len(nodes) - 1) // columns)
    width = max(1, min(columns, len(nodes) - 1)) * (_BOX + _GAP) - _GAP
    tall = rows * (height + _GAP) - _GAP
    more = ""
    if hidden:
        tall += 20
        more = f'<text x="0" y="{tall - 4}">and {wording.plural(hidden, "more worker")}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="-1 -1 {width + 2} {tall + 2}"'
        f' width="{width + 2}" style="max-width:100%;height:auto" font-size="12"'
        f' font-family="var(--jp-ui-font-family, sans-serif)" fill="currentColor">'
        f"<title>{escape(text)}.</title>{''.join(boxes)}{more}</svg>"
    )


def _height(node: Node) -> int:
    dots = -(-min(node.cpus, MOST_CPUS) // _COLUMNS) + -(-min(node.gpus, _COLUMNS) // _COLUMNS)
    return _TOP + dots * (_DOT + 3) + (_TEXT if node.cpus > MOST_CPUS else 0) + 8


def _box(node: Node, x: int, y: int, height: int) -> str:
    accent = "var(--jp-brand-color1, #1976d2)"
    stroke = accent if node.role == "head" else "currentColor"
    parts = [
        f'<g transform="translate({x} {y})"><title>{escape(_title(node))}</title>',
        f'<rect width="{_BOX}" height="{height}" rx="4" fill="none" stroke="{stroke}"/>',
        f'<text x="8" y="17" font-weight="bold">{escape(node.label)}</text>',
        f'<text x="8" y="33" opacity="0.8">{escape(wording.shown(node.size, 18))}</text>',
    ]
    top = _TOP
    for i in range(min(node.cpus, MOST_CPUS)):
        parts.append(_dot(i, top, "currentColor", 0.55))
    top += -(-min(node.cpus, MOST_CPUS) // _COLUMNS) * (_DOT + 3)
    for i in range(min(node.gpus, _COLUMNS)):
        parts.append(_dot(i, top, accent, 1))
    if node.cpus > MOST_CPUS:
        bottom = height - 8
        parts.append(f'<text x="8" y="{bottom}" opacity="0.8">{escape(_about(node))}</text>')
    return "".join([*parts, "</g>"])


def _title(node: Node) -> str:
    where = f" of {node.target}" if node.target else ""
    return f"{node.label}: {node.size}{where}, {_about(node)}"


def _dot(i: int, top: int, colour: str, opacity: float) -> str:
    x, y = 8 + i % _COLUMNS * (_DOT + 3), top + i // _COLUMNS * (_DOT + 3)
    return (
        f'<rect x="{x}" y="{y}" width="{_DOT}" height="{_DOT}" rx="2" fill="{colour}"'
        f' opacity="{opacity:g}"/>'
    )
