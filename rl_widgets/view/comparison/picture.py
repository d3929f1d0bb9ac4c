"""Lines of several runs as an SVG picture that reads well on a light and on a dark page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

import numpy as np

from rl_widgets.view.charts.lines import Line, frame
from rl_widgets.view.charts.picture import line_path
from rl_widgets.view.charts.ticks import tick_text
from rl_widgets.view.escape import escape

WIDTH, HEIGHT = 720, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 14, 48
_TEXT, _GRID = "#7c8694", "#8a94a033"
_Place = Callable[[float], float]


def svg(lines: Sequence[Line], x_title: str, y_title: str, sentence: str) -> str:
    """The lines with their bands as an SVG document, the first one on top."""
    axes = frame(lines, x_title, y_title)

    def left(value: float) -> float:
        part = (value - axes.x_low) / (axes.x_high - axes.x_low)
        return _LEFT + part * (WIDTH - _LEFT - _RIGHT)

    def top(value: float) -> float:
        part = (value - axes.y_low) / (axes.y_high - axes.y_low)
        return HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(sentence)}" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" '
        f'font-size="12" fill="{_TEXT}"><title>{escape(sentence)}</title>'
    ]
    for tick in axes.y_ticks:
        at = top(tick)
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" '
            f'stroke="{_GRID}"/><text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">'
            f"{tick_text(tick)}</text>"
        )
    for tick in axes.x_ticks:
        parts.append(
            f'<text x="{left(tick):.1f}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
            f"{tick_text(tick)}</text>"
        )
    for line in reversed(lines):
        parts.append(_band(line, left, top))
    for line in reversed(lines):
        dashes = ' stroke-dasharray="5 4"' if line.dashed else ""
        parts.append(
            f'<path d="{line_path(line.x, line.y, left, top)}" fill="none" stroke="{line.colour}" '
            f'stroke-width="{line.width}" opacity="{line.opacity}"{dashes} '
            'stroke-linejoin="round" stroke-linecap="round"/>'
        )
    middle = _LEFT + (WIDTH - _LEFT - _RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_title)}</text></svg>'
    )
    return "".join(parts)


def data_url(lines: Sequence[Line], x_title: str, y_title: str, sentence: str) -> str:
    """The picture as a `data:` URL, which also a notebook that is not trusted shows."""
    encoded = base64.b64encode(svg(lines, x_title, y_title, sentence).encode()).decode("ascii")
    return f"data:image/svg+xml;base64,{encoded}"


def _band(line: Line, left: _Place, top: _Place) -> str:
    band = line.band()
    if band is None:
        return ""
    x, low, high = (values[np.isfinite(band[1])] for values in band)
    if len(x) < 2:
        return ""
    upper = [f"{left(a):.1f} {top(b):.1f}" for a, b in zip(x, high, strict=True)]
    lower = [f"{left(a):.1f} {top(b):.1f}" for a, b in zip(x[::-1], low[::-1], strict=True)]
    return f'<path d="M{"L".join(upper + lower)}Z" fill="{line.colour}" opacity="0.16"/>'
