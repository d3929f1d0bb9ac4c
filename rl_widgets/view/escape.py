"""The one function through which every text goes into HTML or SVG."""

from __future__ import annotations

import html
import re

# No XML document can hold these; lone surrogates are not even UTF-8.
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def escape(text: object) -> str:
    """Text for the content or a quoted attribute of HTML and SVG."""
    return html.escape(_NEVER.sub("\N{REPLACEMENT CHARACTER}", str(text)), quote=True)
