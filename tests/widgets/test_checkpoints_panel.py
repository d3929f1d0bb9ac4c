"""The tab of the checkpoints without a browser: what it shows, sends, and does when asked."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from rl_widgets import RunDetails
from rl_widgets.store import statuses
from rl_widgets.store.errors import UserError
from rl_widgets.view.charts.marks import EventMark
from rl_widgets.view.reader import RunReader
from rl_widgets.widgets.checkpoints_panel import CheckpointsPanel
from rl_widgets.widgets.panel import PanelContext
from tests.view.fixture_runs import FixtureRun
from tests.view.test_checkpoints import delete, save
from tests.widgets.conftest import Messages, NotebookShell, wait_until


class FakeRun:
    """Takes what the buttons ask for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.error: Exception | None = None
        self.id = "pong_new"

    def resume(self) -> None:
        self.asked.append("resume")
        if self.error is not None:
            raise self.error

    def new_run_from(self, checkpoint: str) -> FakeRun:
        self.asked.append(checkpoint)
        return self


class Tab:
    """A panel on a run of the test's own; what it posts is carried out at once."""

    def __init__(self, fixture: FixtureRun) -> None:
        self.fixture = fixture
        self.run = FakeRun()
        self.again = 0
        self.reader = RunReader.of(fixture.run)
        self.context = PanelContext(
            self.run,  # type: ignore[arg-type]
            self.reader,
            lambda command: command(),
            lambda title: None,
        )
        self.context.again = self._count
        self.panel = CheckpointsPanel(self.context)
        self.draw()

    def _count(self) -> None:
        self.again += 1

    def draw(self) -> None:
        self.panel.draw(self.reader.read())

    def shown(self) -> list[ipywidgets.Widget]:
        def all_of(widget: ipywidgets.Widget) -> Iterator[ipywidgets.Widget]:
            if widget.layout.display == "none":
                return
            yield widget
            for child in getattr(widget, "children", ()):
                yield from all_of(child)

        return list(all_of(self.panel.widget))

    def words(self) -> str:
        return "\n".join(w.value for w in self.shown() if isinstance(w, ipywidgets.HTML))

    def buttons(self) -> list[str]:
        return [w.description for w in self.shown() if isinstance(w, ipywidgets.Button)]

    def click(self, words: str) -> None:
        next(w for w in self.shown() if getattr(w, "description", "") == words).click()


@pytest.fixture
def tab(tmp_path: Path, messages: Messages) -> Iterator[Callable[[FixtureRun], Tab]]:
    made: list[Tab] = []

    def show(fixture: FixtureRun) -> Tab:
        made.append(Tab(fixture))
        return made[-1]

    yield show
    for one in made:
        one.panel.close()


Show = Callable[[FixtureRun], Tab]


def test_before_the_first_one_a_sentence_and_no_buttons_for_it(
    fixture: FixtureRun, tab: Show
) -> None:
    shown = tab(fixture)
    assert "the first one comes after 100 s" in shown.words()
    assert shown.buttons() == ["Download file"]


def test_what_has_not_changed_is_not_sent(
    fixture: FixtureRun, tab: Show, messages: Messages
) -> None:
    save(fixture, 10, -20.0)
    shown = tab(fixture)
    messages.clear()
    shown.draw()
    assert not messages.updates()
    save(fixture, 20, -10.0)
    shown.draw()
    sent = Counter(m.comm_id for m in messages.updates())
    assert 1 <= len(sent) <= 6
    # A choice sends its options and its value apart; all else is one message.
    assert sorted(sent.values())[:-1] == [1] * (len(sent) - 1)
    assert max(sent.values()) <= 2


def test_the_chosen_checkpoint_is_offered_and_taken_back(fixture: FixtureRun, tab: Show) -> None:
    save(fixture, 10, -20.0)
    save(fixture, 20, -10.0)
    shown = tab(fixture)
    assert "iteration-000020" in shown.words()
    shown.panel._choice.value = shown.panel._choice.options[1][1]
    shown.click("Download")
    assert 'download="attempt-1-iteration-000010.zip"' in shown.words()
    shown.panel.close()
    assert "download=" not in shown.words()


def mark(kind: str, path: str) -> EventMark:
    return EventMark(kind, 0.0, 0.0, "Checkpoint of <i>", "Checkpoints", thing=path)


def test_a_mark_on_the_curve_chooses_its_checkpoint(fixture: FixtureRun, tab: Show) -> None:
    old, new = save(fixture, 10, -20.0), save(fixture, 20, -10.0)
    shown = tab(fixture)
    assert "rlw-chosen" not in shown.words()
    shown.panel.show(mark("checkpoint", old))
    assert shown.panel._choice.value == old
    [chosen] = re.findall("<tr[^>]*rlw-chosen.*?</tr>", shown.words())
    assert "iteration-000010" in chosen
    assert 'aria-current="true"' in chosen
    shown.panel._choice.value = new
    [chosen] = re.findall("<tr[^>]*rlw-chosen.*?</tr>", shown.words())
    assert "iteration-000020" in chosen
    delete(fixture, old)
    shown.draw()
    shown.panel.show(mark("checkpoint", old))
    assert shown.panel._choice.value == new
    assert "Checkpoint of &lt;i&gt;: it was deleted" in shown.words()


def test_a_run_that_is_over_is_resumed_after_one_question(fixture: FixtureRun, tab: Show) -> None:
    save(fixture, 10, -20.0)
    shown = tab(fixture)
    assert "Resume from the last" not in shown.buttons()
    fixture.end(statuses.FAILED, {"message": "broken"})
    shown.draw()
    shown.click("Resume from the last")
    assert shown.run.asked == []
    shown.click("Leave it")
    shown.click("Resume from the last")
    shown.click("Yes, resume it")
    assert shown.run.asked == ["resume"]
    assert shown.again == 1


def test_what_hinders_it_is_said_where_it_was_asked(fixture: FixtureRun, tab: Show) -> None:
    save(fixture, 10, -20.0)
    fixture.end(statuses.CANCELED)
    shown = tab(fixture)
    shown.run.error = UserError("The run's snapshot is gone.")
    shown.click("Resume from the last")
    shown.click("Yes, resume it")
    assert "snapshot is gone" in shown.words().replace("&#x27;", "'")
    assert "Resume from the last" in shown.buttons()


def test_a_new_run_is_begun_and_said(fixture: FixtureRun, tab: Show) -> None:
    path = save(fixture, 10, -20.0)
    shown = tab(fixture)
    shown.click("New run from here")
    assert shown.run.asked == []
    # What comes meanwhile takes no question away; and who clicks twice submits once.
    save(fixture, 20, -10.0)
    shown.draw()
    shown.click("Yes, submit it")
    shown.panel._yes.click()
    assert shown.run.asked == [path]
    assert "pong_new has been submitted" in shown.words()


def test_files_of_the_runs_last_moments_are_listed(fixture: FixtureRun, tab: Show) -> None:
    shown = tab(fixture)
    fixture.write_log("the last words\n")
    shown.draw()
    assert shown.panel._files.options == ()
    fixture.end(statuses.COMPLETED)
    shown.draw()
    assert "head/driver_log.txt" in [name for _, name in shown.panel._files.options]


def test_files_are_searched_and_offered(fixture: FixtureRun, tab: Show) -> None:
    fixture.write_log("a line\n")
    shown = tab(fixture)
    assert "head/driver_log.txt" in [name for _, name in shown.panel._files.options]
    shown.panel._search.value = "nothing like it"
    assert shown.panel._files.options == ()
    shown.panel._search.value = "driver"
    shown.panel._files.value = "head/driver_log.txt"
    shown.click("Download file")
    assert 'download="driver_log.txt"' in shown.words()


def test_a_view_follows_its_run_again_after_a_resume(
    fixture: FixtureRun, messages: Messages, shell: NotebookShell
) -> None:
    fixture.result(1, -20.0)
    fixture.end(statuses.CANCELED)
    details = RunDetails(fixture.run)
    details.show()
    details.set_state({"_view_count": 1})
    wait_until(lambda: not details.following, "the rest of a run that is over")
    fixture.workspace.store.runs.reopen(fixture.run_id, 2, {})
    details._context.post(details._context.again)
    wait_until(lambda: "Not started" in details.get_widget_data()["header"]["badge"]["text"], "it")
    fixture.workspace.store.runs.set(fixture.run_id, status=statuses.RUNNING, started=time.time())
    wait_until(lambda: "Running" in str(details), "the new attempt")
    wait_until(
        lambda: (
            details._cancel.widget.layout.display != "none"
            and "Cancel run" in [b.description for b in details._cancel.widget.children]
        ),
        "its button to cancel",
    )
    details.close()
    wait_until(lambda: not details.following, "the end of the view's threads")
