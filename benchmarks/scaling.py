"""Env steps a second of IMPALA on Pong over 1, 2 and 4 env runners, on one node and on as many.

    python benchmarks/scaling.py [--seconds 40] [--runners 1 2 4] [--rounds 3]

Each side is a run as any other, supervised: a head of one CPU, and worker nodes that hold the env
runners, all of this machine: 'on one node' is a worker node of as many CPUs as env runners, 'on
as many' one of a CPU each. In turn, in one run; a side's figure is its env steps per second between
its third result and its last, and its ratio is to one env runner in the same round. More logical
CPUs than the machine has cores share them: what this then shows is what it costs to have too many.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from rl_widgets import (
    AmlCompute,
    ComputeTarget,
    Experiment,
    ReinforcementLearningEstimator,
    WorkerConfiguration,
    Workspace,
)

SCRIPT = """
import json, sys, time
from rl_widgets.rllib import tune

path, seconds, runners = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
seen = []

def on_train_result(info):
    seen.append((time.time(), info["result"]["num_env_steps_sampled_lifetime"]))
    with open(path, "w") as file:
        json.dump(seen, file)

tune.run(
    "IMPALA",
    config={
        "env": "PongNoFrameskip-v4",
        "num_workers": runners,
        "callbacks": {"on_train_result": on_train_result},
    },
    stop={"time_total_s": seconds},
)
"""


def steps_per_second(folder: Path, runners: int, nodes: int, seconds: float) -> float:
    """Of a run whose env runners are spread over so many worker nodes."""
    out = folder / f"{runners}-{nodes}-{time.monotonic_ns()}.json"
    workspace = Workspace()
    estimator = ReinforcementLearningEstimator(
        folder / "source",
        entry_script="script.py",
        script_params=[str(out), str(seconds), str(runners)],
        compute_target=target(workspace, 1),
        worker_configuration=WorkerConfiguration(nodes, target(workspace, runners // nodes)),
    )
    Experiment(workspace, "benchmark").submit(estimator).wait_for_completion()
    seen = json.loads(out.read_text())
    (first_time, first), (last_time, last) = seen[2], seen[-1]
    return float((last - first) / (last_time - first_time))


def target(workspace: Workspace, cpus: int) -> ComputeTarget:
    """The compute target whose nodes have so many CPUs."""
    name = f"cpus-{cpus}"
    if name not in workspace.compute_targets:
        configuration = AmlCompute.provisioning_configuration(cpus=cpus, memory_gb=2, max_nodes=4)
        ComputeTarget.create(workspace, name, configuration)
    return workspace.compute_targets[name]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--runners", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sides = [(n, nodes) for n in arguments.runners for nodes in sorted({1, n})]
    figures: dict[tuple[int, int], list[float]] = {side: [] for side in sides}
    print(f"This machine has {psutil.cpu_count()} cores.", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["RL_WIDGETS_HOME"] = str(folder / "home")
        (folder / "source").mkdir()
        (folder / "source" / "script.py").write_text(SCRIPT)
        for _ in range(arguments.rounds):
            for runners, nodes in sides:
                found = steps_per_second(folder, runners, nodes, arguments.seconds)
                figures[runners, nodes].append(found)
                print(f"{runners} env runners on {nodes} nodes: {found:7.1f}", flush=True)
    single = figures[sides[0]]
    for (runners, nodes), found in figures.items():
        ratio = statistics.median(f / one for f, one in zip(found, single, strict=True))
        print(
            f"{runners} env runners on {nodes} nodes: median {statistics.median(found):,.0f} env "
            f"steps/s, {ratio:.2f} times one env runner"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
