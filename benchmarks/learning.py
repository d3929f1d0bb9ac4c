"""Time and env steps to a mean reward, seed by seed, as curves beside the reference's.

    python benchmarks/learning.py [--run IMPALA] [--env PongNoFrameskip-v4] [--target 18]
        [--seeds 1 2 3] [--minutes 45] [--config '{…}'] [--name dim42]

Each seed is a run as any other, one after the other: a head and as many worker nodes as
`--workers`, supervised, with evaluation and checkpoints, the clock running from `exp.submit`. Its
curve is kept as `benchmarks/results/<name>-seed<n>.csv`; the curves of all seeds that lie there are
drawn into `<name>.svg`; `--name` is added to the names, for settings other than the preset's. For
Pong the reference's recorded curve is beside them (14 CPUs and a GPU, `benchmarks/reference/`), and
the reward is held against it at equal env steps.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from rl_widgets import Experiment, ReinforcementLearningEstimator, WorkerConfiguration, Workspace
from rl_widgets.view.charts.lines import PALETTE, TARGET, Line
from rl_widgets.view.comparison.picture import svg

HERE = Path(__file__).parent
RESULTS = HERE / "results"
REFERENCE = HERE / "reference" / "azure_pong_curve.csv"
SOURCE = HERE.parent / "notebooks" / "files"
REWARD = "episode_reward_mean"
KEPT = (REWARD, "episodes_total", "learner/entropy", "throughput/env_steps_sampled_per_s")


def train(arguments: argparse.Namespace, seed: int) -> pd.DataFrame:
    """Train one seed; its curve, a row for each iteration, `seconds` since it was submitted."""
    stop = {REWARD: arguments.target, "time_total_s": 60 * arguments.minutes}
    estimator = ReinforcementLearningEstimator(
        SOURCE,
        entry_script="pong_rllib.py",
        script_params=[
            *("--run", arguments.run, "--env", arguments.env, "--seed", str(seed)),
            *("--config", arguments.config, "--stop", json.dumps(stop)),
        ],
        worker_configuration=WorkerConfiguration(arguments.workers) if arguments.workers else None,
    )
    began = pd.Timestamp.now("UTC")
    run = Experiment(Workspace(), "benchmark-learning").submit(estimator)
    print(f"seed {seed}: {run.id}", flush=True)
    said = time.monotonic()
    while run.status not in ("Completed", "Failed", "Canceled"):
        time.sleep(1)
        if time.monotonic() - said >= 60:
            said = time.monotonic()
            _say_progress(run)
    details = run.wait_for_completion(raise_on_error=False)
    if details["status"] != "Completed":
        raise SystemExit(f"seed {seed} ended as {details['status']}")
    frame = run.to_frame().dropna(subset=[REWARD])
    curve = frame[[name for name in KEPT if name in frame]].astype(float)
    curve.insert(0, "env_steps", frame["env_steps"].astype(float))
    curve.insert(0, "seconds", (frame["time"] - began).dt.total_seconds())
    return curve.round(4)


def _say_progress(run: object) -> None:
    metrics = run.get_metrics(name=REWARD)
    values = metrics.get(REWARD) or [float("nan")]
    last = values[-1] if isinstance(values, list) else values
    print(f"  {time.strftime('%H:%M:%S')} reward {last:.2f}", flush=True)


def reached(curve: pd.DataFrame, target: float) -> pd.Series | None:
    """The first row at which the target is reached."""
    there = curve[curve[REWARD] >= target]
    return there.iloc[0] if len(there) else None


def behind(curve: pd.DataFrame, reference: pd.DataFrame) -> float:
    """By how much of reward the curve ever lies behind the reference at equal env steps."""
    steps = reference["env_steps"]
    inside = (steps >= curve["env_steps"].iloc[0]) & (steps <= curve["env_steps"].iloc[-1])
    ours = np.interp(steps[inside], curve["env_steps"], curve[REWARD])
    gaps = (reference["episode_reward_mean"][inside] - ours).to_numpy()
    return float(gaps.max(initial=-np.inf))


def draw(name: str, curves: dict[str, pd.DataFrame], target: float, pong: bool) -> None:
    """All curves over env steps as an SVG picture."""
    lines = [
        Line(label, PALETTE[i % len(PALETTE)], c["env_steps"].to_numpy(), c[REWARD].to_numpy())
        for i, (label, c) in enumerate(curves.items())
    ]
    if pong:
        old = pd.read_csv(REFERENCE)
        x, y = old["env_steps"].to_numpy(float), old["episode_reward_mean"].to_numpy(float)
        lines.append(Line("reference", PALETTE[-1], x, y, dashed=True))
    end = max(float(line.x[-1]) for line in lines)
    lines.append(
        Line("target", TARGET, np.array([0.0, end]), np.full(2, target), dashed=True, width=1.0)
    )
    sentence = f"Mean reward over env steps of {len(curves)} seeds" + (
        ", the reference dashed." if pong else "."
    )
    (RESULTS / f"{name}.svg").write_text(svg(lines, "env steps", "mean reward", sentence))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="IMPALA")
    parser.add_argument("--env", default="PongNoFrameskip-v4")
    parser.add_argument("--target", type=float, default=18.0)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--workers", type=int, default=1, help="worker nodes beside the head")
    parser.add_argument("--config", default="{}", help="settings as JSON")
    parser.add_argument("--name", help="what the settings are called in the names of the results")
    arguments = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    parts = [arguments.env.split("/")[-1], arguments.run, arguments.name]
    name = "-".join(part for part in parts if part).lower()
    for seed in arguments.seeds:
        curve = train(arguments, seed)
        curve.to_csv(RESULTS / f"{name}-seed{seed}.csv", index=False)
    curves = {p.stem: pd.read_csv(p) for p in sorted(RESULTS.glob(f"{name}-seed*.csv"))}
    pong = arguments.env.startswith("Pong")
    draw(name, curves, arguments.target, pong)
    seconds = []
    for label, curve in curves.items():
        row = reached(curve, arguments.target)
        last = curve.iloc[-1]
        speed = last["env_steps"] / last["seconds"]
        if row is None:
            said = f"not reached: {last[REWARD]:.2f} after {last['seconds']:,.0f} s"
        else:
            seconds.append(row["seconds"])
            said = f"{row['seconds']:,.0f} s, {row['env_steps']:,.0f} env steps"
        print(f"{label}: {said}; {speed:,.0f} env steps/s from submit on")
        if pong:
            lag = behind(curve, pd.read_csv(REFERENCE))
            print(f"  behind the reference at equal env steps by at most {max(lag, 0):.2f}")
    if seconds:
        print(
            f"{len(seconds)} of {len(curves)} seeds reached {arguments.target:g}: "
            f"median {statistics.median(seconds):,.0f} s, longest {max(seconds):,.0f} s"
        )
    return 0 if len(seconds) == len(curves) else 1


if __name__ == "__main__":
    sys.exit(main())
