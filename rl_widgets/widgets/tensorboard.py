"""The real TensorBoard on the event files of runs, while they run and after."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from rl_widgets.run import Run
from rl_widgets.store import statuses
from rl_widgets.store.errors import RLWidgetsError, UserError
from rl_widgets.view.tensorboard_events import RecordedEvents, has_event_files

_log = logging.getLogger(__name__)

#: Seconds that TensorBoard may take until it answers.
START_TIMEOUT = 90.0
#: Seconds between two looks at what runs without event files have logged.
_PERIOD = 2.0

_URL = re.compile(r"TensorBoard \S+ at (https?://\S+)")

#: TensorBoard, ended with the pipe to this process: also where that was killed.
_MAIN = """
import os, sys, threading
def end():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=end, daemon=True).start()
from tensorboard.main import run_main
run_main()
"""


class Tensorboard:
    """TensorBoard on one or more runs: `start()` gives its URL, `stop()` ends it.

    It shows the event files that a script has under `./logs`, as Tune writes them, while they grow.
    For a run without any they are written from what it has logged. `local_root` is the folder in
    which the runs are shown (default: a temporary one), `port` that of the server (default: a free
    one). It ends with this process at the latest.
    """

    def __init__(
        self,
        runs: Run | Sequence[Run],
        local_root: str | None = None,
        port: int | None = None,
        use_display_name: bool = False,
    ) -> None:
        chosen = [runs] if isinstance(runs, Run) else runs
        if not isinstance(chosen, (list, tuple)) or not all(isinstance(r, Run) for r in chosen):
            raise UserError(f"Tensorboard takes a run or a list of runs, not {runs!r:.60}.")
        if not chosen:
            raise UserError("Tensorboard takes at least one run: Tensorboard([run]).")
        if port is not None and (type(port) is not int or not 0 < port < 65_536):
            raise UserError(f"port is a whole number from 1 to 65535, or None, not {port!r:.60}.")
        self._runs = list(chosen)
        self._root = local_root
        self._port = port or 0
        self._use_display_name = use_display_name
        self._process: subprocess.Popen[bytes] | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._writing: threading.Thread | None = None
        self._linked: list[Path] = []
        #: Where it answers, None while it does not run.
        self.url: str | None = None

    def start(self, start_browser: bool = False) -> str:
        """Start the server and return its URL. Raises `RLWidgetsError` where it does not start."""
        if importlib.util.find_spec("tensorboard") is None:
            raise RLWidgetsError(
                "TensorBoard is not installed: pip install 'rl-widgets[tensorboard]'."
            )
        with self._lock:
            if self._process is not None:
                raise UserError("This TensorBoard runs already; .stop() ends it.")
            try:
                log, process = self._launch()
            except BaseException:
                self._stop()
                raise
        self.url = self._wait_for_url(log, process)
        if start_browser:
            webbrowser.open(self.url)
        return self.url

    def stop(self) -> None:
        """End the server; nothing is left of it."""
        with self._lock:
            self._stop()

    def _launch(self) -> tuple[Path, subprocess.Popen[bytes]]:
        self._temporary = tempfile.TemporaryDirectory(prefix="rl_widgets-tensorboard-")
        own = Path(self._temporary.name)
        root = Path(self._root or own / "runs").absolute()
        places = self._places(root)
        self._ended.clear()
        self._writing = threading.Thread(
            target=self._write_events,
            args=(places, own / "recorded"),
            name="events for TensorBoard",
            daemon=True,
        )
        self._writing.start()
        log = own / "tensorboard.log"
        command = [sys.executable, "-c", _MAIN, "--logdir", str(root)]
        command += ["--port", str(self._port), "--reload_interval", "2", "--host", "127.0.0.1"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=output
            )
        atexit.register(self.stop)
        return log, self._process

    def _stop(self) -> None:
        self.url = None
        self._ended.set()
        if self._writing is not None:
            self._writing.join(10)
            self._writing = None
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None
        for link in self._linked:
            if link.is_symlink():
                link.unlink(missing_ok=True)
        self._linked = []
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None
        atexit.unregister(self.stop)

    def _places(self, root: Path) -> list[tuple[Run, Path]]:
        """Where each run is shown, under a name of its own."""
        taken: set[str] = set()
        found = []
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"local_root {root} cannot be made ({error.strerror}).") from error
        for run in self._runs:
            given = run.display_name if self._use_display_name else run.id
            name = re.sub(r"[^\w.-]+", "_", given)[:100].strip(".") or run.id
            # Two runs may have one name to show.
            name = name if name not in taken else f"{name}_{run.id}"[-200:]
            if name not in taken:
                taken.add(name)
                found.append((run, root / name))
        return found

    def _write_events(self, places: list[tuple[Run, Path]], written: Path) -> None:
        """Link the runs that have event files, write those of the others; on a thread, until the
        runs and all that was logged have ended."""
        left = {run: RecordedEvents(run, written / place.name) for run, place in places}
        while left and not self._ended.is_set():
            for run, place in places:
                if run not in left:
                    continue
                try:
                    final = run.status in statuses.FINAL
                    if not left[run].begun and has_event_files(run):
                        self._link(run.folder / "head" / "logs", place)
                        del left[run]
                        continue
                    if left[run].write_new():
                        self._link(written / place.name, place)
                    if final:
                        left.pop(run).close()
                except (RLWidgetsError, OSError):
                    # Tried again: a record that is locked now, a disk that is full.
                    _log.warning("No event files of %s now", run.id, exc_info=True)
            self._ended.wait(_PERIOD)
        for events in left.values():
            events.close()

    def _link(self, folder: Path, place: Path) -> None:
        if place not in self._linked:
            self._linked.append(place)
            with contextlib.suppress(FileExistsError):
                os.symlink(folder, place)

    def _wait_for_url(self, log: Path, process: subprocess.Popen[bytes]) -> str:
        deadline = time.monotonic() + START_TIMEOUT
        said = ""
        while time.monotonic() < deadline:
            ended = process.poll() is not None
            # Whoever stops it meanwhile takes its log away.
            with contextlib.suppress(OSError):
                said = log.read_text(errors="replace")
            found = _URL.search(said)
            if ended:
                break
            if found:
                return found.group(1)
            time.sleep(0.1)
        self.stop()
        last = said.strip().splitlines()[-1:]
        raise RLWidgetsError(f"TensorBoard did not start: {' '.join(last) or 'it said nothing'}")
