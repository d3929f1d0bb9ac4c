"""Settings that are right each on its own and cannot be with each other, or with an environment.

Without Ray: an entry script refuses them before it starts, a form while a person types.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl_widgets.rllib.atari import check_env_config, frame_size
from rl_widgets.rllib.environments import is_atari
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.loss_settings import wrong_in
from rl_widgets.rllib.presets import ASYNCHRONOUS_ALGORITHMS
from rl_widgets.rllib.translate import Translation
from rl_widgets.rllib.validity import wrong_between

#: Keys of `model` that the network for Atari games knows.
ATARI_MODEL_KEYS = ("conv_filters", "fcnet_hiddens")


def disagreements(
    algorithm: str, env: Any, settings: Mapping[str, Any], translation: Translation, default: Any
) -> dict[str, str]:
    """A sentence by the name of the setting that has to change: `model`, or a name of RLlib 2.60.

    `settings`: those of `translation` on top of the preset's; `default`: the algorithm's
    configuration, RLlib's own or that of the catalogue.
    """
    known = {**settings, "model_config": translation.model} if translation.model else settings
    found = wrong_between(algorithm, known, default, translation.said_as)
    if settings.get("clip_rewards") and settings.get("learner_connector") is not None:
        found["learner_connector"] = (
            "'clip_rewards' and 'learner_connector' cannot both be given: rewards are clipped by "
            "a learner connector. Put rl_widgets.rllib.learned.ClipRewards into yours."
        )
    of_loss = settings.get("learner_config_dict")
    ours = algorithm in ASYNCHRONOUS_ALGORITHMS and settings.get("learner_class") is None
    if ours and isinstance(of_loss, Mapping) and (sentence := wrong_in(of_loss)):
        found["learner_config_dict"] = sentence
    if not is_atari(env):
        return found
    try:
        check_env_config(env, settings.get("env_config") or {})
    except ConfigError as error:
        found["env_config"] = str(error)
    try:
        if translation.frame_size is not None:
            frame_size(translation.frame_size)
    except ConfigError as error:
        found["model"] = str(error)
    unknown = sorted(set(translation.model) - set(ATARI_MODEL_KEYS))
    if unknown and "rl_module_spec" not in settings:
        found["model"] = (
            f"model.{unknown[0]} cannot be had with the network for Atari games, which knows "
            f"dim, {' and '.join(ATARI_MODEL_KEYS)}. Leave it out, or give an RLModule of "
            'your own as "rl_module_spec".'
        )
    return found
