"""What a record says under each property that it can be searched by.

The record is read by `metadata.iso19139_read`; what our records always say in
the same words (coupling, keyword type) is taken from its elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

from metadata.content import (
    Conformance,
    DataIdentification,
    DateType,
    Identification,
    Label,
    Party,
    RecordContent,
    ServiceIdentification,
)
from metadata.iso19139_parse import codes
from metadata.stated import Role
from providers.folding import folded
from service.csw.queryables import QUERYABLES

Values = tuple[tuple[str, ...], ...]
"""By slot; empty where a record says nothing."""
_RESTRICTED: Final = "otherRestrictions"
_CREATORS: Final = {Role.ORIGINATOR, Role.AUTHOR, Role.PRINCIPAL_INVESTIGATOR}
_CONTRIBUTORS: Final = {Role.PROCESSOR, Role.CUSTODIAN, Role.RESOURCE_PROVIDER}
_KEYWORD_TYPE: Final = "gmd:identificationInfo/*/gmd:descriptiveKeywords/*/gmd:type"
_COUPLING: Final = "gmd:identificationInfo/*/srv:couplingType"


def record_values(
    content: RecordContent, root: etree._Element, modified: date
) -> Values:
    """Return the values of every property.

    Parameters
    ----------
    content
        What the record says.
    root
        The record itself.
    modified
        Its date stamp.
    """
    resource = content.identification
    found: dict[str, Iterable[str]] = {
        "Identifier": [content.identifier],
        "Type": [content.kind],
        "Language": [content.language],
        "Modified": [modified.isoformat()],
        "CRS": _said(content.reference_systems),
        "Format": [found.name.text for found in content.formats],
        "Lineage": [content.lineage],
        "HasSecurityConstraints": ["false"],
        "KeywordType": codes(root, _KEYWORD_TYPE),
        "CouplingType": codes(root, _COUPLING),
        "ResponsiblePartyRole": [
            p.role for p in (*content.contacts, *resource.contacts)
        ],
        "References": [online.url for online in content.online],
        **_identified(resource),
        **_parties((*resource.contacts, *content.contacts)),
        **_constrained(resource),
        **_conforming(content.conformance),
    }
    if isinstance(resource, DataIdentification):
        found |= _of_data(resource)
    else:
        found |= _of_service(resource)
    return tuple(_distinct(found.get(q.name, ())) for q in QUERYABLES)


def search_text(root: etree._Element) -> bytes:
    """Return all text of a record, folded, as UTF-8: what `AnyText` is matched on."""
    texts = (str(text).strip() for text in root.itertext())
    return folded_bytes("\n".join(text for text in texts if text))


def folded_bytes(text: str) -> bytes:
    """Return a text without case and accents."""
    return folded(text, case=True, accents=True).encode()


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values if value))


def _said(labels: Iterable[Label]) -> Iterator[str]:
    """Yield the text of each label, and the address that it stands for."""
    for label in labels:
        yield label.text
        yield label.href


def _identified(resource: Identification) -> Mapping[str, Iterable[str]]:
    keywords = [k for block in resource.keywords for k in block.keywords]
    days = {found.type: found.day for found in resource.dates}
    period = resource.temporal
    return {
        "Title": [resource.title],
        "Abstract": [resource.abstract],
        "ResourceIdentifier": [resource.identifier],
        "Subject": _said(keywords),
        "CreationDate": [days.get(DateType.CREATION, "")],
        "PublicationDate": [days.get(DateType.PUBLICATION, "")],
        "RevisionDate": [days.get(DateType.REVISION, "")],
        "Date": [max(days.values(), default="")],
        "TempExtent_begin": [period.start] if period else (),
        "TempExtent_end": [period.end] if period else (),
    }


def _parties(parties: Iterable[Party]) -> Mapping[str, Iterable[str]]:
    every = tuple(parties)

    def names(roles: Iterable[Role]) -> list[str]:
        wanted = set(roles)
        return [party.organisation for party in every if party.role in wanted]

    return {
        "OrganisationName": [party.organisation for party in every],
        "Creator": names(_CREATORS),
        "Publisher": names({Role.PUBLISHER, Role.OWNER, Role.DISTRIBUTOR}),
        "Contributor": names(_CONTRIBUTORS),
    }


def _constrained(resource: Identification) -> Mapping[str, Iterable[str]]:
    blocks = resource.constraints
    on_use = [label for block in blocks if block.on_use for label in block.others]
    others = [label for block in blocks for label in block.others]
    return {
        "AccessConstraints": [_RESTRICTED for block in blocks if block.on_access],
        "OtherConstraints": _said(others),
        "ConditionApplyingToAccessAndUse": [*resource.limitations, *_said(on_use)],
        "Rights": [*resource.limitations, *(label.text for label in others)],
    }


def _conforming(results: Iterable[Conformance]) -> Mapping[str, Iterable[str]]:
    every = tuple(results)
    cited = [result.specification for result in every]
    return {
        "Degree": [str(r.passed).lower() for r in every if r.passed is not None],
        "SpecificationTitle": [citation.title.text for citation in cited],
        "SpecificationDate": [citation.date.day for citation in cited],
        "SpecificationDateType": [citation.date.type for citation in cited],
    }


def _of_data(resource: DataIdentification) -> Mapping[str, Iterable[str]]:
    return {
        "TopicCategory": resource.topics,
        "ResourceLanguage": [resource.language],
        "Denominator": [str(resource.scale or "")],
        "DistanceValue": [_number(resource.resolution)],
        "DistanceUOM": ["m"] if resource.resolution else (),
    }


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _of_service(resource: ServiceIdentification) -> Mapping[str, Iterable[str]]:
    identifiers = [data.identifier for data in resource.operates_on]
    return {
        "ServiceType": [resource.type],
        "ServiceTypeVersion": resource.versions,
        "Operation": [operation.name for operation in resource.operations],
        "OperatesOn": identifiers,
        "OperatesOnIdentifier": identifiers,
        "Relation": identifiers,
    }
