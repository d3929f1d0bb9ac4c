"""The arguments of `ray start` for each node of a local cluster, and the sizes they carry."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace

import psutil

from rl_widgets.backend.cluster import NodeSpec
from rl_widgets.backend.errors import ClusterError
from rl_widgets.backend.ray_hook import LOOPBACK

OBJECT_STORE_MINIMUM = 80 << 20
"""Ray refuses less than 75 MiB."""

_OURS = {
    "--address", "--autoscaling-config", "--block", "--dashboard-agent-listen-port",
    "--dashboard-host", "--dashboard-port", "--head", "--include-dashboard", "--max-worker-port",
    "--memory", "--min-worker-port", "--no-monitor", "--node-ip-address", "--node-name",
    "--num-cpus", "--num-gpus", "--object-store-memory", "--port", "--ray-client-server-port",
    "--temp-dir", "--worker-port-list", "--gcs-server-port", "--no-redirect-output",
    "--plasma-directory",
}  # fmt: skip


def check_framework_arguments(arguments: Sequence[str]) -> None:
    """Refuse arguments that set what rl_widgets sets. Raises ClusterError naming the argument."""
    for argument in arguments:
        name = argument.split("=", 1)[0]
        if name in _OURS:
            raise ClusterError(
                f"The framework argument {argument!r} cannot be given: rl_widgets sets {name} "
                "itself. Ports, addresses and folders are chosen for each run, names and sizes "
                "come from the compute targets, and the object store from shm_size."
            )


def head_arguments(node: NodeSpec, folder: str, extra: Sequence[str]) -> list[str]:
    return [
        "--head",
        "--port=0",
        "--include-dashboard=true",
        f"--dashboard-host={LOOPBACK}",
        "--dashboard-port=0",
        "--no-monitor",
        *_node_arguments(node, folder),
        *extra,
    ]


def worker_arguments(node: NodeSpec, folder: str, address: str) -> list[str]:
    return [f"--address={address}", *_node_arguments(node, folder)]


def _node_arguments(node: NodeSpec, folder: str) -> list[str]:
    return [
        "--block",
        f"--node-name={node.name}",
        f"--temp-dir={folder}",
        f"--num-cpus={node.cpus}",
        f"--num-gpus={node.gpus}",
        f"--memory={node.memory_bytes}",
        f"--object-store-memory={node.object_store_bytes}",
        "--dashboard-agent-listen-port=0",
        "--min-worker-port=0",
        "--max-worker-port=0",
    ]


def visible_devices(nodes: Sequence[NodeSpec], devices: Sequence[str] | None) -> list[str]:
    """CUDA_VISIBLE_DEVICES of each node: every node its own part of `devices`, in order.

    Without `devices`, the machine's, as CUDA_VISIBLE_DEVICES names them or counted from 0.
    """
    if devices is None:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        wanted = sum(node.gpus for node in nodes)
        devices = [str(i) for i in range(wanted)] if visible is None else visible.split(",")
    left = [device for device in devices if device]
    parts = []
    for node in nodes:
        part, left = left[: node.gpus], left[node.gpus :]
        if len(part) < node.gpus:
            raise ClusterError(
                f"Node {node.name} needs {node.gpus} GPUs and only {len(part)} are left on this "
                "machine; ask for fewer (use_gpu=False, or a size without GPU)."
            )
        parts.append(",".join(part))
    return parts


def fit_object_stores(nodes: Sequence[NodeSpec]) -> tuple[list[NodeSpec], list[str]]:
    """The same nodes with object stores that fit the machine, and a sentence for each cut."""
    room = psutil.virtual_memory().available * 6 // 10
    where = "60 % of this machine's free memory"
    if sys.platform == "linux":
        shared = os.statvfs("/dev/shm")  # noqa: S108 - where Ray keeps its object store
        free = shared.f_bavail * shared.f_frsize * 9 // 10
        if free < room:
            room, where = free, "the free part of /dev/shm"
    fitted: list[NodeSpec] = []
    notes: list[str] = []
    asked = sum(node.object_store_bytes for node in nodes)
    for node in nodes:
        share = node.object_store_bytes
        if asked > room:
            share = share * room // asked
        size = max(share, OBJECT_STORE_MINIMUM)
        if size < node.object_store_bytes:
            notes.append(
                f"The object store of node {node.name} is {_megabytes(size)} instead of "
                f"{_megabytes(node.object_store_bytes)}: all nodes together may take {where}."
            )
        fitted.append(replace(node, object_store_bytes=size))
    return fitted, notes


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
