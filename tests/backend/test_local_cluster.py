"""Real Ray clusters on this machine: apart from each other, seen truly, and gone when stopped."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import rl_widgets
from rl_widgets.backend.cluster import JobSpec, NodeSpec, NodeState
from rl_widgets.backend.cluster_record import (
    ClusterRecord,
    cluster_processes,
    read_record,
    sweep,
)
from rl_widgets.backend.local_cluster import LocalCluster

pytestmark = pytest.mark.cluster

MIB = 1 << 20
FIXED_PORTS = (6379, 8265, 10001, 52365)


def wait_until(condition: Callable[[], object], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def make_cluster(folder: Path, run_id: str, workers: int) -> LocalCluster:
    folder.mkdir(parents=True)
    nodes = [NodeSpec("head", 1, 0, 1024 * MIB, 100 * MIB)]
    nodes += [NodeSpec(f"worker-{i}", 1, 0, 512 * MIB, 90 * MIB) for i in range(workers)]
    return LocalCluster(run_id, folder, nodes, environment={"COLOUR": f"of {run_id}"})


def snapshot_of(folder: Path, source: str) -> Path:
    snapshot = folder / "snapshot"
    snapshot.mkdir(parents=True)
    (snapshot / "train.py").write_text(source)
    return snapshot


def states(cluster: LocalCluster) -> dict[str, NodeState]:
    return {node.name: node for node in cluster.nodes()}


def whole(cluster: LocalCluster) -> bool:
    found = cluster.nodes()
    assert all(node.state != "dead" for node in found), found
    return all(node.state == "alive" for node in found)


def record_of(cluster_folder: Path) -> ClusterRecord:
    record = read_record(cluster_folder / "cluster.json")
    assert record is not None
    return record


class Traces:
    """What a running cluster holds on this machine, to be looked for when it is gone."""

    def __init__(self, record: ClusterRecord) -> None:
        self.record = record
        processes = cluster_processes(record)
        assert processes
        ports = set()
        self.shared_memory = set()
        for process in processes:
            with contextlib.suppress(psutil.Error):
                for connection in psutil.Process(process.pid).net_connections("tcp"):
                    if connection.status == psutil.CONN_LISTEN:
                        ports.add(connection.laddr.port)
            with contextlib.suppress(OSError):
                maps = Path(f"/proc/{process.pid}/maps").read_text()
                self.shared_memory.update(re.findall(r"/dev/shm/[^\s]+", maps))
        self.sockets = {one for one in listening() if one[0] in ports}
        assert self.sockets

    def assert_gone(self) -> None:
        assert cluster_processes(self.record) == []
        assert not Path(self.record.scratch).exists()
        assert not self.record.path.exists()
        assert not [path for path in self.shared_memory if Path(path).exists()]
        # Their ports may be another program's by now.
        assert not self.sockets & listening()


def listening() -> set[tuple[int, int]]:
    """Port and inode of each TCP socket of this machine that listens."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == "0A":
                found.add((int(local.rpartition(":")[2], 16), int(inode)))
    return found


@contextlib.contextmanager
def ports_taken(ports: tuple[int, ...]) -> Iterator[None]:
    """Hold Ray's usual ports, but for those that somebody holds already."""
    with contextlib.ExitStack() as stack:
        for port in ports:
            with contextlib.suppress(OSError):
                stack.enter_context(socket.create_server(("", port)))
        yield


SEES_ITSELF = """
import json, os, sys
import ray

ray.init()

@ray.remote(num_cpus=1)
class Actor:
    def see(self):
        import rl_widgets.backend.errors
        address = ray.get_runtime_context().gcs_address
        return address, os.environ["RL_WIDGETS_RUN_ID"], os.environ["COLOUR"]

nodes = ray.nodes()
actors = [Actor.remote() for _ in nodes]
seen = {
    "driver": ray.get_runtime_context().gcs_address,
    "nodes": sorted(node["NodeName"] for node in nodes),
    "actors": ray.get([actor.see.remote() for actor in actors]),
    "arguments": sys.argv[1:],
    "hidden": open(".hidden/ignored.txt").read(),
}
json.dump(seen, open("outputs/seen.json", "w"))
print("seen")
"""


@pytest.mark.long
def test_three_clusters_at_once_see_only_themselves_and_leave_nothing(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("one", "two", "three")}
    clusters: dict[str, LocalCluster] = {}
    with ports_taken(FIXED_PORTS), contextlib.ExitStack() as stack:
        for name, folder in folders.items():
            clusters[name] = make_cluster(folder, name, workers=1)
            stack.callback(clusters[name].stop)
            snapshot = snapshot_of(folder, SEES_ITSELF)
            # Ray's own packing would drop this file.
            (snapshot / ".gitignore").write_text("ignored.txt\n")
            (snapshot / ".hidden").mkdir()
            (snapshot / ".hidden" / "ignored.txt").write_text(name)
            clusters[name].start()
            clusters[name].submit(JobSpec("train.py", ["--x", f"{name} '1'"], snapshot, folder))
        wait_until(lambda: all(whole(cluster) for cluster in clusters.values()), 150)
        for name, cluster in clusters.items():
            assert not (folders[name] / "job" / "started.json").exists()
            cluster.release()
        for cluster in clusters.values():
            wait_until(
                lambda cluster=cluster: cluster.job_status().state not in ("pending", "running")
            )
        addresses = {cluster.gcs_address for cluster in clusters.values()}
        assert len(addresses) == 3
        for name, cluster in clusters.items():
            log = (folders[name] / "head" / "driver_log.txt").read_text()
            assert cluster.job_status().state == "succeeded", log
            seen = json.loads((folders[name] / "head" / "outputs" / "seen.json").read_text())
            assert seen["driver"] == cluster.gcs_address
            assert seen["nodes"] == ["head", "worker-0"]
            assert seen["actors"] == [[cluster.gcs_address, name, f"of {name}"]] * 2
            assert seen["arguments"] == ["--x", f"{name} '1'"]
            assert seen["hidden"] == name
        traces = [Traces(record_of(folder)) for folder in folders.values()]
        # Nothing of a local cluster can be reached from another machine.
        listening = {address for trace in traces for address, _ in trace.ports}
        assert listening <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
        for trace, cluster in zip(traces, clusters.values(), strict=True):
            cluster.stop()
            trace.assert_gone()
            cluster.stop()
    for folder in folders.values():
        assert (folder / "head" / "nodes" / "head" / "raylet.out").stat().st_size
        assert (folder / "worker" / "nodes" / "worker-0" / "ray_start.log").stat().st_size
        assert "seen" in (folder / "head" / "driver_log.txt").read_text()


def test_dead_nodes_and_a_killed_script_are_seen_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    cluster = make_cluster(folder, "dying", workers=2)
    try:
        cluster.start()
        snapshot = snapshot_of(folder, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
        cluster.submit(JobSpec("train.py", [], snapshot, folder))
        with pytest.raises(Exception, match="has its job already"):
            cluster.submit(JobSpec("train.py", [], snapshot, folder))
        wait_until(lambda: whole(cluster))
        assert all(link.is_symlink() for link in (folder / "worker" / "nodes").iterdir())
        cluster.samples()
        cluster.release()
        wait_until(lambda: cluster.job_status().state == "failed", 30)
        status = cluster.job_status()
        assert status.exit_code == 137
        assert "SIGKILL" in status.message

        for sample in cluster.samples():
            assert 10 * MIB < sample.memory_bytes < 4096 * MIB
            assert 0 <= sample.cpu_cores < 64

        traces = Traces(record_of(folder))
        worker = states(cluster)["worker-1"]
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: states(cluster)["worker-1"].state == "dead", 1)
        assert states(cluster)["worker-1"].exit_code == -signal.SIGKILL
        assert "SIGKILL" in states(cluster)["worker-1"].reason
        assert states(cluster)["worker-0"].state == "alive"
        assert states(cluster)["head"].state == "alive"

        # The raylet alone gone is the node gone: `ray start --block` ends with it.
        raylet = next(
            child
            for child in psutil.Process(states(cluster)["worker-0"].pid).children()
            if child.name() == "raylet"
        )
        raylet.kill()
        wait_until(lambda: states(cluster)["worker-0"].state == "dead", 5)

        head = states(cluster)["head"]
        assert head.pid is not None
        os.kill(head.pid, signal.SIGKILL)
        wait_until(lambda: states(cluster)["head"].state == "dead", 1)
        cluster.stop()
        traces.assert_gone()
        assert (folder / "worker" / "nodes" / "worker-1" / "raylet.out").exists()
    finally:
        cluster.stop()


SUPERVISOR = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from test_local_cluster import make_cluster, snapshot_of, whole, wait_until
from rl_widgets.backend.cluster import JobSpec

folder = Path(sys.argv[1])
cluster = make_cluster(folder, "orphaned", workers=0)
cluster.start()
script = "import subprocess, time\\nsubprocess.Popen(['sleep', '600'])\\ntime.sleep(600)\\n"
cluster.submit(JobSpec("train.py", [], snapshot_of(folder, script), folder))
wait_until(lambda: whole(cluster))
cluster.release()
wait_until(lambda: cluster.job_status().state == "running")
print("running", flush=True)
time.sleep(600)
"""


def test_a_killed_supervisor_takes_its_cluster_along_and_a_sweep_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    root = str(Path(rl_widgets.__file__).parent.parent)
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR.format(here=str(Path(__file__).parent)), str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
        start_new_session=True,
    )
    try:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == b"running\n"
        record = record_of(folder)
        traces = Traces(record)
        assert oct(record.path.stat().st_mode & 0o777) == "0o600"
        supervisor.kill()
        supervisor.wait()
        wait_until(lambda: cluster_processes(record) == [], 10)
        assert not sweep("another run", record.path)
        assert Path(record.scratch).exists()
        assert sweep("orphaned", record.path)
        traces.assert_gone()
        assert (folder / "head" / "nodes" / "head" / "gcs_server.out").exists()
        assert not sweep("orphaned", record.path)
    finally:
        supervisor.kill()
        supervisor.wait()
        sweep("orphaned", folder / "cluster.json")


def test_a_sweep_ends_what_outlived_supervisor_and_launcher(tmp_path: Path) -> None:
    """With the launcher killed too, only what the record says finds the processes."""
    folder = tmp_path / "run"
    cluster = make_cluster(folder, "swept", workers=0)
    try:
        cluster.start()
        wait_until(lambda: whole(cluster))
        traces = Traces(record_of(folder))
        os.kill(record_of(folder).session, signal.SIGKILL)
        wait_until(lambda: states(cluster)["head"].state == "dead", 2)
        assert "launcher" in states(cluster)["head"].reason
        assert cluster.job_status().state == "pending"
        assert sweep("swept", folder / "cluster.json")
        traces.assert_gone()
    finally:
        cluster.stop()


def test_a_node_that_a_busy_machine_kept_from_joining_starts_again(tmp_path: Path) -> None:
    cluster = make_cluster(tmp_path / "run", "again", workers=2)

    def kill_raylet_of(name: str) -> None:
        found: list[psutil.Process] = []

        def raylet_runs() -> bool:
            node = states(cluster)[name]
            assert node.state == "starting"
            with contextlib.suppress(psutil.Error):
                found[:] = [
                    child
                    for child in psutil.Process(node.pid or 0).children()
                    if child.name() == "raylet"
                ]
            return bool(found)

        wait_until(raylet_runs)
        pid = states(cluster)[name].pid
        found[0].kill()
        wait_until(lambda: states(cluster)[name].pid not in (pid, None))

    try:
        cluster.start()
        kill_raylet_of("head")
        kill_raylet_of("worker-0")

        def one_after_the_other() -> bool:
            on_the_way = [s for s in cluster.nodes() if s.state == "starting" and s.pid]
            assert len(on_the_way) <= 1
            return whole(cluster)

        wait_until(one_after_the_other)
        restarts = [state.restarts for state in cluster.nodes()]
        assert restarts == [1, 2, 1]
        traces = Traces(record_of(tmp_path / "run"))
        cluster.stop()
        traces.assert_gone()
    finally:
        cluster.stop()


def test_arguments_that_ray_refuses_are_the_reason_of_the_head(tmp_path: Path) -> None:
    nodes = [NodeSpec("head", 1, 0, 1024 * MIB, 100 * MIB)]
    (tmp_path / "run").mkdir()
    cluster = LocalCluster(
        "refused", tmp_path / "run", nodes, framework_arguments=["--no-such-option"]
    )
    try:
        cluster.start()
        wait_until(lambda: states(cluster)["head"].state == "dead", 20)
        assert "--no-such-option" in states(cluster)["head"].reason
    finally:
        cluster.stop()
