"""A small graph of a few samples as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rl_widgets.view.escape import escape

WIDTH, HEIGHT = 48, 16


def svg(fractions: Sequence[float], sentence: str) -> str:
    """Fractions of what there is (0..1, more is cut) as a line over its area; '' for none.

    `sentence` is what a screen reader says, and what is shown under the mouse.
    """
    heights = [None if not math.isfinite(f) else min(1.0, max(0.0, f)) for f in fractions]
    if not any(h is not None for h in heights):
        return ""
    right = WIDTH - 1
    step = right / max(1, len(heights) - 1)
    pieces: list[list[str]] = [[]]
    for i, height in enumerate(heights):
        if height is None:
            if pieces[-1]:
                pieces.append([])
            continue
        pieces[-1].append(f"{i * step:.0f} {(HEIGHT - 2) * (1 - height) + 1:.0f}")
    paths = []
    for points in pieces:
        if not points:
            continue
        if len(points) == 1:
            x, _, y = points[0].partition(" ")
            points = [points[0], f"{int(x) + 1} {y}"]
        line = "M" + "L".join(points)
        first, last = points[0].partition(" ")[0], points[-1].partition(" ")[0]
        paths.append(f'<path class="rlw-area" d="{line}V{HEIGHT}H{first}z"/>')
        paths.append(f'<path d="{line}" fill="none"/>' if first != last else f'<path d="{line}"/>')
    return (
        f'<svg class="rlw-spark" role="img" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}"><title>{escape(sentence)}</title>'
        f"{''.join(paths)}</svg>"
    )
