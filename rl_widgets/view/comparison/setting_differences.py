"""What is not the same in the configurations of several runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rl_widgets.view import configuration, wording
from rl_widgets.view.comparison.comparison import Difference
from rl_widgets.view.comparison.seed_groups import Group
from rl_widgets.view.reader import RunReader

#: Parts of a configuration that say which run it is, and not how it was set.
NO_NAMES = ("Versions", "Source directory (git)", "Tags")


def differences(readers: Sequence[RunReader]) -> tuple[Difference, ...]:
    """The settings that are not the same in all runs, in the order of the configurations.

    A run that tells none at all, as one that a cell has logged, is unlike the others in nothing.
    """
    tables = [
        {(s.part, s.name): s for s in configuration.configuration(reader).settings}
        for reader in readers
    ]
    keys = dict.fromkeys(key for table in tables for key in table)
    found = []
    for part, name in keys:
        told = [table.get((part, name)) for table in tables]
        beside = {s and s.value for s, table in zip(told, tables, strict=True) if table}
        values = tuple("—" if s is None else s.value for s in told)
        known = {s.value for s in told if s is not None}
        # A run that tells nothing of a setting that the others have as its default is not unlike.
        set_by_someone = any(s.changed or s.fact for s in told if s is not None)
        if len(beside) > 1 and (len(known) > 1 or set_by_someone):
            found.append(Difference(part, name, values))
    # What the script gave and what the algorithm had of it are one difference.
    by_values = {d.values for d in found if d.part.startswith("Script")}
    return tuple(d for d in found if " · " not in d.part or d.values not in by_values)


def named(found: Sequence[Group], rows: Sequence[Difference]) -> tuple[Group, ...]:
    """Groups of several runs under what tells them apart: 'lr 0.001'."""
    if len(found) < 2 or not any(len(g.members) > 1 for g in found):
        return tuple(found)
    telling = [
        row
        for row in rows
        if row.part not in NO_NAMES
        and all(len({row.values[m] for m in g.members}) == 1 for g in found)
    ][:2]
    labels = [
        ", ".join(f"{row.name} {wording.shown(row.values[g.members[0]], 24)}" for row in telling)
        for g in found
    ]
    if not telling or len(set(labels)) < len(found):
        return tuple(found)
    return tuple(
        g if " = " in g.label else replace(g, label=label)
        for g, label in zip(found, labels, strict=True)
    )
