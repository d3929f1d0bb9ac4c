"""The entry scripts of the example notebooks, run as a job runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FILES = Path(__file__).parents[2] / "notebooks" / "files"


def run_script(name, *arguments, folder, timeout=200):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    return subprocess.run(
        [sys.executable, FILES / name, *arguments],
        cwd=folder,
        env={
            **environment,
            "RL_WIDGETS_RUN_ID": "script_1_0123abcd",
            "RL_WIDGETS_RUN_FOLDER": str(folder),
            "RL_WIDGETS_ATTEMPT": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
            # A busy machine takes its time to start a Ray.
            "RAY_raylet_start_wait_time_s": "120",
            "RAY_agent_register_timeout_ms": "120000",
        },
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def spooled(folder):
    return [
        json.loads(line)
        for file in (folder / "spool").glob("*.jsonl")
        for line in file.read_text().splitlines()
    ]


@pytest.mark.cluster
@pytest.mark.long
def test_a_script_that_uses_ray_alone_logs_from_every_process(tmp_path):
    done = run_script("plain_ray.py", "--tasks", "3", "--throws", "1000", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "pi is about 3." in done.stdout
    points = spooled(tmp_path)
    assert sorted(line["s"] for line in points if "pi" in line["m"]) == [1, 2, 3]
    assert sorted(line["s"] for line in points if "task/pi" in line["m"]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "{"], "not valid JSON at line 1"),
        (["--enviroment", "x"], "no option '--enviroment'"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_sentence(tmp_path, arguments, words):
    done = run_script("pong_rllib.py", *arguments, folder=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
