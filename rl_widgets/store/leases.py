"""Node leases: which run holds how many nodes of which target, and in which order runs get them.

Runs that want a common target get its nodes in the order in which they were submitted; a run
takes all that it needs at once or nothing, so that two runs never hold half each.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa

from rl_widgets.store.connection import Transactions
from rl_widgets.store.errors import UserError
from rl_widgets.store.schema import compute_targets, leases, requests, runs
from rl_widgets.store.statuses import WAITING


@dataclass(frozen=True)
class Wait:
    """Why a run does not have its nodes yet."""

    target: str
    wanted: int
    free: int
    total: int
    #: Runs that were submitted earlier and wait for the same target.
    before: tuple[str, ...]
    #: Runs that hold nodes of the target.
    holders: tuple[str, ...]


class Leases:
    """Taking, giving back and looking at nodes."""

    def __init__(self, database: Transactions) -> None:
        self._database = database

    def acquire(self, run_id: str) -> Wait | None:
        """Take every node that a run asks for, or none; returns what it waits for, if it does.

        Raises `UserError` where a target is gone or can never have that many nodes.
        """
        with self._database.write() as connection:
            wanted = connection.execute(
                sa.select(requests.c.target, requests.c.nodes)
                .where(requests.c.run == run_id)
                .order_by(requests.c.target)
            ).all()
            held = set(connection.scalars(sa.select(leases.c.target).where(leases.c.run == run_id)))
            if held:
                return None
            for target, nodes in wanted:
                wait = self._wait(connection, run_id, target, nodes)
                if wait is not None:
                    return wait
            if wanted:
                now = time.time()
                connection.execute(
                    sa.insert(leases),
                    [
                        {"run": run_id, "target": target, "nodes": nodes, "acquired": now}
                        for target, nodes in wanted
                    ],
                )
            return None

    def release(self, run_id: str) -> None:
        """Give back every node that a run holds."""
        with self._database.write() as connection:
            connection.execute(sa.delete(leases).where(leases.c.run == run_id))

    def _wait(self, connection: sa.Connection, run_id: str, target: str, nodes: int) -> Wait | None:
        total = connection.scalar(
            sa.select(compute_targets.c.max_nodes).where(compute_targets.c.name == target)
        )
        if total is None:
            raise UserError(
                f"The compute target {target!r} was deleted while the run waited for it. Create "
                "it again, or submit the run on another target."
            )
        if nodes > total:
            raise UserError(
                f"The run needs {nodes} nodes of the compute target {target!r}, which can have at "
                f"most {total}. Raise its max_nodes, or ask for fewer nodes."
            )
        holders = connection.execute(
            sa.select(leases.c.run, leases.c.nodes).where(leases.c.target == target)
        ).all()
        number = sa.select(runs.c.number).where(runs.c.id == run_id).scalar_subquery()
        before = connection.scalars(
            sa.select(runs.c.id)
            .join(requests, requests.c.run == runs.c.id)
            .where(
                requests.c.target == target,
                runs.c.status.in_(WAITING),
                runs.c.number < number,
                runs.c.id.not_in(sa.select(leases.c.run)),
            )
            .order_by(runs.c.number)
        ).all()
        free = total - sum(row.nodes for row in holders)
        if not before and nodes <= free:
            return None
        return Wait(
            target=target,
            wanted=nodes,
            free=max(0, free),
            total=total,
            before=tuple(before),
            holders=tuple(row.run for row in holders),
        )
