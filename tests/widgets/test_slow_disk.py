"""RunDetails on a slow disk: nobody waits for it but the threads of the view."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rl_widgets import RunDetails
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import FixtureRun
from tests.widgets.conftest import Messages, NotebookShell, wait_until
from tests.widgets.test_run_details import button, display, has_button, is_drawn


class SlowDisk:
    """Whoever reads the record waits, until the disk has answered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers = threading.Event()
        self.answers.set()
        #: The threads that have waited.
        self.waited: set[str] = set()
        for name in ("take_in", "refresh", "differs", "read_status"):
            monkeypatch.setattr(RunReader, name, self._slow(getattr(RunReader, name)))

    def _slow(self, read: Any) -> Any:
        def wait(*args: Any) -> Any:
            if not self.answers.is_set():
                self.waited.add(threading.current_thread().name)
                assert self.answers.wait(120)
            return read(*args)

        return wait


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    slow = SlowDisk(monkeypatch)
    yield slow
    slow.answers.set()


def test_a_slow_disk_keeps_neither_cells_nor_buttons_waiting(
    fixture: FixtureRun, disk: SlowDisk, messages: Messages, shell: NotebookShell
) -> None:
    details = RunDetails(fixture.run)
    details.show()
    display(details)
    fixture.result(1, -21.0)
    wait_until(lambda: is_drawn(details, [-21.0]), "the first point")
    disk.answers.clear()
    fixture.result(2, -20.0)
    wait_until(lambda: bool(disk.waited), "a look that waits")
    # The view's own thread waits, too: the run can be canceled all the same.
    details._thread.post(details._reader.refresh)
    wait_until(lambda: len(disk.waited) == 2, "another that waits")
    button(details, "Cancel run").click()
    wait_until(lambda: has_button(details, "Yes, cancel it"), "the question")
    details.get_widget_data()
    assert not is_drawn(details, [-21.0, -20.0])
    disk.answers.set()
    wait_until(lambda: is_drawn(details, [-21.0, -20.0]), "the second point")
    assert threading.main_thread().name not in disk.waited

    # A view that is closed while the disk keeps it waiting ends as soon as that answers.
    disk.answers.clear()
    disk.waited.clear()
    fixture.result(3, -19.0)
    wait_until(lambda: bool(disk.waited), "a look that waits")
    details.close()
    messages.clear()
    disk.answers.set()
    wait_until(lambda: not details.following, "the end of the view's threads")
    assert not messages.updates()
