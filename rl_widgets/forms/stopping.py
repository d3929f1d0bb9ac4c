"""Stop criteria as fields; a run stops when a result reaches one of them."""

from __future__ import annotations

from typing import Any, Final

from rl_widgets.fields.specification import Fields
from rl_widgets.fields.trait import Field
from rl_widgets.rllib.errors import StopError
from rl_widgets.rllib.stopping import TOP_NAMES, check_stop

#: The criteria that matter first: label, unit.
FIRST: Final = {
    "episode_reward_mean": ("Mean episode reward", ""),
    "time_total_s": ("Seconds of training", "s"),
    "timesteps_total": ("Env steps", "env steps"),
    "training_iteration": ("Iterations", "iterations"),
}


class StopField(Field):
    """A number that a result has to reach. Its sentences are those of the entry script."""

    json_type = "number"

    def converted(self, value: Any) -> Any:
        try:
            check_stop({str(self.name): value})
        except StopError as error:
            raise self.refuses(str(error)) from None
        except RecursionError:
            raise self.says("a number", value) from None
        return value


def _field(name: str) -> StopField:
    label, unit = FIRST.get(name, (name, ""))
    return StopField(
        optional=True, label=label, unit=unit, group="Stop when", advanced=name not in FIRST
    )


_NAMES = [*FIRST, *(name for name in TOP_NAMES if name not in FIRST)]
_ABOUT = "The run stops when a result reaches one of these."

#: Results have more names than these fields, as paths with slashes: `stop` takes them all.
StopFields: type[Fields] = type(
    "StopFields",
    (Fields,),
    {"title": "Stop criteria", "about": _ABOUT, **{name: _field(name) for name in _NAMES}},
)
