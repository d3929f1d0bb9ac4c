"""The lines of the reward chart, and what is said about them."""

from __future__ import annotations

import numpy as np

from rl_widgets.view import catalogue, wording
from rl_widgets.view.charts import legend
from rl_widgets.view.charts.curve import Curve
from rl_widgets.view.charts.lines import EVALUATION, PALETTE, TARGET, Line
from rl_widgets.view.charts.marks import at_words


def lines(drawn: Curve) -> list[Line]:
    """The curve's own lines, the one on top first: smoothed, if it is, and as it was logged."""
    word = "mean" if catalogue.is_reward(drawn.metric) else wording.shown(drawn.metric, 40)
    banded = len(drawn.low) > 1
    smooth = len(drawn.smooth_x) > 0
    main = Line(
        label=f"{word}, smoothed" if smooth else word,
        colour=PALETTE[0],
        x=drawn.smooth_x if smooth else drawn.x,
        y=drawn.smooth_y if smooth else drawn.y,
        low=drawn.low if banded else None,
        high=drawn.high if banded else None,
        band_x=drawn.band_x,
        key="main",
    )
    if not smooth:
        return [main]
    logged = Line(word, PALETTE[0], drawn.x, drawn.y, width=1.2, opacity=0.4, key="as logged")
    return [main, logged]


def evaluation(found: Curve) -> list[Line]:
    """The greedy evaluations as a line of their own; [] where none of them has a value."""
    known = int(np.isfinite(found.y).sum())
    if not known:
        return []
    # One point alone is a line of no length: its round ends make it a dot.
    width = 6.0 if known == 1 else 1.8
    return [
        Line("evaluation (greedy)", EVALUATION, found.x, found.y, width=width, key=found.metric)
    ]


def target(drawn: Curve, ends: tuple[float, float] | None = None) -> list[Line]:
    """The line at which the run stops, over `ends` or the whole curve; [] where it has none."""
    if drawn.target is None or not len(drawn.x):
        return []
    x = np.array(ends or (drawn.x[0], drawn.x[-1]), np.float64)
    y = np.full(2, drawn.target)
    return [Line("target", TARGET, x, y, dashed=True, width=1.5, key="target")]


def notes(drawn: Curve) -> list[str]:
    """What the chart does not show, and what its dashed line is."""
    found = [drawn.note] if drawn.note else []
    if drawn.target is not None:
        found.append(f"The run stops at the dashed line ({wording.goal(drawn.target)}).")
    return found


def where(drawn: Curve, x: float | None, newest: bool) -> str:
    """Where the legend's values are taken; of the newest mean also of how many episodes it is."""
    place = legend.beside(drawn.x, drawn.y, None, -1) if x is None else x
    words = at_words(drawn.axis, drawn.unit, drawn.x_title, place)
    if newest and drawn.episodes is not None:
        return f"mean of {wording.plural(round(drawn.episodes), 'episode')}, {words}"
    return words
