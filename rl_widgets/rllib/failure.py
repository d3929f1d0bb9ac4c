"""The original exception out of what Ray wraps around it, with the file and line where it was.

An exception of an environment passes an env runner, the trainable and Tune on its way to the entry
script. A script that ends with `TuneError: Trials did not complete` tells its user nothing.
"""

from __future__ import annotations

import re
import types
from typing import Any

from rl_widgets.rllib.errors import TrainingError

_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)', re.M)
#: Frames of the original traceback that are shown, innermost last.
_SHOWN_FRAMES = 8


def original_error(error: BaseException) -> BaseException:
    """The exception that code of a task or actor raised; its traceback is what was written there.

    Anything else (a dead actor, say) comes back as it is.
    """
    from ray.exceptions import RayTaskError

    text = str(error)
    cause: BaseException = error
    while isinstance(cause, RayTaskError):
        inner = getattr(cause, "cause", None)
        if not isinstance(inner, BaseException) or inner is cause:
            break
        cause = inner
    if isinstance(cause, RayTaskError):
        cause = TrainingError(_last_line(text))
    if cause is error:
        return error
    return cause.with_traceback(_traceback(text))


def _traceback(text: str) -> types.TracebackType | None:
    """A traceback object whose frames are those that `text` names (as template engines do it)."""
    chain: types.TracebackType | None = None
    for match in reversed(list(_FRAME.finditer(text))[-_SHOWN_FRAMES:]):
        frame = _frame(match["file"], match["function"])
        if frame is not None:
            chain = types.TracebackType(chain, frame, 0, int(match["line"]))
    return chain


def _frame(file: str, function: str) -> types.FrameType | None:
    code = compile("raise Exception", file, "exec").replace(co_name=function)
    # `__name__` lets tools that sort frames by module see that this one is none of ours.
    scope: dict[str, Any] = {"__name__": "__remote__", "__file__": file}
    try:
        exec(code, scope)  # noqa: S102  # the code is the constant above
    except Exception as raised:  # noqa: BLE001
        inner = raised.__traceback__
        while inner is not None and inner.tb_next is not None:
            inner = inner.tb_next
        return inner.tb_frame if inner is not None else None
    return None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "The training failed without a message."
