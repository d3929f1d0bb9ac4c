"""Work that another Python does: that of a kernel, which may have what trains."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from rl_widgets.server.machine import trains_here
from rl_widgets.server.served import Served
from rl_widgets.store.errors import StoreError, UserError
from rl_widgets.store.runs import RunRecord

#: The property of a run that names its kernel.
PROPERTY = "kernel"
#: Seconds until a command has submitted its run.
TIMEOUT = 120.0
#: Exit code of `rl-widgets` for a request that cannot be.
_BAD_REQUEST = 2
#: What it begins each line of a refusal with.
_SAYS = "rl-widgets: "

#: What a kernel's specification calls the Python of the server.
_OWN = ("python", f"python{sys.version_info[0]}", "python{}.{}".format(*sys.version_info))

#: What the Python of a run has to have.
_NEEDED = ("rl_widgets", "ray", "torch")
_LOOK = (
    "import importlib.util as u, sys; "
    "print(*[n for n in sys.argv[1:] if u.find_spec(n) is None] or ['nothing'])"
)
#: Seconds that a look at a Python takes at most, and for which it holds.
_LOOK_TIMEOUT, _LOOK_HOLDS = 20.0, 30.0
_looks: dict[str, tuple[float, str]] = {}


def python_of(served: Served, kernel: str) -> str:
    """The program of a kernel. Raises `UserError` where there is no such kernel."""
    try:
        command = served.find_kernel(kernel)
    except KeyError as error:
        raise UserError(f"There is no kernel {kernel!r:.80} on this server.") from error
    if not command:
        raise UserError(f"The kernel {kernel!r:.80} names no program.")
    program = str(command[0])
    # Jupyter starts a kernel that names no certain Python by the server's own.
    return sys.executable if program in _OWN else program


def python_of_run(served: Served, record: RunRecord) -> str | None:
    """The Python to resume a run by; '' is the server's own, and None says that none is known.

    It is the one that submitted the run, as that has what its script imports.
    """
    own = str(record.definition.get("python") or "")
    if own and own != sys.executable and os.access(own, os.X_OK):
        return own
    if own != sys.executable and (kernel := str(record.properties.get(PROPERTY, ""))):
        with contextlib.suppress(UserError):
            return python_of(served, kernel)
    return "" if trains_here() else None


def check_trains(served: Served, kernel: Any) -> None:
    """Raises `UserError` where a kernel's Python has not what trains; '' is the server's own."""
    if not isinstance(kernel, str):
        raise UserError(f"kernel is the name of a kernel, not {kernel!r:.60}.")
    if not kernel:
        if not trains_here():
            raise UserError(
                "The Python of this server has no Ray and torch to train with. Choose a kernel "
                "that has them, or install 'rl-widgets[rllib]' beside the server."
            )
        return
    python = python_of(served, kernel)
    at, lacks = _looks.get(python, (-_LOOK_HOLDS, ""))
    if time.monotonic() - at >= _LOOK_HOLDS:
        lacks = _lacks(python)
        _looks[python] = time.monotonic(), lacks
    if lacks:
        raise UserError(
            f"The Python of the kernel {kernel!r:.80} {lacks}. Install 'rl-widgets[rllib]' there, "
            "or choose another kernel."
        )


def _call(command: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )


def _lacks(python: str) -> str:
    """What a Python has not, or ''."""
    try:
        done = _call([python, "-c", _LOOK, *_NEEDED], _LOOK_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"could not be started ({error!s:.200})"
    names = done.stdout.split()
    if done.returncode or not set(names) <= {"nothing", *_NEEDED}:
        return "is none that trains"
    return "" if names == ["nothing"] else f"has no {' and '.join(names)}"


def command(served: Served, python: str, name: str, arguments: Sequence[str]) -> str:
    """Carry out `rl-widgets` in another Python; returns what it printed.

    Raises `UserError` with its sentence where it refuses; `name` is what a sentence calls it.
    """
    with tempfile.TemporaryDirectory(prefix="rl_widgets-") as folder:
        config = served.workspace.write_config(folder)
        whole = [python, "-m", "rl_widgets.cli", "--workspace", str(config), *arguments]
        try:
            done = _call(whole, TIMEOUT)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StoreError(f"{name} could not be started ({error}).") from error
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    if done.returncode == _BAD_REQUEST and said[-1].startswith(_SAYS):
        # Beside its sentences, one a line, a Python may have warned.
        raise UserError("\n".join(s.removeprefix(_SAYS) for s in said if s.startswith(_SAYS)))
    raise UserError(
        f"{name} cannot {arguments[0]} runs: {said[-1]:.200}. Install 'rl-widgets[rllib]' there."
    )


def as_json(value: Any) -> str:
    """A value as an argument of a command."""
    return json.dumps(value, allow_nan=False)
