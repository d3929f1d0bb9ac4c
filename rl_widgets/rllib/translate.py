"""From a script's dictionary, in 0.8.3's names or 2.60's, to settings in 2.60's names.

Nothing is ignored: a name is translated, passed, said to be without effect, or an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rl_widgets.rllib.catalogue import model_types
from rl_widgets.rllib.errors import ConfigError, nearest
from rl_widgets.rllib.names import (
    OLD_MODEL_NAMES,
    OLD_NAMES,
    OLD_NAMES_OF,
    Computed,
    Fate,
    Gone,
    Refused,
    Renamed,
)
from rl_widgets.rllib.settings import Setting, check_value, is_search_space, known_settings
from rl_widgets.store.mistakes import mistake_in, shown

#: Settings that belong to the experiment and to no method of the configuration.
ENVIRONMENT_NAME = "env"


@dataclass
class Translation:
    """Settings in 2.60's names, the model's keys, 0.8.3's callbacks, and what is to be said."""

    settings: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    frame_size: Any = None
    legacy_callbacks: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    said_as: dict[str, str] = field(default_factory=dict)


def translate(config: Mapping[str, Any], algorithm: str, default: Any) -> Translation:
    """Translate a script's settings for `algorithm`, whose default configuration is `default`.

    Raises `ConfigError` for a name that neither version has, a value of a wrong type or out of
    bounds, and for one setting given twice under two names.
    """
    known = known_settings(default)
    fates = OLD_NAMES | OLD_NAMES_OF.get(algorithm, {})
    translation = Translation()
    for name, value in config.items():
        if name == ENVIRONMENT_NAME:
            continue
        fate = fates.get(name)
        if isinstance(fate, Renamed):
            _put(translation, fate.to, value, name)
        elif isinstance(fate, Computed):
            _COMPUTED[name](translation, value, name)
        elif fate is not None:
            _say_or_refuse(translation, fate, name, value)
        elif name == "model_config":
            _model(translation, value, name)
        elif name in known:
            _put(translation, name, value, name)
        else:
            raise ConfigError(_unknown(name, algorithm, set(known) | set(fates)))
    for name, value in translation.settings.items():
        translation.settings[name] = _checked(translation, known, name, value, algorithm, default)
    _split_batch_over_learners(translation)
    return translation


def _checked(
    translation: Translation,
    known: Mapping[str, Setting],
    name: str,
    value: Any,
    algorithm: str,
    default: Any,
) -> Any:
    said_as = translation.said_as[name]
    if name not in known:
        raise ConfigError(
            f"{said_as!r} is {name!r} in RLlib 2.60, and {algorithm} has no such setting: "
            "leave it out."
        )
    if value is None and getattr(default, name, None) is not None:
        raise ConfigError(f"{said_as!r} is null; leave it out to have RLlib's default.")
    return check_value(name, value, known[name].annotation, said_as=said_as)


def _unknown(name: str, algorithm: str, names: set[str]) -> str:
    return (
        f"{algorithm} has no setting {shown(name)}, neither in RLlib 2.60 nor under a name of "
        f'0.8.3.{nearest(name, names)} (What is the environment\'s own belongs into "env_config".)'
    )


def _put(translation: Translation, name: str, value: Any, said_as: str) -> None:
    if name in translation.settings:
        other = translation.said_as[name]
        raise ConfigError(
            f"{said_as!r} and {other!r} set the same thing ({name} in RLlib 2.60): leave one out."
        )
    translation.settings[name] = value
    translation.said_as[name] = said_as


def _say_or_refuse(translation: Translation, fate: Fate, name: str, value: Any) -> None:
    if isinstance(fate, Gone):
        translation.notes.append(f"{name!r} has no effect in RLlib 2.60: {fate.reason}.")
    elif isinstance(fate, Refused) and not any(value == item for item in fate.inert):
        raise ConfigError(
            f"{name!r} = {shown(value)} cannot be had in RLlib 2.60: {fate.instead}. Leave it out."
        )


def _gpus(translation: Translation, value: Any, name: str) -> None:
    if is_search_space(value):
        raise ConfigError(f"{name!r} says what a trial needs and cannot be searched over.")
    value = check_value(name, value, int | float)
    # One GPU or a part of one: the learner lives in the main process, as in 0.8.3.
    learners, each = (0, value) if value <= 1 else (value, 1)
    if value > 1 and not isinstance(value, int):
        raise ConfigError(f"{name!r} is {shown(value)}; above 1 it must be a whole number.")
    _put(translation, "num_gpus_per_learner", each, name)
    if learners:
        _put(translation, "num_learners", learners, name)


def _train_batch(translation: Translation, value: Any, name: str) -> None:
    _put(translation, "train_batch_size_per_learner", value, name)


def _split_batch_over_learners(translation: Translation) -> None:
    settings = translation.settings
    learners: Any = settings.get("num_learners") or 1
    size: Any = settings.get("train_batch_size_per_learner")
    if translation.said_as.get("train_batch_size_per_learner") != "train_batch_size":
        return
    if learners == 1 or is_search_space(size) or is_search_space(learners):
        return
    if size % learners:
        raise ConfigError(
            f"'train_batch_size' is {size} and cannot be split over {learners} learners: "
            f"make it a multiple of {learners}."
        )
    settings["train_batch_size_per_learner"] = size // learners


def _schedule(translation: Translation, value: Any, name: str) -> None:
    if value is not None:
        _put(translation, name.removesuffix("_schedule"), value, name)


def _evaluation_episodes(translation: Translation, value: Any, name: str) -> None:
    _put(translation, "evaluation_duration", value, name)
    _put(translation, "evaluation_duration_unit", "episodes", name)


def _agents(translation: Translation, value: Any, name: str) -> None:
    if not isinstance(value, Mapping):
        raise _no_dictionary(name, value)
    for key, item in value.items():
        _put(translation, key, item, f"{name}.{key}")


def _callbacks(translation: Translation, value: Any, name: str) -> None:
    if isinstance(value, type):
        from ray.rllib.callbacks.callbacks import RLlibCallback

        if issubclass(value, RLlibCallback):
            translation.settings["callbacks_class"] = value
            return
    if not isinstance(value, Mapping):
        raise ConfigError(
            f"'callbacks' is {shown(value)}; give a dictionary such as "
            '{"on_train_result": function} or a subclass of RLlibCallback.'
        )
    for key, function in value.items():
        if key != "on_train_result":
            raise ConfigError(
                f"'callbacks' has {shown(key)}; of 0.8.3's callbacks only 'on_train_result' is "
                "translated, because the objects that the others took are gone. Give a subclass "
                'of ray.rllib.callbacks.callbacks.RLlibCallback as "callbacks" for the rest.'
            )
        if not callable(function):
            raise ConfigError(f"callbacks[{key!r}] is {shown(function)}; it must be a function.")
        translation.legacy_callbacks[key] = function


def _share_layers(translation: Translation, value: Any, name: str) -> None:
    _model(translation, {"vf_share_layers": value}, "config")


def _model(translation: Translation, value: Any, name: str) -> None:
    import dataclasses

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if not isinstance(value, Mapping):
        raise _no_dictionary(name, value)
    hints = model_types()
    for key, item in value.items():
        fate = OLD_MODEL_NAMES.get(key)
        if key == "dim":
            translation.frame_size = item
            continue
        if isinstance(fate, Renamed):
            key = fate.to
        elif fate is not None:
            _say_or_refuse(translation, fate, f"{name}.{key}", item)
            continue
        if key not in hints:
            raise ConfigError(
                f"{name!r} has no {shown(key)}, neither in RLlib 2.60 nor in 0.8.3."
                f"{nearest(key, set(hints) | set(OLD_MODEL_NAMES))}"
            )
        if key in translation.model:
            raise ConfigError(f"{name}.{key} is set twice: leave one out.")
        if key != "conv_filters":  # its type is wider than the annotation says
            item = check_value(key, item, hints[key], said_as=f"{name}.{key}")
        translation.model[key] = item


def _no_dictionary(name: str, value: Any) -> ConfigError:
    mistake = mistake_in(value)
    return ConfigError(
        f"{name!r} is {mistake}"
        if mistake
        else f"{name!r} is {shown(value)}; it must be a dictionary."
    )


_COMPUTED: dict[str, Any] = {
    "num_gpus": _gpus,
    "train_batch_size": _train_batch,
    "lr_schedule": _schedule,
    "entropy_coeff_schedule": _schedule,
    "evaluation_num_episodes": _evaluation_episodes,
    "multiagent": _agents,
    "callbacks": _callbacks,
    "model": _model,
    "vf_share_layers": _share_layers,
}
