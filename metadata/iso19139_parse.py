"""Reads the shapes and the recurring classes of ISO 19139.

An absent element, an empty one and one with a ``nilReason`` all read as an
empty string. White space around a text does not count: catalogues indent.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from metadata.content import (
    Citation,
    CitationDate,
    DateType,
    Label,
    Online,
    OnlineFunction,
    Party,
)
from metadata.stated import Role
from metadata.xml import NAMESPACES, qualified

Element = etree._Element  # lxml has no public name for it
_HREF: Final = qualified("xlink:href")
_NAMESPACES: Final = dict(NAMESPACES)


def children(element: Element, path: str) -> list[Element]:
    """Return the elements at a path of prefixed names, in document order."""
    return element.findall(path, _NAMESPACES)


def child(element: Element, path: str) -> Element | None:
    """Return the first element at a path; `None` without any."""
    return element.find(path, _NAMESPACES)


def value(element: Element, path: str) -> str:
    """Return the text of the first element at a path."""
    return (element.findtext(path, "", _NAMESPACES) or "").strip()


def label(element: Element, path: str) -> Label:
    """Return a property that holds an Anchor or a plain text; else an empty label."""
    found = child(element, path)
    return _label(found) if found is not None else Label("")


def labels(element: Element, path: str) -> tuple[Label, ...]:
    """Return every such property at a path."""
    return tuple(map(_label, children(element, path)))


def optional_label(element: Element, path: str) -> Label | None:
    """Return such a property; `None` when it is absent or empty."""
    found = label(element, path)
    return found if found.text or found.href else None


def _label(parent: Element) -> Label:
    anchor = child(parent, "gmx:Anchor")
    if anchor is None:
        return Label(value(parent, "gco:CharacterString"))
    return Label((anchor.text or "").strip(), anchor.get(_HREF, ""))


def text(element: Element, path: str) -> str:
    """Return the text of a property that holds one, Anchor or not."""
    return label(element, path).text


def texts(element: Element, path: str) -> tuple[str, ...]:
    """Return the texts of every such property at a path."""
    return tuple(found.text for found in labels(element, path))


def codes(element: Element, path: str) -> tuple[str, ...]:
    """Return the values of every coded property at a path."""
    found = children(element, f"{path}/*")
    return tuple(item.get("codeListValue", "") for item in found)


def code(element: Element, path: str) -> str:
    """Return the value of a coded property."""
    found = child(element, f"{path}/*")
    return "" if found is None else found.get("codeListValue", "")


def language(element: Element, path: str) -> str:
    """Return the ISO 639-2/B code of a language."""
    return code(element, path)


def party(element: Element) -> Party:
    """Read a CI_ResponsibleParty."""
    contact = "gmd:contactInfo/gmd:CI_Contact"
    return Party(
        organisation=text(element, "gmd:organisationName"),
        position=text(element, "gmd:positionName"),
        email=text(
            element,
            f"{contact}/gmd:address/gmd:CI_Address/gmd:electronicMailAddress",
        ),
        phone=text(element, f"{contact}/gmd:phone/gmd:CI_Telephone/gmd:voice"),
        url=value(
            element,
            f"{contact}/gmd:onlineResource/gmd:CI_OnlineResource/gmd:linkage/gmd:URL",
        ),
        role=Role(code(element, "gmd:role")),
    )


def citation(element: Element, path: str) -> Citation:
    """Read the citation of a vocabulary or a specification.

    Raises
    ------
    ValueError
        It is not there, or has not exactly one date.
    """
    found = child(element, path)
    if found is None:
        message = f"{path} is missing"
        raise ValueError(message)
    (date,) = dates(found)
    return Citation(title=label(found, "gmd:title"), date=date)


def dates(element: Element) -> tuple[CitationDate, ...]:
    """Read the dates of a citation."""
    return tuple(
        CitationDate(
            value(found, "gmd:date/gco:Date"), DateType(code(found, "gmd:dateType"))
        )
        for found in children(element, "gmd:date/gmd:CI_Date")
    )


def online(element: Element) -> Online:
    """Read a CI_OnlineResource."""
    function = code(element, "gmd:function")
    return Online(
        url=value(element, "gmd:linkage/gmd:URL"),
        protocol=optional_label(element, "gmd:protocol"),
        application_profile=optional_label(element, "gmd:applicationProfile"),
        name=text(element, "gmd:name"),
        description=text(element, "gmd:description"),
        function=OnlineFunction(function) if function else None,
    )
