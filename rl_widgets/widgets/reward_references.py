"""What a run's reward is drawn beside: other runs and CSV files, and how a person names them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rl_widgets.store.errors import RLWidgetsError
from rl_widgets.view import catalogue
from rl_widgets.view.charts import reference_curve
from rl_widgets.view.charts.curve import Look
from rl_widgets.view.charts.lines import PALETTE, Line
from rl_widgets.view.charts.reference_curve import Reference
from rl_widgets.widgets.panel import PanelContext, set_value
from rl_widgets.widgets.reward_controls import RewardControls


class RewardReferences:
    """The references of a reward chart. `say` shows a sentence, '' for none."""

    def __init__(
        self, context: PanelContext, controls: RewardControls, say: Callable[[str], None]
    ) -> None:
        self._context = context
        self._controls = controls
        self._say = say
        self._references: list[Reference] = []
        self._offered: dict[str, str] = {}

    def set(self, *what: Any) -> None:
        """Have these and no others. Raises `UserError`."""
        self._references = [self._reference(one) for one in what if one is not None]

    def lines(self, axis: str, look: Look) -> tuple[list[Line], list[str]]:
        """Their lines over an axis, and sentences on those that cannot be drawn over it."""
        lines, troubles = [], []
        for i, reference in enumerate(self._references):
            try:
                found = reference.over(axis, look)
            except RLWidgetsError as error:
                troubles.append(str(error))
                continue
            if found.trouble:
                troubles.append(found.trouble)
            colour = PALETTE[1 + i % (len(PALETTE) - 1)]
            key = f"reference {reference.key}"
            lines.append(Line(reference.label, colour, found.x, found.y, width=1.5, key=key))
        return lines, troubles

    def offer(self) -> None:
        """Offer the runs of the workspace that have the metric, if any are wanted."""
        if self._controls.compare.value:
            reader = self._context.reader
            self._offered = reference_curve.offered(reader.store, self._metric(), reader.run_id)
            set_value(self._controls.name, options=tuple(self._offered))
        self._say("")

    def add(self) -> bool:
        """Add what a person has named; tells whether that could be read."""
        text = self._controls.name.value.strip()
        try:
            found = self._reference(self._offered.get(text, text))
        except RLWidgetsError as error:
            self._say(str(error))
            return False
        self._say("")
        self._references = [r for r in self._references if r.key != found.key] + [found]
        set_value(self._controls.name, value="")
        return True

    def clear(self) -> None:
        """Have none any more."""
        self._references = []
        self._say("")

    def _reference(self, what: Any) -> Reference:
        context = self._context
        return reference_curve.reference(
            what, context.run.workspace, self._metric(), context.reader.run_id
        )

    def _metric(self) -> str:
        return self._context.reader.metric or catalogue.REWARD_NAMES[0]
