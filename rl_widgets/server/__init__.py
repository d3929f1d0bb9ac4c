"""The Jupyter server extension: the workspace over HTTP, with the server's own login.

Its address is `<base>/rl-widgets/api/`; `openapi.yaml` beside this file describes it.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from rl_widgets.server.app import RLWidgets

    return [{"module": "rl_widgets.server.app", "app": RLWidgets}]
