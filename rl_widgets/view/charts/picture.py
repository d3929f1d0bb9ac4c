"""The reward curve as an SVG picture that reads well on a light and on a dark page."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable

import numpy as np

from rl_widgets.view import wording
from rl_widgets.view.charts import reward_lines
from rl_widgets.view.charts.band import thinned as thinned_band
from rl_widgets.view.charts.curve import Curve, thinned
from rl_widgets.view.charts.lines import frame
from rl_widgets.view.charts.marks import EVENT_LOOKS, EventMark, grouped
from rl_widgets.view.escape import escape
from rl_widgets.view.series import Floats

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 30, 48
_POINTS = 600
# Mid tones: an inline picture cannot know the page's theme.
_TEXT, _GRID = "#7c8694", "#8a94a033"


def svg(curve: Curve, message: str = "") -> str:
    """The curve as an SVG document; with nothing to draw, an empty frame with `message`."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(curve.sentence)}" '
        f'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" '
        f'font-size="12" fill="{_TEXT}">',
        f"<title>{escape(curve.sentence)}</title>",
    ]
    if curve.empty:
        words = escape(message or "Nothing to draw yet.")
        parts.append(
            f'<rect x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="6" fill="none" '
            f'stroke="{_GRID}"/><text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle" '
            f'font-size="14">{words}</text></svg>'
        )
        return "".join(parts)
    lines = [*reward_lines.lines(curve), *reward_lines.target(curve)]
    axes = frame(lines, curve.x_title, wording.shown(curve.metric))

    def left(value: float) -> float:
        share = (value - axes.x_low) / (axes.x_high - axes.x_low)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def top(value: float) -> float:
        share = (value - axes.y_low) / (axes.y_high - axes.y_low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    for tick, words in zip(axes.y_ticks, axes.y_words, strict=True):
        at = top(tick)
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" '
            f'stroke="{_GRID}"/><text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">'
            f"{words}</text>"
        )
    for tick, words in zip(axes.x_ticks, axes.x_words, strict=True):
        parts.append(
            f'<text x="{left(tick):.1f}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
            f"{words}</text>"
        )
    for line in lines:
        band = line.band()
        if band is not None:
            shape = _area(*thinned_band(band, _POINTS // 2), left, top)
            parts.append(f'<path d="{shape}" fill="{line.colour}" fill-opacity="0.16"/>')
    for line in reversed(lines):
        dashes = ' stroke-dasharray="5 4"' if line.dashed else ""
        ends = np.array([axes.x_low, axes.x_high])
        x, y = (ends, line.y) if line.dashed else thinned(line.x, line.y, _POINTS)
        parts.append(
            f'<path d="{line_path(x, y, left, top)}" fill="none" stroke="{line.colour}" '
            f'stroke-width="{line.width:g}" stroke-linejoin="round" stroke-linecap="round"'
            f"{dashes}/>"
        )
    parts += [_mark(mark, left, top) for mark in grouped(curve.marks, axes.x_low, axes.x_high)]
    if curve.last is not None:
        end = int(np.flatnonzero(np.isfinite(lines[0].y))[-1])
        parts.append(
            f'<circle cx="{left(lines[0].x[end]):.1f}" cy="{top(lines[0].y[end]):.1f}" r="3.5" '
            f'fill="{lines[0].colour}"/>'
        )
    middle = _LEFT + (WIDTH - _LEFT - _RIGHT) / 2
    title = wording.shown(curve.metric)
    if len(curve.low):
        title += ", with its smallest and largest values"
    if curve.target is not None:
        title += f" (the run stops at {wording.goal(curve.target)})"
    parts.append(
        f'<text x="{_LEFT}" y="18" font-size="13">{escape(title)}</text>'
        f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(curve.x_title)}</text>'
        "</svg>"
    )
    return "".join(parts)


def data_url(curve: Curve, message: str = "") -> str:
    """The picture as a `data:` URL, which also a notebook that is not trusted shows."""
    encoded = base64.b64encode(svg(curve, message).encode("utf-8")).decode("ascii")
    return f"data:image/svg+xml;base64,{encoded}"


def y_range(curve: Curve, with_target: bool = True) -> tuple[float, float]:
    """What the y-axis spans: all values, the target, and a little room."""
    target = curve.target if with_target else None
    ends = [v for v in (curve.lowest, curve.highest, target) if v is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if not math.isfinite(high - low):
        return low / 2, high / 2
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - room, high + room


def x_range(curve: Curve) -> tuple[float, float]:
    """What the x-axis spans: from where the run began to its newest point."""
    low, high = float(curve.x[0]), float(curve.x[-1])
    # A run's curve begins at nought; one that is a late piece of it does not.
    low = 0.0 if 0 <= low <= 0.3 * high else low
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def line_path(
    x: Floats, y: Floats, left: Callable[[float], float], top: Callable[[float], float]
) -> str:
    """The commands of an SVG path along a line with gaps (NaN)."""
    commands, pen_down = [], False
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if math.isfinite(b):
            commands.append(f"{'L' if pen_down else 'M'}{left(a):.1f} {top(b):.1f}")
            # A value alone between two gaps would be no line at all.
            if not pen_down:
                commands.append("h0.1")
        pen_down = math.isfinite(b)
    return "".join(commands)


def _area(
    x: Floats,
    low: Floats,
    high: Floats,
    left: Callable[[float], float],
    top: Callable[[float], float],
) -> str:
    """A closed shape for each stretch of the band without a gap."""
    known = np.flatnonzero(np.isfinite(low) & np.isfinite(high))
    shapes = []
    for piece in np.split(known, np.flatnonzero(np.diff(known) > 1) + 1):
        if len(piece) > 1:
            upper = [f"{left(x[i]):.1f} {top(high[i]):.1f}" for i in piece]
            lower = [f"{left(x[i]):.1f} {top(low[i]):.1f}" for i in reversed(piece)]
            shapes.append(f"M{'L'.join(upper + lower)}Z")
    return "".join(shapes)


def _mark(mark: EventMark, left: Callable[[float], float], top: Callable[[float], float]) -> str:
    if not math.isfinite(mark.y):
        return ""
    look = EVENT_LOOKS[mark.kind]
    return (
        f'<text x="{left(mark.x):.1f}" y="{top(mark.y) + 4:.1f}" text-anchor="middle" '
        f'font-size="12" fill="{look.colour}">{look.symbol}<title>{escape(mark.text)}</title>'
        "</text>"
    )
