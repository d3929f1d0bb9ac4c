"""The supervisor's end of the launcher: requests to it, events from it."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl_widgets.backend.errors import ClusterError
from rl_widgets.backend.local_node import LocalNode


class LauncherClient:
    """Starts the launcher; when this process ends, however, the launcher ends all it runs."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._log = folder / "launcher.log"
        self._lock = threading.Lock()
        self._pending = b""
        self._started: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._gone = False
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "rl_widgets.backend.launcher"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=dict(environment),
                cwd=folder,
                start_new_session=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests = self._process.stdin
        self._events = self._process.stdout
        os.set_blocking(self._events.fileno(), False)

    @property
    def pid(self) -> int:
        return self._process.pid

    def start_node(self, node: LocalNode, arguments: list[str]) -> None:
        """Ask for a `ray start`; what becomes of it is told by `tell_about`."""
        request = {
            # Unlike its name, its folder is a new one with every attempt to start it.
            "node": node.folder.name,
            "arguments": arguments,
            "environment": {"CUDA_VISIBLE_DEVICES": node.devices},
            "log": str(node.log),
            "folder": str(node.folder),
        }
        try:
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()
        except OSError as error:
            if self._process.poll() is None:
                raise ClusterError(f"The node {node.spec.name} cannot start: {error}.") from error

    def tell_about(self, node: LocalNode) -> None:
        """Bring a node's process id, its end and its failure up to date."""
        self._read()
        name = node.folder.name
        node.pid = self._started.get(name, node.pid)
        node.exit_code = self._ended.get(name, node.exit_code)
        if self._gone and node.exit_code is None:
            node.failure = self._why_gone()

    def wait(self, seconds: float) -> None:
        """Wait until there is something to tell, at most `seconds`."""
        if self._gone:
            threading.Event().wait(seconds)
            return
        # `select.select` knows no file above the 1,024th.
        with selectors.DefaultSelector() as selector:
            selector.register(self._events, selectors.EVENT_READ)
            selector.select(seconds)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._requests.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._events.close()

    def _read(self) -> None:
        with self._lock:
            while not self._gone:
                try:
                    data = os.read(self._events.fileno(), 1 << 16)
                except BlockingIOError:
                    return
                if not data:
                    self._gone = True
                    return
                *lines, self._pending = (self._pending + data).split(b"\n")
                for line in lines:
                    self._take(json.loads(line))

    def _take(self, event: dict[str, Any]) -> None:
        if event["event"] == "started":
            self._started[event["node"]] = event["pid"]
        elif event["event"] == "ended":
            self._ended[event["node"]] = event["exit_code"]

    def _why_gone(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        if any("No module named 'ray'" in line for line in lines):
            return "Ray is not installed in this environment; install rl-widgets[rllib]."
        return f"the launcher ended: {lines[-1]}" if lines else "the launcher was killed"
