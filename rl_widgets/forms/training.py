"""The fields of a training: environment, algorithm, settings, when to stop, what to keep."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from rl_widgets.fields.names import Word
from rl_widgets.fields.specification import Fields
from rl_widgets.fields.trait import Flag, Number, Whole
from rl_widgets.forms.settings import check_algorithm, check_settings, check_together
from rl_widgets.forms.values import Json, Seeds, Stop, Vary
from rl_widgets.rllib.environments import check_environment
from rl_widgets.rllib.errors import ConfigError, EnvironmentNameError, StopError
from rl_widgets.rllib.evaluation import INTERVAL, VIDEOS
from rl_widgets.rllib.stopping import check_stop

#: Runs of one group at most.
MOST_RUNS = 100
#: Parts of --config that have a field of their own.
OWN = ("preset", INTERVAL, VIDEOS)
_TRAINING, _KEPT = "Training", "What is kept"


class TrainingFields(Fields):
    """What a run trains, with which settings, until when: the parameters of the entry script."""

    title = "Training"
    about = "An algorithm of RLlib that learns an environment."

    environment = Word(
        example="CartPole-v1",
        needed="a name such as CartPole-v1 or PongNoFrameskip-v4",
        label="Environment",
        help="A name of Gymnasium, or an Atari game.",
        group=_TRAINING,
    )
    algorithm = Word(
        "IMPALA",
        example="IMPALA",
        label="Algorithm",
        help="A name of RLlib, such as IMPALA, APPO, PPO or DQN.",
        group=_TRAINING,
    )
    preset = Word(
        optional=True,
        example="impala-cartpole",
        label="Preset",
        help="Settings that were found to work; by default those for the environment.",
        group=_TRAINING,
    )
    config = Json(
        optional=True,
        label="Settings",
        help="RLlib's, in names of 2.60 or 0.8.3; what is not given is the preset's.",
        group=_TRAINING,
        examples=({"num_env_runners": 2},),
    )
    vary = Vary(
        optional=True,
        label="Vary",
        help="One or two settings with a list of values each: a run for each.",
        group=_TRAINING,
        examples=({"lr": [0.001, 0.0005]},),
    )
    seeds = Seeds(
        optional=True,
        label="Seeds",
        help="One run for each.",
        group=_TRAINING,
        examples=([1, 2, 3],),
    )
    stop = Stop(
        optional=True,
        label="Stop when",
        help="A result reaches one of these.",
        group=_TRAINING,
        examples=({"episode_reward_mean": 150, "time_total_s": 600},),
    )
    checkpoint_freq = Whole(
        low=0,
        high=1_000_000_000,
        optional=True,
        unit="iterations",
        label="Checkpoint every",
        help="By default one every few minutes and one at the end; 0 for none.",
        group=_KEPT,
    )
    checkpoint_at_end = Flag(False, label="Checkpoint at the end", group=_KEPT, advanced=True)
    keep_checkpoints_num = Whole(
        low=1,
        high=1_000_000,
        optional=True,
        label="Best checkpoints kept",
        help="Beside the last. By default all.",
        group=_KEPT,
        advanced=True,
    )
    evaluation_interval_s = Number(
        low=0,
        high=90 * 86_400,
        optional=True,
        unit="s",
        label="Evaluate every",
        help="Greedy episodes beside the training; 0 for none.",
        group=_KEPT,
    )
    evaluation_videos = Whole(
        low=0,
        high=100_000,
        optional=True,
        label="Videos kept",
        help="Of evaluations; 0 for none.",
        group=_KEPT,
    )

    @classmethod
    def across(cls, values: Mapping[str, Any], errors: dict[str, str]) -> None:
        """What the entry script would refuse, before anything starts."""
        super().across(values, errors)
        environment, algorithm = values.get("environment"), values.get("algorithm")
        if environment is not None:
            try:
                check_environment(environment, here=False)
            except EnvironmentNameError as error:
                errors["environment"] = str(error)
            except ImportError:
                pass  # no gymnasium here: the Python that trains will say
        check_stop_field(values.get("stop"), errors)
        if algorithm is None:
            return
        try:
            check_algorithm(algorithm)
        except ConfigError as error:
            errors["algorithm"] = str(error)
            return
        config = values.get("config") or {}
        for name in OWN:
            if name in config and values.get(name) is not None:
                errors[f"config.{name}"] = f"{name} is given twice, here and in config."
        if "seed" in config and values.get("seeds"):
            errors["config.seed"] = (
                "'seed' is in config, where it would hold for all runs, and seeds are given: leave "
                "one out."
            )
        own = {f"config.{name}": name for name in OWN if values.get(name) is not None}
        for name, sentence in check_settings("config", algorithm, whole_config(values)).items():
            errors.setdefault(own.get(name, name), sentence)
        _check_varied(values, algorithm, errors)
        if not {name.partition(".")[0] for name in errors} & {*OWN, "config", "vary"}:
            _check_whole(values, algorithm, errors)


def whole_config(values: Mapping[str, Any]) -> dict[str, Any]:
    """The script's --config: the settings with those that have a field of their own."""
    given = {name: values[name] for name in OWN if values.get(name) is not None}
    return {**given, **(values.get("config") or {})}


def check_stop_field(stop: Any, errors: dict[str, str]) -> None:
    """Add what is wrong with stop criteria, each by its name."""
    for name, value in (stop or {}).items():
        try:
            check_stop({name: value})
        except StopError as error:
            errors[f"stop.{name}"] = str(error)


def changes_of(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the runs change of the settings: one for each combination of varied values, {} alone
    where nothing is varied; of more than a group may have, the first."""
    choices = [[(name, v) for v in listed] for name, listed in (values.get("vary") or {}).items()]
    return [dict(one) for one in itertools.islice(itertools.product(*choices), MOST_RUNS)]


def _check_varied(values: Mapping[str, Any], algorithm: str, errors: dict[str, str]) -> None:
    vary, whole = values.get("vary") or {}, whole_config(values)
    count = len(values.get("seeds") or [None])
    for name, choices in vary.items():
        count *= len(choices)
        if name == "seed":
            errors["vary.seed"] = "'seed' is varied by the field of seeds: give its values there."
        elif name in whole:
            place = "in config" if name in (values.get("config") or {}) else "given"
            errors[f"vary.{name}"] = f"{name!r} is {place} and varied: leave one out."
        for value in choices[:MOST_RUNS]:
            found = check_settings("vary", algorithm, {name: value})
            errors.update({key: found[key] for key in found if key not in errors})
    if count > MOST_RUNS:
        errors["vary" if vary else "seeds"] = (
            f"These are {count:,} runs; a group has at most {MOST_RUNS}."
        )


def _check_whole(values: Mapping[str, Any], algorithm: str, errors: dict[str, str]) -> None:
    """The settings of each run with each other and with the environment."""
    whole, environment = whole_config(values), values.get("environment")
    wrong = check_together(algorithm, environment, whole)
    if wrong:
        own = {name for name in OWN if values.get(name) is not None}
        for name, sentence in wrong.items():
            errors.setdefault(name if name in own else f"config.{name}".rstrip("."), sentence)
        return
    # What is refused with one varied setting alone is said there, the rest of both.
    for name, choices in (values.get("vary") or {}).items():
        for value in choices[:MOST_RUNS]:
            for sentence in check_together(algorithm, environment, whole | {name: value}).values():
                errors.setdefault(f"vary.{name}", sentence)
    if "vary" in values and not any(name.startswith("vary.") for name in errors):
        for changes in changes_of(values):
            for sentence in check_together(algorithm, environment, whole | changes).values():
                errors.setdefault("vary", sentence)
