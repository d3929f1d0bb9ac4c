"""What a run is made of, after every check: submit writes it, the supervisor follows it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class NodeGroup:
    """Nodes of one kind: on which target, how many, how large (bytes)."""

    target: str
    vm_size: str
    node_count: int
    cpus: int
    gpus: int
    memory: int
    object_store: int


@dataclass(frozen=True)
class Plan:
    """A checked submission. `as_definition` is what the record keeps of it."""

    entry_script: str
    arguments: list[str]
    source_directory: str
    head: NodeGroup
    worker: NodeGroup | None
    script_params: dict[str, Any] | list[str] = field(default_factory=dict)
    stop: dict[str, Any] | None = None
    framework_version: str = ""
    framework_arguments: list[str] = field(default_factory=list)
    #: What Ray installs for the run; `requirements` are all that were asked for.
    pip_packages: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    #: Names only; the values, which may be secret, stand in a file of the run's folder.
    environment_variables: list[str] = field(default_factory=list)
    cluster_coordination_timeout_seconds: int | None = None
    max_run_duration_seconds: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    #: The program that submitted it, whose packages it has.
    python: str = ""

    def requests(self) -> dict[str, int]:
        """Nodes wanted of each target."""
        wanted = {self.head.target: 1}
        if self.worker is not None and self.worker.target:
            wanted[self.worker.target] = wanted.get(self.worker.target, 0) + self.worker.node_count
        return wanted

    def as_definition(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return asdict(self)

    @classmethod
    def from_definition(cls, definition: dict[str, Any]) -> Plan:
        """The plan that `as_definition` gave."""
        worker = definition["worker"]
        return cls(
            **{
                **definition,
                "head": NodeGroup(**definition["head"]),
                "worker": None if worker is None else NodeGroup(**worker),
            }
        )
