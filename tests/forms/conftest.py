"""The Jupyter server of `tests/server`, for what a form, HTTP and a file say together."""

from __future__ import annotations

from pytest_jupyter.jupyter_core import (  # noqa: F401 - these run tests that are coroutines
    pytest_pycollect_makeitem,
    pytest_pyfunc_call,
)

from tests.server.conftest import (  # noqa: F401 - fixtures
    api,
    extension,
    folder,
    jp_asyncio_loop,
    jp_fetch,
    jp_serverapp,
    settings,
    workspace,
)
