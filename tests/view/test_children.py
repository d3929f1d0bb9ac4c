"""The table of child runs: what nodes use, which of them died, and many of them."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from rl_widgets.store import statuses
from rl_widgets.store.nodes import NodeRecord
from rl_widgets.view.charts import sparkline
from rl_widgets.view.child_table import FEW, ChildTable, child_table
from rl_widgets.view.html import children as html_children
from rl_widgets.view.reader import RunReader
from tests.view.fixture_runs import FixtureRun, make


@pytest.fixture
def fixture(tmp_path: Path) -> FixtureRun:
    run = make(tmp_path / "ws")
    run.start()
    return run


def table(fixture: FixtureRun, child: str | None = None, whole: bool = False) -> ChildTable:
    reader = RunReader.of(fixture.run)
    reader.read()
    return child_table(reader, time.time(), child, whole)


def many(fixture: FixtureRun, n: int) -> str:
    worker = f"{fixture.run_id}_worker"
    fixture.workspace.store.nodes.add(
        [
            NodeRecord(worker, f"worker-{i}", i, "alive", 2, 0, 7_000_000_000, started=time.time())
            for i in range(n)
        ]
    )
    return worker


def test_use_is_a_graph_with_words_beside_it(fixture: FixtureRun) -> None:
    for cpu in (0.5, 2.0, 1.3):
        fixture.logger.for_child("head").log_metrics(
            {"resources/head/cpu": cpu, "resources/head/memory_gb": 3.5}
        )
        for i in range(2):
            fixture.logger.for_child("worker").log_metrics({f"resources/worker-{i}/cpu": cpu})
    fixture.take_in()
    head, head_node, workers, *nodes = table(fixture).rows
    assert head.cpu.text == head_node.cpu.text == "1.30 of 2 cores"
    assert head.cpu.fractions == (0.25, 1.0, 0.65)
    assert head.cpu.sentence == "CPU in the last 3 samples: 0.50 to 2.00 of 2 cores"
    assert head.memory.text == "3.5 of 7.0 GB"
    assert workers.cpu.text == "2.60 of 4 cores"
    assert [n.label for n in nodes] == ["worker-0", "worker-1"]
    assert workers.memory.text == "—"
    fixture.end(statuses.COMPLETED)
    assert table(fixture).rows[0].cpu.text == "at most 2.00 of 2 cores"


def test_speeds_restarts_and_times(fixture: FixtureRun) -> None:
    fixture.result(1, 1.0)
    fixture.logger.log_metrics(
        {"throughput/env_steps_trained_per_s": 790.0, "num_env_runner_restarts": 3}
    )
    fixture.take_in()
    head, node, workers, *_ = table(fixture).rows
    assert (head.speed, workers.speed) == ("790 trained", "812 sampled")
    assert (head.restarts, workers.restarts) == ("—", "3")
    assert head.lasted == node.lasted == "3 min"
    assert (head.nodes, workers.nodes) == ("1 of 1 node alive", "2 of 2 nodes alive")


def test_a_node_that_died_is_said_first(fixture: FixtureRun) -> None:
    worker = many(fixture, 64)
    reason = "ended by <SIGKILL>"
    fixture.workspace.store.nodes.set(worker, "worker-63", state="dead", reason=reason)
    found = table(fixture)
    assert found.deaths.startswith("The node worker-63 died (ended by <SIGKILL>). The run goes on")
    nodes = [row for row in found.rows if row.node and row.label != "head"]
    assert nodes[0].label == "worker-63"
    assert nodes[0].badge.tone == "bad"
    html = html_children.table(found)
    assert "<SIGKILL>" not in html
    assert '<span class="rlw-badge rlw-bad rlw-small">dead</span>' in html
    for i in range(5):
        fixture.workspace.store.nodes.set(worker, f"worker-{i}", state="dead", reason=reason)
    said = table(fixture).deaths
    assert said.startswith("6 nodes died: worker-0, worker-1, worker-2 and 3 more.")


def test_64_nodes_fold_and_unfold(fixture: FixtureRun) -> None:
    many(fixture, 64)
    for i in range(64):
        for _ in range(70):
            fixture.logger.for_child("worker").log_metrics({f"resources/worker-{i}/cpu": 1.0})
    fixture.take_in()
    found = table(fixture)
    assert sum(row.node for row in found.rows) == FEW + 1
    assert found.hidden == 56
    assert "… and 56 more nodes" in html_children.table(found)
    assert found.rows[2].cpu.text == "64.00 of 128 cores"
    assert len(found.rows[2].cpu.fractions) == 60
    whole = table(fixture, whole=True)
    assert sum(row.node for row in whole.rows) == 65
    assert len(html_children.table(whole)) < 100_000
    assert {row.label for row in table(fixture, "head").rows} == {"Head", "head"}


def test_a_run_without_children_has_no_table(tmp_path: Path) -> None:
    from rl_widgets import Experiment, Workspace

    run = Experiment(Workspace(folder=tmp_path / "ws"), "alone").start_logging()
    reader = RunReader.of(run)
    reader.read()
    assert html_children.table(child_table(reader, time.time())) == ""
    run.complete()


def test_graphs_are_valid_and_never_break() -> None:
    nan, inf = float("nan"), float("inf")
    for values in ([0.5], [0, 1, 0.5], [nan, 0.2, nan, 0.4, 0.6, inf], [2.0, -1.0]):
        ET.fromstring(sparkline.svg(values, "a <sentence> & more"))
    assert sparkline.svg([], "x") == sparkline.svg([nan], "x") == ""
