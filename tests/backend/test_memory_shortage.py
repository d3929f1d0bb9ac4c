"""Processes that the kernel ended for lack of memory (backend/memory_shortage.py)."""

from pathlib import Path

import pytest

from rl_widgets.backend.memory_shortage import COUNTERS, SENTENCE, MemoryShortage
from rl_widgets.backend.outcome import Outcome
from rl_widgets.store import statuses


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    file = tmp_path / "vmstat"
    file.write_text("pgfault 17\noom_kill 3\n")
    return file


def test_a_failure_says_that_memory_was_short(counter: Path) -> None:
    shortage = MemoryShortage((counter, counter.with_name("absent")))
    died = Outcome.failed("The head node died.", type="NodeDied")
    assert not shortage
    assert shortage.explain(died) is died
    counter.write_text("pgfault 18\noom_kill 4\n")
    assert shortage
    explained = shortage.explain(died)
    assert explained.message == f"{SENTENCE} The head node died."
    assert explained.error == {"message": explained.message, "type": "NodeDied"}


def test_other_ends_stay_as_they_are(counter: Path) -> None:
    shortage = MemoryShortage((counter,))
    counter.write_text("oom_kill 9\n")
    for outcome in (Outcome(statuses.COMPLETED), Outcome.canceled("Canceled.")):
        assert shortage.explain(outcome) is outcome


def test_what_cannot_be_read_counts_nothing(counter: Path) -> None:
    counter.write_text("oom_kill many\n")
    assert not MemoryShortage((counter, counter.parent))


@pytest.mark.skipif(not COUNTERS[0].exists(), reason="no Linux")
def test_this_kernel_counts_them() -> None:
    assert "\noom_kill " in COUNTERS[0].read_text()
