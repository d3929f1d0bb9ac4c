"""A script that uses Ray alone: tasks on all nodes, one number of each logged into the run.

Nothing here is RLlib's or ours but `Run.get_context().log`, which any process of the job may call.
"""

import argparse
import os
import random

import ray

from rl_widgets import Run


@ray.remote
def estimate_pi(seed, throws):
    """Throw darts at a square; the part that hits the circle says what pi is."""
    dice = random.Random(seed)
    hits = sum(dice.random() ** 2 + dice.random() ** 2 < 1 for _ in range(throws))
    value = 4 * hits / throws
    Run.get_context().log("task/pi", value, step=seed)
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=8)
    parser.add_argument("--throws", type=int, default=100_000)
    args = parser.parse_args()

    # A job finds its cluster by RAY_ADDRESS; without one Ray starts for this script alone.
    ray.init(address=os.environ.get("RAY_ADDRESS") or "local")
    run = Run.get_context()
    waiting = [estimate_pi.remote(seed, args.throws) for seed in range(args.tasks)]
    total = 0.0
    for done in range(1, args.tasks + 1):
        ready, waiting = ray.wait(waiting)
        total += ray.get(ready[0])
        run.log("pi", total / done, step=done)
    print(f"pi is about {total / args.tasks:.4f}")


if __name__ == "__main__":
    main()
