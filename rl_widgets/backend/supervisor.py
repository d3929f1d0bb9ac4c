"""The supervisor: the one detached process that owns a run's life, from its queue to its end.

    python -m rl_widgets.backend.supervisor <workspace folder> <run id> <fd of the held lock>

It alone changes the state of its run and takes the run's spool into the record. When it ends,
however it ends, the cluster's processes end with it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from rl_widgets.backend import outcome as outcomes
from rl_widgets.backend import reaper, stacks
from rl_widgets.backend.cluster import Cluster, JobSpec, NodeSpec
from rl_widgets.backend.errors import BackendError
from rl_widgets.backend.liveness import RunLock
from rl_widgets.backend.local_cluster import LocalCluster
from rl_widgets.backend.memory_shortage import SENTENCE, MemoryShortage
from rl_widgets.backend.outcome import Outcome
from rl_widgets.backend.plan import NodeGroup, Plan
from rl_widgets.backend.processes import adopt_orphans, lead_session
from rl_widgets.backend.progress import Progress
from rl_widgets.backend.source_state import COMMIT, git_state
from rl_widgets.backend.submission import ENVIRONMENT_FILE
from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.errors import RLWidgetsError, StoreError
from rl_widgets.store.ingest import SpoolReader
from rl_widgets.store.leases import Wait
from rl_widgets.store.logger import RunLogger

_log = logging.getLogger("rl_widgets.supervisor")

#: Seconds between two looks at the spool: what a live view waits for a new point at most.
TICK = 0.05
#: Seconds between two looks at nodes, job and requests to cancel.
LOOK = 0.5
#: Seconds between two samples of what the nodes use.
SAMPLE = 2.0
#: Seconds that a job may be over, by Ray's word, without the bootstrap's word on how it ended.
EXIT_GRACE = 3.0
#: The longest wait for all nodes to join where the estimator names none.
DEFAULT_COORDINATION_TIMEOUT = 600


class _Ended(Exception):
    """Carries the outcome of the run out of the phase in which it was decided."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class Supervisor:
    """Takes one run through its states."""

    def __init__(self, store: Store, workspace: Path, run_id: str) -> None:
        self.store = store
        self.run_id = run_id
        self.workspace = workspace
        self.folder = workspace / "runs" / run_id
        record = store.runs.get(run_id)
        self.plan = Plan.from_definition(record.definition)
        self.attempt = record.attempt
        self.spool = SpoolReader(store.metrics, run_id, self.folder)
        self.progress = Progress()
        self.memory = MemoryShortage()
        self.samples = RunLogger.to_spool(self.folder, "head", self.attempt)
        self.terminated = False
        self._children = {c.role: c.id for c in store.runs.children(run_id)}
        self._node_states: dict[str, tuple[str, int]] = {}
        self._whole = False

    def run(self) -> None:
        """Take the run to its end. Whatever happens, it ends in a final state, with a reason."""
        cluster: Cluster | None = None
        # Beside the queue: git may take its time in a large repository.
        threading.Thread(target=self._record_source, name="git", daemon=True).start()
        try:
            self._queue()
            cluster = self._cluster()
            self._provision(cluster)
            outcome = self._watch(cluster)
        except _Ended as ended:
            outcome = ended.outcome
        except (BackendError, RLWidgetsError) as error:
            _log.exception("the run could not go on")
            outcome = Outcome.failed(str(error), worker=statuses.FAILED, type=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - no run may be left without an end
            _log.exception("the supervisor met an error of its own")
            outcome = Outcome.failed(
                f"The run's supervisor failed ({type(error).__name__}: {error}). This is an error "
                "in rl_widgets; supervisor.log among the run's files has the details.",
                worker=statuses.FAILED,
                type=type(error).__name__,
            )
        self._finish(cluster, self.memory.explain(outcome))

    # -- the phases ----------------------------------------------------------------------------

    def _queue(self) -> None:
        """Wait for the nodes of the run's targets, in the order of submission."""
        self._status(statuses.QUEUED)
        told = ""
        for _ in self._every(LOOK):
            self._end_if_asked()
            wait = self.store.leases.acquire(self.run_id)
            if wait is None:
                return
            # Runs whose supervisor is gone hold nodes that nobody else would give back.
            for other in (*wait.holders, *wait.before):
                reaper.look_after(self.store, self.workspace, other)
            sentence = _waiting_for(wait)
            if sentence != told:
                told = sentence
                self.store.runs.set(self.run_id, message=sentence)

    def _cluster(self) -> LocalCluster:
        environment = json.loads((self.folder / ENVIRONMENT_FILE).read_text(encoding="utf-8"))
        cluster = LocalCluster(
            self.run_id,
            self.folder,
            _node_specs(self.plan),
            environment=environment,
            framework_arguments=self.plan.framework_arguments,
            attempt=self.attempt,
        )
        self.store.runs.warn(self.run_id, *cluster.warnings)
        return cluster

    def _provision(self, cluster: Cluster) -> None:
        """Start the nodes, hand over the job, wait until the cluster is whole and it has begun."""
        self._status(statuses.PROVISIONING, provisioned=time.time(), message="")
        cluster.start()
        cluster.submit(
            JobSpec(
                entry_script=self.plan.entry_script,
                arguments=self.plan.arguments,
                snapshot=self.folder / "snapshot",
                run_folder=self.folder,
                pip_packages=self.plan.pip_packages,
            )
        )
        limit = self.plan.cluster_coordination_timeout_seconds or DEFAULT_COORDINATION_TIMEOUT
        deadline = time.monotonic() + limit
        for _ in self._every(TICK):
            self._end_if_asked()
            self._look_at_nodes(cluster)
            missing = [n for n, (state, _) in self._node_states.items() if state != "alive"]
            if not missing and not self._whole:
                self._whole = True
                self._status(statuses.STARTING)
                cluster.release()
            if self._whole and (self.folder / "job" / "started.json").exists():
                return
            if not self._whole and time.monotonic() > deadline:
                raise _Ended(
                    Outcome.failed(
                        f"The cluster was not whole within {limit} s "
                        f"(cluster_coordination_timeout_seconds): {_enumerate(missing)} did not "
                        "join. The logs of the nodes are among the run's files.",
                        worker=statuses.FAILED,
                        type="ClusterTimeout",
                    )
                )
            self._end_if_job_is_over(cluster)

    def _watch(self, cluster: Cluster) -> Outcome:
        """The entry script runs: record what it logs, and see its end."""
        began = time.monotonic()
        self._status(statuses.RUNNING, started=time.time())
        limit = self.plan.max_run_duration_seconds
        looked = sampled = 0.0
        for now in self._every(TICK):
            if limit is not None and now - began > limit:
                return Outcome.canceled(
                    f"The run took longer than its limit of {limit} s (max_run_duration_seconds)."
                )
            try:
                self.spool.take_in(LOOK)
                if now - looked >= LOOK:
                    looked = now
                    self._end_if_asked()
                    self._look_at_nodes(cluster)
                    self._end_if_job_is_over(cluster)
                    self._look_for_progress()
                    if self.memory:
                        self.store.runs.warn(self.run_id, SENTENCE)
                if now - sampled >= SAMPLE:
                    sampled = now
                    self._sample(cluster)
            except StoreError as error:
                # A full disk does not end a run: what it logs waits in the spool.
                _log.warning("the record cannot be written now: %s", error)
                time.sleep(1.0)
        raise AssertionError("the loop above never ends by itself")

    def _finish(self, cluster: Cluster | None, outcome: Outcome) -> None:
        """End what runs, keep what was logged, write the end."""
        _log.info("finalizing: %s %s", outcome.status, outcome.message)
        with contextlib.suppress(StoreError):
            self._status(statuses.FINALIZING)
        if cluster is not None:
            try:
                cluster.stop()
            except Exception:  # noqa: BLE001 - the sweep and the end of the run have to come
                _log.exception("the cluster was not ended in order")
        reaper.sweep_run(self.folder, self.run_id)
        # A full disk delays the end of the run, it does not lose it.
        for _ in self._every(1.0):
            try:
                self.spool.take_in()
                outcomes.write(self.store, self.run_id, outcome)
                return
            except StoreError as error:
                _log.warning("the end of the run could not be written yet: %s", error)

    def _record_source(self) -> None:
        """Have git's word on the source directory among the run's properties, once for all."""
        state = git_state(Path(self.plan.source_directory))
        if state and COMMIT not in self.store.runs.get(self.run_id).properties:
            with contextlib.suppress(StoreError):
                self.store.runs.merge(self.run_id, "properties", state)

    # -- what they share -----------------------------------------------------------------------

    def _every(self, seconds: float) -> Iterator[float]:
        """The time (monotonic), again and again."""
        while True:
            yield time.monotonic()
            time.sleep(seconds)

    def _status(self, status: str, **values: object) -> None:
        _log.info("%s", status)
        for child in self._children.values():
            self.store.runs.set(child, status=status, **{**values, "message": ""})
        self.store.runs.set(self.run_id, status=status, **values)

    def _end_if_asked(self) -> None:
        if self.terminated:
            raise _Ended(Outcome.canceled("The run's supervisor was told to end (SIGTERM)."))
        run = self.store.runs.get(self.run_id)
        if run.status == statuses.CANCEL_REQUESTED:
            raise _Ended(Outcome.canceled(run.cancel_reason or "Canceled."))

    def _look_at_nodes(self, cluster: Cluster) -> None:
        for node in cluster.nodes():
            known = (node.state, node.restarts)
            if self._node_states.get(node.name) == known:
                continue
            role = "head" if node.name == "head" else "worker"
            now = time.time()
            times = {"starting": {"started": now}, "dead": {"ended": now}}.get(node.state, {})
            self.store.nodes.set(
                self._children[role],
                node.name,
                state=node.state,
                reason=node.reason,
                restarts=node.restarts,
                **times,
            )
            self._node_states[node.name] = known
            if node.state != "dead":
                continue
            _log.warning("node %s is dead: %s", node.name, node.reason)
            if role == "head":
                # A script that ended in the same moment says more than its node's death.
                self._end_if_job_is_over(cluster)
                raise _Ended(
                    Outcome.failed(
                        f"The head node died ({node.reason}). Its logs are among the run's files.",
                        type="NodeDied",
                    )
                )
            if not self._whole:
                raise _Ended(
                    Outcome.failed(
                        f"The node {node.name} could not be started ({node.reason}). Its logs are "
                        "among the run's files.",
                        worker=statuses.FAILED,
                        type="NodeDied",
                    )
                )
            sentence = f"The node {node.name} died ({node.reason})"
            steps = self.spool.env_steps_logged
            self.samples.log_event(
                "node_lost", sentence, env_steps=steps if steps >= 0 else None, node=node.name
            )
            self.store.runs.warn(self.run_id, f"{sentence}. The run goes on with what is left.")

    def _end_if_job_is_over(self, cluster: Cluster) -> None:
        exit_file = self.folder / "job" / "exit.json"
        exit_record = outcomes.read_json(exit_file)
        if exit_record is not None:
            raise _Ended(outcomes.of_exit(exit_record))
        job = cluster.job_status()
        if job.state in ("pending", "running"):
            return
        deadline = time.monotonic() + EXIT_GRACE
        while time.monotonic() < deadline:
            exit_record = outcomes.read_json(exit_file)
            if exit_record is not None:
                raise _Ended(outcomes.of_exit(exit_record))
            time.sleep(TICK)
        if job.state == "succeeded":
            # It left by os._exit(0), or became another program: nobody could write its end.
            raise _Ended(Outcome(statuses.COMPLETED))
        raise _Ended(
            Outcome.failed(
                f"The entry script was ended from outside. {job.message}".strip(),
                type="JobEnded",
            )
        )

    def _look_for_progress(self) -> None:
        """Say so when env steps stop coming for many times the usual iteration, and when they
        come again."""
        self.progress.update(self.spool.advances, time.monotonic())
        change = self.progress.changed(time.monotonic())
        if change is None:
            return
        if change:
            where = stacks.dump(self.folder)
            self.store.runs.set(
                self.run_id,
                status=statuses.NOT_RESPONDING,
                message=f"No env step for {self.progress.silence(time.monotonic()):.0f} s; an "
                f"iteration usually takes {self.progress.usual:.1f} s. {where}",
            )
        else:
            self.store.runs.set(self.run_id, status=statuses.RUNNING, message="")

    def _sample(self, cluster: Cluster) -> None:
        for sample in cluster.samples():
            role = "head" if sample.name == "head" else "worker"
            self.samples.for_child(role).log_metrics(
                {
                    f"resources/{sample.name}/cpu": sample.cpu_cores,
                    f"resources/{sample.name}/memory_gb": sample.memory_bytes / 1e9,
                }
            )


def _node_specs(plan: Plan) -> list[NodeSpec]:
    def spec(name: str, group: NodeGroup) -> NodeSpec:
        return NodeSpec(
            name=name,
            cpus=group.cpus,
            gpus=group.gpus,
            memory_bytes=group.memory,
            object_store_bytes=group.object_store,
        )

    workers = plan.worker
    count = 0 if workers is None else workers.node_count
    return [
        spec("head", plan.head),
        *(spec(f"worker-{i}", workers) for i in range(count) if workers is not None),
    ]


def _waiting_for(wait: Wait) -> str:
    nodes = "1 node" if wait.wanted == 1 else f"{wait.wanted} nodes"
    sentence = f"Waits for {nodes} of {wait.target} ({wait.free} of {wait.total} free)"
    if wait.before:
        runs = "1 run" if len(wait.before) == 1 else f"{len(wait.before)} runs"
        sentence += f"; {runs} before it"
    return f"{sentence}."


def _enumerate(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def main() -> None:
    """Entry point of the process."""
    workspace, run_id, fd = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    RunLock.inherited(fd)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s.%(msecs)03d %(name)s %(message)s",
        datefmt="%H:%M:%S",
    )
    lead_session()
    adopt_orphans()
    supervisor = Supervisor(Store.open(workspace), workspace, run_id)

    def told_to_end(_number: int, _frame: FrameType | None) -> None:
        supervisor.terminated = True

    signal.signal(signal.SIGTERM, told_to_end)
    signal.signal(signal.SIGINT, told_to_end)
    supervisor.run()
    # Nothing is left to be done and the run reads as ended: be gone in the same moment. The
    # system gives the lock back.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
