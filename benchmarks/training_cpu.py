"""CPU an env step of IMPALA on Pong, by part: ours, RLlib's way on our environment, RLlib's own.

    python benchmarks/training_cpu.py [--rounds 5] [--env PongNoFrameskip-v4]

One process, one thread, no Ray: an env runner samples, a learner makes its batch and learns, and
the sides take turns. CPU time tells what wall time on a busy machine does not. `plain` samples and
learns as RLlib does, from episodes, with our settings and network; `stock` is RLlib's own set-up
for Pong (`training_throughput.py`), with one epoch where ours has as many as its preset says.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict

import torch
from training_throughput import stock_config

PARTS = ("sample", "batch", "update")


def make(side: str, env: str):
    """A side's env runner, learner and configuration."""
    from ray.rllib.algorithms.impala.torch.impala_torch_learner import IMPALATorchLearner
    from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

    from rl_widgets.rllib.algorithm import prepare

    if side == "stock":
        config = stock_config(1)
    else:
        config = prepare("IMPALA", {"env": env, "num_workers": 1, "num_gpus": 0}).config
    runner_class = config.env_runner_cls if side == "ours" else SingleAgentEnvRunner
    learner_class = config.learner_class if side == "ours" else IMPALATorchLearner
    runner = runner_class(config=config, worker_index=1)
    config = config.copy(copy_frozen=False)
    learner = learner_class(
        config=config, module_spec=config.get_multi_rl_module_spec(spaces=runner.get_spaces())
    )
    learner.build()
    return runner, learner, config


def step(runner, learner, config) -> dict[str, float]:
    """One sample and one update; microseconds of CPU an env step, by part."""
    from ray.rllib.core.learner.learner import Learner
    from ray.rllib.core.learner.training_data import TrainingData

    marks = [time.process_time()]
    episodes = runner.sample()
    runner.get_metrics()
    steps = sum(len(episode) for episode in episodes)
    marks.append(time.process_time())
    batch = learner._make_batch_if_necessary(training_data=TrainingData(episodes=episodes))
    marks.append(time.process_time())
    Learner.update(
        learner,
        training_data=TrainingData(batch=batch),
        timesteps={"num_env_steps_sampled_lifetime": 1000},
        num_epochs=config.num_epochs,
        minibatch_size=config.minibatch_size,
        _no_metrics_reduce=True,
    )
    marks.append(time.process_time())
    return {
        part: 1e6 * (after - before) / steps
        for part, before, after in zip(PARTS, marks, marks[1:], strict=False)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--env", default="PongNoFrameskip-v4")
    args = parser.parse_args()
    torch.set_num_threads(1)
    sides = ["ours", "plain", *(["stock"] if args.env.startswith("Pong") else [])]
    made = {side: make(side, args.env) for side in sides}
    found = {side: defaultdict(list) for side in sides}
    for number in range(args.rounds + 1):
        for side in sides if number % 2 else reversed(sides):
            parts = step(*made[side])
            if number:  # the first one also warms up
                for part, value in (*parts.items(), ("all", sum(parts.values()))):
                    found[side][part].append(value)
    for side in sides:
        said = ", ".join(f"{part} {statistics.median(found[side][part]):,.0f}" for part in PARTS)
        ratio = statistics.median(
            theirs / ours
            for theirs, ours in zip(found[side]["all"], found["ours"]["all"], strict=True)
        )
        print(
            f"{side}: {statistics.median(found[side]['all']):,.0f} us of CPU an env step "
            f"({said}; {made[side][2].num_epochs} epochs), {ratio:.1f} times ours"
        )
    for runner, learner, _ in made.values():
        learner.shutdown()
        runner.stop()


if __name__ == "__main__":
    main()
