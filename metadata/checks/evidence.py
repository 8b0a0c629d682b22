"""A parsed record under judgement, and how its elements are found and named.

White space around a text counts for nothing, as in the official driver, which
strips it when it reads a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from lxml import etree

from metadata.checks.rules import Flaw, RuleSet
from metadata.record import Record
from metadata.xml import NAMESPACES, qualified

ROOT: Final = qualified("gmd:MD_Metadata")
LEVELS: Final = frozenset({"dataset", "series", "service"})
"""Records that some of the common tests look at; they pass over all others."""
_PREFIXES: Final[Mapping[str, str]] = {uri: name for name, uri in NAMESPACES.items()}
_TEXTS: Final = frozenset({qualified("gco:CharacterString"), qualified("gmx:Anchor")})
HREF: Final = qualified("xlink:href")


class Path:
    """One XPath of ISO 19139, compiled once for the whole process."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._select = etree.XPath(
            path, namespaces=dict(NAMESPACES), smart_strings=False
        )

    def __str__(self) -> str:
        return f"/gmd:MD_Metadata/{self.path}"

    def all(self, within: etree._Element) -> list[etree._Element]:
        """Return the elements found, in document order."""
        return [found for found in self._found(within) if etree.iselement(found)]

    def values(self, within: etree._Element) -> list[str]:
        """Return the attributes found, without outer white space."""
        return [str(found).strip() for found in self._found(within)]

    def _found(self, within: etree._Element) -> list[Any]:
        found: Any = self._select(within)
        return found if isinstance(found, list) else []


_LEVEL: Final = Path("gmd:hierarchyLevel/gmd:MD_ScopeCode/@codeListValue")
_DATA: Final = Path("gmd:identificationInfo/gmd:MD_DataIdentification")
_SERVICE: Final = Path("gmd:identificationInfo/srv:SV_ServiceIdentification")
_FIRST: Final = Path("gmd:identificationInfo[1]/*")


@dataclass(frozen=True)
class Evidence:
    """One record, parsed once, and the rule set that judges it."""

    record: Record
    root: etree._Element
    rules: RuleSet

    @cached_property
    def levels(self) -> frozenset[str]:
        """Hierarchy levels that the record states."""
        return frozenset(_LEVEL.values(self.root))

    @property
    def is_service(self) -> bool:
        """Whether the record says that it describes a service."""
        return "service" in self.levels

    @property
    def is_inspected(self) -> bool:
        """Whether the record is of a level that all the tests look at."""
        return bool(self.levels & LEVELS)

    @property
    def identification_path(self) -> Path:
        """Where the title, the abstract and so on are looked for."""
        return _SERVICE if self.is_service else _DATA

    @cached_property
    def identifications(self) -> list[etree._Element]:
        """The identifications of the kind that the level announces."""
        return self.identification_path.all(self.root)

    @cached_property
    def first_identifications(self) -> list[etree._Element]:
        """What the first ``identificationInfo`` holds, of whatever kind."""
        return _FIRST.all(self.root)

    def identified(self, path: Path) -> list[etree._Element]:
        """Return the elements found below `identifications`."""
        return [found for part in self.identifications for found in path.all(part)]

    def identified_first(self, path: Path) -> list[etree._Element]:
        """Return the elements found below `first_identifications`."""
        return [
            found for part in self.first_identifications for found in path.all(part)
        ]

    def expected(self, path: Path) -> str:
        """Return the XPath of what is missing from the identification."""
        return f"{self.identification_path}/{path.path}"

    def accepts(self, name: str, value: str) -> bool:
        """Tell whether a closed list of the rule set holds a value."""
        return value in self.rules.lists[name]


Requirement = Callable[[Evidence], Iterator[Flaw]]
"""A function that judges one requirement on a record."""


def text(element: etree._Element) -> str:
    """Return the character string or anchor text of an element; empty without."""
    for child in element:
        if child.tag in _TEXTS and child.text and child.text.strip():
            return child.text.strip()
    return ""


def content(element: etree._Element) -> str:
    """Return all the text below an element, without outer white space."""
    return "".join(map(str, element.itertext())).strip()


def value(element: etree._Element, name: str = "codeListValue") -> str:
    """Return an attribute without outer white space; empty without it."""
    return (element.get(name) or "").strip()


def place(element: etree._Element) -> str:
    """Return the XPath of an element in the prefixes of `metadata.xml`."""
    steps = []
    here: etree._Element | None = element
    while here is not None:
        steps.append(_step(here))
        here = here.getparent()
    return "/" + "/".join(reversed(steps))


def _step(element: etree._Element) -> str:
    name = etree.QName(element)
    prefix = _PREFIXES.get(name.namespace or "")
    step = f"{prefix}:{name.localname}" if prefix else name.localname
    parent = element.getparent()
    if parent is None:
        return step
    twins = parent.findall(element.tag)
    return step if len(twins) == 1 else f"{step}[{twins.index(element) + 1}]"
