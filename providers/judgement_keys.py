"""What a judgement rests on, as one text: whatever changes of it, the text is another.

It takes in every field of the dataset (stated, measured, organisation, address and
formats of the service), the day, the forms, and the judge: all the code, rules and
lists of `metadata`, and the libraries that it encodes with.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from pyproj.database import get_database_metadata

from metadata.dataset import Dataset

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_LIBRARIES: Final = ("lxml", "pyproj")


def rests_on(dataset: Dataset, *, today: date, forms: Iterable[str]) -> str:
    """Return what tells all that a judgement rests on from anything else."""
    stated = _plain((dataset, today, sorted(forms)))
    return sha256(f"{JUDGE}{stated!r}".encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> object:
    """Return a value as tuples of plain values, whose `repr` tells it from all others.

    Raises
    ------
    TypeError
        It holds something of which that is not known.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return type(value).__name__, value.value
    if isinstance(value, date):
        return type(value).__name__, value.isoformat()
    return type(value).__name__, *_parts(value)


def _parts(value: Any) -> Iterable[object]:
    """Yield what a value is made of, in an order that does not depend on the process.

    Raises
    ------
    TypeError
        Nobody knows what it is made of.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return (_plain(getattr(value, name)) for name in _names(type(value)))
    if isinstance(value, tuple | list):
        return map(_plain, value)
    if isinstance(value, frozenset):
        return sorted(map(_plain, value), key=repr)
    if isinstance(value, Mapping):
        pairs = ((_plain(k), _plain(v)) for k, v in value.items())
        return sorted(pairs, key=repr)
    message = f"Nothing tells one {type(value).__name__} from another."
    raise TypeError(message)


@lru_cache(maxsize=128)
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _judge() -> str:
    """Return what tells this judge from one of other code, rules or libraries."""
    found = sha256()
    for name, content in sorted(_contents(files("metadata"), "")):
        found.update(f"{name}\0{len(content)}\0".encode())
        found.update(content)
    libraries = [version(name) for name in _LIBRARIES]
    place = get_database_metadata("EPSG.VERSION")
    found.update(repr((sys.version, libraries, place)).encode())
    return found.hexdigest()


def _contents(folder: Traversable, above: str) -> Iterable[tuple[str, bytes]]:
    for each in folder.iterdir():
        name = f"{above}/{each.name}"
        if each.is_dir():
            if each.name != "__pycache__":
                yield from _contents(each, name)
        else:
            yield name, each.read_bytes()


JUDGE: Final = _judge()
"""Of the program that runs, read when it starts: later its files may be another's."""
