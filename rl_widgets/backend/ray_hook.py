"""What `ray start` cannot be told by its arguments (Ray calls `start` through RAY_START_HOOK)."""

from __future__ import annotations

from typing import Any

LOOPBACK = "127.0.0.1"


def start(ray_params: Any, head: bool) -> None:
    """Keep a local cluster on the loopback interface and leave the Ray client server out.

    Ray listens on every interface as soon as a node has another address than the loopback's, and
    replaces that address when it is given on the command line.
    """
    from ray._private import ray_constants, services

    ray_params.ray_client_server_port = None
    ray_params.node_ip_address = LOOPBACK

    def loopback_address(address: str | None = None) -> str:
        return LOOPBACK

    services.get_node_ip_address = loopback_address
    # The environment switches clusters off (that is what makes every other process keep the
    # loopback address); this process alone must still be allowed to join one.
    ray_constants.ENABLE_RAY_CLUSTER = True
