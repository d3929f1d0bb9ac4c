"""A Ray cluster of this machine: real nodes, kept apart from every other, gone when it stops."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from rl_widgets.backend.cluster import JobSpec, JobStatus, NodeSample, NodeSpec, NodeState
from rl_widgets.backend.cluster_record import (
    ClusterRecord,
    cluster_processes,
    end_cluster,
)
from rl_widgets.backend.errors import ClusterError
from rl_widgets.backend.job import Job
from rl_widgets.backend.launcher_client import LauncherClient
from rl_widgets.backend.local_node import LocalNode
from rl_widgets.backend.node_command import (
    check_framework_arguments,
    fit_object_stores,
    head_arguments,
    visible_devices,
    worker_arguments,
)
from rl_widgets.backend.node_environment import check_variables, node_environment
from rl_widgets.backend.processes import (
    boot_id,
    read_process,
    send,
    wait_until_gone,
)
from rl_widgets.backend.ray_hook import HEAD_FILE
from rl_widgets.backend.resource_meter import ResourceMeter
from rl_widgets.backend.scratch import choose_scratch, link_logs, make_scratch

_STARTING_POLL_SECONDS = 0.02
_STEADY_POLL_SECONDS = 0.5


class LocalCluster:
    """Head and workers as processes of this machine, under one launcher process.

    `nodes` are the head and then the workers. `environment` holds the user's variables;
    `python_path` folders that every process may import from. `devices` are the GPUs of this run
    as CUDA_VISIBLE_DEVICES names them. `warnings` says what was cut to fit the machine.
    Raises ClusterError for what can be known before anything starts.
    """

    def __init__(
        self,
        run_id: str,
        run_folder: Path,
        nodes: Sequence[NodeSpec],
        *,
        environment: Mapping[str, str] | None = None,
        framework_arguments: Sequence[str] = (),
        python_path: Sequence[str] = (),
        devices: Sequence[str] | None = None,
        attempt: int = 1,
    ) -> None:
        variables = dict(environment or {})
        check_variables(variables)
        check_framework_arguments(framework_arguments)
        specs, self.warnings = fit_object_stores(nodes)
        self._framework_arguments = list(framework_arguments)
        self._run_folder = run_folder.resolve()
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._stopped = False
        self._watcher: threading.Thread | None = None
        self._launcher: LauncherClient | None = None
        self._job: Job | None = None
        self._meter = ResourceMeter()
        self._scratch = choose_scratch(len(specs) - 1)
        self._head_file = self._scratch / "head.json"
        self._record = ClusterRecord(
            run_id=run_id,
            run_folder=str(self._run_folder),
            scratch=str(self._scratch),
            boot_id=boot_id(),
            token=secrets.token_hex(32),
        )
        run_variables = {
            **variables,
            "RL_WIDGETS_RUN_ID": run_id,
            "RL_WIDGETS_RUN_FOLDER": str(self._run_folder),
            "RL_WIDGETS_ATTEMPT": str(attempt),
            HEAD_FILE: str(self._head_file),
        }
        if "OMP_NUM_THREADS" not in variables:
            threads = min(specs[0].cpus, os.cpu_count() or 1)
            run_variables["RL_WIDGETS_DRIVER_THREADS"] = str(max(threads, 1))
        self._environment = node_environment(
            token=self._record.token,
            marker=self._record.marker,
            variables=run_variables,
            python_path=list(python_path),
        )
        shown_devices = visible_devices(specs, devices)
        self._nodes = [
            LocalNode(spec, self._scratch, self._run_folder, index, shown)
            for index, (spec, shown) in enumerate(zip(specs, shown_devices, strict=True))
        ]

    @property
    def token(self) -> str:
        """The secret of every request to this cluster."""
        return self._record.token

    @property
    def dashboard(self) -> str | None:
        """`host:port` of the Ray dashboard once the head is up."""
        return self._record.dashboard or None

    @property
    def gcs_address(self) -> str | None:
        """`host:port` that nodes and drivers join by, once the head has chosen it."""
        return self._record.gcs_address or None

    def prepare(self) -> None:
        """Begin to import Ray in the launcher, while the run still waits for something else."""
        with self._lock:
            if self._launcher is not None or self._stopping.is_set():
                return
            # Written first: what is there can then be found, whenever this process ends.
            self._record.write()
            make_scratch(self._scratch)
            self._launcher = LauncherClient(self._environment, self._scratch)
            process = read_process(self._launcher.pid)
            self._record.session = self._launcher.pid
            self._record.session_started = process.started if process else 0.0
            self._record.write()

    def start(self) -> None:
        self.prepare()
        with self._lock:
            if self._watcher is not None:
                return
            self._start_node(self._nodes[0])
            self._watcher = threading.Thread(target=self._watch, name="cluster", daemon=True)
            self._watcher.start()

    def nodes(self) -> list[NodeState]:
        self._advance()
        with self._lock:
            return [node.state() for node in self._nodes]

    def submit(self, job: JobSpec) -> None:
        with self._lock:
            if self._job is not None:
                raise ClusterError("This cluster has its job already; a run has one.")
            self._job = Job(job, self._scratch, self._record.token, self._record.marker)
            if self._record.dashboard:
                self._job.send(self._record.dashboard)

    def job_status(self) -> JobStatus:
        job = self._job
        if job is None:
            return JobStatus("pending", "No job has been submitted.")
        status = job.status()
        with self._lock:  # not between the head's end and its next start
            head = self._nodes[0].state()
        if status.state in ("pending", "running") and head.state == "dead":
            return JobStatus("failed", f"The head node ended: {head.reason}")
        return status

    def release(self) -> None:
        if self._job is None:
            raise ClusterError("There is no job to begin: submit one first.")
        self._job.release()

    def stop_job(self) -> None:
        if self._job is not None:
            self._job.stop()

    def samples(self) -> list[NodeSample]:
        roots = {
            node.spec.name: node.pid
            for node in self._nodes
            if node.pid is not None and node.exit_code is None
        }
        return self._meter.sample(roots)

    def stop(self) -> None:
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            self._stopping.set()
            for node in self._nodes:
                node.stopping = True
        if self._job is not None:
            self._job.abandon()
        if self._watcher is not None:
            self._watcher.join(timeout=5)
        self._end_in_order()
        for node in self._nodes:
            node.keep_start_log()
        left = end_cluster(self._record, self._launcher)
        if left:
            numbers = ", ".join(str(process.pid) for process in left)
            raise ClusterError(f"Processes of the cluster could not be ended: {numbers}.")

    def _end_in_order(self) -> None:
        """Raylets first: an agent whose raylet lives on waits a minute for a GCS that is gone."""
        for program, seconds in (("raylet", 1.0), ("gcs_server", 0.5)):
            processes = [p for p in cluster_processes(self._record) if _name(p.pid) == program]
            send(processes, signal.SIGTERM)
            wait_until_gone(processes, seconds)

    def _watch(self) -> None:
        """Bring the nodes up, one step at a time, and learn at once when one ends."""
        while not self._stopping.is_set():
            self._advance()
            starting = any(n.state().state == "starting" for n in self._nodes)
            assert self._launcher is not None
            self._launcher.wait(_STARTING_POLL_SECONDS if starting else _STEADY_POLL_SECONDS)

    def _advance(self) -> None:
        with self._lock:
            if self._launcher is None or self._stopping.is_set():
                return
            for node in self._nodes:
                self._launcher.tell_about(node)
            self._start_again()
            head = self._nodes[0]
            if not self._record.gcs_address and self._head_file.exists():
                self._record.gcs_address = json.loads(self._head_file.read_text())["gcs_address"]
            self._start_workers()
            for node in self._nodes:
                if node.pid is not None and not node.joined and node.look():
                    self._show_logs(node)
            if head.joined and not self._record.dashboard:
                self._record.dashboard = head.dashboard() or ""
                self._record.write()
                if self._job is not None:
                    self._job.send(self._record.dashboard)

    def _start_again(self) -> None:
        """Give nodes another try that a busy machine has kept from joining."""
        head, *workers = self._nodes
        if head.may_start_again():
            # Nobody can join without its GCS: all begin anew.
            self._record.gcs_address = ""
            self._head_file.unlink(missing_ok=True)
            for node in self._nodes:
                if node.pid is not None and node.exit_code is None:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(node.pid, signal.SIGKILL)
                node.begin_attempt()
            self._start_node(head)
        for worker in workers:
            if worker.may_start_again():
                worker.begin_attempt()

    def _start_workers(self) -> None:
        """All at once as soon as the GCS is there; where a start has failed, one after the other.

        A raylet gives its agents 15 s: those of several nodes keep each other from it on a machine
        that is busy with something else.
        """
        if not self._record.gcs_address:
            return
        waiting = [worker for worker in self._nodes[1:] if not worker.asked_for]
        if any(node.attempt for node in self._nodes):
            alone = not any(node.starting for node in self._nodes)
            waiting = waiting[:1] if alone else []
        for worker in waiting:
            self._start_node(worker)

    def _show_logs(self, node: LocalNode) -> None:
        with contextlib.suppress(OSError):
            link_logs(node.live_logs(), node.kept_logs)

    def _start_node(self, node: LocalNode) -> None:
        assert self._launcher is not None
        if node.index == 0:
            arguments = head_arguments(node.spec, str(node.folder), self._framework_arguments)
        else:
            arguments = worker_arguments(node.spec, str(node.folder), self._record.gcs_address)
        node.folder.mkdir(exist_ok=True)
        self._record.logs[str(node.live_logs())] = str(node.kept_logs)
        self._record.write()
        node.asked_for = True
        self._launcher.start_node(node, arguments)


def _name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return ""
