"""Env steps a second of IMPALA on Pong: our path against RLlib's own set-up, in turn in one run.

    python benchmarks/training_throughput.py [--seconds 30] [--pairs 3] [--runners 1]

Each side is a process of its own with a Ray of its own. A side counts from its first update on, so
that starting costs neither anything. Figures of a shared machine mean little; the ratio of two
neighbours in time does, and the median of the pairs' ratios is the result.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

#: What RLlib's example for Pong sets: 64x64 grey frames by Python wrappers, stacked by connectors.
STOCK_FILTERS = [[16, 4, 2], [32, 4, 2], [64, 4, 2], [128, 4, 2]]
STOCK_ENVS = 8


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


def our_config(runners: int):
    """What `tune.run("IMPALA", config={"env": "PongNoFrameskip-v4"})` trains."""
    from rl_widgets.rllib.algorithm import prepare

    return prepare("IMPALA", {"env": "PongNoFrameskip-v4", "num_workers": runners}).config


def measure(side: str, runners: int, seconds: float) -> dict[str, float]:
    """Train one side and count its env steps, sampled and trained, a second."""
    import ray

    ray.init(
        address="local",
        num_cpus=runners + 1,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    algorithm = (our_config if side == "ours" else stock_config)(runners).build_algo()

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
    first, started = now, time.perf_counter()
    while (passed := time.perf_counter() - started) < seconds:
        now = counts()
    passed = time.perf_counter() - started
    algorithm.stop()
    ray.shutdown()
    return {"sampled": (now[0] - first[0]) / passed, "trained": (now[1] - first[1]) / passed}


def run_side(side: str, runners: int, seconds: float) -> dict[str, float]:
    """Measure one side in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--side", side, "--runners", str(runners), "--seconds",
         str(seconds)],
        capture_output=True, text=True, timeout=seconds + 300, check=False,
        # A busy machine takes its time to start a Ray.
        env={
            **os.environ,
            "RAY_raylet_start_wait_time_s": "180",
            "RAY_agent_register_timeout_ms": "180000",
        },
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="counted time of each side")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--runners", type=int, default=1, help="env runners of each side")
    parser.add_argument("--side", choices=("ours", "stock"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        print(json.dumps(measure(args.side, args.runners, args.seconds)))
        return
    pairs = []
    for pair in range(args.pairs):
        # The order turns, so that a machine that grows busier favours neither side.
        order = ("stock", "ours") if pair % 2 == 0 else ("ours", "stock")
        figures = {side: run_side(side, args.runners, args.seconds) for side in order}
        pairs.append(figures)
        ours, stock = figures["ours"]["sampled"], figures["stock"]["sampled"]
        print(f"pair {pair + 1}: ours {ours:,.0f}/s, RLlib {stock:,.0f}/s, {ours / stock:.1f} x")
    for what in ("sampled", "trained"):
        ours = statistics.median(figures["ours"][what] for figures in pairs)
        stock = statistics.median(figures["stock"][what] for figures in pairs)
        ratio = statistics.median(
            figures["ours"][what] / figures["stock"][what] for figures in pairs
        )
        print(
            f"env steps {what} a second, median of {args.pairs} pairs: "
            f"ours {ours:,.0f}, RLlib's own set-up {stock:,.0f}, ratio {ratio:.1f}"
        )


if __name__ == "__main__":
    main()
