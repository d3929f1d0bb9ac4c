"""What every cluster can do, wherever its nodes are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

JobPhase = Literal["pending", "running", "succeeded", "failed", "stopped"]
NodePhase = Literal["starting", "alive", "dead"]


@dataclass(frozen=True)
class NodeSpec:
    """One node to start: what Ray may hand out on it. Sizes in bytes."""

    name: str
    cpus: int
    gpus: int
    memory_bytes: int
    object_store_bytes: int


@dataclass(frozen=True)
class NodeState:
    """A node as it is now; `alive` means that the cluster knows it."""

    name: str
    state: NodePhase
    pid: int | None
    exit_code: int | None
    address: str | None
    reason: str
    #: How often it was started again.
    restarts: int = 0


@dataclass(frozen=True)
class NodeSample:
    """What all processes of a node used since the sample before: cores busy, bytes held."""

    name: str
    time: float
    cpu_cores: float
    memory_bytes: int


@dataclass(frozen=True)
class JobSpec:
    """The entry script, its arguments, and where its copy and its run are kept."""

    entry_script: str
    arguments: list[str]
    snapshot: Path
    run_folder: Path
    pip_packages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class JobStatus:
    """Where the job stands; `exit_code` and `message` say how it ended."""

    state: JobPhase
    message: str = ""
    exit_code: int | None = None


class Cluster(Protocol):
    """One head, its workers and one job. No call waits long except `stop`."""

    def start(self) -> None:
        """Begin to start the nodes; returns at once."""

    def nodes(self) -> list[NodeState]:
        """State of every node, head first. A dead process is seen at once."""

    def submit(self, job: JobSpec) -> None:
        """Hand over the job; it is sent as soon as the head takes it and waits for `release`."""

    def job_status(self) -> JobStatus:
        """Where the job stands."""

    def release(self) -> None:
        """The cluster is whole: let the bootstrap begin the entry script."""

    def stop_job(self) -> None:
        """End the job; the cluster stays."""

    def samples(self) -> list[NodeSample]:
        """CPU and memory of each node's processes."""

    def stop(self) -> None:
        """End every process, keep the logs in the run folder, leave nothing else. Idempotent."""
