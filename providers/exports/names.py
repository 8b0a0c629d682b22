"""Names of columns that files add to those of the collection."""

from __future__ import annotations

from collections.abc import Collection


def unused(name: str, taken: Collection[str]) -> str:
    """Return a name that no column has yet, whatever its case."""
    others = {each.casefold() for each in taken}
    number, found = 1, name
    while found.casefold() in others:
        number += 1
        found = f"{name}_{number}"
    return found
