"""The few shapes that all of ISO 19139 is made of, as lxml elements.

Each function adds to a parent, in document order, and adds nothing at all for
an empty value unless it says otherwise.

References
----------
ISO/TS 19139:2007, clause 8 (encoding rules).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from lxml import etree

from metadata.content import Label
from metadata.iso19139_terms import CODE_LISTS, LANGUAGE_LIST
from metadata.xml import qualified

Element = etree._Element  # lxml has no public name for it
NAME: Final = lru_cache(maxsize=None)(qualified)
"""`metadata.xml.qualified`, remembered: the names are a closed set."""
NIL_REASON: Final = NAME("gco:nilReason")
HREF: Final = NAME("xlink:href")


def add(parent: Element, *names: str) -> Element:
    """Add elements one inside the other and return the innermost."""
    for name in names:
        parent = etree.SubElement(parent, NAME(name))
    return parent


def add_value(parent: Element, name: str, kind: str, value: str) -> None:
    """Add a property that holds one simple value, e.g. a ``gco:Date``."""
    if value:
        add(parent, name, kind).text = value


def add_text(parent: Element, name: str, text: str) -> None:
    """Add a property that holds a ``gco:CharacterString``."""
    add_value(parent, name, "gco:CharacterString", text)


def add_required_text(
    parent: Element, name: str, text: str, *, reason: str = "missing"
) -> None:
    """Add a text that the schema demands; an empty one says why it is empty."""
    add_text(parent, name, text)
    if not text:
        add(parent, name).set(NIL_REASON, reason)


def add_label(parent: Element, name: str, label: Label | None) -> None:
    """Add a text as ``gmx:Anchor`` when it has an address, else as plain text."""
    if label is None or not label.href:
        add_text(parent, name, label.text if label else "")
        return
    anchor = add(parent, name, "gmx:Anchor")
    anchor.set(HREF, label.href)
    anchor.text = label.text


def add_code(parent: Element, name: str, kind: str, value: str) -> None:
    """Add a value of one of the code lists of ISO 19139."""
    _coded(parent, name, kind, f"{CODE_LISTS}#{kind.partition(':')[2]}", value)


def add_language(parent: Element, name: str, code: str) -> None:
    """Add a language by its ISO 639-2/B code (tests C.5 and ds 1.6).

    The schema demands it of data, so an empty one says that it is missing.
    """
    _coded(parent, name, "gmd:LanguageCode", LANGUAGE_LIST, code)
    if not code:
        add(parent, name).set(NIL_REASON, "missing")


def _coded(parent: Element, name: str, kind: str, code_list: str, value: str) -> None:
    if value:
        code = add(parent, name, kind)
        code.set("codeList", code_list)
        code.set("codeListValue", value)
        code.text = value
