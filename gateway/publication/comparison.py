"""Where two records differ: for a message, once their fingerprints do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import zip_longest

from lxml import etree

from gateway.publication.fields import fields_of
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
    """Return the fields that differ between two JSON records, by their path."""
    one, other = fields_of(ours), fields_of(theirs)
    return tuple(
        FieldDifference(name=name, ours=left, theirs=right)
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
        for left, right in [quoted_apart(one.get(name, ""), other.get(name, ""))]
    )


def quoted_apart(*values: str, width: int = _SHOWN) -> tuple[str, ...]:
    """Return values as a message may quote them, cut where they begin to differ."""
    plain = [_printable(value) for value in values]
    told = {value for value in plain if value}
    long = any(len(value) > width for value in told)
    start = max(0, _alike(told) - width // 4) if long else 0
    return tuple(_cut(value, start, width) for value in plain)


def _alike(texts: Collection[str]) -> int:
    """Return how many characters several texts begin alike with."""
    if len(texts) < 2:  # noqa: PLR2004
        return 0
    columns = enumerate(zip(*texts, strict=False))
    shortest = min(map(len, texts))
    return next((n for n, column in columns if len(set(column)) > 1), shortest)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _cut(text: str, start: int, width: int) -> str:
    """Return some of a text, with a mark at each end where there is more."""
    if not text:
        return "∅"
    before = "…" if start else ""
    after = "…" if len(text) > start + width else ""
    return f"{before}{text[start : start + width]}{after}"


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
