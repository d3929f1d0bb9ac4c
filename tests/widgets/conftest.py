"""Widgets without a browser: a comm that records every message."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import comm
import psutil
import pytest
from comm.base_comm import BaseComm

from rl_widgets import ExperimentForm, Workspace
from rl_widgets.widgets.form import Form
from rl_widgets.widgets.subshells import PAGE
from tests.view.fixture_runs import FixtureRun, make


@pytest.fixture(autouse=True)
def page_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a kernel whose page has not been heard yet."""
    monkeypatch.setattr(PAGE, "heard_beside_cells", None)


@pytest.fixture
def fixture(tmp_path: Path) -> FixtureRun:
    """A run that has begun."""
    run = make(tmp_path / "ws")
    run.start()
    return run


class Message:
    """One message to the front end: which widget, what, on which thread."""

    def __init__(self, comm_id: str, kind: str, data: dict[str, Any]) -> None:
        self.comm_id = comm_id
        self.kind = kind
        self.state = data.get("state", {}) if data.get("method") == "update" else {}
        self.thread = threading.current_thread().name


class Messages(list[Message]):
    """All messages that were sent."""

    def updates(self) -> list[Message]:
        """Those that change a widget."""
        return [m for m in self if m.state]


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> Messages:
    sent = Messages()

    class RecordingComm(BaseComm):
        def publish_msg(
            self,
            msg_type: str,
            data: Any = None,
            metadata: Any = None,
            buffers: Any = None,
            **k: Any,
        ) -> None:
            sent.append(Message(self.comm_id, msg_type, data or {}))

    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    return sent


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class NotebookShell:
    """As much of IPython's shell as displaying takes."""

    kernel = object()

    def __init__(self) -> None:
        self.outputs: dict[str, dict[str, Any]] = {}
        self.published: list[tuple[bool, dict[str, Any]]] = []
        self.hooks: list[Callable[[Any], None]] = []
        self.display_pub = self
        self.events = self
        self._numbers = itertools.count()

    def publish(
        self, data: Any, metadata: Any = None, transient: Any = None, update: bool = False
    ) -> None:
        key = (transient or {}).get("display_id") or f"output-{next(self._numbers)}"
        assert update == (key in self.outputs)
        self.outputs[key] = data
        self.published.append((update, data))

    def register(self, event: str, hook: Callable[[Any], None]) -> None:
        assert event in ("pre_run_cell", "post_run_cell")
        if event == "post_run_cell":
            self.hooks.append(hook)

    def unregister(self, event: str, hook: Callable[[Any], None]) -> None:
        self.hooks.remove(hook)

    def end_cell(self) -> None:
        for hook in list(self.hooks):
            hook(None)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> NotebookShell:
    shell = NotebookShell()
    for module in ("live_view", "run_details", "compare_runs", "form"):
        monkeypatch.setattr(f"rl_widgets.widgets.{module}.notebook_shell", lambda: shell)
    return shell


def wait_until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.005)


@pytest.fixture
def form(ws: Workspace) -> Iterator[ExperimentForm]:
    """The form of an experiment in the test's workspace."""
    made = ExperimentForm(ws)
    yield made
    settled(made)
    made.close()


def control(form: Form, path: str) -> Any:
    """The widget in which a field is typed."""
    return form._drawn.controls[path].control


def settled(form: Form) -> None:
    """Return when what was typed has been checked and drawn."""
    wait_until(lambda: not form._thread.busy, "the drawing of the form")


def boards() -> list[psutil.Process]:
    """The TensorBoards that this process has started and that run."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            zombie = process.status() == psutil.STATUS_ZOMBIE
            if "tensorboard" in " ".join(process.cmdline()) and not zombie:
                found.append(process)
    return found
