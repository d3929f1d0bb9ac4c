"""The record: one truth for many processes, which loses and doubles nothing."""

from __future__ import annotations

import math
import multiprocessing
import os
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from rl_widgets.store import blocks, schema, statuses
from rl_widgets.store.database import FILE_NAME, Store
from rl_widgets.store.errors import ConflictError, NotFoundError, SchemaError, StoreError
from rl_widgets.store.metrics import NewPoint
from rl_widgets.store.nodes import NodeRecord
from rl_widgets.store.runs import RunRecord
from rl_widgets.store.servers import ServerRecord


def parent(run_id: str, **values: object) -> RunRecord:
    return RunRecord(
        id=run_id, experiment="exp", role="parent", type="t", created=time.time(), **values
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "ws")


def test_numbers_count_runs_and_children_share_them(store: Store) -> None:
    child = RunRecord(id="a_head", experiment="exp", role="head", type="t", created=0.0, parent="a")
    assert store.runs.add(parent("a"), [child], {}).number == 1
    assert store.runs.add(parent("b"), [], {}).number == 2
    assert store.runs.get("a_head").number == 1
    assert [r.id for r in store.runs.find()] == ["b", "a"]
    assert [r.id for r in store.runs.children("a")] == ["a_head"]
    with pytest.raises(NotFoundError, match="no run 'c'"):
        store.runs.get("c")


def test_values_are_ieee_doubles_with_nan_and_infinities(store: Store) -> None:
    store.runs.add(parent("a"), [], {})
    values = [0.1, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308]
    store.metrics.add([NewPoint("a", "x", 1, 0.0, v, step=2**63 - 1) for v in values])
    [series] = store.metrics.series(["a"])
    points = store.metrics.points([series.id])
    assert [repr(v) for v in points.value.tolist()] == [repr(v) for v in values]
    assert points.step[0] == float(2**63 - 1)


def test_a_reader_gets_only_what_came_after(store: Store) -> None:
    store.runs.add(parent("a"), [], {})
    store.metrics.add([NewPoint("a", "x", 1, float(i), i) for i in range(4)])
    [series] = store.metrics.series(["a"])
    first = store.metrics.points([series.id])
    store.metrics.add([NewPoint("a", "x", 1, float(i), i) for i in range(4, 10)])
    rest = store.metrics.points([series.id], after=int(first.id[-1]))
    assert first.value.tolist() == [0, 1, 2, 3]
    assert rest.value.tolist() == [4, 5, 6, 7, 8, 9]
    assert len(store.metrics.points([series.id], after=int(rest.id[-1]))) == 0


def test_long_series_are_read_in_blocks_as_they_were_written(store: Store) -> None:
    store.runs.add(parent("a"), [], {})
    n = 2 * blocks.SIZE + 100
    for begin in range(0, n, 5000):
        new = [
            NewPoint("a", name, 1, i / 7, math.nan if i % 1000 == 3 else i / 3, step=i)
            for i in range(begin, min(n, begin + 5000))
            for name in ("x", "y")
        ]
        store.metrics.add([*new, NewPoint("a", "short", 1, float(begin), 1.0)])
    x, y, short = (s.id for s in store.metrics.series(["a"]))
    with store._database.read() as connection:
        assert len(blocks.read(connection, [x], 0).T) == n
        assert connection.scalar(sa.select(sa.func.count()).select_from(schema.blocks)) == 4
    points = store.metrics.points([x, y, short])
    assert (np.diff(points.id) > 0).all()
    for series in (x, y):
        chosen = points.series == series
        expected = np.arange(n) / 3
        expected[3::1000] = np.nan
        np.testing.assert_array_equal(points.value[chosen], expected)
        np.testing.assert_array_equal(points.step[chosen], np.arange(n))
        np.testing.assert_array_equal(points.time[chosen], np.arange(n) / 7)
    assert np.isnan(points.env_steps).all()
    for place in (0, 1, 2 * blocks.SIZE, 4 * blocks.SIZE, len(points) - 1):
        after = int(points.id[place])
        rest = store.metrics.points([x, y, short], after=after)
        np.testing.assert_array_equal(rest.id, points.id[place + 1 :])
        np.testing.assert_array_equal(rest.series, points.series[place + 1 :])


def test_a_record_of_the_first_version_is_brought_forward(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.runs.add(parent("a"), [], {})
    _make_old(store, "1", "DROP TABLE blocks")
    again = Store.open(tmp_path)
    again.metrics.add([NewPoint("a", "x", 1, float(i), i) for i in range(blocks.SIZE)])
    [series] = again.metrics.series(["a"])
    assert len(again.metrics.points([series.id])) == blocks.SIZE
    with again._database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(schema.blocks)) == 1


def _make_old(store: Store, version: str, *statements: str) -> None:
    """What the record of an older version had: version 3 came with columns and a table."""
    with store._database.write() as connection:
        for statement in (
            "DROP TABLE servers",
            "DROP INDEX runs_by_change",
            *(f"ALTER TABLE runs DROP COLUMN {c}" for c in ("archived", "pinned", "change")),
            *statements,
            f"UPDATE meta SET value = '{version}' WHERE key = 'schema_version'",
        ):
            connection.execute(sa.text(statement))
    store.close()


def test_a_record_of_the_second_version_is_brought_forward(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.runs.add(parent("a", tags={"x": "1"}), [], {})
    _make_old(store, "2")
    again = Store.open(tmp_path)
    assert again.runs.get("a").tags == {"x": "1"}
    assert not again.runs.get("a").archived
    before = again.changes(0)
    again.runs.describe("a", archived=True, pinned=True)
    assert (again.runs.get("a").archived, again.runs.get("a").pinned) == (True, True)
    assert again.changes(before.high).runs == {"a"}
    assert again.servers.on("host") == []
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert "runs_by_change" in names
    again.close()
    Store.open(tmp_path).close()


def test_a_look_at_the_changes_tells_each_once(store: Store) -> None:
    for name in "abc":
        head = replace(parent(f"{name}_head"), role="head", parent=name)
        store.runs.add(parent(name), [head], {})
    first = store.changes(0)
    assert (first.runs, first.count) == ({"a", "b", "c"}, 6)
    assert store.changes(first.high) == replace(first, runs=frozenset())
    store.runs.set("b_head", status=statuses.RUNNING)
    second = store.changes(first.high)
    assert second.runs == {"b"}
    store.metrics.take_in("a", "x.jsonl", 0, 9, [NewPoint("a", "x", 1, 0.0, 1.0)])
    third = store.changes(second.high)
    assert not third.runs
    assert {r for r in third.active if third.active[r] != second.active[r]} == {"a"}
    store.runs.set("c", status=statuses.COMPLETED)
    store.runs.set("c_head", status=statuses.COMPLETED)
    assert set(store.changes(third.high).active) == {"a", "b"}


def test_a_deleted_run_leaves_nothing_and_its_change_is_seen(store: Store) -> None:
    for name in "ab":
        head = replace(parent(f"{name}_head"), role="head", parent=name)
        store.runs.add(parent(name), [head], {})
    store.nodes.add([NodeRecord("b_head", "head", 0, "alive", 1, 0, 1)])
    n = 45_000
    store.metrics.add([NewPoint("b_head", "x", 1, float(i), i) for i in range(n)])
    store.metrics.take_in("b", "x.jsonl", 0, 9, [NewPoint("a", "x", 1, 0.0, 1.0)])
    with pytest.raises(ConflictError, match="cancel it first"):
        store.runs.delete("b")
    store.runs.set("b", status=statuses.FAILED)
    before = store.changes(0).high
    assert store.runs.delete("b")
    assert not store.runs.delete("b")
    assert store.changes(before).high > before
    assert store.changes(before).count == 2
    with store._database.read() as connection:
        left = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in schema.metadata.sorted_tables
        }
    assert (left["runs"], left["points"], left["series"]) == (2, 1, 1)
    assert not any(left[name] for name in ("nodes", "blocks", "spool_offsets"))
    [series] = store.metrics.series(["a"])
    assert store.metrics.points([series.id]).value.tolist() == [1.0]


def test_servers_are_found_by_their_host_and_one_takes_the_place_of_another(store: Store) -> None:
    old, new = (ServerRecord("here", 7, float(i), f"http://here/{i}/") for i in (1, 2))
    store.servers.add(old)
    store.servers.add(new)
    store.servers.add(ServerRecord("there", 7, 1.0, "http://there/"))
    store.servers.add(ServerRecord("here", 8, 9.0, "http://here/8/"))
    assert [s.url for s in store.servers.on("here")] == ["http://here/8/", "http://here/2/"]
    store.servers.remove("here", 8)
    assert store.servers.on("here") == [new]


def test_a_final_state_is_final(store: Store) -> None:
    store.runs.add(parent("a"), [], {})
    assert store.runs.set("a", status=statuses.COMPLETED)
    assert not store.runs.set("a", status=statuses.RUNNING)
    assert not store.runs.request_cancel("a", "no")
    assert store.runs.get("a").status == statuses.COMPLETED


def test_a_request_to_cancel_is_not_overwritten_by_a_state_on_the_way(store: Store) -> None:
    store.runs.add(parent("a"), [], {})
    assert store.runs.request_cancel("a", "by me")
    assert not store.runs.request_cancel("a", "again")
    store.runs.set("a", status=statuses.RUNNING, started=1.0)
    run = store.runs.get("a")
    assert (run.status, run.cancel_reason, run.started) == ("CancelRequested", "by me", 1.0)
    store.runs.set("a", status=statuses.FINALIZING)
    assert store.runs.get("a").status == statuses.FINALIZING


def test_a_newer_record_is_refused_with_a_sentence(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    with pytest.raises(SchemaError, match="newer rl_widgets"):
        Store.open(tmp_path)


def test_a_file_that_is_no_record_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match=r"record\.sqlite is damaged or is no record"):
        Store.open(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="RL_WIDGETS_HOME"):
        Store.open(tmp_path / "file" / "ws")


def test_a_full_disk_is_said_and_the_record_goes_on(store: Store) -> None:
    store.runs.add(parent("a"), [], {})
    with store._database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    engine = store._database._engine

    from sqlalchemy import event

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages + 2}")

    event.listen(engine, "checkout", limit)
    with pytest.raises(StoreError, match="disk is full"):
        store.metrics.add([NewPoint("a", f"m{i}", 1, 0.0, i) for i in range(5_000)])
    event.remove(engine, "checkout", limit)
    engine.dispose()
    store.metrics.add([NewPoint("a", "x", 1, 0.0, 1.0)])
    assert [s.name for s in store.metrics.series(["a"])] == ["x"]


def _tag(folder: Path, first: int) -> None:
    store = Store.open(folder)
    for i in range(first, first + 50):
        store.runs.merge("a", "tags", {f"t{i}": "x"})


def test_many_processes_write_at_once_and_nothing_is_lost(store: Store, tmp_path: Path) -> None:
    store.runs.add(parent("a"), [], {})
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_tag, args=(tmp_path / "ws", n * 50)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert len(store.runs.get("a").tags) == 150


def test_a_change_made_elsewhere_is_seen_without_a_query(store: Store, tmp_path: Path) -> None:
    watch = store.watch()
    before = watch.read()
    assert watch.read() == before
    other = Store.open(tmp_path / "ws")
    other.runs.add(parent("a"), [], {})
    assert watch.read() != before
    watch.close()


def test_the_pulse_of_a_run_tells_every_change_of_it_and_none_of_others(store: Store) -> None:
    for name in "ab":
        head = replace(parent(f"{name}_head"), role="head", parent=name)
        store.runs.add(parent(name), [head], {})
    store.nodes.add([NodeRecord("a_head", "head", 0, "starting", 1, 0, 1)])
    other, seen = store.pulse("b"), [store.pulse("a")]
    changes = (
        lambda: store.runs.describe("a", description="new"),
        lambda: store.runs.set("a_head", status=statuses.RUNNING),
        lambda: store.nodes.set("a_head", "head", state="alive"),
        lambda: store.metrics.take_in("a", "x.jsonl", 0, 9, [NewPoint("a", "x", 1, 0.0, 1.0)]),
    )
    for change in changes:
        change()
        seen.append(store.pulse("a"))
        assert store.pulse("a") == seen[-1]
    assert len(set(seen)) == len(changes) + 1
    assert store.pulse("b") == other


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError):
        Store.open(tmp_path / "ws")
