"""The short run that finds a bad setting before a class does.

Its tag says what became of the stop criteria, so that a form on it has those of the whole run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from rl_widgets.forms.submission import runs_of

SECONDS: Final = 60
#: The tag of such a run.
TAG: Final = "trial"
_TIME = "time_total_s"
_SAID: Final = f"{SECONDS} s"
_TAGGED: Final = re.compile(rf"{_SAID}(?: of (\d[\d.e+-]*) s)?")


def trial(values: Mapping[str, Any]) -> dict[str, Any]:
    """The first run of an experiment's checked values, stopped after 60 s of training."""
    one = runs_of(values)[0]
    stop = dict(values.get("stop") or {})
    said = _SAID + (f" of {json.dumps(stop[_TIME])} s" if _TIME in stop else "")
    stop[_TIME] = min(SECONDS, stop.get(_TIME, SECONDS))
    return {
        **values,
        "config": {**(values.get("config") or {}), **one.changes} or None,
        "vary": None,
        "seeds": None if one.seed is None else [one.seed],
        "stop": stop,
        "tags": {**(values.get("tags") or {}), TAG: said},
    }


def untried(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a run as if it were no trial: with the stop that it was given, without the tag.

    Those of another run as they are.
    """
    tags, stop = dict(values.get("tags") or {}), dict(values.get("stop") or {})
    found = _TAGGED.fullmatch(str(tags.get(TAG)))
    if found is None:
        return dict(values)
    del tags[TAG]
    whole = json.loads(found[1]) if found[1] else None
    # One that was resumed has a stop of its own.
    if stop.get(_TIME) == min(SECONDS, SECONDS if whole is None else whole):
        del stop[_TIME]
        if whole is not None:
            stop[_TIME] = whole
    return {**values, "tags": tags, "stop": stop}
