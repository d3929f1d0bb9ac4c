"""What a person waits for: `import rl_widgets`, `exp.submit`, `run.log`, and reading back.

    python benchmarks/interface.py [--repeats 15]

Each figure stands beside one of the same machine in the same run that it can be held against: an
import beside Python's own start, `submit` beside copying the snapshot by hand, `log` beside
encoding the same line as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path


def median_ms(action: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def python(statement: str) -> None:
    subprocess.run([sys.executable, "-c", statement], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats

    bare = median_ms(lambda: python("pass"), repeats)
    ours = median_ms(lambda: python("import rl_widgets"), repeats)
    names = median_ms(
        lambda: python("from rl_widgets import Workspace, Experiment, RunDetails"), repeats
    )
    print(f"python -c pass                            {bare:8.1f} ms")
    print(f"import rl_widgets                         {ours:8.1f} ms  (+{ours - bare:.1f})")
    print(f"from rl_widgets import Workspace, …       {names:8.1f} ms  (+{names - bare:.1f})")

    with tempfile.TemporaryDirectory() as folder:
        os.environ["RL_WIDGETS_HOME"] = folder
        submit(Path(folder), repeats)
        points(Path(folder))


def submit(folder: Path, repeats: int) -> None:
    from rl_widgets import Experiment, ReinforcementLearningEstimator, Workspace

    source = Path(__file__).parent.parent / "notebooks" / "files"
    experiment = Experiment(Workspace(), "benchmark")
    runs = []

    def once() -> None:
        estimator = ReinforcementLearningEstimator(source, entry_script="plain_ray.py")
        runs.append(experiment.submit(estimator))

    def copy() -> None:
        shutil.copytree(source, folder / f"copy-{time.monotonic_ns()}")

    by_hand = median_ms(copy, repeats)
    took = []
    for _ in range(repeats):
        took.append(median_ms(once, 1))
        # One supervisor at a time beside the next submit, as a person has it.
        runs[-1].cancel()
        runs[-1].wait_for_completion(raise_on_error=False)
    print(f"copying the source directory by hand      {by_hand:8.1f} ms")
    print(
        f"exp.submit                                {statistics.median(took):8.1f} ms  "
        f"(at most {max(took):.1f})"
    )


def points(folder: Path, count: int = 100_000) -> None:
    from rl_widgets.store.database import Store
    from rl_widgets.store.ingest import SpoolReader
    from rl_widgets.store.logger import RunLogger
    from rl_widgets.store.runs import RunRecord

    store = Store.open(folder / "points")
    common = {"experiment": "exp", "type": "t", "created": time.time()}
    child = RunRecord(id="a_head", role="head", parent="a", **common)
    store.runs.add(RunRecord(id="a", role="parent", **common), [child], {})
    logger = RunLogger.to_spool(folder / "points" / "runs" / "a", "head")
    line = {"t": time.time(), "a": 1, "r": "head", "s": 1, "m": {"x": 1.0}}
    encode, log = [], []
    for i in range(count):
        began = time.perf_counter()
        json.dumps(line)
        middle = time.perf_counter()
        logger.log("x", i, step=i)
        encode.append(middle - began)
        log.append(time.perf_counter() - middle)
    print(f"json.dumps of a line                      {statistics.median(encode) * 1e6:8.1f} µs")
    print(
        f"run.log                                   {statistics.median(log) * 1e6:8.1f} µs  "
        f"(p99 {sorted(log)[int(count * 0.99)] * 1e6:.1f})"
    )
    began = time.perf_counter()
    SpoolReader(store.metrics, "a", folder / "points" / "runs" / "a").take_in()
    taken = time.perf_counter()
    [series] = store.metrics.series(["a_head"])
    assert len(store.metrics.points([series.id])) == count
    read = time.perf_counter()
    print(f"{count:,} points into the record         {(taken - began) * 1e3:8.1f} ms")
    print(f"{count:,} points read from the record    {(read - taken) * 1e3:8.1f} ms")


if __name__ == "__main__":
    main()
