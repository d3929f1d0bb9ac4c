"""A comparison as data that a person goes on with: a dict, and a table of pandas."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from rl_widgets.view.comparison.comparison import Comparison

if TYPE_CHECKING:
    import pandas as pd


def as_dict(found: Comparison) -> dict[str, Any]:
    """The results, groups and differences, as a dict of texts, numbers, lists and dicts."""
    plain = asdict(replace(found, lines=()))
    plain["lines"] = [
        {"label": line.label, "x": line.x.tolist(), "y": line.y.tolist()} for line in found.lines
    ]
    return plain


def frame(found: Comparison) -> pd.DataFrame:
    """The results with a row for each run."""
    import pandas as pd

    rows: pd.DataFrame = pd.DataFrame(
        [
            {
                "run": r.run_id,
                "name": r.name,
                "status": r.badge.text,
                "group": found.groups[r.group].label,
                "seed": r.seed,
                "final": r.final,
                "best": r.best,
                "env_steps": r.env_steps,
                "seconds": r.seconds,
                "target": r.target,
                "env_steps_to_target": r.steps_to_target,
                "seconds_to_target": r.seconds_to_target,
            }
            for r in found.results
        ]
    )
    return rows
