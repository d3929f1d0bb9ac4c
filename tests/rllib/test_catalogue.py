"""`catalogue.json` is what the installed RLlib says, and forms use it as scripts use RLlib."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rl_widgets.forms.settings import FIRST, check_settings, settings_of
from rl_widgets.rllib import catalogue
from rl_widgets.rllib.errors import ConfigError
from rl_widgets.rllib.settings import algorithm_class
from rl_widgets.rllib.translate import translate


def test_the_file_is_what_rllib_says() -> None:
    assert json.loads(catalogue.FILE.read_text(encoding="utf-8")) == catalogue.build(), (
        "python -m rl_widgets.rllib.catalogue writes it again"
    )


BAD = [
    {"lr": "fast"},
    {"lr": -1},
    {"gamma": 2},
    {"num_workers": 1.5},
    {"num_epochs": None},
    {"minibatch_size": "<b>"},
    {"train_batch_size": True},
    {"entropy_coeff": {"a": 1}},
    {"explore": "yes"},
    {"model": {"fcnet_hiddens": "big"}},
    {"model": {"fcnet_hidden": [1]}},
    {"lrr": 1},
    {"use_pytorch": False},
    {"num_gpus": 1.5},
    {"callbacks": {"on_train_result": 1}},
    {"num_workers": 1, "num_env_runners": 2},
    {"x" * 10_000: 1},
]


@pytest.mark.parametrize("algorithm", ["IMPALA", "APPO"])
@pytest.mark.parametrize("config", BAD, ids=lambda config: str(config)[:40])
def test_a_form_says_what_the_script_would(algorithm: str, config: dict[str, Any]) -> None:
    default = algorithm_class(algorithm).get_default_config()
    with pytest.raises(ConfigError) as refused:
        translate(config, algorithm, default)
    said = check_settings("config", algorithm, config)
    assert list(said.values()) == [str(refused.value)]
    assert set(said) <= {"config", *(f"config.{name}" for name in config)}


def test_the_settings_that_matter_first_are_settings() -> None:
    for algorithm in ("IMPALA", "APPO"):
        names = list(settings_of(algorithm).class_trait_names())
        assert set(FIRST) - set(names) <= {"clip_param"}
