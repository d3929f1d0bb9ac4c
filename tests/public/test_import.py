"""Results of other programs as runs: TensorBoard's event files, Tune's result folders."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from rl_widgets import Experiment, UserError, Workspace
from rl_widgets.store import statuses
from rl_widgets.view import text
from rl_widgets.view.reader import RunReader


@pytest.fixture
def exp(ws: Workspace) -> Experiment:
    return Experiment(ws, "imports")


def write_events(
    folder: Path, values: dict[str, list[float]], began: float = 1.7e9, first: int = 0, by: int = 10
) -> Path:
    """An event file of the real writer: one event for each step, a scalar for each name."""
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    before = set(folder.glob("*"))
    writer = EventFileWriter(str(folder))
    for i in range(max(len(v) for v in values.values())):
        writer.add_event(
            event_pb2.Event(
                wall_time=began + i,
                step=first + by * i,
                summary=summary_pb2.Summary(
                    value=[
                        summary_pb2.Summary.Value(tag=name, simple_value=v[i])
                        for name, v in values.items()
                    ]
                ),
            )
        )
    writer.close()
    (file,) = set(folder.glob("*")) - before
    return file


def results(n: int, first: int = 1) -> list[dict[str, object]]:
    return [
        {
            "episode_reward_mean": -21.0 + i if i > 1 else math.nan,
            "training_iteration": i,
            "timesteps_total": 500 * i,
            "time_total_s": 2.0 * i,
            "timestamp": 1_700_000_000 + 2 * i,
            "done": False,
            "date": "2023-11-14_22-13-20",
            "hostname": "somewhere",
            "config": {"lr": 0.1},
            "hist_stats": {"episode_reward": [1.0]},
            "info": {"learner": {"default_policy": {"entropy": 1.5 / i, "name": "x"}}},
        }
        for i in range(first, first + n)
    ]


def write_trial(folder: Path, rows: list[dict[str, object]]) -> Path:
    folder.mkdir(parents=True)
    (folder / "params.json").write_text('{"env": "CartPole-v1", "lr": 0.0006}')
    (folder / "result.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_each_folder_with_event_files_becomes_a_finished_run(
    exp: Experiment, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    write_events(logs / "seed 1", {"rollout/ep_rew_mean": [1.0, 2.0, math.nan], "lr": [0.1] * 3})
    write_events(logs / "seed 2" / "PPO_1", {"rollout/ep_rew_mean": [3.0]})
    first, second = exp.import_tensorboard(logs)
    assert [r.display_name for r in (first, second)] == ["seed 1", "seed 2/PPO_1"]
    assert first.type == "imported"
    assert first.status == statuses.COMPLETED
    assert first.tags == {"source": "tensorboard", "folder": str(logs / "seed 1")}
    frame = first.to_frame()
    assert frame["env_steps"].tolist() == [0, 10, 20]
    assert frame["iteration"].isna().all()
    assert frame["rollout/ep_rew_mean"].tolist()[:2] == [1.0, 2.0]
    assert frame["lr"].tolist() == pytest.approx([0.1] * 3)
    assert frame["time"].iloc[0].timestamp() == 1.7e9
    assert [r.id for r in exp.get_runs(tags={"source": "tensorboard"})] == [second.id, first.id]
    view = RunReader.of(first).read()
    assert view.curve.x.tolist() == [0, 10, 20]
    assert "1 of 3 values is NaN" in text.text(view)


def test_the_step_may_be_an_iteration_and_files_of_tune_tell_both(
    exp: Experiment, tmp_path: Path
) -> None:
    write_events(tmp_path / "plain", {"loss": [1.0, 2.0]}, by=1)
    (run,) = exp.import_tensorboard(tmp_path / "plain", steps="iteration")
    assert run.to_frame()["iteration"].tolist() == [0, 1]
    values = {
        "ray/tune/episode_reward_mean": [-21.0, -20.0],
        "ray/tune/training_iteration": [1.0, 2.0],
        "ray/tune/timesteps_total": [500.0, 1000.0],
    }
    write_events(tmp_path / "tune", values, first=500, by=500)
    (run,) = exp.import_tensorboard(tmp_path / "tune")
    frame = run.to_frame()
    assert frame["iteration"].tolist() == [1, 2]
    assert frame["env_steps"].tolist() == [500, 1000]
    assert frame["episode_reward_mean"].tolist() == [-21.0, -20.0]


def test_a_result_that_was_written_metric_by_metric_is_one_row(
    exp: Experiment, tmp_path: Path
) -> None:
    from tensorboard.compat.proto import event_pb2, summary_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path / "run"))
    for i in range(3):
        for k, name in enumerate(("ray/tune/a", "ray/tune/iterations_since_restore")):
            value = summary_pb2.Summary.Value(tag=name, simple_value=i + 1.0)
            summary = summary_pb2.Summary(value=[value])
            time_ = 1.7e9 + 10 * i + k / 100
            writer.add_event(event_pb2.Event(wall_time=time_, step=i + 1, summary=summary))
    writer.close()
    (run,) = exp.import_tensorboard(tmp_path)
    frame = run.to_frame()
    assert frame["a"].tolist() == [1.0, 2.0, 3.0]
    assert frame["iteration"].tolist() == [1, 2, 3]


def test_what_a_resumed_program_wrote_is_another_attempt(exp: Experiment, tmp_path: Path) -> None:
    write_events(tmp_path / "run", {"loss": [5.0, 4.0, 3.0, 2.0]})
    # The names of event files are in whole seconds: a second writer of this second needs its own.
    write_events(tmp_path / "later", {"loss": [2.5, 1.5]}, began=1.7e9 + 100, first=20)
    (moved,) = (tmp_path / "later").iterdir()
    moved.rename(tmp_path / "run" / "events.out.tfevents.9999999999.later")
    (run,) = exp.import_tensorboard(tmp_path / "run")
    frame = run.to_frame()
    assert frame["attempt"].tolist() == [1, 1, 1, 1, 2, 2]
    assert RunReader.of(run).read().curve.y.tolist() == [5.0, 4.0, 2.5, 1.5]


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_what_can_be_read_of_a_broken_event_file_is_kept_and_said(
    exp: Experiment, tmp_path: Path, damage: str
) -> None:
    file = write_events(tmp_path / "run", {"loss": [3.0, 2.0, 1.0]})
    data = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(data[:-7])
    else:
        data[-9] ^= 0xFF
        file.write_bytes(data)
    (run,) = exp.import_tensorboard(tmp_path / "run")
    assert run.get_metrics("loss") == {"loss": [3.0, 2.0]}
    (warning,) = run.get_details()["warnings"]
    assert "is broken after 3 events" in warning["message"]  # the first one names the version
    assert "those are kept" in warning["message"]


def test_folders_without_anything_are_refused_with_a_sentence(
    exp: Experiment, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="does not exist"):
        exp.import_tensorboard(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no event file"):
        exp.import_tensorboard(tmp_path)
    with pytest.raises(UserError, match=r"no result\.json"):
        exp.import_tune(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="is a file"):
        exp.import_tune(tmp_path / "file")
    with pytest.raises(UserError, match="path of a folder"):
        exp.import_tune(None)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="'env_steps' or 'iteration'"):
        exp.import_tensorboard(tmp_path, steps="frames")
    (tmp_path / "events.out.tfevents.1.x").write_bytes(b"no record")
    with pytest.raises(UserError, match="no scalar"):
        exp.import_tensorboard(tmp_path)
    assert exp.get_runs() == []


def test_a_trial_of_tune_becomes_a_run_with_its_settings(exp: Experiment, tmp_path: Path) -> None:
    trial = write_trial(tmp_path / "exp" / "IMPALA_00000", results(3))
    with (trial / "result.json").open("a") as file:
        file.write('{"episode_reward_mean": 1')  # the process was killed while it wrote
    (run,) = exp.import_tune(tmp_path / "exp")
    assert run.display_name == "IMPALA_00000"
    assert run.tags["source"] == "tune"
    assert run.get_details()["runDefinition"]["config"] == {"env": "CartPole-v1", "lr": 0.0006}
    frame = run.to_frame()
    assert frame["iteration"].tolist() == [1, 2, 3]
    assert frame["env_steps"].tolist() == [500, 1000, 1500]
    assert frame["info/learner/default_policy/entropy"].tolist() == [1.5, 0.75, 0.5]
    assert not {"done", "config/lr", "timestamp", "hist_stats"} & set(frame.columns)
    (warning,) = run.get_details()["warnings"]
    assert "Line 4 of result.json" in warning["message"]
    assert RunReader.of(run).read().curve.metric == "episode_reward_mean"


def test_a_trial_that_failed_reads_failed_with_its_cause(exp: Experiment, tmp_path: Path) -> None:
    trial = write_trial(tmp_path / "trial", results(2))
    (trial / "error.txt").write_text("Traceback …\nValueError: the cause\n")
    (run,) = exp.import_tune(trial)
    assert run.status == statuses.FAILED
    assert run.get_details()["error"]["message"] == "ValueError: the cause"


def test_a_table_of_results_is_read_where_there_is_no_json(exp: Experiment, tmp_path: Path) -> None:
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "progress.csv").write_text(
        "env_runners/episode_return_mean,training_iteration,num_env_steps_sampled_lifetime,"
        "time_total_s,config/lr,date\n,1,500,2.0,0.1,d\n-20.5,2,1000,4.0,0.1,d\n-19.5,3\n"
    )
    (run,) = exp.import_tune(tmp_path / "trial")
    frame = run.to_frame()
    assert frame["env_steps"].tolist()[:2] == [500, 1000]
    assert frame["env_runners/episode_return_mean"].tolist()[1:] == [-20.5, -19.5]
    assert "config/lr" not in frame
    assert RunReader.of(run, "iteration").read().curve.last == -19.5


def test_a_restored_trial_goes_on_as_another_attempt(exp: Experiment, tmp_path: Path) -> None:
    write_trial(tmp_path / "trial", [*results(4), *results(3, first=3)])
    (run,) = exp.import_tune(tmp_path)
    assert run.to_frame()["attempt"].tolist() == [1, 1, 1, 1, 2, 2, 2]
    assert RunReader.of(run, "iteration").read().curve.points == 5


def test_a_hundred_thousand_points_are_imported(exp: Experiment, tmp_path: Path) -> None:
    write_trial(tmp_path / "trial", [{f"m{k}": k * i for k in range(20)} for i in range(5_000)])
    (run,) = exp.import_tune(tmp_path)
    assert len(run.to_frame()) == 5_000


def test_an_import_that_is_broken_off_leaves_a_run_that_says_so(
    exp: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_trial(tmp_path / "trial", results(3))

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(type(exp.workspace.store.metrics), "add", full)
        with pytest.raises(OSError, match="no space"):
            exp.import_tune(tmp_path)
    (run,) = exp.get_runs()
    assert run.status == statuses.FAILED
    assert "broken off" in run.get_details()["error"]["message"]
