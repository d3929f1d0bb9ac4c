"""How many messages the views of a kernel send, and that they wait for a page that is behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rl_widgets import RunDetails
from rl_widgets.view.held_run import HeldRun
from rl_widgets.widgets import live_view, pace, run_details
from rl_widgets.widgets.pace import ASK_AFTER, COST, LATE, PATIENCE, Budget, Pace
from tests.view.fixture_runs import FixtureRun
from tests.widgets.conftest import Clock, Messages, NotebookShell, wait_until
from tests.widgets.test_run_details import display


class Page:
    """A front end that answers when it is told to."""

    def __init__(self, of: Pace) -> None:
        self._pace = of

    def answer(self) -> None:
        asks, answers = self._pace._asks, self._pace._answers
        assert asks is not None
        assert answers is not None
        answers.set_state({"order": asks.order})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def own(messages: Messages, clock: Clock) -> Pace:
    return Pace(clock)


def draw(own: Pace, messages_sent: int) -> None:
    for _ in range(messages_sent // COST):
        own.drawn()


def is_let_through(own: Pace) -> bool:
    """Whether a view's turn comes without the page's doing anything."""
    stop, done = threading.Event(), threading.Event()

    def wait() -> None:
        own.wait_turn(stop)
        if not stop.is_set():
            done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    through = done.wait(4 * LATE)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    return through


def test_a_budget_is_shared_by_those_who_wait() -> None:
    clock = Clock()
    budget = Budget(rate=100.0, burst=40.0, clock=clock)
    waits = [budget.take(20.0) for _ in range(6)]
    assert waits == pytest.approx([0.0, 0.0, 0.2, 0.4, 0.6, 0.8])
    clock.now += 10.0
    assert budget.take(40.0) == 0.0
    assert budget.take(10.0) == pytest.approx(0.1)


def test_the_page_is_asked_seldom_and_its_answer_is_heard(own: Pace, messages: Messages) -> None:
    draw(own, ASK_AFTER)
    draw(own, 5 * ASK_AFTER)
    asked = [m for m in messages.updates() if "order" in m.state]
    assert len(asked) == 1
    assert not own.heard
    Page(own).answer()
    assert own.heard
    draw(own, ASK_AFTER)
    assert len([m for m in messages.updates() if "order" in m.state]) == 2


def test_nobody_waits_for_a_page_that_has_never_answered(own: Pace, clock: Clock) -> None:
    draw(own, ASK_AFTER)
    clock.now += 2 * LATE
    assert is_let_through(own)


def test_views_wait_for_a_page_that_is_late_until_it_answers(own: Pace, clock: Clock) -> None:
    draw(own, ASK_AFTER)
    Page(own).answer()
    draw(own, ASK_AFTER)
    assert is_let_through(own)
    clock.now += 2 * LATE
    assert not is_let_through(own)
    through = threading.Event()
    thread = threading.Thread(target=lambda: (own.wait_turn(threading.Event()), through.set()))
    thread.start()
    Page(own).answer()
    assert through.wait(10)
    thread.join(10)


def test_a_page_that_is_gone_is_waited_for_no_longer(own: Pace, clock: Clock) -> None:
    draw(own, ASK_AFTER)
    Page(own).answer()
    draw(own, ASK_AFTER)
    clock.now += PATIENCE + 1.0
    assert is_let_through(own)
    assert not own.heard
    # Another one that opens later is found.
    clock.now += PATIENCE + 1.0
    draw(own, ASK_AFTER)
    Page(own).answer()
    assert own.heard


def test_it_goes_on_after_all_widgets_were_closed(own: Pace) -> None:
    draw(own, ASK_AFTER)
    Page(own).answer()
    assert own._asks is not None
    own._asks.close()
    draw(own, ASK_AFTER)
    Page(own).answer()
    assert own._asked == own._answered


@pytest.fixture
def details(
    fixture: FixtureRun,
    messages: Messages,
    shell: NotebookShell,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[RunDetails]:
    monkeypatch.setattr(run_details, "PACE", Pace())
    view = RunDetails(fixture.run)
    yield view
    view.close()
    wait_until(lambda: not view.following, "the end of the view's threads")


def test_while_the_page_is_late_nothing_is_sent_and_then_the_newest(
    fixture: FixtureRun, details: RunDetails, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "PATIENCE", 1000.0)
    own = run_details.PACE
    draw(own, ASK_AFTER)
    Page(own).answer()
    details.show()
    display(details)
    fixture.result(1, 1.0)
    wait_until(lambda: details._view.curve.points == 1, "the first point")
    draw(own, ASK_AFTER)
    wait_until(own._late, "a page that is late")
    wait_until(lambda: not details._thread.busy, "quiet")
    messages.clear()
    for i in range(2, 12):
        fixture.result(i, float(i))
    assert not is_let_through(own)
    assert not [m for m in messages.updates() if "y" in m.state]
    Page(own).answer()
    wait_until(lambda: details._view.curve.points == 11, "the newest point")
    wait_until(lambda: not details._thread.busy, "quiet")
    # What moves beside the line is where the legend of a saved picture stands.
    drawn = [m for m in messages.updates() if {"x", "y"} <= m.state.keys()]
    assert len([m for m in drawn if "x_offset" not in m.state and "text" not in m.state]) == 1


def test_a_view_that_no_page_draws_rests_until_one_does(
    fixture: FixtureRun,
    details: RunDetails,
    shell: NotebookShell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_details, "_UNSEEN", 0.0)
    draw(run_details.PACE, ASK_AFTER)
    Page(run_details.PACE).answer()
    details.show()
    assert details._follower is not None
    # The page's count may wait for the end of the cell, as in `run.wait_for_completion()`.
    drawn = details._follower._handed_on
    wait_until(lambda: details._follower._handed_on > drawn, "a drawing while the cell runs")
    assert not details._follower.paused
    shell.end_cell()
    wait_until(lambda: details._follower.paused, "the rest")
    points = details._view.curve.points
    fixture.result(1, 1.0)
    display(details)
    wait_until(lambda: details._view.curve.points == points + 1, "what came meanwhile")
    assert not details._follower.paused


def test_twenty_views_of_a_run_read_it_once(
    fixture: FixtureRun,
    messages: Messages,
    shell: NotebookShell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_details, "PACE", Pace())
    monkeypatch.setattr(live_view, "wait_for_making", lambda _messages: None)
    views = [RunDetails(fixture.run) for _ in range(20)]
    for view in views:
        view.show()
        display(view)
    try:
        fixture.result(1, 1.0)
        wait_until(lambda: all(v._view.curve.points == 1 for v in views), "the point in each")
        reads = []
        read = HeldRun._read
        monkeypatch.setattr(HeldRun, "_read", lambda held: (reads.append(held), read(held))[1])
        fixture.result(2, 2.0)
        wait_until(lambda: all(v._view.curve.points == 2 for v in views), "the point in each")
        assert len(set(map(id, reads))) == 1
        # Taking in a result is some transactions; twenty readers would read twenty times as often.
        assert len(reads) < 12
    finally:
        for view in views:
            view.close()
        wait_until(lambda: not any(v.following for v in views), "the end of the threads")
