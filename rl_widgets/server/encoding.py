"""What the other layers say, as JSON: one encoder for all dataclasses."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """Dataclasses as dicts of their fields, arrays and tuples as lists, and null for what is no
    number: JSON knows neither NaN nor infinities."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, np.ndarray):
        listed = value.tolist()
        # Nearly always all are numbers, and looking at each in Python is what costs.
        finite = value.dtype.kind != "f" or bool(np.isfinite(value).all())
        return listed if finite else plain(listed)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def encoded(value: Any) -> str:
    """A value as JSON text (ASCII, so that any text of any file passes)."""
    return json.dumps(plain(value), allow_nan=False, separators=(",", ":"))
