"""The settings of an algorithm as fields, and all that is wrong with a person's settings.

What an entry script would say of them is said here, in the same words and by the same functions,
without Ray (`rllib/catalogue.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from rl_widgets.fields.specification import Fields
from rl_widgets.fields.trait import Field, shown
from rl_widgets.rllib import catalogue
from rl_widgets.rllib.agreement import disagreements
from rl_widgets.rllib.algorithm import check_preset, with_presets
from rl_widgets.rllib.environments import is_atari
from rl_widgets.rllib.errors import ConfigError, nearest
from rl_widgets.rllib.evaluation import take_plan
from rl_widgets.rllib.presets import ASYNCHRONOUS_ALGORITHMS, PRESETS, preset, preset_name
from rl_widgets.rllib.settings import Setting, bounds, check_value, describe
from rl_widgets.rllib.translate import ENVIRONMENT_NAME, Translation, translate

#: The settings that matter first: label, unit, help. All others come behind a search.
FIRST: Final[dict[str, tuple[str, str, str]]] = {
    "lr": ("Learning rate", "", "A number, or a schedule [[env step, value], …]."),
    "entropy_coeff": ("Entropy coefficient", "", "More explores longer. A number or a schedule."),
    "vf_loss_coeff": ("Value loss coefficient", "", "The weight of the value function's loss."),
    "gamma": ("Discount", "", "What a reward of the next step counts for now."),
    "grad_clip": ("Gradient clipping", "", "The largest norm of a gradient."),
    "clip_param": ("Clipping of the ratio", "", "How far one update may move the policy."),
    "num_env_runners": (
        "Env runners",
        "processes",
        "Rollout workers. By default as many as the cluster's CPUs take.",
    ),
    "num_envs_per_env_runner": (
        "Environments for each env runner",
        "",
        "Copies of the environment that one env runner steps at once.",
    ),
    "rollout_fragment_length": ("Fragment", "env steps", "Steps of one environment in a sample."),
    "train_batch_size_per_learner": ("Batch", "env steps", "What one update learns from."),
    "num_epochs": ("Epochs", "", "How often each batch is learned from."),
    "minibatch_size": ("Minibatch", "env steps", "A batch is learned from in parts of this size."),
    "num_gpus_per_learner": ("GPUs for the learner", "GPUs", "By default one where there is one."),
}
_FIRST_GROUP, _REST = "Settings", "All other settings"


class SettingField(Field):
    """One setting of RLlib 2.60. Its sentences are those of the entry script."""

    def __init__(
        self, algorithm: str, setting: Setting, default: Any, label: str, unit: str, help: str
    ) -> None:
        first = setting.name in FIRST
        super().__init__(
            default,
            label=label,
            unit=unit,
            help=help or f"{setting.name}: {describe(setting.annotation)}.",
            group=_FIRST_GROUP if first else _REST,
            optional=True,
            advanced=not first,
        )
        self._algorithm, self._setting = algorithm, setting

    def converted(self, value: Any) -> Any:
        try:
            translated(self._algorithm, {self._setting.name: value})
            return check_value(self._setting.name, value, self._setting.annotation)
        except ConfigError as error:
            raise self.refuses(str(error)) from None

    def schema(self) -> dict[str, Any]:
        low, high = bounds(self._setting.name)
        kinds = [kind for kind in _kinds(self._setting.annotation) if kind != "null"]
        found: dict[str, Any] = {"type": [*kinds, "null"]} if kinds else {}
        if low is not None:
            found["minimum"] = low
        if high is not None:
            found["maximum"] = high
        return found


def _kinds(annotation: Any) -> list[str]:
    import typing

    words = {
        int: "integer",
        float: "number",
        bool: "boolean",
        str: "string",
        dict: "object",
        list: "array",
        type(None): "null",
    }
    parts = typing.get_args(annotation) if typing.get_origin(annotation) is typing.Union else ()
    found = [words.get(typing.get_origin(p) or p) for p in parts or (annotation,)]
    return [] if None in found else list(dict.fromkeys(kind for kind in found if kind))


@cache
def settings_of(algorithm: str) -> type[Fields]:
    """The fields of an algorithm's settings, those that matter first first."""
    config = catalogue.default_config(algorithm)
    names = [n for n in FIRST if n in config.settings]
    names += [n for n in sorted(config.settings) if n not in FIRST]
    made: dict[str, Any] = {"title": f"Settings of {algorithm}", "about": "Names of RLlib 2.60."}
    for name in names:
        label, unit, help_text = FIRST.get(name, (name, "", config.help[name]))
        default = config.defaults[name]
        known = default if isinstance(default, (bool, int, float, str, list, dict)) else None
        setting = config.settings[name]
        made[name] = SettingField(algorithm, setting, known, label, unit, help_text)
    return type(f"{algorithm}Fields", (Fields,), made)


def check_algorithm(name: str) -> None:
    """Raises `ConfigError` for what RLlib 2.60 has not, as an entry script does."""
    names = catalogue.algorithms()
    if name not in names:
        raise ConfigError(
            f"RLlib 2.60 has no algorithm {shown(name)}.{nearest(name, names)} "
            f"It has {', '.join(sorted(names))}."
        )


def translated(algorithm: str, config: Mapping[str, Any]) -> Translation:
    """Settings in names of 2.60. Raises `ConfigError`."""
    _, rest = take_plan(config)
    rest.pop("preset", None)
    return translate(rest, algorithm, catalogue.default_config(algorithm))


def check_settings(field: str, algorithm: str, config: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each setting that cannot be, by `field.name`; for what is wrong between
    settings, by `field`."""
    errors = {}
    for name, value in config.items():
        if name == ENVIRONMENT_NAME:  # a script of one's own may give it so; a form has its field
            errors[f"{field}.{name}"] = (
                f"{name} is given by the field environment (Environment); leave it out of {field}."
            )
            continue
        try:
            if name == "preset":
                check_preset(algorithm, value)
            else:
                translated(algorithm, {name: value})
        except ConfigError as error:
            errors[f"{field}.{name}"] = str(error)
    if not errors:
        try:
            translated(algorithm, config)
        except ConfigError as error:
            errors[field] = str(error)
    return errors


def defaults_of(algorithm: str, environment: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The preset's settings, which are in force where the `config` of a run is silent."""
    atari, name = is_atari(environment), config.get("preset")
    name = name or preset_name(algorithm, atari=atari, env=environment)
    return preset(algorithm, atari=atari, name=name)


def check_together(
    algorithm: str, environment: str | None, config: Mapping[str, Any]
) -> dict[str, str]:
    """A sentence for what is wrong between the settings of a run that are right each on its own, by
    the name of the one that has to change, '' for more than one."""
    try:
        found = translated(algorithm, config)
    except ConfigError as error:
        return {"": str(error)}
    if environment is None:
        return {}
    default = catalogue.default_config(algorithm)
    preset = defaults_of(algorithm, environment, config)
    settings = with_presets(preset, found, default=default)
    said_as = {"model": "model" if "model" in config else "model_config"} | found.said_as
    wrong = disagreements(algorithm, environment, settings, found, default)
    return {said_as.get(name, name): sentence for name, sentence in wrong.items()}


def presets_of(algorithm: str) -> list[str]:
    """The presets of an algorithm."""
    if algorithm not in ASYNCHRONOUS_ALGORITHMS:
        return []
    return [name for name in PRESETS if name.startswith(f"{algorithm.lower()}-")]
