"""What supervision and logging cost the training: the same job with both and with neither.

    python benchmarks/overhead.py [--seconds 40] [--pairs 3]

Both sides train IMPALA on Pong on one head and two worker nodes of this machine. The one is a run
as any other: supervisor, samples of the nodes, metrics into the record, a view that follows. The
other is the bare cluster with the same job, and nothing is logged. In turn, in one run; a side's
figure is its env steps per second between its third result and its last.
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

from rl_widgets import Experiment, ReinforcementLearningEstimator, WorkerConfiguration, Workspace
from rl_widgets.backend.cluster import JobSpec, NodeSpec
from rl_widgets.backend.local_cluster import LocalCluster
from rl_widgets.backend.processes import adopt_orphans

SCRIPT = """
import json, sys, time
import ray
from rl_widgets.rllib import tune

path, seconds, bare = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "bare"
seen = []

def on_train_result(info):
    seen.append((time.time(), info["result"]["num_env_steps_sampled_lifetime"]))
    with open(path, "w") as file:
        json.dump(seen, file)

# Without its run's folder a process of the job logs nothing.
hidden = {"RL_WIDGETS_RUN_ID": "", "RL_WIDGETS_RUN_FOLDER": ""} if bare else {}
ray.init(runtime_env={"env_vars": hidden})
tune.run(
    "IMPALA",
    config={
        "env": "PongNoFrameskip-v4",
        "num_workers": 2,
        "model": {"dim": 42},
        "callbacks": {"on_train_result": on_train_result},
    },
    stop={"time_total_s": seconds},
)
"""


def steps_per_second(path: Path) -> float:
    seen = json.loads(path.read_text())
    (first_time, first), (last_time, last) = seen[2], seen[-1]
    return (last - first) / (last_time - first_time)


def supervised(folder: Path, seconds: float) -> float:
    out = folder / f"supervised-{time.monotonic_ns()}.json"
    estimator = ReinforcementLearningEstimator(
        folder / "source",
        entry_script="script.py",
        script_params=[str(out), str(seconds), "supervised"],
        worker_configuration=WorkerConfiguration(2),
    )
    Experiment(Workspace(), "benchmark").submit(estimator).wait_for_completion()
    return steps_per_second(out)


def bare(folder: Path, seconds: float) -> float:
    out = folder / f"bare-{time.monotonic_ns()}.json"
    run_folder = folder / f"run-{time.monotonic_ns()}"
    (run_folder / "job").mkdir(parents=True)
    workspace = Workspace()
    plan = (
        ReinforcementLearningEstimator(
            folder / "source",
            entry_script="script.py",
            worker_configuration=WorkerConfiguration(2),
        )
        .prepare(workspace)
        .plan
    )
    assert plan.worker is not None
    groups = [("head", plan.head), ("worker-0", plan.worker), ("worker-1", plan.worker)]
    cluster = LocalCluster(
        "benchmark",
        run_folder,
        [NodeSpec(n, g.cpus, g.gpus, g.memory, g.object_store) for n, g in groups],
    )
    try:
        cluster.start()
        cluster.submit(
            JobSpec(
                entry_script="script.py",
                arguments=[str(out), str(seconds), "bare"],
                snapshot=folder / "source",
                run_folder=run_folder,
            )
        )
        while any(node.state != "alive" for node in cluster.nodes()):
            time.sleep(0.1)
        cluster.release()
        while not (run_folder / "job" / "exit.json").exists():
            time.sleep(0.2)
    finally:
        cluster.stop()
    return steps_per_second(out)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--pairs", type=int, default=3)
    arguments = parser.parse_args()
    adopt_orphans()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["RL_WIDGETS_HOME"] = str(folder / "home")
        (folder / "source").mkdir()
        (folder / "source" / "script.py").write_text(SCRIPT)
        ratios = []
        for pair in range(arguments.pairs):
            with_all = supervised(folder, arguments.seconds)
            with_none = bare(folder, arguments.seconds)
            ratios.append(with_all / with_none)
            print(
                f"pair {pair + 1}: supervised {with_all:7.1f} env steps/s, bare {with_none:7.1f}, "
                f"ratio {ratios[-1]:.3f}",
                flush=True,
            )
    print(f"median ratio {statistics.median(ratios):.3f} (1 is no cost)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
