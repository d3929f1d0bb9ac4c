"""What an algorithm runs with is written into the run's folder, as JSON that anything reads."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl_widgets.rllib.algorithm import prepare
from rl_widgets.rllib.effective_config import FILE, EffectiveConfig, plain


def test_settings_in_force_with_defaults_and_the_names_that_the_script_gave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"env": "CartPole-v1", "num_workers": 1, "train_batch_size": 400, "lr": 0.002}
    prepared = prepare("PPO", {**given, "simple_optimizer": False})
    callbacks = prepared.config.callbacks_on_algorithm_init
    (recorder,) = [c for c in callbacks if isinstance(c, EffectiveConfig)]
    algorithm: Any = SimpleNamespace(config=prepared.config)
    monkeypatch.delenv("RL_WIDGETS_RUN_FOLDER", raising=False)
    recorder(algorithm=algorithm)
    assert not list(tmp_path.iterdir())  # no job, nothing to write

    monkeypatch.setenv("RL_WIDGETS_RUN_FOLDER", str(tmp_path))
    real = prepared.algorithm.__new__(prepared.algorithm)
    real.config = prepared.config
    recorder(algorithm=real, metrics_logger=None)
    found = json.loads((tmp_path / FILE).read_text())
    assert found["algorithm"] == "PPO"
    rows = {row["name"]: row for row in found["settings"]}
    assert rows["num_env_runners"]["value"] == 1
    assert rows["num_env_runners"]["said_as"] == "num_workers"
    assert rows["train_batch_size_per_learner"]["value"] == 400
    assert rows["train_batch_size_per_learner"]["said_as"] == "train_batch_size"
    assert rows["lr"]["value"] == 0.002
    assert rows["lr"]["default"] == 5e-5
    assert rows["gamma"]["value"] == rows["gamma"]["default"]
    assert rows["gamma"]["said_as"] is None
    assert rows["env"]["value"] == "CartPole-v1"
    assert {"python", "ray", "torch", "gymnasium"} <= set(found["versions"])
    assert found["notes"] == prepared.notes
    assert [p.name for p in (tmp_path / "head").iterdir()] == [FILE.name]


def test_a_folder_that_cannot_be_written_ends_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "head").write_text("a file in the way")
    monkeypatch.setenv("RL_WIDGETS_RUN_FOLDER", str(tmp_path))
    prepared = prepare("PPO", {"env": "CartPole-v1"})
    real = prepared.algorithm.__new__(prepared.algorithm)
    real.config = prepared.config
    EffectiveConfig({}, [])(algorithm=real)


class _Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, "nan"),
        ({1: (1, 2.5, None)}, {"1": [1, 2.5, None]}),
        (print, "builtins.print"),
        (Path, "pathlib.Path"),
        (object(), "builtins.object"),
        (_Unprintable(), f"{__name__}._Unprintable"),
        ("x" * 5_000, "x" * 2_000),
    ],
)
def test_any_value_becomes_json(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    json.dumps(plain(value), allow_nan=False)


def test_a_structure_without_end_has_one() -> None:
    endless: list[Any] = []
    endless.append(endless)
    json.dumps(plain(endless))
