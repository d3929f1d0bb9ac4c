"""Runs compared: groups of seeds with their statistics, results, differences, on any axis."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_widgets import Experiment, Run, UserError, Workspace
from rl_widgets.store import statuses
from rl_widgets.store.metrics import NewPoint
from rl_widgets.store.runs import RunRecord
from rl_widgets.view.comparison import picture as compare_picture
from rl_widgets.view.comparison import seed_groups
from rl_widgets.view.comparison.choice import Choice
from rl_widgets.view.comparison.comparer import Comparer, readers_of
from rl_widgets.view.comparison.comparison import Comparison
from rl_widgets.view.comparison.seed_statistics import IQM, MEAN, aggregate, estimate, statistic
from rl_widgets.view.configuration import ALGORITHM_FILE
from rl_widgets.view.html import comparison as html_compare

ROW = {"name": "unchanged", "group": "training", "value": 1, "default": 1, "said_as": None}
HEAD = {
    "target": "local",
    "vm_size": "LOCAL",
    "node_count": 1,
    "cpus": 2,
    "gpus": 0,
    "memory": 8 << 30,
    "object_store": 1 << 30,
}


def definition(**config: Any) -> dict[str, Any]:
    return {
        "entry_script": "train.py",
        "source_directory": "/nowhere",
        "script_params": {"--config": json.dumps(config)},
        "arguments": ["--config", json.dumps(config)],
        "stop": {"episode_reward_mean": 18},
        "head": HEAD,
        "worker": None,
        "versions": {"ray": "2.60.0"},
    }


def add(
    ws: Workspace,
    name: str,
    rewards: list[float],
    per: int = 100,
    status: str = statuses.COMPLETED,
    metric: str = "episode_reward_mean",
    **values: Any,
) -> Run:
    """A run whose i-th result came at `per` * i env steps, two seconds after the one before."""
    began = time.time() - 1000
    record = RunRecord(
        id=f"{name}_1700000000_0badcafe",
        experiment="compare",
        role="parent",
        type="reinforcementlearning",
        created=began,
        started=began,
        provisioned=began,
        status=status,
        display_name=name,
        ended=began + 2 * len(rewards) if status in statuses.FINAL else None,
        **values,
    )
    ws.store.runs.add(record, [], {})
    ws.run_folder(record.id).mkdir(parents=True)
    grow(ws, record.id, rewards, per, began, metric=metric)
    return ws.get_run(record.id)


def grow(
    ws: Workspace,
    run_id: str,
    rewards: list[float],
    per: int,
    began: float,
    first: int = 1,
    metric: str = "episode_reward_mean",
) -> None:
    new = [
        NewPoint(run_id, metric, 1, began + 2 * i, r, step=i, env_steps=per * i)
        for i, r in enumerate(rewards, first)
    ]
    # As all points of a run that goes on, they come from a spool file.
    ws.store.metrics.take_in(run_id, f"{uuid.uuid4().hex}.jsonl", 0, 1, new)


def compared(*runs: Run, **choice: Any) -> Comparison:
    comparer = Comparer(readers_of(list(runs)))
    comparer.read()
    return comparer.compare(Choice(**choice))


def line(found: Comparison, start: str) -> Any:
    (one,) = [x for x in found.lines if x.label.startswith(start)]
    return one


# -- statistics -------------------------------------------------------------------------------


def test_the_interquartile_mean_leaves_out_a_quarter_at_each_end() -> None:
    values = np.array([[100.0], [1.0], [2.0], [3.0], [4.0], [-50.0], [5.0], [6.0]])
    assert statistic(values, IQM).tolist() == [3.5]  # of 2, 3, 4, 5
    assert statistic(values[:3], IQM).tolist() == statistic(values[:3], MEAN).tolist()


def test_an_interval_holds_the_mean_of_many_seeds_and_is_the_same_each_time() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(40):
        found = estimate(rng.normal(10.0, 2.0, 12).tolist(), MEAN)
        assert found.low < found.value < found.high
        inside += found.low <= 10.0 <= found.high
    assert inside >= 33  # 95 % is what it says; a bootstrap of 12 is a little narrow
    assert estimate([1.0, 2.0, 4.0], MEAN) == estimate([1.0, 2.0, 4.0], MEAN)
    alone = estimate([3.0, np.nan], MEAN)
    assert (alone.n, alone.value) == (1, 3.0)
    assert np.isnan(alone.low)
    assert estimate([], MEAN).n == 0


def test_lines_of_other_places_share_a_grid_that_ends_with_the_first_of_them() -> None:
    def straight(*x: float) -> tuple[np.ndarray, np.ndarray]:
        places = np.array(x)
        return places, 2 * places

    found = aggregate([straight(0, 10, 100), straight(5, 7, 60), straight(1, 200)], MEAN)
    assert found.n == 3
    assert (found.x[0], found.x[-1]) == (5, 60)
    assert np.allclose(found.y, 2 * found.x)
    assert np.allclose(found.low, found.y)
    assert np.allclose(found.high, found.y)
    gap = (np.array([0.0, 50.0, 100.0]), np.array([0.0, np.nan, 100.0]))
    assert np.allclose(aggregate([gap, gap], MEAN).y, aggregate([gap, gap], MEAN).x)
    nothing = np.empty(0)
    assert aggregate([(nothing, nothing)], MEAN).n == 0
    assert len(aggregate([straight(0, 1), straight(5, 6)], MEAN).x) == 0
    assert aggregate([straight(3), straight(3)], MEAN).x.tolist() == [3]


# -- groups -----------------------------------------------------------------------------------


def test_runs_that_differ_in_their_seed_alone_are_one_group(ws: Workspace) -> None:
    runs = [
        add(ws, f"a{s}", [1.0, 2.0 + s], definition=definition(lr=1e-3, seed=s)) for s in (1, 2)
    ]
    runs += [add(ws, f"b{s}", [3.0, 4.0], definition=definition(lr=1e-4, seed=s)) for s in (1, 2)]
    found = compared(*runs)
    assert [(g.label, g.n) for g in found.groups] == [("lr 0.001", 2), ("lr 0.0001", 2)]
    assert [r.seed for r in found.results] == ["1", "2", "1", "2"]
    assert found.groups[0].final.value == 3.5
    assert found.groups[0].final.low == 3.0
    assert found.groups[0].final.high == 4.0
    assert found.header.title == "Comparison of 4 runs in 2 groups"
    mean = line(found, "lr 0.001 (mean of 2)")
    assert mean.y[-1] == 3.5
    assert mean.band() is not None
    assert line(found, "a1").opacity < 1
    assert "bootstrap" in found.notes[0]
    assert "IQM" in compared(*runs, statistic=IQM).lines[0].label
    alone = compared(*runs, group=seed_groups.ALONE)
    assert [g.n for g in alone.groups] == [1, 1, 1, 1]
    assert all(x.opacity == 1 for x in alone.lines)


@pytest.mark.parametrize(
    "arguments",
    [["--seed", "3"], ["--seed=3"], ["--config", '{"seed": 3}'], ['--config={"seed": 3}']],
)
def test_a_seed_is_found_wherever_a_script_is_given_it(arguments: list[str]) -> None:
    def record(arguments: list[str]) -> RunRecord:
        plan = {**definition(), "arguments": ["--run", "PPO", *arguments]}
        return RunRecord("a", "e", "parent", "t", 0.0, definition=plan)

    other = [a.replace("3", "4") for a in arguments]
    records = [record(arguments), record(other), record(["--other", "5"])]
    assert [seed_groups.seed_of(r) for r in records] == ["3", "4", ""]
    assert [g.members for g in seed_groups.groups(records, seed_groups.SEEDS)] == [(0, 1), (2,)]


def test_what_began_with_a_checkpoint_is_no_seed_of_the_others(ws: Workspace) -> None:
    runs = [add(ws, "a", [1.0], definition=definition(seed=1))]
    runs.append(
        add(ws, "b", [2.0], definition=definition(seed=2), tags={"started_from": f"{runs[0].id}/c"})
    )
    assert [g.n for g in compared(*runs).groups] == [1, 1]


def test_runs_of_a_cell_are_alike_only_by_their_tag(ws: Workspace) -> None:
    exp = Experiment(ws, "cells")
    runs = [exp.start_logging(f"r{i}") for i in range(3)]
    for i, run in enumerate(runs):
        run.tag("method", "new" if i else "old")
        run.log_metrics({"score": float(i)}, env_steps=1)
        run.log_metrics({"score": float(i + 1)}, env_steps=2)
        run.complete()
    assert [g.n for g in compared(*runs).groups] == [1, 1, 1]
    found = compared(*runs, group="tag:method")
    assert [(g.label, g.n) for g in found.groups] == [("method = old", 1), ("method = new", 2)]


def test_a_line_of_a_group_never_goes_past_a_seed_that_has_ended(ws: Workspace) -> None:
    short = add(ws, "short", [1.0] * 3, status=statuses.FAILED, definition=definition(seed=1))
    long = add(ws, "long", [2.0] * 30, definition=definition(seed=2))
    empty = add(ws, "empty", [], status=statuses.CANCELED, definition=definition(seed=3))
    found = compared(short, long, empty)
    assert line(found, "short and 2 more (mean of 2)").x[-1] == 300
    assert line(found, "long").x[-1] == 3000
    notes = " ".join(found.notes)
    assert "ends at 300, where short failed" in notes
    assert "Without a value of episode_reward_mean: empty" in notes


# -- results ----------------------------------------------------------------------------------


def test_final_best_steps_and_time_to_the_goal(ws: Workspace) -> None:
    good = add(ws, "good", [1.0, 18.5, 17.0], definition=definition(lr=1))
    never = add(ws, "never", [1.0, np.nan, 2.0], definition=definition(lr=2))
    found = compared(good, never)
    first, second = found.results
    assert (first.final, first.best, first.env_steps) == (17.0, 18.5, 300)
    assert (first.target, first.steps_to_target) == (18, 200)
    assert first.seconds_to_target == pytest.approx(4.0)
    assert (second.final, second.steps_to_target, second.seconds_to_target) == (2.0, None, None)
    assert [x.label for x in found.lines if x.dashed] == ["target"]
    lower = compared(good, never, target=2.0)
    assert lower.results[1].steps_to_target == 300
    page, words = html_compare.results(found), html_compare.text(found)
    assert "not reached" in page
    assert "not reached" in words


def test_other_goals_are_said(ws: Workspace) -> None:
    one = add(
        ws, "one", [1.0, 2.0], definition={**definition(), "stop": {"episode_reward_mean": 1}}
    )
    two = add(
        ws, "two", [1.0, 2.0], definition={**definition(), "stop": {"episode_reward_mean": 9}}
    )
    found = compared(one, two)
    assert "different rewards (1, 9)" in " ".join(found.notes)
    assert not [x for x in found.lines if x.dashed]


def test_what_differs_in_the_configurations_is_listed(ws: Workspace) -> None:
    one = add(ws, "one", [1.0, 2.0], definition=definition(lr=0.1, gamma=0.9))
    two = add(ws, "two", [1.0, 2.0], definition=definition(lr=0.2, gamma=0.9), tags={"a": "b"})
    found = compared(one, two)
    assert {(d.name, d.values) for d in found.differences} == {
        ("lr", ("0.1", "0.2")),
        ("a", ("—", "b")),
    }
    told = json.dumps({"algorithm": "PPO", "settings": [ROW, {**ROW, "name": "b", "value": 2}]})
    path = ws.run_folder(one.id) / ALGORITHM_FILE
    path.parent.mkdir()
    path.write_text(told)
    names = [d.name for d in compared(one, two).differences]
    assert "b" in names
    assert "unchanged" not in names  # the other run tells nothing of it
    path.unlink()
    same = compared(one, one)
    assert len(same.results) == 1
    again = add(ws, "three", [1.0], definition=definition(lr=0.1, gamma=0.9))
    assert "do not differ" in html_compare.differences(compared(one, again))


def test_a_run_without_settings_is_unlike_the_others_in_none(ws: Workspace) -> None:
    one = add(ws, "one", [1.0, 2.0], definition=definition(lr=0.1))
    chance = Experiment(ws, "by-hand").start_logging("chance")
    chance.log_metrics({"episode_reward_mean": 1.0}, env_steps=1)
    chance.complete()
    assert compared(one, chance).differences == ()
    two = add(ws, "two", [1.0, 2.0], definition=definition(lr=0.2))
    [row] = compared(one, chance, two).differences
    assert (row.name, row.values) == ("lr", ("0.1", "—", "0.2"))


@pytest.mark.parametrize(("axis", "last"), [("iteration", 3), ("env_steps", 300), ("time", 6)])
def test_any_axis(ws: Workspace, axis: str, last: float) -> None:
    runs = [add(ws, n, [1.0, 2.0, 3.0], definition=definition(seed=n)) for n in ("a", "b")]
    found = compared(*runs, axis=axis)
    assert line(found, "a and 1 more").x[-1] == pytest.approx(last)
    assert found.x_title.startswith({"time": "time since"}.get(axis, axis.replace("_", " ")))


def test_runs_of_other_names_of_the_reward_and_other_workspaces(
    ws: Workspace, tmp_path: Path
) -> None:
    other = Workspace(folder=tmp_path / "other")
    runs = [
        add(ws, "old", [1.0, 2.0]),
        add(other, "new", [3.0, 4.0], metric="env_runners/episode_return_mean"),
    ]
    found = compared(*runs)
    assert found.metric == "episode_reward_mean"
    assert [r.final for r in found.results] == [2.0, 4.0]


def test_smoothing_comes_before_the_mean(ws: Workspace) -> None:
    runs = [add(ws, n, [0.0, 10.0] * 20, definition=definition(seed=n)) for n in ("a", "b")]
    raw, smooth = compared(*runs), compared(*runs, smoothing=0.9)
    assert np.ptp(smooth.lines[0].y[50:]) < np.ptp(raw.lines[0].y[50:])
    assert smooth.results[0].final == 10.0  # what was logged, not what is drawn


# -- live -------------------------------------------------------------------------------------


def test_what_has_not_grown_is_not_made_again(ws: Workspace) -> None:
    run = add(ws, "live", [1.0, 2.0], status=statuses.RUNNING, definition=definition(seed=1))
    done = add(ws, "done", [1.0, 2.0, 3.0], definition=definition(seed=2))
    comparer = Comparer(readers_of([run, done]))
    comparer.read()
    before = comparer.compare(Choice())
    comparer.read()
    again = comparer.compare(Choice())
    assert again.lines[0] is before.lines[0]
    assert not again.final
    grow(ws, run.id, [5.0], 100, time.time(), first=3)
    ws.store.runs.set(run.id, status=statuses.COMPLETED, ended=time.time())
    comparer.read()
    after = comparer.compare(Choice())
    assert after.final
    assert after.results[0].final == 5.0
    assert after.lines[0].x[-1] == 300


def test_nothing_to_draw_is_said(ws: Workspace) -> None:
    queued = add(ws, "queued", [], status=statuses.QUEUED)
    found = compared(queued)
    assert found.lines == ()
    assert found.message == "No run has logged a result yet."
    nan = add(ws, "nan", [np.nan, np.inf])
    assert "finite" in compared(nan).message


def test_names_with_html_are_shown_as_text(ws: Workspace) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    runs = [add(ws, n, [1.0, 2.0], definition=definition(lr=n)) for n in ("a", "b")]
    for run in runs:
        run.display_name = nasty + run.id
        run.tag(nasty, nasty + run.id)
    found = compared(*runs)
    page = html_compare.document(found, "key", "now")
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
    picture = compare_picture.svg(found.lines, found.x_title, nasty, nasty)
    assert "<img" not in picture


def test_a_child_counts_as_its_run_and_ids_need_a_workspace(ws: Workspace) -> None:
    run = add(ws, "parent", [1.0, 2.0])
    child = RunRecord(f"{run.id}_head", "compare", "head", "t", 0.0, parent=run.id, number=1)
    ws.store.runs.add(child, [], {})
    readers = readers_of([ws.get_run(child.id), run, run.id], ws)
    assert [r.run_id for r in readers] == [run.id]
    for wrong, sentence in (
        ([], "no run to compare"),
        (run.id, "a list of runs"),
        (run, "a list of runs"),
        ([3], "takes runs or their ids"),
        ([run.id], "of which workspace"),
    ):
        with pytest.raises(UserError, match=sentence):
            readers_of(wrong)
    with pytest.raises(UserError, match="There is no run"):
        readers_of(["nothing"], ws)


def test_many_long_runs_are_thinned(ws: Workspace) -> None:
    rewards = np.sin(np.arange(20_000) / 500).tolist()
    runs = [add(ws, f"r{i}", rewards, definition=definition(seed=i)) for i in range(5)]
    comparer = Comparer(readers_of(runs))
    comparer.read()
    found = comparer.compare(Choice())
    assert max(len(x.x) for x in found.lines) <= 500


def test_a_run_that_is_deleted_leaves_the_others(ws: Workspace) -> None:
    runs = [add(ws, f"s{i}", [1.0, 2.0 + i], status=statuses.RUNNING) for i in range(2)]
    comparer = Comparer(readers_of(runs))
    comparer.read()
    # Its end and its going between two looks.
    ws.store.runs.set(runs[1].id, status=statuses.CANCELED)
    ws.store.runs.delete(runs[1].id)
    grow(ws, runs[0].id, [5.0], 100, time.time(), first=3)
    comparer.read()
    found = comparer.compare(Choice())
    assert [r.final for r in found.results] == [5.0, 3.0]
    assert any("s1 was deleted" in note for note in found.notes)
    assert not found.final
    ws.store.runs.set(runs[0].id, status=statuses.COMPLETED)
    comparer.read()
    assert comparer.compare(Choice()).final
