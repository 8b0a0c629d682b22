"""Where two records differ: for a message, once their fingerprints do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from lxml import etree

from metadata.record import canonical, is_json
from metadata.xml import parse

_SHOWN = 60
"""Characters quoted of each side."""


@dataclass(frozen=True, kw_only=True)
class FieldDifference:
    """One field of two JSON records that is not the same in both."""

    name: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.name}: {self.ours} ≠ {self.theirs}"


def field_differences(ours: bytes, theirs: bytes) -> tuple[FieldDifference, ...]:
    """Return the fields that differ between two JSON records, by their path.

    The resources of a dataset are told apart by their key, not by their place.
    """
    one, other = fields_of(ours), fields_of(theirs)
    return tuple(
        FieldDifference(name=name, ours=one.get(name, "∅"), theirs=other.get(name, "∅"))
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    )


def fields_of(record: bytes) -> dict[str, str]:
    """Return the fields of a JSON record that are not empty, as they may be quoted."""
    found = {path: field_shown(value) for path, value in _leaves(json.loads(record))}
    return {path: shown for path, shown in found.items() if shown != "∅"}


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield paths and values; a list of plain values is one value."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for number, part in enumerate(value):
            name = part.get("key") or part.get("role") or number
            yield from _leaves(part, f"{path}[{name}]")
    else:
        yield path, value


def field_shown(value: object) -> str:
    """Return the value of a field as a message may quote it."""
    if value in (None, "", [], {}):
        return "∅"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable if len(printable) <= _SHOWN else f"{printable[:_SHOWN]}…"


def first_difference(meant: bytes, found: bytes) -> str:
    """Return the first element that differs, and both of its contents.

    Returns
    -------
    str
        ``path: meant ≠ found``; empty when the records are equal.
    """
    if is_json(meant) and is_json(found):
        return next(map(str, field_differences(meant, found)), "")
    ours = parse(canonical(meant)).iter()
    theirs = parse(canonical(found)).iter()
    for one, other in zip_longest(ours, theirs):
        left, right = _said(one), _said(other)
        if left != right:
            where = _path(one if one is not None else other)
            return f"{where}: {left[:_SHOWN]} ≠ {right[:_SHOWN]}"
    return ""


def _said(element: etree._Element | None) -> str:
    """Return the name, attributes and text of one element."""
    if element is None:
        return "∅"
    attributes = " ".join(
        f"{etree.QName(name).localname}={element.get(name)}"
        for name in sorted(map(str, element.attrib))
    )
    words = " ".join(filter(None, (attributes, (element.text or "").strip())))
    return f"{etree.QName(element).localname} {words}".strip()


def _path(element: etree._Element | None) -> str:
    """Return the local names from the root to an element."""
    if element is None:
        return "/"
    names = [etree.QName(e).localname for e in element.iterancestors()]
    return "/".join([*reversed(names), etree.QName(element).localname])
