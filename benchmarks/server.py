"""How quickly the Jupyter server extension answers, what it uses, and what that costs a job.

    python benchmarks/server.py [--runs 1000] [--points 10000] [--long 1000000] [--seconds 30]
                                [--pairs 6] [--only list|job]

A real Jupyter server in a process of its own serves a workspace of `--runs` runs, all but one of
them ended, with `--points` points each of reward, iteration and env steps, and one run with a
metric of `--long` points. Times are those of a client on this machine, from the request to the last
byte, over one connection, and what has not changed is not sent again, as a browser has it. The
first pages after the start, when the runs' numbers have yet to be read, are told apart. Then 50
times a second mixed pages are asked for: the server's share of a core, of this record and of the
workspace of a training of Pong that goes on. That training is left alone, asked about, and left
alone while Jupyter's own `/api/status` is asked for as often, by turns of `--seconds`, `--pairs`
times: its env steps per second then, as ratios. Who asks runs on the same machine and is part of
what it costs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import numpy as np  # noqa: E402
import psutil  # noqa: E402

from benchmarks.overhead import SCRIPT  # noqa: E402
from rl_widgets import (  # noqa: E402
    Experiment,
    ReinforcementLearningEstimator,
    WorkerConfiguration,
)
from rl_widgets.store import statuses  # noqa: E402
from rl_widgets.store.metrics import NewPoint  # noqa: E402
from rl_widgets.store.runs import RunRecord  # noqa: E402
from rl_widgets.workspace import Workspace  # noqa: E402
from tests.view.fixture_runs import FixtureRun, make  # noqa: E402

TOKEN = "benchmark"
LONG = "long_1700000000_0badcafe"
REWARD = "episode_reward_mean"
BATCH = 50_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--long", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--only", choices=("list", "job"))
    given = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="rl_widgets-benchmark-") as place:
        if given.only != "list":
            _job(Path(place) / "job", given.pairs, given.seconds)
        if given.only == "job":
            return
        folder = Path(place) / "list" / "ws"
        began = time.monotonic()
        run = write_workspace(folder, given.runs, given.points, given.long)
        size = (folder / "record.sqlite").stat().st_size
        print(f"\nrecord written in {time.monotonic() - began:.0f} s, {size / 1e6:.0f} MB")
        with _server(folder) as (ask, process):
            _measure(ask, process, given.seconds)
        run.end(statuses.CANCELED)


def _job(folder: Path, pairs: int, seconds: float) -> None:
    """What 50 requests a second cost a training on the same machine."""
    out, source = folder / "seen.json", folder / "source"
    source.mkdir(parents=True)
    (source / "script.py").write_text(SCRIPT)
    estimator = ReinforcementLearningEstimator(
        source,
        entry_script="script.py",
        script_params=[str(out), "100000", "supervised"],
        worker_configuration=WorkerConfiguration(2),
    )
    run = Experiment(Workspace(folder=folder / "ws"), "benchmark").submit(estimator)
    shares: dict[str, list[float]] = defaultdict(list)
    order: list[tuple[int, str]] = []
    edges: list[float] = []
    try:
        with _server(folder / "ws") as (ask, process):
            deadline = time.monotonic() + 300
            while not out.exists() or len(json.loads(out.read_text() or "[]")) < 10:
                assert time.monotonic() < deadline, run.get_status()
                time.sleep(1)
            series = f"runs/{run.id}/series?name={REWARD}"
            # The first episode ends some seconds later than the first result.
            while not json.loads(ask(f"runs/{run.id}"))["row"]["curve"]:
                assert time.monotonic() < deadline, run.get_status()
                time.sleep(1)
            mixed = ["runs?curves=1&limit=50", f"runs/{run.id}", f"runs/{run.id}/children"]
            mixed += [series, f"runs/{run.id}/throughput", "machine", "targets", "revision"]
            sides = {
                "quiet": None,
                "50 requests/s, mixed": lambda n: ask(mixed[n % 8]),
                # What any request costs a Jupyter server, whoever answers it.
                "50 requests/s of Jupyter's own": lambda n: ask("api/status", api=""),
            }
            edges.append(time.time())
            for i in range(pairs):
                for side in sides if i % 2 == 0 else reversed(sides):
                    shares[side].append(_share(process, seconds, sides[side]))
                    edges.append(time.time())
                    order.append((i, side))
            time.sleep(5)
    finally:
        run.cancel()
        run.wait_for_completion(raise_on_error=False)
    when, steps = np.array(json.loads(out.read_text())).T
    rates = np.diff(np.interp(edges, when, steps)) / np.diff(edges)
    found = dict(zip(order, rates, strict=True))
    for side in list(shares):
        ratios = [found[i, side] / found[i, "quiet"] for i in range(pairs)]
        print(
            f"beside a training, {side}: server {100 * statistics.median(shares[side]):.1f} % of a "
            f"core; env steps/s by quiet's {', '.join(f'{ratio:.2f}' for ratio in ratios)}, "
            f"median {statistics.median(ratios):.3f}"
        )


def write_workspace(folder: Path, runs: int, points: int, long: int) -> FixtureRun:
    """All runs; the last one goes on for as long as what is returned is held."""
    workspace = Workspace(folder=folder)
    store, now = workspace.store, time.time()
    for i in range(runs):
        run_id = f"bench_{1_600_000_000 + i}_0badcafe"
        record = RunRecord(
            id=run_id,
            experiment=f"exp-{i % 10}",
            role="parent",
            type="reinforcementlearning",
            created=now - runs + i,
            status=statuses.COMPLETED,
            started=now - runs + i,
            ended=now,
            definition={"stop": {REWARD: 18}, "script_params": {"--run": "IMPALA"}},
            tags={"seed": str(i % 5)},
        )
        store.runs.add(record, [], {})
        workspace.run_folder(run_id).mkdir(parents=True)
        store.metrics.add(
            [
                NewPoint(run_id, name, 1, now + j, value, j, 500 * j)
                for j in range(points)
                for name, value in ((REWARD, j % 37 + i / runs), ("training_iteration", j))
            ]
        )
    run = make(folder, LONG)
    run.start()
    for first in range(0, long, BATCH):
        store.metrics.add(
            [
                NewPoint(f"{LONG}_head", REWARD, 1, now + j / 100, (j * 7919) % 1000, j, 500 * j)
                for j in range(first, min(long, first + BATCH))
            ]
        )
    return run


@contextmanager
def _server(folder: Path) -> Iterator[tuple[Any, psutil.Process]]:
    root = folder.parent / "root"
    root.mkdir()
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(root),
        "JUPYTER_DATA_DIR": str(root),
        "JUPYTER_RUNTIME_DIR": str(root),
        "JUPYTER_NO_CONFIG": "1",
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--port=0", "--allow-root"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}"]
    command += ["--ServerApp.jpserver_extensions={'rl_widgets.server': True}"]
    command += [f"--RLWidgets.workspace={folder}"]
    with (root / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 300
        while not (found := list(root.glob("jpserver-*.json"))):
            assert time.monotonic() < deadline, (root / "log.txt").read_text()
            time.sleep(0.1)
        time.sleep(0.5)
        url = urlsplit(json.loads(found[0].read_text())["url"])
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)

        held: dict[str, tuple[str, bytes]] = {}

        def ask(path: str, api: str = "rl-widgets/api/") -> bytes:
            """As a browser does, which holds what it has and asks whether that is still so."""
            etag, body = held.get(path, ("", b""))
            headers = {"Authorization": f"token {TOKEN}", "If-None-Match": etag}
            connection.request("GET", f"{url.path}{api}{path}", headers=headers)
            with connection.getresponse() as answer:
                found = bytes(answer.read())
                if answer.status == 304:
                    return body
                assert answer.status == 200, (path, answer.status, found[:300])
                held[path] = answer.headers["Etag"] or "", found
                return found

        yield ask, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _measure(ask: Any, process: psutil.Process, seconds: float) -> None:
    pages = [f"runs?curves=1&limit=50&offset={50 * i}" for i in range(20)]
    print("\n| what | median | p95 | bytes |\n|---|---|---|---|")
    _row("first pages after the start", ask, pages)
    deadline = time.monotonic() + 300
    while any(row["reward"] is None for page in pages for row in json.loads(ask(page))["runs"]):
        assert time.monotonic() < deadline, "the numbers of the runs are not known"
    # Each address once: an answer that is held is not what is measured.
    page = "curves=1&limit=50&offset="
    _row("a page of 50 runs with curves", ask, [f"runs?{page}{4 * i + 1}" for i in range(200)])
    _row("all runs sorted by reward", ask, [f"runs?sort=best&{page}{i}" for i in range(100)])
    _row("runs that a text is in", ask, [f"runs?text=exp-3&{page}{i}" for i in range(50)])
    _row("a page that has not changed", ask, pages * 10)
    long = f"runs/{LONG}/series?name={REWARD}"
    _row("1,000,000 points, first look", ask, [long])
    few = [f"{long}&points={2000 - i}" for i in range(50)]
    _row("1,000,000 points thinned to 2,000", ask, few)
    _row("the same, a window", ask, [f"{path}&from=1000000&to=2000000" for path in few])
    _row("the same, smoothed", ask, [f"{path}&smoothing=0.9" for path in few])
    runs = [row["id"] for row in json.loads(ask(pages[1]))["runs"]]
    _row("a run's page", ask, [f"runs/{run_id}" for run_id in runs])
    time.sleep(2)
    print(f"\nidle: {100 * _share(process, seconds, None):.2f} % of a core over {seconds:.0f} s")
    mixed = [pages[0], f"runs/{LONG}", "machine", "targets", long, "revision"]
    share = _share(process, seconds, lambda i: ask(mixed[i % len(mixed)]))
    print(f"50 requests/s, mixed: {100 * share:.1f} % of a core")
    print(f"memory: {process.memory_info().rss / 1e6:.0f} MB")


def _row(what: str, ask: Any, paths: list[str]) -> None:
    times, size = [], 0
    for path in paths:
        began = time.perf_counter()
        size = len(ask(path))
        times.append(1000 * (time.perf_counter() - began))
    p95 = sorted(times)[max(0, round(0.95 * len(times)) - 1)]
    print(f"| {what} | {statistics.median(times):.1f} ms | {p95:.1f} ms | {size:,} |")


def _share(process: psutil.Process, seconds: float, ask: Any) -> float:
    used, began = sum(process.cpu_times()[:2]), time.monotonic()
    i = 0
    while (now := time.monotonic()) - began < seconds:
        if ask is None:
            time.sleep(min(1.0, seconds - (now - began)))
            continue
        ask(i)
        i += 1
        time.sleep(max(0.0, began + i / 50 - time.monotonic()))
    return (sum(process.cpu_times()[:2]) - used) / (time.monotonic() - began)


if __name__ == "__main__":
    main()
