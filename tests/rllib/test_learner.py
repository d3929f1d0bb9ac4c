"""The guard of IMPALA's learner thread, without RLlib."""

import threading

import pytest

from rl_widgets.rllib.learner import _GuardedEvent, _GuardedQueue, _LearnerThreadGuard


@pytest.fixture
def dead_thread(monkeypatch):
    """A guard whose learner thread has died of an exception."""
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
    guard = _LearnerThreadGuard()

    def work():
        raise ZeroDivisionError("in the loss")

    thread = threading.Thread(target=work)
    guard.watch(thread)
    thread.start()
    thread.join()
    return guard


def test_waiting_for_a_dead_learner_raises_what_killed_it(dead_thread):
    with pytest.raises(ZeroDivisionError, match="in the loss"):
        _GuardedEvent(dead_thread).wait()


def test_a_full_queue_of_a_dead_learner_raises_what_killed_it(dead_thread):
    queue = _GuardedQueue(1, dead_thread)
    queue.put("first")
    with pytest.raises(ZeroDivisionError, match="in the loss"):
        queue.put("second")


def test_other_threads_do_not_count(monkeypatch):
    elsewhere = []
    monkeypatch.setattr(threading, "excepthook", elsewhere.append)
    guard = _LearnerThreadGuard()
    alive = threading.Event()
    watched = threading.Thread(target=alive.wait)
    guard.watch(watched)
    watched.start()

    def work():
        raise ValueError("another thread")

    other = threading.Thread(target=work)
    other.start()
    other.join()
    guard.check()
    assert len(elsewhere) == 1
    event = _GuardedEvent(guard)
    event.set()
    assert event.wait()
    alive.set()
    watched.join()
