"""The real TensorBoard on the event files of runs, while they run and after."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from rl_widgets.run import Run
from rl_widgets.store.errors import RLWidgetsError, UserError

#: Seconds that TensorBoard may take until it answers.
START_TIMEOUT = 90.0

_URL = re.compile(r"TensorBoard \S+ at (https?://\S+)")


class Tensorboard:
    """TensorBoard on one or more runs: `start()` gives its URL, `stop()` ends it.

    `local_root` is the folder in which the runs are shown by links (default: a temporary one),
    `port` that of the server (default: a free one).
    """

    def __init__(
        self,
        runs: Run | Sequence[Run],
        local_root: str | None = None,
        port: int | None = None,
        use_display_name: bool = False,
    ) -> None:
        chosen: list[Run] = [runs] if isinstance(runs, Run) else list(runs)
        if not chosen:
            raise UserError("Tensorboard takes at least one run: Tensorboard([run]).")
        self._runs = chosen
        self._root = local_root
        self._port = port or 0
        self._use_display_name = use_display_name
        self._process: subprocess.Popen[bytes] | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def start(self, start_browser: bool = False) -> str:
        """Start the server and return its URL. Raises `RLWidgetsError` where it does not start."""
        if importlib.util.find_spec("tensorboard") is None:
            raise RLWidgetsError(
                "TensorBoard is not installed: pip install 'rl-widgets[tensorboard]'."
            )
        if self._process is not None:
            raise UserError("This TensorBoard runs already; .stop() ends it.")
        self._temporary = tempfile.TemporaryDirectory(prefix="rl_widgets-tensorboard-")
        root = Path(self._root or self._temporary.name)
        self._link_runs(root)
        log = Path(self._temporary.name) / "tensorboard.log"
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(root)]
        command += ["--port", str(self._port), "--reload_interval", "2", "--host", "127.0.0.1"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        atexit.register(self.stop)
        url = self._wait_for_url(log)
        if start_browser:
            webbrowser.open(url)
        return url

    def stop(self) -> None:
        """End the server; nothing is left of it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None
        atexit.unregister(self.stop)

    def _link_runs(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        for run in self._runs:
            name = run.display_name if self._use_display_name else run.id
            link = root / re.sub(r"[^\w.-]+", "_", name)[:100]
            with contextlib.suppress(FileExistsError):
                os.symlink(run.folder / "head" / "logs", link)

    def _wait_for_url(self, log: Path) -> str:
        deadline = time.monotonic() + START_TIMEOUT
        assert self._process is not None
        while time.monotonic() < deadline and self._process.poll() is None:
            found = _URL.search(log.read_text(errors="replace"))
            if found:
                return found.group(1)
            time.sleep(0.1)
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        self.stop()
        raise RLWidgetsError(f"TensorBoard did not start: {' '.join(last) or 'it said nothing'}")
