"""The reward curve as an SVG picture that reads well on a light and on a dark page."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable

import numpy as np

from rl_widgets.view import wording
from rl_widgets.view.curve import Curve, thinned
from rl_widgets.view.escape import escape
from rl_widgets.view.series import Floats
from rl_widgets.view.ticks import tick_text, ticks

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 30, 48
_POINTS = 600
# Mid tones: an inline picture cannot know the page's theme.
_TEXT, _GRID, _LINE, _TARGET = "#7c8694", "#8a94a033", "#3987e0", "#2fa35f"


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
    x, y = thinned(curve.x, curve.y, _POINTS)
    x_low, x_high = x_range(curve)
    y_low, y_high = y_range(curve)

    def left(value: float) -> float:
        return _LEFT + (value - x_low) / (x_high - x_low) * (WIDTH - _LEFT - _RIGHT)

    def top(value: float) -> float:
        return HEIGHT - _BOTTOM - (value - y_low) / (y_high - y_low) * (HEIGHT - _TOP - _BOTTOM)

    for tick in ticks(y_low, y_high, 6):
        at = top(tick)
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" '
            f'stroke="{_GRID}"/><text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">'
            f"{tick_text(tick)}</text>"
        )
    for tick in ticks(x_low, x_high, 7):
        at = left(tick)
        parts.append(
            f'<text x="{at:.1f}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
            f"{tick_text(tick)}</text>"
        )
    if curve.target is not None:
        at = top(curve.target)
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" '
            f'stroke="{_TARGET}" stroke-dasharray="5 4"/>'
        )
    parts.append(
        f'<path d="{_path(x, y, left, top)}" fill="none" stroke="{_LINE}" stroke-width="2" '
        'stroke-linejoin="round" stroke-linecap="round"/>'
    )
    if curve.last is not None:
        end = int(np.flatnonzero(np.isfinite(y))[-1])
        parts.append(
            f'<circle cx="{left(x[end]):.1f}" cy="{top(y[end]):.1f}" r="3.5" fill="{_LINE}"/>'
        )
    middle = _LEFT + (WIDTH - _LEFT - _RIGHT) / 2
    title = wording.shown(curve.metric)
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


def _path(
    x: Floats, y: Floats, left: Callable[[float], float], top: Callable[[float], float]
) -> str:
    commands, pen_down = [], False
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        if math.isfinite(b):
            commands.append(f"{'L' if pen_down else 'M'}{left(a):.1f} {top(b):.1f}")
            # A value alone between two gaps would be no line at all.
            if not pen_down:
                commands.append("h0.1")
        pen_down = math.isfinite(b)
    return "".join(commands)
