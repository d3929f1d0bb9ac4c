"""Where the trainer hangs, when it hangs: its stacks, on request of the supervisor."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import time
from typing import Any, TextIO

from rl_widgets.store.logger import from_environment

#: What the supervisor reads, and where the stacks go, relative to the run's folder.
TRAINER_FILE = "job/trainer.json"
STACKS_FILE = "head/stacks.txt"

_open_file: TextIO | None = None


def on_algorithm_init(*, algorithm: Any, **kwargs: Any) -> None:
    """RLlib's callback: have SIGUSR2 write the stacks of this process into the run's folder."""
    global _open_file
    found = from_environment()
    if found is None or not hasattr(faulthandler, "register"):
        return
    folder = found[1]
    if _open_file is None:
        # Open for life: a handler of signals cannot open files.
        _open_file = (folder / STACKS_FILE).open("a", encoding="utf-8")
        faulthandler.register(signal.SIGUSR2, file=_open_file, all_threads=True)
    path = folder / TRAINER_FILE
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps({"pid": os.getpid(), "time": time.time()}), encoding="utf-8")
    os.replace(partial, path)
