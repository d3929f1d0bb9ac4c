"""The curve in characters: Braille dots where the terminal has them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rl_widgets.view import wording
from rl_widgets.view.charts import picture
from rl_widgets.view.charts.curve import Curve
from rl_widgets.view.charts.ticks import tick_text
from rl_widgets.view.series import Floats

_BARS = "▁▂▃▄▅▆▇█"
# The bit of each dot of a Braille character, by its row (0..3) and column (0..1).
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def sparkline(curve: Curve, width: int = 40) -> str:
    """The curve as one line of bars; '' with nothing to draw."""
    finite = curve.y[np.isfinite(curve.y)]
    if not len(finite):
        return ""
    parts = np.array_split(finite, min(width, len(finite)))
    means = np.array([part.mean() for part in parts])
    low, high = float(finite.min()), float(finite.max())
    level = (means - low) / (high - low) if high > low else np.zeros(len(means))
    return "".join(_BARS[round(v * (len(_BARS) - 1))] for v in level)


def braille(curve: Curve, width: int, height: int) -> list[str]:
    """The curve as `height` lines of at most `width` characters, with its y-axis and x-axis."""
    if curve.empty or width < 24 or height < 3:
        return []
    # So few lines are all needed for the values themselves.
    low, high = picture.y_range(curve, with_target=False)
    labels = {0: wording.number(high), height - 1: wording.number(low)}
    margin = max(len(text) for text in labels.values()) + 1
    columns = width - margin - 1
    dots = np.zeros((height * 4, columns * 2), np.bool_)
    start, end = picture.x_range(curve)
    at = (curve.x - start) / (end - start) * (columns * 2 - 1)
    up = (high - curve.y) / (high - low) * (height * 4 - 1)
    _draw(dots, at, up)
    if curve.target is not None and low <= curve.target <= high:
        # Dotted, so that it is told from the curve.
        dots[round((high - curve.target) / (high - low) * (height * 4 - 1)), ::4] = True
    lines = []
    for row in range(height):
        characters = []
        for column in range(columns):
            bits = sum(
                bit
                for r, pair in enumerate(_DOTS)
                for c, bit in enumerate(pair)
                if dots[row * 4 + r, column * 2 + c]
            )
            characters.append(chr(0x2800 + bits) if bits else " ")
        lines.append(f"{labels.get(row, ''):>{margin}}│{''.join(characters)}".rstrip())
    first, last = tick_text(round(start, 3)), tick_text(round(end, 3))
    gap = max(1, columns - len(first) - len(last) - len(curve.x_title) - 2)
    foot = f"{first}{' ' * (gap // 2 + 1)}{curve.x_title}{' ' * (gap - gap // 2 + 1)}{last}"
    lines.append(f"{'':>{margin}} {foot}"[:width].rstrip())
    return lines


def _draw(dots: npt.NDArray[np.bool_], at: Floats, up: Floats) -> None:
    before: tuple[float, float] | None = None
    for a, b in zip(at.tolist(), up.tolist(), strict=True):
        if not np.isfinite(b):
            before = None
            continue
        a0, b0 = before or (a, b)
        steps = max(1, int(max(abs(a - a0), abs(b - b0))) + 1)
        for i in range(steps + 1):
            x, y = a0 + (a - a0) * i / steps, b0 + (b - b0) * i / steps
            dots[
                min(max(round(y), 0), dots.shape[0] - 1), min(max(round(x), 0), dots.shape[1] - 1)
            ] = True
        before = (a, b)
