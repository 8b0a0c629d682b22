"""Limitations on public access, and conditions of use (C.17, C.18).

The suite recognises a block by what it holds. A block of *limitations* has one
access constraint ``otherRestrictions`` and an anchor to the list of Article 13; a
block of *conditions* has one use constraint (or access constraint)
``otherRestrictions`` and a licence: a text, an anchor with a text, or an anchor
saying that no conditions apply or that they are unknown. `gmd:useLimitation` counts
for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.checks.evidence import HREF, Evidence, Path, Requirement, place, value
from metadata.checks.rules import Flaw, flaw

_LEGAL: Final = Path(
    "gmd:identificationInfo/*/gmd:resourceConstraints/gmd:MD_LegalConstraints"
)
_ACCESS: Final = Path("gmd:accessConstraints")
_USE: Final = Path("gmd:useConstraints")
_CODE: Final = Path("gmd:MD_RestrictionCode")
_ANCHOR: Final = Path("gmd:otherConstraints/gmx:Anchor")
_STRING: Final = Path("gmd:otherConstraints/gco:CharacterString")
_REGISTER: Final = "inspire.ec.europa.eu/metadata-codelist/"
_LIMITATIONS: Final = _REGISTER + "LimitationsOnPublicAccess"
_CONDITIONS: Final = _REGISTER + "ConditionsApplyingToAccessAndUse"


@dataclass(frozen=True)
class _Block:
    """What counts of one ``gmd:MD_LegalConstraints``."""

    element: etree._Element
    restricts_access: bool
    """It has one access constraint ``otherRestrictions``."""
    restricts_use: bool
    limitations: int
    """Anchors to a value of the list of limitations."""
    wrong_limitations: int
    conditions: int
    """Anchors to a value of the list of conditions."""
    wrong_conditions: int
    has_string: bool
    has_anchor_text: bool

    @property
    def limits_access(self) -> bool:
        """Whether it says who may have the resource, as C.17 wants it."""
        alone = not self.wrong_limitations and not self.conditions
        return self.restricts_access and self.limitations > 0 and alone

    @property
    def has_licence(self) -> bool:
        """Whether it holds a licence in words."""
        alone = not self.wrong_conditions and not self.limitations
        return self.has_string or (self.has_anchor_text and alone)

    @property
    def sets_conditions(self) -> bool:
        """Whether it says how the resource may be used, as C.18 wants it."""
        if self.restricts_use and (self.conditions == 1 or self.has_licence):
            return True
        return self.restricts_access and self.has_licence


def _blocks(record: Evidence) -> list[_Block]:
    return [_block(record, legal) for legal in _LEGAL.all(record.root)]


def _block(record: Evidence, legal: etree._Element) -> _Block:
    anchors = _ANCHOR.all(legal)
    addresses = [value(anchor, HREF) for anchor in anchors]
    limits = [a for a in addresses if a.startswith(f"http://{_LIMITATIONS}")]
    conditions = [a for a in addresses if a.startswith(f"http://{_CONDITIONS}")]
    limitations = [a for a in limits if record.accepts("limitations", a)]
    known = [a for a in conditions if record.accepts("conditions", a)]
    return _Block(
        element=legal,
        restricts_access=_other_restrictions(legal, _ACCESS) == 1,
        restricts_use=_other_restrictions(legal, _USE) == 1,
        limitations=len(limitations),
        wrong_limitations=len(limits) - len(limitations),
        conditions=len(known),
        wrong_conditions=len(conditions) - len(known),
        has_string=any((s.text or "").strip() for s in _STRING.all(legal)),
        has_anchor_text=any((a.text or "").strip() for a in anchors),
    )


def _other_restrictions(legal: etree._Element, path: Path) -> int:
    return sum(
        any(value(code) == "otherRestrictions" for code in _CODE.all(constraint))
        for constraint in path.all(legal)
    )


def limitations_on_public_access(record: Evidence) -> Iterator[Flaw]:
    """Check C.17: exactly one block says who may have the resource, by Article 13."""
    secure = list(_secure_anchors(record, _LIMITATIONS))
    found = [block for block in _blocks(record) if block.limits_access]
    if secure:
        yield flaw("https", place(secure[0]), found=value(secure[0], HREF))
    elif not found:
        yield flaw("absent", str(_LEGAL))
    elif len(found) > 1:
        yield flaw("several", place(found[1].element), count=str(len(found)))


def conditions_of_use(record: Evidence) -> Iterator[Flaw]:
    """Check C.18: a block says how the resource may be used (a licence, or none)."""
    secure = list(_secure_anchors(record, _CONDITIONS))
    blocks = _blocks(record)
    found = [block for block in blocks if block.sets_conditions]
    limiting = [b for b in blocks if b.restricts_access and b.limitations]
    if secure:
        yield flaw("https", place(secure[0]), found=value(secure[0], HREF))
    elif not found:
        yield flaw("absent", str(_LEGAL))
    elif len(found) == 2 and len(limiting) > 1:  # noqa: PLR2004  (as the suite has it)
        yield flaw("several", place(found[1].element), count=str(len(found)))


def _secure_anchors(record: Evidence, register: str) -> Iterator[etree._Element]:
    """Yield anchors written with https, which the register's addresses never are."""
    for legal in _LEGAL.all(record.root):
        for anchor in _ANCHOR.all(legal):
            if value(anchor, HREF).startswith(f"https://{register}"):
                yield anchor


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "inspire.common.C.17": limitations_on_public_access,
        "inspire.common.C.18": conditions_of_use,
    }
)
