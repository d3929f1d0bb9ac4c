"""The short run that finds a bad setting before a class does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rl_widgets.forms.submission import runs_of

SECONDS: Final = 60
#: The tag of such a run.
TAG: Final = "trial"
_TIME = "time_total_s"


def trial(values: Mapping[str, Any]) -> dict[str, Any]:
    """The first run of an experiment's checked values, stopped after 60 s of training."""
    one = runs_of(values)[0]
    stop = dict(values.get("stop") or {})
    stop[_TIME] = min(SECONDS, stop.get(_TIME, SECONDS))
    return {
        **values,
        "config": {**(values.get("config") or {}), **one.changes} or None,
        "vary": None,
        "seeds": None if one.seed is None else [one.seed],
        "stop": stop,
        "tags": {**(values.get("tags") or {}), TAG: f"{SECONDS} s"},
    }
