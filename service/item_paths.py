"""Paths of items: whatever an identifier holds, line breaks too.

Starlette's own convertor of paths stops at a line break, so that a feature whose
key has one could be found in a page and never by its address.
"""

from __future__ import annotations

from typing import Final

from starlette.convertors import Convertor, register_url_convertor


class _Whole(Convertor[str]):
    """All that is left of a path."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """Return it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Return it as it is."""
        return value


register_url_convertor("whole", _Whole())
ITEM: Final = "{item:whole}"
"""The end of the path of one item."""
