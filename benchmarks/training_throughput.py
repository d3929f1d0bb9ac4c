"""Env steps a second on Pong: our IMPALA against RLlib's own set-up, in turn in one run.

    python benchmarks/training_throughput.py [--seconds 30] [--pairs 3] [--runners 1] [--all]

`ours-1` is ours with one epoch, as RLlib's has, where the preset of Pong learns three times from
each batch. With `--all`, more sides take their turns: `ppo`, the single-file PPO that a person
would write instead (`ppo_single_file.py`) with a thread for each core, `ppo-1`, the same with one
thread, which a busy machine slows less, and `emulator`, ALE's vector environment with random
actions and nothing else, on all cores. Each side is a process of its own, with a Ray of its own
where it needs one. A side counts from its first update on, so that starting costs none anything.
Figures of a shared machine mean little; the ratio of two neighbours in time does, and the median of
the pairs' ratios is the result. CPU is what a side's processes use for each env step: it tells what
a busy machine hides.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from functools import partial

#: Ours, ours with one epoch, RLlib's own set-up, and with --all the others.
SIDES = ("ours", "ours-1", "stock", "ppo", "ppo-1", "emulator")
#: What RLlib's example for Pong sets: 64x64 grey frames by Python wrappers, stacked by connectors.
STOCK_FILTERS = [[16, 4, 2], [32, 4, 2], [64, 4, 2], [128, 4, 2]]
STOCK_ENVS = 8
#: On a very busy machine a Ray does not always start at once.
TRIES = 6


def stock_config(runners: int):
    """RLlib 2.60 as its own Pong example builds it, with a local learner."""
    import ale_py
    import gymnasium as gym
    from ray.rllib.algorithms.impala import IMPALAConfig
    from ray.rllib.connectors.env_to_module.frame_stacking import FrameStackingEnvToModule
    from ray.rllib.connectors.learner.frame_stacking import FrameStackingLearner
    from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
    from ray.rllib.env.wrappers.atari_wrappers import wrap_atari_for_new_api_stack
    from ray.tune.registry import register_env

    def make(context):
        gym.register_envs(ale_py)
        game = gym.make(
            "ale_py:ALE/Pong-v5",
            frameskip=1,
            full_action_space=False,
            repeat_action_probability=0.0,
        )
        return wrap_atari_for_new_api_stack(game, dim=64, framestack=None)

    register_env("stock-pong", make)
    return (
        IMPALAConfig()
        .environment("stock-pong", clip_rewards=True)
        .env_runners(
            num_env_runners=runners,
            num_envs_per_env_runner=STOCK_ENVS,
            rollout_fragment_length=50,
            env_to_module_connector=lambda env, spaces, device: FrameStackingEnvToModule(
                num_frames=4
            ),
        )
        .learners(
            num_learners=0,
            learner_connector=lambda observations, actions: FrameStackingLearner(num_frames=4),
        )
        .training(
            train_batch_size_per_learner=500,
            grad_clip=30.0,
            lr=0.0009,
            vf_loss_coeff=1.0,
            entropy_coeff=0.01,
        )
        .reporting(min_time_s_per_iteration=1)
        .rl_module(
            model_config=DefaultModelConfig(
                conv_filters=STOCK_FILTERS, head_fcnet_hiddens=[256], vf_share_layers=True
            )
        )
    )


def our_config(runners: int, **settings):
    """What `tune.run("IMPALA", config={"env": "PongNoFrameskip-v4"})` trains."""
    from rl_widgets.rllib.algorithm import prepare

    config = {"env": "PongNoFrameskip-v4", "num_workers": runners, **settings}
    return prepare("IMPALA", config).config


CONFIGS = {"ours": our_config, "ours-1": partial(our_config, num_epochs=1), "stock": stock_config}


def cpu_seconds() -> float:
    """CPU time of this process and of all that it started."""
    import psutil

    me = psutil.Process()
    total = 0.0
    for process in [me, *me.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            total += sum(process.cpu_times()[:2])
    return total


def emulator(seconds: float) -> dict[str, float]:
    """Env steps a second of the native environment alone, with random actions."""
    import numpy as np

    from rl_widgets.rllib.atari import make_vector_env

    games = make_vector_env("PongNoFrameskip-v4", 16, {"num_threads": os.cpu_count() or 1})
    games.reset(seed=0)
    dice = np.random.default_rng(0)
    steps, started, cpu = 0, time.perf_counter(), cpu_seconds()
    while (passed := time.perf_counter() - started) < seconds:
        for _ in range(20):
            games.step(dice.integers(0, 6, 16))
        steps += 20 * 16
    cpu = cpu_seconds() - cpu
    games.close()
    return {"sampled": steps / passed, "cpu_us": 1e6 * cpu / steps}


def measure(side: str, runners: int, seconds: float) -> dict[str, float]:
    """Run one side and count its env steps, sampled and trained, a second."""
    if side == "emulator":
        return emulator(seconds)
    if side.startswith("ppo"):
        from ppo_single_file import train

        return train(seconds, 1 if side == "ppo-1" else os.cpu_count() or 1, 1)
    return measure_training(side, runners, seconds)


def measure_training(side: str, runners: int, seconds: float) -> dict[str, float]:
    """Train with RLlib, as one side does, and count its env steps a second."""
    import ray

    ray.init(
        address="local",
        num_cpus=runners + 1,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    algorithm = CONFIGS[side](runners).build_algo()

    def counts() -> tuple[float, float]:
        result = algorithm.train()
        trained = result.get("learners", {}).get("__all_modules__", {})
        return (
            float(result["num_env_steps_sampled_lifetime"]),
            float(trained.get("num_env_steps_trained_lifetime", 0.0)),
        )

    now = (0.0, 0.0)
    while not now[1]:
        now = counts()
    first, started, cpu = now, time.perf_counter(), cpu_seconds()
    while (passed := time.perf_counter() - started) < seconds:
        now = counts()
    passed = time.perf_counter() - started
    cpu = cpu_seconds() - cpu
    algorithm.stop()
    ray.shutdown()
    steps = now[0] - first[0]
    return {
        "sampled": steps / passed,
        "trained": (now[1] - first[1]) / passed,
        "cpu_us": 1e6 * cpu / max(steps, 1.0),
    }


def run_side(side: str, runners: int, seconds: float) -> dict[str, float]:
    """Measure one side in a process of its own."""
    environment = {
        **os.environ,
        # A busy machine takes its time to start a Ray, and a raylet that died never answers.
        "RAY_raylet_start_wait_time_s": "60",
        "RAY_agent_register_timeout_ms": "180000",
    }
    if side in CONFIGS:
        # As Tune gives it: one CPU, one thread for the process that learns.
        environment["OMP_NUM_THREADS"] = "1"
    for _ in range(TRIES):
        done = subprocess.run(
            [sys.executable, __file__, "--side", side, "--runners", str(runners), "--seconds",
             str(seconds)],
            capture_output=True, text=True, timeout=seconds + 300, check=False,
            env=environment,
        )  # fmt: skip
        if "timed out during startup" not in done.stderr:
            break
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="counted time of each side")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--runners", type=int, default=1, help="env runners of each side")
    parser.add_argument("--all", action="store_true", help="the other sides, too")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        print(json.dumps(measure(args.side, args.runners, args.seconds)))
        return
    sides = SIDES if args.all else SIDES[:3]
    rounds = []
    for number in range(args.pairs):
        # The order turns, so that a machine that grows busier favours no side.
        order = sides if number % 2 == 0 else tuple(reversed(sides))
        figures = {side: run_side(side, args.runners, args.seconds) for side in order}
        rounds.append(figures)
        said = ", ".join(
            f"{side} {figures[side]['sampled']:,.0f}/s ({figures[side]['cpu_us']:,.0f} us of CPU)"
            for side in sides
        )
        once, ratio = (
            figures[side]["sampled"] / figures["stock"]["sampled"] for side in ("ours-1", "ours")
        )
        print(
            f"round {number + 1}: {said}; ours / stock {ratio:.1f}, with one epoch {once:.1f}",
            flush=True,
        )
    for side in sides:
        sampled = statistics.median(figures[side]["sampled"] for figures in rounds)
        cpu = statistics.median(figures[side]["cpu_us"] for figures in rounds)
        ratio = statistics.median(
            figures["ours"]["sampled"] / figures[side]["sampled"] for figures in rounds
        )
        print(
            f"{side}: median {sampled:,.0f} env steps/s, {cpu:,.0f} us of CPU an env step; "
            f"ours / {side} {ratio:.2f}"
        )


if __name__ == "__main__":
    main()
