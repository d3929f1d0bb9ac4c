"""When a checkpoint is made, which are kept, and that none is half."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from rl_widgets.rllib import checkpoints, restore, tune
from rl_widgets.rllib.checkpoints import Checkpointer, CheckpointPlan, complete
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.parser import create_parser

INTERVAL = 300.0


class Trainer:
    """As much of an algorithm as is asked for."""

    def __init__(self) -> None:
        self.saved: list[str] = []
        self.restored: list[tuple[str, str | None]] = []
        self.error: BaseException | None = None
        self._time_total = 0.0

    def save_checkpoint(self, path: str) -> None:
        Path(path, "state.pkl").write_bytes(b"x" * 100)
        if self.error is not None:
            raise self.error
        self.saved.append(path)

    def load_checkpoint(self, path: str) -> None:
        self.restored.append((path, None))

    def restore_from_path(self, path: str, component: str | None = None) -> None:
        self.restored.append((path, component))


class Training:
    """A training whose clock the test holds."""

    def __init__(self, folder: Path, plan: CheckpointPlan, clock: list[float]) -> None:
        self.folder = folder
        self.clock = clock
        self.trainer = Trainer()
        self.checkpointer = Checkpointer(plan)
        self.iteration = 0

    def iterate(self, seconds: float, reward: float | None = None) -> bool:
        """One iteration; tells whether a checkpoint was made."""
        self.clock[0] += seconds
        self.iteration += 1
        before = len(self.trainer.saved)
        result: dict[str, Any] = {
            "training_iteration": self.iteration,
            "num_env_steps_sampled_lifetime": self.iteration * 100,
            "time_total_s": self.clock[0],
        }
        if reward is not None:
            result["episode_reward_mean"] = reward
        self.checkpointer(algorithm=self.trainer, result=result)
        return len(self.trainer.saved) > before

    def there(self) -> list[int]:
        return [m.iteration for m in complete(self.folder / checkpoints.FOLDER).values()]

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = [
            json.loads(line)
            for path in (self.folder / "spool").glob("*.jsonl")
            for line in path.read_text().splitlines()
        ]
        return [
            {**line, **line["p"][f"events/{kind}"]}
            for line in lines
            if f"events/{kind}" in line.get("p", {})
        ]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    clock = [0.0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock[0])
    monkeypatch.setenv("RL_WIDGETS_RUN_ID", "a-run")
    monkeypatch.setenv("RL_WIDGETS_RUN_FOLDER", str(tmp_path / "run"))
    monkeypatch.setenv("RL_WIDGETS_ATTEMPT", "2")
    (tmp_path / "run" / "job").mkdir(parents=True)

    def make(**plan: Any) -> Training:
        return Training(tmp_path / "run", CheckpointPlan(**plan), clock)

    return make


def test_the_first_comes_early_and_then_one_in_each_interval(begin: Any) -> None:
    training = begin()
    assert not training.iterate(INTERVAL / 3 - 1)
    assert training.iterate(1)
    assert not training.iterate(INTERVAL - 1)
    assert training.iterate(1)


def test_a_clearly_better_reward_comes_early_but_not_at_once(begin: Any) -> None:
    training = begin()
    training.iterate(1, -21)
    assert training.iterate(INTERVAL / 3, -11)
    assert not training.iterate(INTERVAL / 3, -10.9)
    assert not training.iterate(1, -15)
    assert training.iterate(1, -8)
    assert not training.iterate(1, 20)


def test_saving_never_takes_more_than_a_small_part_of_the_time(
    begin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = begin()

    def slow(path: str) -> None:
        training.clock[0] += 20
        training.trainer.saved.append(path)

    monkeypatch.setattr(training.trainer, "save_checkpoint", slow)
    assert training.iterate(INTERVAL)
    pauses = 0
    while not training.iterate(INTERVAL):
        pauses += 1
    assert 20 / (pauses * INTERVAL) < 0.01


def test_the_end_of_a_training_is_saved(begin: Any) -> None:
    training = begin(stop={"episode_reward_mean": 18, "time_total_s": 3600})
    assert not training.iterate(1, 17)
    assert training.iterate(1, 18)


def test_the_best_and_the_last_are_kept_and_the_run_is_told(begin: Any) -> None:
    training = begin(interval_s=10, keep=2)
    for reward in (1, 9, 8, 2, 3):
        training.iterate(10, reward)
    assert training.there() == [2, 3, 5]
    told = training.events("checkpoint")
    assert [t["s"] for t in told] == [1, 2, 3, 4, 5]
    last = told[-1]
    assert (last["e"], last["a"], last["attempt"], last["reward"]) == (500, 2, 2, 3.0)
    assert (training.folder / last["path"] / "state.pkl").exists()
    assert last["size"] == 100
    removed = {t["path"] for t in training.events("checkpoint_removed")}
    assert {t["path"] for t in told if t["s"] in (1, 4)} == removed
    assert not any((training.folder / path).exists() for path in removed)


def test_without_a_reward_the_newest_are_kept(begin: Any) -> None:
    training = begin(interval_s=10, keep=2)
    for _ in range(5):
        training.iterate(10)
    assert training.there() == [4, 5]


def test_a_full_disk_is_a_warning_and_training_goes_on(begin: Any, capsys: Any) -> None:
    training = begin(interval_s=10)
    training.iterate(10)
    training.trainer.error = OSError(errno.ENOSPC, "No space left on device")
    assert not training.iterate(10)
    assert not training.iterate(1)
    assert len(training.events("checkpoint_failed")) == 1
    assert "No space left on device" in training.events("checkpoint_failed")[0]["text"]
    assert [p.name for p in (training.folder / checkpoints.FOLDER).iterdir()] == [
        "attempt-2-iteration-000001"
    ]
    training.trainer.error = None
    assert training.iterate(10)


def test_a_process_that_is_killed_leaves_no_half_checkpoint(begin: Any) -> None:
    training = begin(interval_s=10)
    training.iterate(10)
    place = training.folder / checkpoints.FOLDER
    (place / f"{checkpoints.PARTIAL}attempt-2-iteration-000002-17").mkdir()
    # Whole by its name, but without what is known of it: somebody else's folder.
    (place / "attempt-2-iteration-000003").mkdir()
    assert training.there() == [1]
    restore.Restorer(CheckpointPlan())(algorithm=Trainer())
    assert not list(place.glob(f"{checkpoints.PARTIAL}*"))


def test_outside_of_a_run_nothing_is_saved(begin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    training = begin()
    monkeypatch.delenv("RL_WIDGETS_RUN_ID")
    assert not training.iterate(10 * INTERVAL)


def test_a_trial_that_starts_again_goes_on_from_its_own_last_one(begin: Any) -> None:
    training = begin(interval_s=10)
    for _ in range(3):
        training.iterate(10)
    (training.folder / restore.RESTORE_FILE).write_text('{"path": "elsewhere"}')
    again = Trainer()
    restore.Restorer(CheckpointPlan())(algorithm=again)
    assert [Path(path).name for path, _ in again.restored] == ["attempt-2-iteration-000003"]
    assert again._time_total == 30.0


def test_a_resumed_run_begins_where_it_is_told(begin: Any, capsys: Any) -> None:
    training = begin()
    told = {"path": "head/checkpoints/attempt-1-iteration-000007", "time_total_s": 70.5}
    (training.folder / restore.RESTORE_FILE).write_text(json.dumps(told))
    restore.Restorer(CheckpointPlan())(algorithm=training.trainer)
    assert training.trainer.restored == [(str(training.folder / told["path"]), None)]
    assert training.trainer._time_total == 70.5
    assert "Goes on from the checkpoint" in capsys.readouterr().out


def test_a_new_run_takes_the_weights_and_nothing_else(begin: Any) -> None:
    training = begin()
    told = {"path": "head/checkpoints/start", "time_total_s": 70.5, "weights_only": True}
    (training.folder / restore.RESTORE_FILE).write_text(json.dumps(told))
    restore.Restorer(CheckpointPlan())(algorithm=training.trainer)
    [(path, component)] = training.trainer.restored
    assert path.endswith("start/learner_group/learner/rl_module")
    assert component == "learner_group/learner/rl_module"
    assert training.trainer._time_total == 0.0

    def unfit(path: str, component: str | None = None) -> None:
        raise RuntimeError("size mismatch")

    training.trainer.restore_from_path = unfit  # type: ignore[method-assign]
    with pytest.raises(ConfigError, match="do not fit this training's network"):
        restore.Restorer(CheckpointPlan())(algorithm=training.trainer)


@pytest.mark.parametrize(
    ("frequency", "at_end", "own"),
    [(None, False, True), (0, False, False), (5, False, False), (None, True, False)],
)
def test_settings_of_the_script_win(frequency: int | None, at_end: bool, own: bool) -> None:
    from ray.rllib.algorithms.impala import IMPALAConfig

    config = IMPALAConfig()
    found = tune._set_up_checkpoints(config, frequency, at_end, CheckpointPlan())
    assert found is own
    results = config.callbacks_on_train_result or []
    assert any(isinstance(f, Checkpointer) for f in results) is own
    assert any(isinstance(f, restore.Restorer) for f in config.callbacks_on_algorithm_init)


def test_an_interval_beside_the_settings_of_tune_is_refused() -> None:
    from ray.rllib.algorithms.impala import IMPALAConfig

    with pytest.raises(ConfigError, match="checkpoint_interval_s goes with"):
        tune._set_up_checkpoints(IMPALAConfig(), 5, False, CheckpointPlan(interval_s=60.0))
    with pytest.raises(ConfigError, match="above 0"):
        tune._interval(0)


def test_the_parser_leaves_checkpoints_to_the_run() -> None:
    args = create_parser().parse_args([])
    assert args.checkpoint_freq is None
    assert not args.checkpoint_at_end
    assert create_parser().parse_args(["--checkpoint-freq", "0"]).checkpoint_freq == 0
