"""Work that another Python does: that of a kernel, which may have what trains."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any

from rl_widgets.server.served import Served
from rl_widgets.store.errors import StoreError, UserError

#: The property of a run that names its kernel.
PROPERTY = "kernel"
#: Seconds until a command has submitted its run.
TIMEOUT = 120.0
#: Exit code of `rl-widgets` for a request that cannot be.
_BAD_REQUEST = 2


def python_of(served: Served, kernel: str) -> str:
    """The program of a kernel. Raises `UserError` where there is no such kernel."""
    try:
        command = served.find_kernel(kernel)
    except KeyError as error:
        raise UserError(f"There is no kernel {kernel!r:.80} on this server.") from error
    if not command:
        raise UserError(f"The kernel {kernel!r:.80} names no program.")
    return str(command[0])


def command(served: Served, kernel: str, arguments: Sequence[str]) -> str:
    """Carry out `rl-widgets` in a kernel's Python; returns what it printed.

    Raises `UserError` with its sentence where it refuses.
    """
    python = python_of(served, kernel)
    with tempfile.TemporaryDirectory(prefix="rl_widgets-") as folder:
        config = served.workspace.write_config(folder)
        whole = [python, "-m", "rl_widgets.cli", "--workspace", str(config), *arguments]
        try:
            done = subprocess.run(
                whole,
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StoreError(
                f"The kernel {kernel!r:.80} could not be started ({error})."
            ) from error
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    if done.returncode == _BAD_REQUEST and said[0].startswith("rl-widgets: "):
        raise UserError(said[0].removeprefix("rl-widgets: "))
    raise UserError(
        f"The Python of the kernel {kernel!r:.80} cannot submit runs: {said[0]:.200}. Install "
        "'rl-widgets[rllib]' there, or choose another kernel."
    )


def as_json(value: Any) -> str:
    """A value as an argument of a command."""
    return json.dumps(value, allow_nan=False)
