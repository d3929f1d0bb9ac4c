"""Which texts a record can hold."""

from __future__ import annotations


def is_unicode(text: str) -> bool:
    """Whether a text has no half of a character, as the name of a file that is no UTF-8 has."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def storable(text: str) -> bool:
    """Whether a record and a command line can hold a text: Unicode without NUL."""
    return "\0" not in text and is_unicode(text)
