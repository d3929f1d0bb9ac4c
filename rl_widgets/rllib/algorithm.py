"""One experiment's `AlgorithmConfig`: presets, the script's settings, our parts of RLlib."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rl_widgets.rllib.agreement import disagreements
from rl_widgets.rllib.atari import FRAME_SIZE, frame_size
from rl_widgets.rllib.environments import check_environment, is_atari, register_atari
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.evaluation import Evaluation, EvaluationPlan, take_plan
from rl_widgets.rllib.loss_settings import ENTROPY_BY_RETURN, ZERO_DISCOUNT
from rl_widgets.rllib.presets import ASYNCHRONOUS_ALGORITHMS, PRESETS, preset, preset_name
from rl_widgets.rllib.settings import algorithm_class, is_search_space, known_settings
from rl_widgets.rllib.sizing import NodeCapacity, size
from rl_widgets.rllib.translate import Translation, translate
from rl_widgets.store.mistakes import shown

#: Ray gives every head node this resource; asking for a little of it pins an actor there.
HEAD_NODE = {"node:__internal_head__": 0.001}
#: Of fragments of a few steps an env runner would have hundreds of environments otherwise.
MOST_ENVIRONMENTS = 32


@dataclass(frozen=True)
class Prepared:
    """What Tune is given, and what the script is told."""

    algorithm: type
    name: str
    config: Any
    notes: list[str]


def prepare(
    run: str | type,
    config: Mapping[str, Any],
    seed: int | None = None,
    nodes: Sequence[NodeCapacity] = (),
) -> Prepared:
    """Check and translate a script's dictionary into an `AlgorithmConfig`, sized for `nodes`.

    Raises `ConfigError` or `EnvironmentNameError`, each with what to change.
    """
    if run is None:
        raise ConfigError("No algorithm is named: give run_or_experiment, or --run.")
    algorithm = algorithm_class(run)
    name = algorithm.__name__
    default = algorithm.get_default_config()
    env: Any = config.get("env")
    check_environment(env)
    evaluation, config = take_plan(config)
    chosen, config = _take_preset(config, name)
    translation = translate(config, name, default)
    if seed is not None:
        translation.settings.setdefault("seed", seed)
    atari = is_atari(env)
    defaults = preset(name, atari=atari, name=chosen or preset_name(name, atari=atari, env=env))
    if name in ASYNCHRONOUS_ALGORITHMS and nodes:
        defaults |= _sized(nodes, defaults, translation)
    settings = with_presets(defaults, translation, default=default)
    for sentence in disagreements(name, env, settings, translation, default).values():
        raise ConfigError(sentence)
    callbacks_class = settings.pop("callbacks_class", None)
    clip = settings.pop("clip_rewards", None)
    if atari:
        _set_up_atari(env, settings, translation, clip)
    elif translation.frame_size is not None:
        translation.notes.append(f"model.dim has no effect on {env}: it has no frames of a game.")
    if not atari and clip:
        settings["learner_connector"] = _as_learned(clip)
    if not atari and translation.model:
        settings["model_config"] = translation.model

    settings["custom_resources_for_main_process"] = {
        **HEAD_NODE,
        **settings.get("custom_resources_for_main_process", {}),
    }
    _set_up_failures(settings, default)
    _set_up_callbacks(settings, translation, evaluation)
    built = default.copy(copy_frozen=False)
    built.environment(env)
    if callbacks_class is not None:
        built.callbacks(callbacks_class)
    methods = known_settings(default)
    for setting, value in settings.items():
        if value is None and setting in translation.settings:
            continue  # the default already
        try:
            getattr(built, methods[setting].method)(**{setting: value})
        except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
            said_as = translation.said_as.get(setting, setting)
            raise ConfigError(f"RLlib refuses {said_as!r} = {shown(value)}: {error}") from error
    if not ({"env_runner_cls", "policies"} & set(settings) or settings.get("output")):
        _choose_env_runner(built, name, translation)
    return Prepared(algorithm, name, built, translation.notes)


def _take_preset(config: Mapping[str, Any], algorithm: str) -> tuple[str | None, dict[str, Any]]:
    rest = dict(config)
    name = rest.pop("preset", None)
    if name is not None:
        check_preset(algorithm, name)
    return name, rest


def check_preset(algorithm: str, name: Any) -> None:
    """Raise `ConfigError` for a preset that is none of the algorithm."""
    fitting = [known for known in PRESETS if known.startswith(f"{algorithm.lower()}-")]
    if name not in fitting:
        there_are = f"there are {', '.join(fitting)}" if fitting else "it has none"
        raise ConfigError(f"'preset' is {name!r:.60}, which is none of {algorithm}: {there_are}.")


def _sized(
    nodes: Sequence[NodeCapacity], defaults: Mapping[str, Any], translation: Translation
) -> dict[str, Any]:
    """What a cluster's nodes, CPUs and GPUs change of the defaults; the reasons become notes."""
    from torch import version

    given = {key: value for key, value in translation.settings.items() if value is not None}
    if any(is_search_space(value) for value in given.values()):
        return {}
    sizing = size(nodes, defaults, given, cuda=bool(version.cuda or version.hip))
    translation.notes.extend(sizing.reasons)
    return sizing.settings


def with_presets(
    defaults: Mapping[str, Any], translation: Translation, *, default: Any
) -> dict[str, Any]:
    """The settings of a preset with those that are given, which it is fitted to."""
    given = translation.settings
    known = known_settings(default)
    presets = {key: value for key, value in defaults.items() if key in known}
    if "num_env_runners" in presets and 0 in (
        given.get("num_env_runners"),
        presets["num_env_runners"],
    ):
        presets.pop("create_env_on_local_worker", None)
    # A null leaves the preset where there is one, and RLlib's own default where there is none.
    settings = presets | {
        key: value for key, value in given.items() if value is not None or key not in presets
    }
    own = given.get("learner_config_dict")
    if own is None or (isinstance(own, Mapping) and not is_search_space(own)):
        of_loss = dict(presets.get("learner_config_dict", {}))
        if given.get("entropy_coeff") is not None:
            of_loss.pop(ENTROPY_BY_RETURN, None)  # a script's own weight is what it says
        if of_loss or own:
            settings["learner_config_dict"] = of_loss | dict(own or {})
    _fit_envs_to_batch(settings, given, presets)
    _fit_minibatch(settings, given, presets)
    _say_what_was_fitted(settings, given, presets, translation)
    _say_real_batch(settings, given, translation)
    return settings


def _fit_envs_to_batch(
    settings: dict[str, Any], given: Mapping[str, Any], presets: Mapping[str, Any]
) -> None:
    """Choose the environments of a runner so that whole samples make up the batch asked for."""
    if "num_envs_per_env_runner" in given or "num_envs_per_env_runner" not in settings:
        return
    fragment, batch, envs = (
        settings.get("rollout_fragment_length"),
        settings.get("train_batch_size_per_learner"),
        settings["num_envs_per_env_runner"],
    )
    if not (isinstance(fragment, int) and isinstance(batch, int) and isinstance(envs, int)):
        return
    if "rollout_fragment_length" in given:
        envs = max(envs, _envs_of_short_fragments(fragment, settings, presets))
    if "train_batch_size_per_learner" in given:
        # Whole samples make up the batch exactly when the environments divide its fragments.
        fragments = max(1, batch // fragment)
        envs = next(count for count in range(min(envs, fragments), 0, -1) if fragments % count == 0)
    elif "rollout_fragment_length" in given:
        sample = fragment * envs
        settings["train_batch_size_per_learner"] = max(1, round(batch / sample)) * sample
    settings["num_envs_per_env_runner"] = envs


def _envs_of_short_fragments(
    fragment: int, settings: Mapping[str, Any], presets: Mapping[str, Any]
) -> int:
    """As many environments as make a sample of the preset's size, shared among the env runners.

    One env runner would wait between small samples: with 5 environments of 50 steps, as the
    environments of the preset's 128 steps divide a batch of 1,000, a third of two cores was idle.
    """
    usual = presets.get("rollout_fragment_length")
    runners = settings.get("num_env_runners", 1)
    if not (isinstance(usual, int) and isinstance(runners, int)):
        return 1
    sample = int(presets["num_envs_per_env_runner"]) * usual
    return min(MOST_ENVIRONMENTS, sample // (fragment * max(1, runners)))


def _fit_minibatch(
    settings: dict[str, Any], given: Mapping[str, Any], presets: Mapping[str, Any]
) -> None:
    """Fit the preset's minibatch to the epochs and fragments that a script gives.

    It is one of whole fragments, as V-trace wants them. With fewer epochs it is smaller, down to a
    half, so that a batch makes for as many steps of the optimizer: with 2 instead of 3 epochs of a
    batch of 1,000, Pong was at -18 after 273,000 env steps with 150, after 345,000 with 250.
    """
    minibatch = settings.get("minibatch_size")
    fragment, batch, epochs, usual = (
        settings.get("rollout_fragment_length"),
        settings.get("train_batch_size_per_learner"),
        settings.get("num_epochs"),
        presets.get("num_epochs"),
    )
    if "minibatch_size" in given or not minibatch:
        return
    if not (isinstance(fragment, int) and isinstance(batch, int)):
        settings["minibatch_size"] = None
        return
    if isinstance(epochs, int) and isinstance(usual, int):
        minibatch *= min(1.0, max(0.5, epochs / usual))
    size = max(1, round(minibatch / fragment)) * fragment
    settings["minibatch_size"] = size if size < batch else None


def _say_what_was_fitted(
    settings: Mapping[str, Any],
    given: Mapping[str, Any],
    presets: Mapping[str, Any],
    translation: Translation,
) -> None:
    """One line for each choice that what the script gives has made another than the preset's."""
    for name, what in (
        ("num_envs_per_env_runner", "Environments for each env runner"),
        ("minibatch_size", "Env steps a minibatch"),
    ):
        chosen, usual = settings.get(name), presets.get(name)
        if name not in given and isinstance(chosen, int) and chosen != usual:
            translation.notes.append(
                f"{what}: {chosen} instead of {usual}, to fit the fragment, batch or epochs given."
            )


def _say_real_batch(
    settings: Mapping[str, Any], given: Mapping[str, Any], translation: Translation
) -> None:
    """RLlib collects whole samples until the batch is full: say so where that makes it larger."""
    fragment, batch, envs = (
        settings.get("rollout_fragment_length"),
        settings.get("train_batch_size_per_learner"),
        settings.get("num_envs_per_env_runner", 1),
    )
    if not all(isinstance(item, int) for item in (fragment, batch, envs)):
        return
    assert isinstance(fragment, int)
    assert isinstance(batch, int)
    sample = fragment * envs
    real = math.ceil(batch / sample) * sample
    if real != batch and "train_batch_size_per_learner" in given:
        said_as = translation.said_as["train_batch_size_per_learner"]
        translation.notes.append(
            f"{said_as!r} is {batch}, but env runners deliver {sample} env steps at a time "
            f"({envs} environments x {fragment} steps), so updates take {real}."
        )


def _set_up_atari(env: str, settings: dict[str, Any], translation: Translation, clip: Any) -> None:
    from ray.rllib.core.rl_module.rl_module import RLModuleSpec

    env_config = dict(settings.get("env_config") or {})
    if translation.frame_size is not None:
        env_config["dim"] = translation.frame_size
    env_config["dim"] = frame_size(env_config.get("dim", FRAME_SIZE))
    cpus = settings.get("num_cpus_per_env_runner", 1)
    # One env runner alone has the learner's CPU, too, while that waits for its samples: measured
    # 1.3 times the env steps a second.
    alone = settings.get("num_env_runners", 1) == 1
    env_config.setdefault("num_threads", max(1, math.ceil(cpus)) + alone)
    settings["env_config"] = env_config
    settings["gym_env_vectorize_mode"] = "vector_entry_point"
    register_atari(env)
    if "rl_module_spec" not in settings:
        from rl_widgets.rllib.atari_module import AtariModule

        settings["rl_module_spec"] = RLModuleSpec(
            module_class=AtariModule, model_config=dict(translation.model)
        )
    lives = (settings.get("learner_config_dict") or {}).get(ZERO_DISCOUNT, False)
    if clip or (lives and not settings.get("learner_connector")):
        settings["learner_connector"] = _as_learned(clip, zero_discount_on_life_loss=bool(lives))


def _as_learned(clip: Any, *, zero_discount_on_life_loss: bool = False) -> Any:
    from rl_widgets.rllib.learned import AsLearned

    limit = None if not clip else 1.0 if clip is True else float(clip)
    return AsLearned(limit, zero_discount_on_life_loss=zero_discount_on_life_loss)


def _set_up_failures(settings: dict[str, Any], default: Any) -> None:
    from rl_widgets.rllib.learner import fail_fast

    learner = settings.get("learner_class") or default.get_default_learner_class()
    if isinstance(learner, type):
        settings["learner_class"] = fail_fast(learner)


def _choose_env_runner(built: Any, algorithm: str, translation: Translation) -> None:
    from rl_widgets.rllib.env_runner import ReportingEnvRunner
    from rl_widgets.rllib.vector_env_runner import VectorEnvRunner, why_plain

    runner = ReportingEnvRunner
    if algorithm in ASYNCHRONOUS_ALGORITHMS:
        why = why_plain(built)
        if why:
            translation.notes.append(f"Env runners sample step by step, as RLlib does: {why}.")
        else:
            runner = VectorEnvRunner
    built.env_runners(env_runner_cls=runner)


def _set_up_callbacks(
    settings: dict[str, Any], translation: Translation, evaluation: EvaluationPlan | None
) -> None:
    from rl_widgets.rllib.effective_config import EffectiveConfig
    from rl_widgets.rllib.results import ResultCallback, on_algorithm_init

    own_results = settings.get("on_train_result") or []
    own_inits = settings.get("on_algorithm_init") or []
    results = ResultCallback(
        legacy=translation.legacy_callbacks.get("on_train_result"),
        functions=own_results if isinstance(own_results, list) else [own_results],
    )
    settings["on_train_result"] = [results, *([Evaluation(evaluation)] if evaluation else [])]
    settings["on_algorithm_init"] = [
        on_algorithm_init,
        EffectiveConfig(translation.said_as, translation.notes),
        *(own_inits if isinstance(own_inits, list) else [own_inits]),
    ]


def searched(config: Mapping[str, Any]) -> bool:
    """Whether a configuration leaves values for Tune to choose."""
    return any(is_search_space(value) for value in config.values())
