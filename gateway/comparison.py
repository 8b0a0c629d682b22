"""Where two records differ: for a message, once their fingerprints do."""

from __future__ import annotations

from itertools import zip_longest

from lxml import etree

from metadata.record import canonical
from metadata.xml import parse

_SHOWN = 60
"""Characters quoted of each side."""


def first_difference(meant: bytes, found: bytes) -> str:
    """Return the first element that differs, and both of its contents.

    Returns
    -------
    str
        ``path: meant ≠ found``; empty when the records are equal.
    """
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
