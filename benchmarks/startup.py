"""Time from "begin" to the entry script's first line: a LocalCluster against the same by hand.

    python benchmarks/startup.py [--pairs 3] [--workers 2]

By hand: `ray start --head`, then the workers' `ray start --address` side by side, then
`ray job submit`; Ray's own defaults but for ports, folders and sizes, which must not collide.
Both sides run in turn in one process; the script's first line writes the time, so the end of a
command does not count.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rl_widgets.backend.cluster import JobSpec, NodeSpec
from rl_widgets.backend.local_cluster import LocalCluster
from rl_widgets.backend.processes import (
    Process,
    environment_value,
    kill_all,
    read_processes,
)

SCRIPT = "import sys, time\nopen(sys.argv[1], 'w').write(repr(time.time()))\n"
MIB = 1 << 20
MARKER = "STARTUP_BENCHMARK"
LIMIT_SECONDS = 180.0
ATTEMPTS = 4


class CommandFailed(Exception):
    """Ray gave a node up, as it does on a busy machine; the attempt does not count."""


def wait_for(path: Path) -> float:
    deadline = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < deadline:
        if path.exists() and path.read_text():
            return float(path.read_text())
        time.sleep(0.02)
    raise TimeoutError(f"no first line within {LIMIT_SECONDS:.0f} s")


def ours(folder: Path, workers: int) -> float:
    """Seconds to the first line through LocalCluster and its job."""
    stamp = folder / "stamp"
    nodes = [NodeSpec("head", 2, 0, 2048 * MIB, 200 * MIB)]
    nodes += [NodeSpec(f"worker-{i}", 1, 0, 1024 * MIB, 100 * MIB) for i in range(workers)]
    began = time.time()
    cluster = LocalCluster("benchmark", folder / "run", nodes)
    try:
        cluster.start()
        cluster.submit(JobSpec("first_line.py", [str(stamp)], folder / "snapshot", folder / "run"))
        deadline = time.monotonic() + LIMIT_SECONDS
        while not all(node.state == "alive" for node in cluster.nodes()):
            if time.monotonic() > deadline:
                raise TimeoutError(str(cluster.nodes()))
            time.sleep(0.02)
        cluster.release()
        return wait_for(stamp) - began
    finally:
        cluster.stop()


def by_hand(folder: Path, workers: int) -> float:
    """Seconds to the first line with Ray's own commands, as a person would type them."""
    stamp = folder / "stamp"
    # Short, for Ray's sockets; also what tells these processes from all others.
    base = Path(tempfile.mkdtemp(prefix="rh-"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    # Without these a head takes a token that lies in ~/.ray, and its workers do not.
    environment.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    environment[MARKER] = base.name
    # Ray's default range is the same for all nodes, which fails on one host.
    worker_ports = ["--min-worker-port=0", "--max-worker-port=0"]
    gcs, dashboard, client, agent, *agents = free_ports(4 + workers)

    def run(*arguments: str) -> subprocess.Popen[bytes]:
        with (folder / "by_hand.log").open("ab") as log:
            return subprocess.Popen(
                [str(Path(sys.executable).with_name("ray")), *arguments],
                env=environment, stdout=log, stderr=log, cwd=folder / "snapshot",
            )  # fmt: skip

    def succeed(*commands: subprocess.Popen[bytes]) -> None:
        codes = [command.wait() for command in commands]
        if any(codes):
            log = (folder / "by_hand.log").read_text(errors="replace")
            raise CommandFailed(f"a command by hand failed:\n{log[-3000:]}")

    began = time.time()
    try:
        succeed(
            run(
                "start", "--head", "--num-cpus=2", f"--port={gcs}",
                f"--dashboard-port={dashboard}", f"--ray-client-server-port={client}",
                f"--dashboard-agent-listen-port={agent}", f"--temp-dir={base / 'h'}",
                f"--object-store-memory={200 * MIB}",
            )
        )  # fmt: skip
        address = (base / "h" / "ray_current_cluster").read_text().strip()
        joining = [
            run(
                "start", f"--address={address}", "--num-cpus=1", f"--temp-dir={base / f'w{i}'}",
                # Left at its default, this port costs each worker of the same host 3.4 s.
                f"--dashboard-agent-listen-port={port}",
                *worker_ports,
                f"--object-store-memory={100 * MIB}",
            )
            for i, port in enumerate(agents)
        ]  # fmt: skip
        succeed(*joining)
        succeed(
            run(
                "job", "submit", f"--address=http://127.0.0.1:{dashboard}", "--working-dir=.",
                "--no-wait", "--", sys.executable, "first_line.py", str(stamp),
            )
        )  # fmt: skip
        return wait_for(stamp) - began
    finally:
        kill_all(lambda: processes_of(base), seconds=20)
        shutil.rmtree(base, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports that are free now."""
    sockets = [socket.create_server(("", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def processes_of(base: Path) -> list[Process]:
    """What was started by hand: known by the folder on its command line or by the marker."""
    return [
        process
        for process in read_processes().values()
        if process.pid != os.getpid()
        and not process.zombie
        and (
            environment_value(process.pid, MARKER) == base.name
            or str(base) in command_line(process.pid)
        )
    ]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def timed(side: Callable[[Path, int], float], workers: int) -> float:
    """One attempt that came to a first line, in a folder of its own."""
    for attempt in range(ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix="startup-"))
        (folder / "snapshot").mkdir()
        (folder / "run").mkdir()
        (folder / "snapshot" / "first_line.py").write_text(SCRIPT)
        try:
            return side(folder, workers)
        except CommandFailed as error:
            if attempt == ATTEMPTS - 1:
                raise
            print(f"not counted, and repeated: {str(error).splitlines()[-1]}", flush=True)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    raise AssertionError("unreachable")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sides = {"ours": ours, "by hand": by_hand}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for pair in range(options.pairs):
        # The order alternates, so that neither side always finds the warmer disk cache.
        order = list(sides) if pair % 2 == 0 else list(reversed(sides))
        for name in order:
            seconds[name].append(timed(sides[name], options.workers))
        print(
            f"pair {pair + 1}: ours {seconds['ours'][-1]:.1f} s, "
            f"by hand {seconds['by hand'][-1]:.1f} s",
            flush=True,
        )
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratios = [a / b for a, b in zip(seconds["ours"], seconds["by hand"], strict=True)]
    ratio = statistics.median(ratios)
    print(
        f"first line after (median of {options.pairs}): ours {medians['ours']:.1f} s, "
        f"by hand {medians['by hand']:.1f} s; ratio {ratio:.2f} (goal: at most 1.2)"
    )
    return 0 if ratio <= 1.2 else 1


if __name__ == "__main__":
    sys.exit(main())
