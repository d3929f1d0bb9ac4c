"""The numbers of the list's runs, and pages that are held until what they say changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rl_widgets.server import run_table, summary
from rl_widgets.server.run_table import RunTable
from rl_widgets.server.served import Limits, Served
from rl_widgets.server.summary import Summary
from rl_widgets.store import statuses
from rl_widgets.store.database import Store
from rl_widgets.store.errors import StoreError
from rl_widgets.store.runs import RunRecord
from tests.view.fixture_runs import make

IDS = [f"pong_17000000{i:02}_0badcafe" for i in range(5)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Of runs that have ended, the first of which has other numbers than the rest."""
    for i, run_id in enumerate(IDS):
        run = make(tmp_path / "ws", run_id)
        run.start()
        run.result(1, float(i))
        run.end(statuses.COMPLETED)
    served = Served(str(tmp_path / "ws"), tmp_path, Limits())
    yield served
    served.close()


def numbers(table: RunTable) -> dict[str, float | None]:
    return {run_id: one.reward for run_id, one in table.summaries(IDS).items()}


def test_what_a_request_could_not_wait_for_is_told_once_it_is_known(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = served.table
    table.news()
    monkeypatch.setattr(run_table, "LOOK", 0.0)
    assert numbers(table) == {IDS[0]: 0.0}
    etag = served.etag("clock")
    # Whoever looks at the rest next: another request, or the thread beside the server.
    monkeypatch.setattr(run_table, "LOOK", 30.0)
    assert table.summaries(IDS[:2])[IDS[1]].reward == 1.0
    table.catch_up(30.0)
    news = table.news()
    assert news is not None
    assert set(news.runs) == set(IDS[1:])
    assert numbers(table) == {run_id: float(i) for i, run_id in enumerate(IDS)}
    assert served.etag("clock") != etag
    table.catch_up(30.0)
    assert table.news() is None


def test_a_page_is_made_again_when_something_has_changed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def answer(address: str = "/runs") -> str:
        return served.answer(address, served.etag("clock"), lambda: made.append(address) or "text")

    assert [answer(), answer(), answer("/runs?text=x"), answer()] == ["text"] * 4
    assert made == ["/runs", "/runs?text=x"]
    served.workspace.store.runs.describe(IDS[0], description="another one")
    answer()
    assert made == ["/runs", "/runs?text=x", "/runs"]
    monkeypatch.setattr("rl_widgets.server.served._MOST_ANSWERED", 40)
    for i in range(20):
        answer(f"/runs?offset={i}")
    assert len(served._answers) == 10


def test_a_page_of_runs_that_go_on_is_another_each_second(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_800_000_000.0]
    monkeypatch.setattr("rl_widgets.server.served.time.time", lambda: now[0])
    ended, ended_one = served.etag("clock"), served.etag("clock", IDS[0])
    now[0] += 1
    assert (served.etag("clock"), served.etag("clock", IDS[0])) == (ended, ended_one)
    run = make(tmp_path / "ws", "pong_1700000099_0badcafe")
    run.start()
    for run_id in (None, run.run_id):
        before = served.etag("clock", run_id), served.etag("state", run_id)
        now[0] += 1
        assert served.etag("clock", run_id) != before[0]
        assert served.etag("state", run_id) == before[1]
    run.end(statuses.CANCELED)


def test_one_run_that_cannot_be_read_hides_no_other(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_ended = summary.of_ended

    def broken(store: Store, record: RunRecord) -> Summary:
        if record.id == IDS[2]:
            raise StoreError("Its pages are damaged.")
        return of_ended(store, record)

    table = served.table
    table.news()
    with monkeypatch.context() as patch:
        patch.setattr(summary, "of_ended", broken)
        patch.setattr(run_table, "LOOK", 30.0)
        assert set(numbers(table)) == {*IDS} - {IDS[2]}
        table.catch_up(30.0)
        assert table.news() is None
    # It is tried again, by the thread beside the server.
    table.catch_up(30.0)
    news = table.news()
    assert news is not None
    assert news.runs == (IDS[2],)
    assert numbers(table)[IDS[2]] == 2.0


def test_what_has_changed_while_it_was_read_is_still_told(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_ended = summary.of_ended
    table = served.table
    monkeypatch.setattr(run_table, "LOOK", 0.0)

    def changed_meanwhile(store: Store, record: RunRecord) -> Summary:
        found = of_ended(store, record)
        table._mark([record.id])
        return found

    monkeypatch.setattr(summary, "of_ended", changed_meanwhile)
    table.summaries(IDS[:1])
    monkeypatch.setattr(summary, "of_ended", of_ended)
    # It was answered with numbers that are older than its last change.
    table.news()
    table.catch_up(30.0)
    news = table.news()
    assert news is not None
    assert IDS[0] in news.runs
