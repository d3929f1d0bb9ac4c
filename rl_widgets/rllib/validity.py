"""What RLlib 2.60's `AlgorithmConfig.validate()` refuses between settings, said beforehand.

Without Ray, so that a form says it while a person types. `tests/rllib/test_validity.py` holds it
against RLlib itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rl_widgets.rllib.in_force import BATCH as _BATCH
from rl_widgets.rllib.in_force import InForce
from rl_widgets.rllib.settings import is_search_space
from rl_widgets.store.mistakes import shown

#: The name of the setting that has to change, and the sentence.
_Wrong = Iterator[tuple[str, str]]

_REPLAY: Final = "replay_buffer_config"
_NAMED: Final = (Mapping, list, tuple, set)
_POLICY: Final = re.compile(r"[^<>:\"/\\|?]*[^<>:\"/\\|?. ]")
_EPISODE_BUFFERS: Final = (
    "EpisodeReplayBuffer",
    "PrioritizedEpisodeReplayBuffer",
    "MultiAgentEpisodeReplayBuffer",
    "MultiAgentPrioritizedEpisodeReplayBuffer",
)


def wrong_between(
    algorithm: str, settings: Mapping[str, Any], default: Any, said_as: Mapping[str, str]
) -> dict[str, str]:
    """A sentence by the name of the setting that has to change.

    `default`: the algorithm's configuration, RLlib's own or that of the catalogue. `said_as`: the
    script's names of what is given. {} where Tune is to choose a value.
    """
    if any(is_search_space(value) for value in settings.values()):
        return {}
    found: dict[str, str] = {}
    for rule in (*_OF_ALL, *_RULES.get(algorithm, ())):
        for name, sentence in rule(InForce(settings, default, said_as)):
            found.setdefault(name, sentence)
    return found


def _evaluation(s: InForce) -> _Wrong:
    parallel = s["evaluation_parallel_to_training"]
    if parallel and not (s["evaluation_num_env_runners"] or s["num_offline_eval_runners"]):
        yield (
            "evaluation_parallel_to_training",
            "'evaluation_parallel_to_training' is true, and no env runner is there to evaluate: "
            "set 'evaluation_num_env_runners' to 1 or more, or leave it out.",
        )
    if s["evaluation_duration"] == "auto" and not parallel:
        yield (
            "evaluation_duration",
            "'evaluation_duration' is 'auto', as long as an iteration trains, and nothing is "
            "evaluated beside the training: give a number, or set "
            "'evaluation_parallel_to_training' to true.",
        )


def _recording(s: InForce) -> _Wrong:
    if s["off_policy_estimation_methods"] and s["input_"] == "sampler":
        yield (
            "off_policy_estimation_methods",
            "'off_policy_estimation_methods' estimate from recorded data, and there are none: give "
            "their folder as 'input_', or leave it out.",
        )
    if s["output"] and s["output_write_episodes"] and s["batch_mode"] != "complete_episodes":
        yield (
            s.first_given("output", "batch_mode"),
            "'output' records whole episodes: set 'batch_mode' to 'complete_episodes', or "
            "'output_write_episodes' to false.",
        )
    if s["input_read_batch_size"] and not (
        s["input_read_episodes"] or s["input_read_sample_batches"]
    ):
        yield (
            "input_read_batch_size",
            "'input_read_batch_size' is for data in episodes or sample batches: set "
            "'input_read_episodes' or 'input_read_sample_batches' to true, or leave it out.",
        )


def _policies(s: InForce) -> _Wrong:
    policies, trained = s["policies"], s["policies_to_train"]
    names = list(policies) if isinstance(policies, _NAMED) else ["default_policy"]
    for name in names:
        if not isinstance(name, str) or not _POLICY.fullmatch(name):
            yield (
                "policies",
                f"{shown(name)} cannot name a policy: a text that could name a file, without "
                '<>:"/|? and a backslash, not ending with a dot or a space.',
            )
    for name, parts in policies.items() if isinstance(policies, Mapping) else ():
        if type(parts).__name__ != "PolicySpec" and not (
            isinstance(parts, (list, tuple)) and len(parts) == 4
        ):
            yield (
                "policies",
                f"The policy {shown(name)} is {shown(parts)}; it must be a list of class, "
                "observation space, action space and settings, each of which may be null.",
            )
    if isinstance(trained, (list, tuple)):
        for name in trained:
            if name not in names:
                yield (
                    "policies_to_train",
                    f"'policies_to_train' has {shown(name)}, which is none of the policies: there "
                    f"are {', '.join(map(shown, names))}.",
                )


def _vtrace(s: InForce) -> _Wrong:
    if not s["vtrace"]:
        yield (
            "vtrace",
            "'vtrace' is false, and IMPALA and APPO learn by V-trace alone: leave it out.",
        )
    minibatch, fragment = s["minibatch_size"], s["rollout_fragment_length"]
    if minibatch is None:
        return
    said, field = s.said("minibatch_size"), s.first_given("minibatch_size", _BATCH)
    if not isinstance(fragment, int):
        yield (
            field,
            f"{said} is {minibatch}, and minibatches are made of fragments: give "
            f"{s.said('rollout_fragment_length')} as a number that divides it, not 'auto'.",
        )
        return
    batch = s.total_batch()
    if minibatch % fragment or minibatch > batch:
        yield (
            field,
            f"{said} is {minibatch}; it must be a multiple of the {fragment} env steps of a "
            f"fragment ({s.said('rollout_fragment_length')}) and no more than the {batch} of a "
            f"batch ({s.said(_BATCH)}).",
        )


def _buffered(s: InForce) -> _Wrong:
    if s.is_given("learner_queue_size") and s["learner_queue_size"] != 16:
        yield (
            "learner_queue_size",
            f"{s.said('learner_queue_size')} is IMPALA's; APPO's are 'simple_queue_size' and "
            "'circular_buffer_num_batches'.",
        )


def _on_policy(s: InForce) -> _Wrong:
    yield from _batch_of_fragments(s)
    minibatch, batch = s.whole("minibatch_size"), s.batch()
    if minibatch > batch > 0:
        yield (
            s.first_given("minibatch_size", _BATCH, "num_learners"),
            f"{s.said('minibatch_size')} is {minibatch}, more than the {batch} env steps of the "
            f"batch that it is a part of ({s.said(_BATCH)}).",
        )
    if s["batch_mode"] == "truncate_episodes" and not s["use_gae"]:
        yield (
            "use_gae",
            "'use_gae' is false, and without it no episode can be cut: set 'batch_mode' to "
            "'complete_episodes', or leave it out.",
        )


def _batch_of_fragments(s: InForce) -> _Wrong:
    """A batch has to be had, up to 10 %, from whole fragments of all environments."""
    fragment, batch = s["rollout_fragment_length"], s.total_batch()
    envs = max(1, s.whole("num_env_runners")) * s.whole("num_envs_per_env_runner")
    if not isinstance(fragment, int) or not batch or not envs:
        return
    sample = envs * fragment
    real = math.ceil(batch / sample) * sample
    if real - batch > 0.1 * batch:
        better = f"'auto' or {batch // envs}" if batch >= envs else "'auto'"
        yield (
            s.first_given("rollout_fragment_length", _BATCH, "num_env_runners"),
            f"{s.said('rollout_fragment_length')} is {fragment}: fragments of {envs} environments "
            f"make batches of {real} env steps, over 10 % more than the {batch} of "
            f"{s.said(_BATCH)}. Set it to {better}.",
        )


def _n_steps(s: InForce) -> _Wrong:
    steps, fragment = s["n_step"], s["rollout_fragment_length"]
    if isinstance(steps, (list, tuple)):
        whole = [one for one in steps if isinstance(one, int) and one >= 1]
        if not (len(whole) == len(steps) == 2 and steps[0] <= steps[1]):
            yield (
                "n_step",
                f"'n_step' is {shown(steps)}; it must be a whole number from 1, or the lowest and "
                "the highest of a range, such as [1, 5].",
            )
        elif fragment != "auto":
            yield (
                "rollout_fragment_length",
                f"{s.said('rollout_fragment_length')} is {fragment}, and 'n_step' is a range: "
                "leave it out.",
            )
    elif isinstance(fragment, int) and isinstance(steps, int) and fragment < steps:
        yield (
            s.first_given("rollout_fragment_length", "n_step"),
            f"{s.said('rollout_fragment_length')} is {fragment}, fewer env steps than 'n_step', "
            f"which is {steps}: set it to {steps} or more, or to 'auto'.",
        )


def _replay(s: InForce) -> _Wrong:
    kind = s[_REPLAY].get("type") if isinstance(s[_REPLAY], Mapping) else None
    if kind is not None and not isinstance(kind, (str, type)):
        yield (
            _REPLAY,
            f"'type' in {s.said(_REPLAY)} is {shown(kind)}; it must be the name of a buffer.",
        )


def _episode_replay(s: InForce) -> _Wrong:
    kind = s[_REPLAY].get("type") if isinstance(s[_REPLAY], Mapping) else None
    if kind is not None and kind not in _EPISODE_BUFFERS and not _is_offline(s):
        yield (
            _REPLAY,
            f"'type' in {s.said(_REPLAY)} is {shown(kind)}; it must be "
            f"{' or '.join(map(repr, _EPISODE_BUFFERS))}.",
        )


def _burn_in(s: InForce) -> _Wrong:
    model = s["model_config"]
    longest = model.get("max_seq_len") if isinstance(model, Mapping) else None
    if isinstance(longest, int) and 0 < longest <= s.whole("burn_in_len"):
        yield (
            "burn_in_len",
            f"'burn_in_len' is {s['burn_in_len']}; it must be less than the {longest} of the "
            "model's max_seq_len.",
        )


def _clipped(s: InForce) -> _Wrong:
    if s["grad_clip"] is not None and s["grad_clip"] <= 0:
        yield "grad_clip", "'grad_clip' is 0; it must be above, or left out to clip no gradient."


def _recorded(s: InForce) -> _Wrong:
    """What those that learn from recorded data need of them."""
    if not _is_offline(s):
        yield (
            "input_",
            "This algorithm learns from recorded data: give their folder or files as 'input_', "
            'such as ["/data/episodes"].',
        )
    if not s["num_learners"] and not s["dataset_num_iters_per_learner"]:
        yield (
            "dataset_num_iters_per_learner",
            "'dataset_num_iters_per_learner' is needed with a learner in the main process "
            "('num_learners' is 0, the default here): from how many batches of the recorded data "
            "an iteration learns, such as 1.",
        )


def _imitation(s: InForce) -> _Wrong:
    yield from _recorded(s)
    spaces = s["action_space"] is not None and s["observation_space"] is not None
    if not (s["evaluation_num_env_runners"] or s["evaluation_interval"] or spaces):
        yield (
            "evaluation_interval",
            "'evaluation_interval' is needed where recorded data alone are learned from: after how "
            "many iterations the environment is played, such as 10.",
        )
    if s["postprocess_inputs"] is False and s["beta"]:
        yield (
            s.first_given("postprocess_inputs", "beta"),
            "'postprocess_inputs' is false, and returns are computed there, which 'beta' weighs: "
            "leave it out.",
        )
    model = s["model"]
    longest = model.get("max_seq_len") if isinstance(model, Mapping) else None
    if isinstance(longest, int) and 0 < s.whole("burnin_len") >= longest:
        yield (
            "burnin_len",
            f"'burnin_len' is {s['burnin_len']}; it must be less than {longest}, the longest "
            "sequence.",
        )


def _cloning(s: InForce) -> _Wrong:
    if s["beta"]:
        yield "beta", "'beta' is 0 for behavior cloning: leave it out, or train MARWIL."


def _implicit(s: InForce) -> _Wrong:
    if not s["beta"]:
        yield "beta", "'beta' is 0; it must be above 0 for IQL."
    if not 0 < s["expectile"] < 1:
        yield "expectile", f"'expectile' is {s['expectile']}; it must be between 0 and 1."


def _dreams(s: InForce) -> _Wrong:
    learners, batch = s.whole("num_learners"), s.whole("batch_size_B")
    if learners > 1 and batch % learners:
        yield (
            s.first_given("num_learners", "batch_size_B"),
            f"'batch_size_B' is {batch} and cannot be split over {learners} learners: make it a "
            f"multiple of {learners}.",
        )
    if s["train_actor"] and not s["train_critic"]:
        yield "train_critic", "'train_critic' is false, and no actor learns without: leave it out."
    kind = s[_REPLAY].get("type") if isinstance(s[_REPLAY], Mapping) else None
    if kind not in (None, "EpisodeReplayBuffer"):
        yield (
            _REPLAY,
            f"'type' in {s.said(_REPLAY)} is {shown(kind)}; DreamerV3 has 'EpisodeReplayBuffer' "
            "alone.",
        )
    policies = s["policies"]
    if isinstance(policies, _NAMED) and list(policies) != ["default_policy"]:
        yield "policies", "'policies' is given, and DreamerV3 trains one alone: leave it out."


def _is_offline(s: InForce) -> bool:
    source = s["input_"]
    if isinstance(source, (list, tuple)):
        return bool(source) and isinstance(source[0], str)
    return bool(source) and isinstance(source, str) and source != "sampler"


def _placed(s: InForce) -> _Wrong:
    """What has a setting of its own is no part of another."""
    for name, parts, instead in (
        (
            "custom_resources_per_learner",
            ("CPU", "GPU"),
            "'num_cpus_per_learner' and 'num_gpus_per_learner'",
        ),
        (
            "input_config",
            ("parallelism", "num_cpus_per_read_task"),
            "'num_env_runners' and 'num_cpus_per_env_runner'",
        ),
    ):
        found = [part for part in parts if isinstance(s[name], Mapping) and part in s[name]]
        if found:
            yield name, f"'{name}' has {found[0]!r}: leave it out, and give {instead}."


_Rule = Callable[[InForce], _Wrong]
_OF_ALL: Final[tuple[_Rule, ...]] = (_evaluation, _recording, _policies, _placed)
_SAC: Final[tuple[_Rule, ...]] = (_n_steps, _clipped, _episode_replay)
#: Of each algorithm what its class and those that it derives from check.
_RULES: Final[dict[str, tuple[_Rule, ...]]] = {
    "IMPALA": (_vtrace,),
    "APPO": (_vtrace, _buffered),
    "PPO": (_on_policy,),
    "DQN": (_n_steps, _burn_in, _replay),
    "SAC": _SAC,
    "CQL": (_recorded, *_SAC),
    "DreamerV3": (_dreams,),
    "MARWIL": (_imitation,),
    "BC": (_imitation, _cloning),
    "IQL": (_imitation, _implicit),
}
