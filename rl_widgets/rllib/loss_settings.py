"""Our settings of the loss, under RLlib's `learner_config_dict`: their names, and what they may be.

Without Ray, so that a form says what is wrong while a person types. Keys that are none of these are
a learner's of the script.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from rl_widgets.rllib.settings import is_search_space
from rl_widgets.store.mistakes import shown

#: `trust_region.py` says what these are.
TRUST: Final = "trust"
LAMBDA: Final = "trace_lambda"
NORMALIZE: Final = "normalize_advantages"
#: `learned.py`.
ZERO_DISCOUNT: Final = "zero_discount_on_life_loss"
#: `entropy_by_return.py`.
ENTROPY_BY_RETURN: Final = "entropy_by_return"


def wrong_in(settings: Mapping[str, Any]) -> str:
    """What is wrong with the first of our settings that is; empty where all are right."""
    for name, right, wanted in (
        (TRUST, _positive, "a number above 0, or None for RLlib's own loss"),
        (LAMBDA, _part, "a number from 0 to 1"),
        (NORMALIZE, _truth, "true or false"),
        (ZERO_DISCOUNT, _truth, "true or false"),
        (
            ENTROPY_BY_RETURN,
            _by_return,
            "None, or pairs of a mean return and a part of the entropy's weight, in order of the "
            "returns, such as [[0, 1.0], [18, 0.1]]",
        ),
    ):
        value = settings.get(name)
        if name in settings and not (is_search_space(value) or right(value)):
            return f"learner_config_dict.{name} is {shown(value)}; it must be {wanted}."
    return ""


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not _truth(value) and math.isfinite(value)


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _positive(value: Any) -> bool:
    return value is None or (_number(value) and value > 0)


def _part(value: Any) -> bool:
    return _number(value) and 0 <= value <= 1


def _by_return(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, (list, tuple)) or not value:
        return False
    if not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in value):
        return False
    if not all(_number(number) for pair in value for number in pair):
        return False
    returns = [pair[0] for pair in value]
    return returns == sorted(set(returns)) and all(pair[1] >= 0 for pair in value)
