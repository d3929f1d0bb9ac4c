"""The known name that a wrong one was most likely meant to be."""

from __future__ import annotations

from collections.abc import Iterable

#: A longer name is no slip of the fingers, and comparing it would take its time.
_LONGEST = 200


def nearest(name: str, names: Iterable[object]) -> str:
    """Return `' Did you mean …?'` with the nearest of `names`, or an empty string."""
    from difflib import get_close_matches

    if len(name) > _LONGEST:
        return ""
    known = sorted({str(item) for item in names})
    by_lower = {item.lower(): item for item in known}
    found = get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.55)
    return f" Did you mean {by_lower[found[0]]!r}?" if found else ""
