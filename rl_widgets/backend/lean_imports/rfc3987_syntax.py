"""Stands before the package of this name in Ray's processes, and loads it only when asked.

Every Ray process imports jsonschema, which imports rfc3987_syntax where Jupyter has installed it,
which builds a parser in 1.3 s of CPU (measured on the 2-core machine; all of `import ray` is
2.6 s). None of them ever checks an IRI. What is asked of this module is answered by the real one.
"""

import functools
import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

_here = os.path.dirname(os.path.abspath(__file__))
_elsewhere = [folder for folder in sys.path if os.path.abspath(folder or os.curdir) != _here]
_real_spec = importlib.machinery.PathFinder.find_spec(__name__, _elsewhere)
if _real_spec is None or _real_spec.loader is None:
    raise ImportError("rfc3987_syntax is not installed", name=__name__)
__path__ = list(_real_spec.submodule_search_locations or [])


@functools.cache
def _load() -> ModuleType:
    assert _real_spec is not None
    assert _real_spec.loader is not None
    module = importlib.util.module_from_spec(_real_spec)
    sys.modules[__name__] = module
    _real_spec.loader.exec_module(module)
    return module


def is_valid_syntax(term: str, value: str) -> Any:
    return _load().is_valid_syntax(term, value)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(_load(), name)
