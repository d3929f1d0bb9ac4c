"""Builds the panel when the package is built: for a wheel it has to be there, for work on the
Python alone (an editable install without Node) it is left out."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

from hatch_jupyter_builder import npm_builder

BUILT = Path("rl_widgets/labextension")


def build(target_name: str, version: str, **settings: Any) -> None:
    """Install what the build needs from npm, and build. Raises where a wheel has no Node."""
    if version == "editable" and shutil.which("npm") is None:
        # What is not there is nothing to install; what was built before stays.
        BUILT.mkdir(exist_ok=True)
        print(
            "There is no Node here, so JupyterLab's panel is not built; all else works. "
            "Install Node 20 and this package again to have it.",
            file=sys.stderr,
        )
        return
    npm_builder(target_name, version, npm=["npm"], **settings)
