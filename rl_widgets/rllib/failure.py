"""The original exception out of what Ray wraps around it, with the file and line where it was.

An exception of an environment passes an env runner, the trainable and Tune on its way to the entry
script. A script that ends with `TuneError: Trials did not complete` tells its user nothing.
"""

from __future__ import annotations

import ast
import re
import types
from typing import Any

from rl_widgets.rllib.errors import OutOfMemory, TrainingError

_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)', re.M)
_EXCEPTION = re.compile(r"^(?:[A-Za-z_][\w.]*)(?:Error|Exception|Interrupt|Exit)(?:: .*)?$", re.M)
#: Frames of the original traceback that are shown, innermost last.
_SHOWN_FRAMES = 8


def original_error(error: BaseException) -> BaseException:
    """The exception that code of a task or actor raised; its traceback is what was written there.

    Anything else (a dead actor, say) comes back as it is.
    """
    from ray.exceptions import RayActorError, RayError, RayTaskError

    text = str(error)
    if isinstance(error, RayError) and ended_for_memory(error):
        return OutOfMemory(
            "Out of memory: Ray ended the training's process, because its node's memory was all "
            "but full. Fewer env runners or environments, a smaller batch or a larger node help. "
            f"Ray says: {' '.join(text.split())[:600]}"
        )
    cause: BaseException = error
    if isinstance(error, RayActorError) and error.args and isinstance(error.args[0], RayTaskError):
        cause = error.args[0]  # raised while the actor was made
    while isinstance(cause, RayTaskError):
        inner = getattr(cause, "cause", None)
        if not isinstance(inner, BaseException) or inner is cause:
            break
        cause = inner
    if isinstance(cause, RayTaskError):
        cause = TrainingError(_last_line(text))
    if cause is error:
        return _from_text(error, text) if isinstance(error, RayActorError) else error
    return cause.with_traceback(_traceback(text))


def ended_for_memory(error: BaseException) -> bool:
    """Whether Ray's watch over its nodes' memory ended the process that an error tells of."""
    # Of an actor, only the words of its death tell.
    return type(error).__name__ == "OutOfMemoryError" or "running low on memory" in str(error)


def _from_text(error: BaseException, text: str) -> BaseException:
    """A process that died while it reported an exception leaves only words of it."""
    first = text.split("During handling of the above exception")[0]
    found = _EXCEPTION.findall(first)
    if "Traceback (most recent call last)" not in first or not found:
        return error
    raised = TrainingError(f"The training process ended with {found[-1]}")
    return raised.with_traceback(_traceback(first))


def _traceback(text: str) -> types.TracebackType | None:
    """A traceback object whose entries are those that `text` names (as template engines do it)."""
    chain: types.TracebackType | None = None
    for match in reversed(list(_FRAME.finditer(text))[-_SHOWN_FRAMES:]):
        entry = _entry(match["file"], max(1, int(match["line"])), match["function"])
        if entry is not None:
            chain = types.TracebackType(chain, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return chain


def _entry(file: str, line: int, function: str) -> types.TracebackType | None:
    """Raise at that place, and keep the traceback's entry for it."""
    place = {"lineno": line, "col_offset": 0}
    raising = ast.Raise(exc=ast.Name(id="Exception", ctx=ast.Load(), **place), cause=None, **place)
    module = ast.Module(body=[raising], type_ignores=[])
    code = compile(module, file, "exec").replace(co_name=function)
    # `__name__` lets tools that sort frames by module see that this one is none of ours.
    scope: dict[str, Any] = {"__name__": "__remote__", "__file__": file}
    try:
        exec(code, scope)  # noqa: S102  # the code is the line above
    except Exception as raised:  # noqa: BLE001
        entry = raised.__traceback__
        while entry is not None and entry.tb_next is not None:
            entry = entry.tb_next
        return entry
    return None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "The training failed without a message."
