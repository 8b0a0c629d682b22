"""A record as its fields: a path for each, and what stands there.

XML is read with `metadata.iso19139_read`, so that a field is what it means and not
where it stands in the document; JSON as it is. Parts of a list are told apart by
what they are about (the role of a contact, the address of a link), never by their
place: a list in another order is no change.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from metadata.content import (
    CitationDate,
    Conformance,
    Format,
    KeywordBlock,
    Label,
    LegalConstraints,
    Online,
    OperatedData,
    Operation,
    Party,
)
from metadata.iso19139_read import NotARecord, read_iso19139
from metadata.record import is_json

Value = str | tuple[str, ...]
"""A text, or the values of a list in a fixed order."""
Leaves = Mapping[str, Value]
"""Path of a field → what stands there; absent fields are not in it."""

_KEYS: Final[Mapping[type, Callable[[Any], str]]] = MappingProxyType(
    {
        CitationDate: lambda part: part.type,
        Conformance: lambda part: part.specification.title.text,
        Format: lambda part: part.name.text,
        KeywordBlock: lambda part: part.thesaurus.title.text if part.thesaurus else "",
        LegalConstraints: lambda part: "access" if part.on_access else "use",
        Online: lambda part: part.url,
        OperatedData: lambda part: part.identifier,
        Operation: lambda part: part.name,
        Party: lambda part: part.role,
    }
)
"""What tells the parts of a list apart."""
_NAMES: Final = ("key", "role", "url")
"""The same for the parts of JSON."""


def leaves(content: bytes) -> Leaves:
    """Return the fields of a record that are not empty.

    Empty for a document that cannot be read as a record.
    """
    if is_json(content):
        return _kept(_json_leaves(json.loads(content), ""))
    try:
        read = read_iso19139(content)
    except NotARecord:
        return {}
    return _kept(_leaves(read, ""))


def _kept(found: Iterable[tuple[str, Value]]) -> Leaves:
    return {path: said for path, said in found if said}


def _leaves(value: object, path: str) -> Iterator[tuple[str, Value]]:
    """Yield the fields of a dataclass and of what is in it."""
    if isinstance(value, Label) or not (
        is_dataclass(value) or isinstance(value, tuple)
    ):
        yield path, _said(value)
    elif isinstance(value, tuple):
        yield from _list_leaves(value, path)
    else:
        for part in fields(value):
            yield from _leaves(getattr(value, part.name), _below(path, part.name))


def _list_leaves(value: tuple[object, ...], path: str) -> Iterator[tuple[str, Value]]:
    """Yield plain parts as one field in a fixed order, others by their key."""
    if not value or type(value[0]) not in _KEYS:
        yield path, tuple(sorted(map(_said, value)))
        return
    names = _distinct(_KEYS[type(part)](part) for part in value)
    for name, part in zip(names, value, strict=True):
        yield from _leaves(part, f"{path}[{name}]")


def _json_leaves(value: object, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _json_leaves(part, _below(path, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        names = _distinct(_json_name(part) for part in value)
        for name, part in zip(names, value, strict=True):
            yield from _json_leaves(part, f"{path}[{name}]")
    elif isinstance(value, list) and all(isinstance(part, str) for part in value):
        yield path, tuple(sorted(value))
    else:
        yield path, _json_said(value)


def _json_name(part: Mapping[str, Any]) -> str:
    return next((str(part[name]) for name in _NAMES if part.get(name)), "")


def _distinct(names: Iterable[str]) -> list[str]:
    """Return names that a path can hold; those that occur again with a number."""
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        seen[name] += 1
        numbered = name if seen[name] == 1 else f"{name} {seen[name]}".strip()
        told.append(numbered.replace("]", "%5D"))
    return told


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _said(value: object) -> str:
    if value is None or value is False:
        return ""
    if isinstance(value, Label):
        return f"{value.text} <{value.href}>" if value.href else value.text
    return str(value.value if isinstance(value, Enum) else value)


def _json_said(value: object) -> str:
    if value is None or value is False or value in ([], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
