"""Default settings as plain data, by algorithm and kind of environment; what a script sets wins.

Names are RLlib 2.60's. Each figure that was measured says so; `docs/entry-scripts.md` shows them.
"""

from __future__ import annotations

from typing import Any, Final

Settings = dict[str, Any]

#: The network of `AtariModule`: two convolutions, 0.13 ms a frame of 42 pixels to learn from.
ATARI_MODEL: Final[Settings] = {
    "conv_filters": [[24, 8, 4], [48, 4, 2]],
    "fcnet_hiddens": [256],
}

#: For every algorithm.
COMMON: Final[Settings] = {
    # A live chart wants a result every second or two; RLlib's IMPALA reports every ten.
    "min_time_s_per_iteration": 1.0,
    # The learner in the main process: back-pressure, so that no batch is dropped, and one
    # CPU less to ask for.
    "num_learners": 0,
    # A runner that died comes back after a second, not a minute, but not for ever.
    "delay_between_env_runner_restarts_s": 1.0,
    "max_num_env_runner_restarts": 20,
    # Training stands still for so long while a lost runner is asked whether it is back.
    "env_runner_health_probe_timeout_s": 0.5,
    "env_runner_restore_timeout_s": 60.0,
    # With every env runner lost, training goes on with the one of the main process.
    "create_env_on_local_worker": True,
    # The supervisor samples CPU and memory of all nodes already.
    "log_sys_usage": False,
}

#: IMPALA and APPO sample and learn side by side.
ASYNCHRONOUS: Final[Settings] = {
    # At 0.0, RLlib's default, the main process spins and takes a whole CPU from the learner.
    "timeout_s_sampler_manager": 0.05,
    "timeout_s_aggregator_manager": 0.05,
    # The next request waits at the runner, so that it never idles while the learner works.
    "max_requests_in_flight_per_env_runner": 2,
    "num_env_runners": 1,
}

#: IMPALA and APPO on Atari games. Each figure was found on Pong (`docs/performance.md`).
ATARI_ASYNCHRONOUS: Final[Settings] = {
    # A sample takes about as long as an update: a second one under way would only grow old.
    "max_requests_in_flight_per_env_runner": 1,
    "num_envs_per_env_runner": 8,
    # Long enough for a reward to reach the actions that it came of: a shot in Pong is won 45 to 60
    # steps later. With 16 fragments of 64, Pong was at -2 after 620,000 env steps; with these at 5.
    "rollout_fragment_length": 128,
    "train_batch_size_per_learner": 1024,
    # A quarter of the batch's steps, three times over: `trust_region.py` says what makes that safe.
    "minibatch_size": 256,
    "num_epochs": 3,
    "shuffle_batch_per_epoch": True,
    # V-trace's own ratios cut the traces by some percent a step already. Cut by 0.95 besides, a
    # point hardly reached the shot that won it, 45 steps before: Pong stayed at rallies, and at 0.
    # A lost life ends what a step is worth, as in IMPALA's paper; an episode stays a whole game.
    # (Pong has no lives.)
    "learner_config_dict": {
        "trust": 0.15,
        "trace_lambda": 1.0,
        "normalize_advantages": True,
        "zero_discount_on_life_loss": True,
    },
    "lr": [[0, 5e-4], [10_000_000, 1e-4]],
    "entropy_coeff": 0.01,
    "vf_loss_coeff": 0.5,
    # RLlib 2.60's loss is a mean where 0.8.3's was a sum: 40 would never clip.
    "grad_clip": 0.5,
    "clip_rewards": 1.0,
}

#: Pong is small and bears larger steps at first; the last points are lost by actions at random.
PONG: Final[Settings] = {
    "lr": [[0, 7e-4], [1_000_000, 4e-4], [2_500_000, 1e-4]],
    "entropy_coeff": [[0, 0.02], [1_000_000, 0.02], [2_000_000, 0.002]],
}

#: A batch that waits grows old: RLlib's queue of three would be two updates of lag more.
IMPALA: Final[Settings] = {"learner_queue_size": 1}

#: APPO's own names for the same, and for the trust region. Its circular buffer would learn from old
#: batches again and drop new ones.
APPO: Final[Settings] = {
    "clip_param": 0.15,
    "use_kl_loss": False,
    "use_circular_buffer": False,
    "simple_queue_size": 1,
}

#: PPO's surrogate weighs a sample by its ratio: what has become likelier is pulled harder still.
#: With 0.15, Pong's entropy fell to 1.1 before shots were won; with this it is nearer to IMPALA's.
APPO_ATARI: Final[Settings] = {"clip_param": 0.1}

#: Played greedily, APPO's policy was at 16 to 20 where its samples were at 11: so many actions at
#: random lose again what was won. With this, the same seed's were at 13.8 instead of 11.1.
APPO_PONG: Final[Settings] = {
    "learner_config_dict": {
        **ATARI_ASYNCHRONOUS["learner_config_dict"],
        "entropy_by_return": [[0, 1.0], [10, 0.5], [16, 0.2], [19, 0.1]],
    },
}

#: Any algorithm on Atari games.
ATARI: Final[Settings] = {
    "num_envs_per_env_runner": 16,
    "clip_rewards": 1.0,
}

#: IMPALA and APPO on anything small (CartPole and its like).
SMALL_ASYNCHRONOUS: Final[Settings] = {
    "num_envs_per_env_runner": 8,
    "rollout_fragment_length": 50,
    "train_batch_size_per_learner": 400,
    "lr": 1e-3,
    "entropy_coeff": 0.01,
    "vf_loss_coeff": 0.05,
    "grad_clip": 10.0,
    "num_epochs": 1,
}

#: Our own evaluation beside the training (`evaluation.py`): seconds between two and until the
#: first, and how many videos are kept.
EVALUATION: Final[Settings] = {"interval_s": 180.0, "first_s": 60.0, "videos": 20}

#: What IMPALA and APPO learn with, by kind of environment: "preset" in a configuration names one.
PRESETS: Final[dict[str, Settings]] = {
    "impala-pong": ATARI_ASYNCHRONOUS | PONG | IMPALA,
    "impala-atari": ATARI_ASYNCHRONOUS | IMPALA,
    "impala-cartpole": SMALL_ASYNCHRONOUS | IMPALA,
    "appo-pong": ATARI_ASYNCHRONOUS | PONG | APPO | APPO_ATARI | APPO_PONG,
    "appo-atari": ATARI_ASYNCHRONOUS | APPO | APPO_ATARI,
    "appo-cartpole": SMALL_ASYNCHRONOUS | APPO,
}

ASYNCHRONOUS_ALGORITHMS: Final = frozenset({"IMPALA", "APPO"})


def preset_name(algorithm: str, *, atari: bool, env: Any = None) -> str | None:
    """The preset that an algorithm learns an environment with; None for RLlib's own settings."""
    if algorithm not in ASYNCHRONOUS_ALGORITHMS:
        return None
    pong = isinstance(env, str) and env.removeprefix("ALE/").startswith("Pong")
    kind = "cartpole" if not atari else "pong" if pong else "atari"
    return f"{algorithm.lower()}-{kind}"


def preset(algorithm: str, *, atari: bool, name: str | None = None) -> Settings:
    """The defaults of an algorithm on Atari games or on anything else, with those of a preset."""
    settings = dict(COMMON)
    if algorithm in ASYNCHRONOUS_ALGORITHMS:
        settings |= ASYNCHRONOUS | PRESETS[name or f"{algorithm.lower()}-cartpole"]
    elif atari:
        settings |= ATARI
    if algorithm == "CQL":
        # It has rates of its own for actor and critic; RLlib refuses its own default beside them.
        settings["lr"] = None
    return settings
