"""What the tables' own modules need of the database: two kinds of transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import sqlalchemy as sa


class Transactions(Protocol):
    """Where reads and writes come from; `rl_widgets.store.database.Database` is the one."""

    def write(self) -> AbstractContextManager[sa.Connection]: ...

    def read(self) -> AbstractContextManager[sa.Connection]: ...
