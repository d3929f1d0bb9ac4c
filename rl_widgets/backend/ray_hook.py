"""What `ray start` cannot be told by its arguments (Ray calls `start` through RAY_START_HOOK).

Every change is to this one process, which is a `ray start` of ours and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

LOOPBACK = "127.0.0.1"
HEAD_FILE = "RL_WIDGETS_HEAD_FILE"
"""Names the file in which the head says where it is as soon as nodes may join."""
RAYLET_ENDED = "the raylet ended before the node had joined"


def start(ray_params: Any, head: bool) -> None:
    """Keep a local cluster on the loopback interface, and start side by side what can."""
    _stay_on_loopback(ray_params)
    # It would listen on a fixed port, or end the node where that is taken; nobody asks for it.
    ray_params.ray_client_server_port = None
    _give_up_with_the_raylet()
    head_file = Path(os.environ[HEAD_FILE])
    if head:
        _start_dashboard_beside_raylet(head_file)
    else:
        _join_before_the_head_is_whole(head_file)


def _stay_on_loopback(ray_params: Any) -> None:
    """Ray listens on every interface as soon as a node has another address than the loopback's,
    and replaces that address where it is given on the command line."""
    from ray._private import ray_constants, services

    def loopback_address(address: str | None = None) -> str:
        return LOOPBACK

    ray_params.node_ip_address = LOOPBACK
    services.get_node_ip_address = loopback_address
    # The environment switches clusters off (that is what makes every other process keep the
    # loopback address); this process alone must still be allowed to join one.
    ray_constants.ENABLE_RAY_CLUSTER = True


def _give_up_with_the_raylet() -> None:
    """Ray asks for a node for 30 s, not longer, and although its raylet has ended.

    A raylet ends when its agents need more than 15 s to start, as on a machine that is busy
    (ray#65983); the sooner that is known, the sooner the node is started again.
    """
    from ray._private import services
    from ray._private.node import Node

    start_raylet, get_node = Node.start_raylet, services.get_node
    raylets: list[Any] = []

    def remember_raylet(node: Any, *arguments: Any, **options: Any) -> None:
        start_raylet(node, *arguments, **options)
        raylets.extend(entry.process for entry in node.all_processes["raylet"])

    def get_node_of_a_living_raylet(*arguments: Any, **options: Any) -> Any:
        while True:
            for raylet in raylets:
                if raylet.poll() is not None:
                    raise OSError(f"{RAYLET_ENDED} (exit code {raylet.returncode})")
            # Each try lasts RAY_raylet_start_wait_time_s.
            with contextlib.suppress(RuntimeError):
                return get_node(*arguments, **options)

    Node.start_raylet = remember_raylet
    services.get_node = get_node_of_a_living_raylet


def _start_dashboard_beside_raylet(head_file: Path) -> None:
    """Ray waits for its dashboard (3 s) before it starts the raylet, which needs it for nothing."""
    from ray._private import services
    from ray._private.node import Node

    start_dashboard, start_rest = Node.start_api_server, Node.start_ray_processes
    launch = services.start_api_server
    rest_started, dashboard_started = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def launch_then_wait(*arguments: Any, **options: Any) -> Any:
        launched = launch(*arguments, **options)
        # What comes now writes to the node's tables, which the other thread reads until then.
        rest_started.wait()
        return launched

    def begin_dashboard(node: Any, **options: Any) -> None:
        def run() -> None:
            try:
                start_dashboard(node, **options)
            except BaseException as error:  # noqa: BLE001 - raised again by the main thread
                failures.append(error)
            dashboard_started.set()
            # Processes end with the thread that made them (PR_SET_PDEATHSIG): it stays.
            threading.Event().wait()

        told = {"gcs_address": node.gcs_address, "session": node.get_session_dir_path()}
        partial = head_file.with_suffix(".partial")
        partial.write_text(json.dumps(told))
        partial.replace(head_file)
        threading.Thread(target=run, name="dashboard", daemon=True).start()

    def start_both(node: Any) -> None:
        try:
            start_rest(node)
        finally:
            rest_started.set()
        dashboard_started.wait()
        if failures:
            raise failures[0]

    services.start_api_server = launch_then_wait
    Node.start_api_server = begin_dashboard
    Node.start_ray_processes = start_both


def _join_before_the_head_is_whole(head_file: Path) -> None:
    """Ray asks every 2 s for the head's raylet, only to learn two folders that are known here."""
    from ray._private import node
    from ray.core.generated.gcs_pb2 import GcsNodeInfo

    session = json.loads(head_file.read_text())["session"]

    def known_head(*arguments: Any, **options: Any) -> list[SimpleNamespace]:
        alive = GcsNodeInfo.GcsNodeState.ALIVE
        temp_dir = str(Path(session).parent)
        return [SimpleNamespace(state=alive, temp_dir=temp_dir, session_dir=session)]

    node.get_all_node_info_until_retrieved = known_head
