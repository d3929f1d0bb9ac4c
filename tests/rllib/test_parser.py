"""The command line of an entry script."""

import os

import pytest

from rl_widgets.rllib import train


def parse(*arguments, **environment):
    return train.create_parser().parse_args(list(arguments))


def test_json_options_are_dictionaries():
    args = parse(
        "--run", "IMPALA", "--env", "PongNoFrameskip-v4",
        "--config", '{"num_gpus": 1, "num_workers": 13}',
        "--stop", '{"episode_reward_mean": 18, "time_total_s": 3600}',
    )  # fmt: skip
    assert args.config == {"num_gpus": 1, "num_workers": 13}
    assert args.stop == {"episode_reward_mean": 18, "time_total_s": 3600}
    assert (args.run, args.env) == ("IMPALA", "PongNoFrameskip-v4")


def test_ray_address_is_the_clusters_and_never_none(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1234")
    assert parse().ray_address == "127.0.0.1:1234"
    monkeypatch.delenv("RAY_ADDRESS")
    assert parse().ray_address == "local"


def test_local_dir_is_absolute():
    assert parse("--local-dir", "./logs").local_dir == os.path.abspath("logs")
    assert os.path.isabs(parse().local_dir)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", '{"num_workers": }'], ["--config", "line 1, column 17", "^"]),
        (["--config", '{"a": 1,\n "b": tru}'], ["line 2, column 7"]),
        (["--config", "{'num_workers': 2}"], ["double quotes"]),
        (["--config", '{"explore": True}'], ["true, false and null"]),
        (["--config", "[1]"], ["must be a JSON object"]),
        (["--stop", '{"time_total_s": NaN}'], ["NaN is no number"]),
        (["--stop", '{"time_total_s": Infinity}'], ["Infinity"]),
        (["--envs", "x"], ["no option '--envs'", "'--env'"]),
        (["--chekpoint-freq=3"], ["'--checkpoint-freq'"]),
        (["--num-samples", "0"], ["0 is below 1"]),
        (["--seed", "two"], ["'two' is no whole number"]),
        (["--seed", "-1"], ["-1 is below 0"]),
    ],
)
def test_mistakes_end_the_script_with_one_clear_sentence(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(*arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    for word in words:
        assert word in said
    assert "Traceback" not in said
