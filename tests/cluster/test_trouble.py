"""Runs that meet what a machine does to them: a disk that fills up, a script that hangs."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rl_widgets import Experiment, StoreError, Workspace
from rl_widgets.view.reader import RunReader
from tests.cluster.conftest import Lab, wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]

COUNTS = """
import atexit, os, time
from pathlib import Path
from rl_widgets import Run
run = Run.get_context()
atexit.register(Path({end!r} + "ing").touch)
i = 0
while not os.path.exists({end!r}):
    i += 1
    run.log_metrics({{"training_iteration": i}}, step=i, env_steps=100 * i)
    time.sleep(0.02)
Path({end!r} + "ed at").write_text(str(i))
"""


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 24 MB that holds the workspace."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("only root may make a small disk")
    monkeypatch.setenv("RL_WIDGETS_HOME", str(place / "home"))
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    """Let a file grow until its disk has no room for 512 bytes."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 512):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass


def test_a_full_disk_loses_nothing(small_disk: Path, tmp_path: Path) -> None:
    ws = Workspace()
    end = tmp_path / "end"
    lab = Lab(ws, tmp_path)
    run = lab.submit(COUNTS.format(end=str(end)))
    try:
        wait_until(lambda: "training_iteration" in run.get_metrics(), "the first point")
        filler = small_disk / "filler"
        fill(filler)
        warned = RunReader.of(run)
        wait_until(lambda: any("is full" in w for w in warned.read().warnings), "the warning")
        with pytest.raises(StoreError, match="could not be written"):
            lab.submit("print('never')")
        # The script ends while the disk is full still: its process waits until there is room.
        end.touch()
        wait_until(Path(f"{end}ing").exists, "the script's end")
        assert run.status == "Running"
        assert not (run.folder / "job" / "exit.json").exists()
        filler.unlink()
        details = run.wait_for_completion(raise_on_error=False)
        assert details["status"] == "Completed"
        logged = int(Path(f"{end}ed at").read_text())
        assert run.get_metrics()["training_iteration"] == [float(i + 1) for i in range(logged)]
        assert [r.id for r in Experiment(ws, "cluster-tests").get_runs()] == [run.id]
        assert not lab.leftovers(run)
    finally:
        (small_disk / "filler").unlink(missing_ok=True)
        run.cancel()
        run.wait_for_completion(raise_on_error=False)


HANGS = """
import os, threading, time
from rl_widgets import Run
run = Run.get_context()

def log(first, last):
    for i in range(first, last):
        run.log_metrics({{"training_iteration": i}}, step=i, env_steps=100 * i)
        time.sleep(0.1)

def waits_for_ever():
    while not os.path.exists({end!r}):
        threading.Event().wait(0.2)

log(1, 60)
waits_for_ever()
log(60, 70)
"""


@pytest.mark.long
def test_a_script_that_hangs_is_seen_with_its_stacks_and_may_go_on(
    lab: Lab, tmp_path: Path
) -> None:
    end = tmp_path / "end"
    run = lab.submit(HANGS.format(end=str(end)))
    wait_until(lambda: run.status == "NotResponding", "the hang", 200)
    assert "No env step for" in run.get_details()["statusMessage"]
    log = run.folder / "head" / "driver_log.txt"
    wait_until(lambda: "in waits_for_ever" in log.read_text(), "the stacks")
    end.touch()
    assert run.wait_for_completion()["status"] == "Completed"
    assert run.get_metrics()["training_iteration"] == [float(i) for i in range(1, 70)]
