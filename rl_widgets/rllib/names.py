"""What RLlib 0.8.3 called its settings, and what has become of each in 2.60's new API stack.

Plain data. RLlib 2.60 accepts any key of a dictionary and ignores those that it does not know, and
it still has attributes of its old API stack that do nothing on the new one; both would train
something else than was asked for. Names of 2.60 itself are not listed here: they are read from
`AlgorithmConfig` (see `settings.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Renamed:
    """The same setting under a new name."""

    to: str


@dataclass(frozen=True)
class Gone:
    """A setting with nothing to set any more: accepted, and `reason` is said once."""

    reason: str


@dataclass(frozen=True)
class Refused:
    """A setting whose effect is lost: an error that says `instead`, unless the value is `inert`."""

    instead: str
    inert: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Computed:
    """A setting that `translate.py` turns into others."""


Fate = Renamed | Gone | Refused | Computed

_TENSORFLOW = "RLlib 2.60 trains with torch, so TensorFlow's settings have nothing to act on"
_MEMORY = "memory is reserved where the nodes are started, not by the script"

OLD_NAMES: Final[dict[str, Fate]] = {
    # Sampling
    "num_workers": Renamed("num_env_runners"),
    "num_rollout_workers": Renamed("num_env_runners"),
    "num_envs_per_worker": Renamed("num_envs_per_env_runner"),
    "sample_batch_size": Renamed("rollout_fragment_length"),
    "num_cpus_per_worker": Renamed("num_cpus_per_env_runner"),
    "num_gpus_per_worker": Renamed("num_gpus_per_env_runner"),
    "custom_resources_per_worker": Renamed("custom_resources_per_env_runner"),
    "max_sample_requests_in_flight_per_worker": Renamed("max_requests_in_flight_per_env_runner"),
    "ignore_worker_failures": Renamed("ignore_env_runner_failures"),
    "recreate_failed_workers": Renamed("restart_failed_env_runners"),
    "recreate_failed_env_runners": Renamed("restart_failed_env_runners"),
    "max_num_worker_restarts": Renamed("max_num_env_runner_restarts"),
    "delay_between_worker_restarts_s": Renamed("delay_between_env_runner_restarts_s"),
    "worker_health_probe_timeout_s": Renamed("env_runner_health_probe_timeout_s"),
    "worker_restore_timeout_s": Renamed("env_runner_restore_timeout_s"),
    "validate_workers_after_construction": Renamed("validate_env_runners_after_construction"),
    "create_env_on_driver": Renamed("create_env_on_local_worker"),
    "sample_async": Gone("env runners of IMPALA and APPO always sample beside the learner"),
    "compress_observations": Gone("the new API stack sends observations as they are"),
    "sample_collector": Gone("the new API stack collects episodes"),
    "remote_worker_envs": Refused(
        'set "gym_env_vectorize_mode": "async" to have each environment in a process of its own',
        inert=(False,),
    ),
    "remote_env_batch_wait_ms": Gone("environments of one env runner are stepped together"),
    "observation_filter": Refused(
        "the new API stack filters observations by a connector: give "
        '"env_to_module_connector" (ray.rllib.connectors.env_to_module.MeanStdFilter)',
        inert=("NoFilter", None),
    ),
    "synchronize_filters": Gone("connectors are always kept in step"),
    "horizon": Refused(
        "episodes are cut by the environment: register it with max_episode_steps", inert=(None,)
    ),
    "soft_horizon": Refused("episodes are cut by the environment", inert=(False,)),
    "no_done_at_end": Refused("the environment says terminated or truncated", inert=(False,)),
    "preprocessor_pref": Gone(
        "games come preprocessed from ALE; other environments are taken as they are"
    ),
    "monitor": Refused("videos are recorded by a callback of your own", inert=(False,)),
    "render_env": Refused("videos are recorded by a callback of your own", inert=(False,)),
    # Learning
    "num_gpus": Computed(),
    "train_batch_size": Computed(),
    "num_sgd_iter": Renamed("num_epochs"),
    "sgd_minibatch_size": Renamed("minibatch_size"),
    "shuffle_sequences": Renamed("shuffle_batch_per_epoch"),
    "lr_schedule": Computed(),
    "entropy_coeff_schedule": Computed(),
    "num_data_loader_buffers": Gone("the learner loads its batches itself"),
    "num_multi_gpu_tower_stacks": Gone("the learner loads its batches itself"),
    "minibatch_buffer_size": Gone("num_epochs alone says how often a batch is used"),
    "learner_queue_timeout": Gone("the learner waits for as long as it takes"),
    "num_aggregation_workers": Renamed("num_aggregator_actors_per_learner"),
    "num_learner_workers": Renamed("num_learners"),
    "num_cpus_per_learner_worker": Renamed("num_cpus_per_learner"),
    "num_gpus_per_learner_worker": Renamed("num_gpus_per_learner"),
    "use_worker_filter_stats": Gone("connectors are always kept in step"),
    "update_worker_filter_stats": Gone("connectors are always kept in step"),
    "sampler_perf_stats_ema_coef": Gone("the new API stack times sampling by itself"),
    "enable_tf1_exec_eagerly": Gone(_TENSORFLOW),
    "simple_optimizer": Gone("there is one way to optimize now"),
    "vtrace_drop_last_ts": Gone("the last step of a fragment is bootstrapped, not dropped"),
    "replay_proportion": Refused(
        "IMPALA has no replay on the new API stack; train APPO for it", inert=(0, 0.0)
    ),
    "replay_buffer_num_slots": Gone("IMPALA has no replay on the new API stack"),
    "opt_type": Refused(
        "the new API stack's learner optimizes with Adam; write a Learner with "
        "configure_optimizers_for_module for another",
        inert=("adam",),
    ),
    "decay": Gone("it belongs to RMSProp, and the learner optimizes with Adam"),
    "momentum": Gone("it belongs to RMSProp, and the learner optimizes with Adam"),
    "optimizer": Refused("write a Learner with configure_optimizers_for_module", inert=({},)),
    "vf_share_layers": Computed(),
    "use_pytorch": Refused(_TENSORFLOW, inert=(True,)),
    "eager": Gone(_TENSORFLOW),
    "eager_tracing": Gone(_TENSORFLOW),
    "eager_max_retraces": Gone(_TENSORFLOW),
    "no_eager_on_workers": Gone(_TENSORFLOW),
    "tf_session_args": Gone(_TENSORFLOW),
    "local_tf_session_args": Gone(_TENSORFLOW),
    "framework": Refused(_TENSORFLOW, inert=("torch",)),
    "framework_str": Refused(_TENSORFLOW, inert=("torch",)),
    "exploration_config": Refused(
        "exploration is the RLModule's forward_exploration on the new API stack",
        inert=(None, {}, {"type": "StochasticSampling"}),
    ),
    "enable_rl_module_and_learner": Refused("only the new API stack is run here", inert=(True,)),
    "enable_env_runner_and_connector_v2": Refused(
        "only the new API stack is run here", inert=(True,)
    ),
    # The model
    "model": Computed(),
    # Resources
    "num_cpus_for_driver": Renamed("num_cpus_for_main_process"),
    "num_cpus_for_local_worker": Renamed("num_cpus_for_main_process"),
    "memory": Gone(_MEMORY),
    "object_store_memory": Gone(_MEMORY),
    "memory_per_worker": Gone(_MEMORY),
    "object_store_memory_per_worker": Gone(_MEMORY),
    # Reporting
    "min_iter_time_s": Renamed("min_time_s_per_iteration"),
    "min_time_s_per_reporting": Renamed("min_time_s_per_iteration"),
    "timesteps_per_iteration": Renamed("min_sample_timesteps_per_iteration"),
    "min_sample_timesteps_per_reporting": Renamed("min_sample_timesteps_per_iteration"),
    "min_train_timesteps_per_reporting": Renamed("min_train_timesteps_per_iteration"),
    "metrics_smoothing_episodes": Renamed("metrics_num_episodes_for_smoothing"),
    "collect_metrics_timeout": Renamed("metrics_episode_collection_timeout_s"),
    # Evaluation
    "evaluation_num_workers": Renamed("evaluation_num_env_runners"),
    "evaluation_num_episodes": Computed(),
    "custom_eval_function": Renamed("custom_evaluation_function"),
    # Several agents
    "multiagent": Computed(),
    # Data
    "input": Renamed("input_"),
    "lambda": Renamed("lambda_"),
    "input_evaluation": Gone("off-policy estimates are off_policy_estimation_methods now"),
    "buffer_size": Refused('set it in "replay_buffer_config" as "capacity"'),
    "learning_starts": Renamed("num_steps_sampled_before_learning_starts"),
    "prioritized_replay": Refused('choose the "type" in "replay_buffer_config"'),
    "callbacks": Computed(),
}

#: Keys of 0.8.3's `model` dictionary that the new API stack's has no place for.
OLD_MODEL_NAMES: Final[dict[str, Fate]] = {
    "dim": Computed(),
    "grayscale": Refused("ALE's frames are grey here", inert=(True, False)),
    "zero_mean": Refused("frames are scaled to [0, 1] in the network", inert=(True, False)),
    "framestack": Refused("4 frames are seen at once here", inert=(True, 4)),
    "no_final_linear": Refused("the new API stack has its own heads", inert=(False,)),
    "custom_model": Refused('write an RLModule and give it as "rl_module_spec"', inert=(None,)),
    "custom_model_config": Refused(
        'write an RLModule and give it as "rl_module_spec"', inert=({}, None)
    ),
    "custom_options": Refused(
        'write an RLModule and give it as "rl_module_spec"', inert=({}, None)
    ),
    "custom_action_dist": Refused(
        'write an RLModule and give it as "rl_module_spec"', inert=(None,)
    ),
    "custom_preprocessor": Refused(
        'wrap the environment, or give an "env_to_module_connector"', inert=(None,)
    ),
    "lstm_use_prev_action_reward": Refused(
        "it is lstm_use_prev_action and lstm_use_prev_reward now", inert=(False,)
    ),
    "use_attention": Refused("the new API stack has no attention network", inert=(False,)),
    "post_fcnet_hiddens": Renamed("head_fcnet_hiddens"),
    "post_fcnet_activation": Renamed("head_fcnet_activation"),
}

_RMSPROP: Final[dict[str, Fate]] = {
    "epsilon": Gone("it belongs to RMSProp, and the learner optimizes with Adam")
}
#: Names that one algorithm has no use for, while another one has.
OLD_NAMES_OF: Final[dict[str, dict[str, Fate]]] = {
    "IMPALA": _RMSPROP,
    "APPO": _RMSPROP,
    "SAC": {"lr": Refused("SAC has actor_lr, critic_lr and alpha_lr instead", inert=(None,))},
    "DreamerV3": {"use_curiosity": Refused("it keeps that disabled", inert=(False, None))},
    "CQL": {"lr": Refused("CQL has actor_lr, critic_lr and alpha_lr instead", inert=(None,))},
}
