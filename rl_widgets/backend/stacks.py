"""Where the processes of a run that hangs are: has them write their stacks."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from rl_widgets.backend import outcome
from rl_widgets.backend.cluster_record import RECORD_NAME, read_record
from rl_widgets.backend.node_environment import MARKER
from rl_widgets.backend.processes import environment_value

#: What the trainer leaves, and where its stacks go (`rl_widgets.rllib.stacks`).
TRAINER_FILE = "job/trainer.json"
STACKS_FILE = "head/stacks.txt"


def dump(run_folder: Path) -> str:
    """Have the entry script and the trainer write their stacks; returns where they are to be found,
    as a sentence."""
    script = _ask(run_folder, "job/started.json")
    trainer = _ask(run_folder, TRAINER_FILE)
    if trainer and script:
        return (
            f"The stacks of the trainer are at the end of {STACKS_FILE}, those of the entry script "
            "at the end of driver_log.txt, among the run's files."
        )
    if trainer:
        return f"The stacks of the trainer are at the end of {STACKS_FILE} among the run's files."
    if script:
        return "The stacks of the entry script are at the end of driver_log.txt."
    return "Its processes do not answer a signal; driver_log.txt may say more."


def _ask(run_folder: Path, name: str) -> bool:
    pid = (outcome.read_json(run_folder / name) or {}).get("pid")
    record = read_record(run_folder / RECORD_NAME)
    if not isinstance(pid, int) or record is None:
        return False
    # The number may be another program's by now, which the signal would end.
    if environment_value(pid, MARKER) != record.marker:
        return False
    try:
        os.kill(pid, signal.SIGUSR2)
    except OSError:
        return False
    return True
