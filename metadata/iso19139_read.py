"""Reads an ISO 19139 record of ours back into its `RecordContent`.

The inverse of `metadata.iso19139_write.encode`: what a catalogue gives back can
be compared field by field with what was sent, whatever it did to prefixes, white
space and indentation. Elements that our records never hold are passed over.

Constant parts (character set, standard name, coupling type) are not read; that
nothing else changed is told by `metadata.record.fingerprint`.
"""

from __future__ import annotations

from typing import Final

from metadata.content import (
    Conformance,
    DataIdentification,
    Format,
    Online,
    Party,
    RecordContent,
    ServiceIdentification,
)
from metadata.errors import PasserelleError
from metadata.iso19139_parse import (
    Element,
    child,
    children,
    citation,
    code,
    label,
    language,
    online,
    party,
    text,
    value,
)
from metadata.iso19139_parse_identification import (
    data_identification,
    service_identification,
)
from metadata.record import RecordKind
from metadata.xml import parse, qualified

_PASSED: Final = {"true": True, "1": True, "false": False, "0": False, "": None}


class NotARecord(PasserelleError):
    """A document that is no ISO 19139 record, or holds what ours never hold."""


def read_iso19139(content: bytes) -> RecordContent:
    """Return what a record says, but for its date stamp.

    Parameters
    ----------
    content
        A document whose root is ``gmd:MD_Metadata``.

    Raises
    ------
    metadata.xml.MalformedXml
        It is not well-formed XML.
    NotARecord
        Its root is another one, or a code, number or required part in it cannot
        be understood.
    """
    root = parse(content)
    if root.tag != qualified("gmd:MD_Metadata"):
        message = f"Reading an ISO 19139 record: the root is {root.tag}."
        raise NotARecord(message)
    try:
        return _record(root)
    except (ValueError, ArithmeticError) as error:
        message = f"Reading the ISO 19139 record {_identifier(root)!r}: {error}"
        raise NotARecord(message) from error


def _identifier(root: Element) -> str:
    return text(root, "gmd:fileIdentifier")


def _record(root: Element) -> RecordContent:
    return RecordContent(
        identifier=_identifier(root),
        kind=RecordKind(code(root, "gmd:hierarchyLevel")),
        language=language(root, "gmd:language"),
        level_name=text(root, "gmd:hierarchyLevelName"),
        contacts=_contacts(root),
        reference_systems=tuple(
            label(found, "gmd:RS_Identifier/gmd:code")
            for found in children(
                root,
                "gmd:referenceSystemInfo/gmd:MD_ReferenceSystem"
                "/gmd:referenceSystemIdentifier",
            )
        ),
        identification=_identification(root),
        formats=_formats(root),
        online=_online(root),
        conformance=_conformance(root),
        lineage=text(
            root,
            "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:lineage/gmd:LI_Lineage"
            "/gmd:statement",
        ),
    )


def _contacts(root: Element) -> tuple[Party, ...]:
    found = children(root, "gmd:contact/gmd:CI_ResponsibleParty")
    return tuple(map(party, found))


def _identification(root: Element) -> DataIdentification | ServiceIdentification:
    data = child(root, "gmd:identificationInfo/gmd:MD_DataIdentification")
    if data is not None:
        return data_identification(data)
    service = child(root, "gmd:identificationInfo/srv:SV_ServiceIdentification")
    if service is not None:
        return service_identification(service)
    message = "it identifies neither data nor a service"
    raise ValueError(message)


def _formats(root: Element) -> tuple[Format, ...]:
    path = (
        "gmd:distributionInfo/gmd:MD_Distribution/gmd:distributionFormat/gmd:MD_Format"
    )
    return tuple(
        Format(name=label(found, "gmd:name"), version=text(found, "gmd:version"))
        for found in children(root, path)
    )


def _online(root: Element) -> tuple[Online, ...]:
    path = (
        "gmd:distributionInfo/gmd:MD_Distribution/gmd:transferOptions"
        "/gmd:MD_DigitalTransferOptions/gmd:onLine/gmd:CI_OnlineResource"
    )
    return tuple(map(online, children(root, path)))


def _conformance(root: Element) -> tuple[Conformance, ...]:
    path = (
        "gmd:dataQualityInfo/gmd:DQ_DataQuality/gmd:report/gmd:DQ_DomainConsistency"
        "/gmd:result/gmd:DQ_ConformanceResult"
    )
    return tuple(
        Conformance(
            specification=citation(found, "gmd:specification/gmd:CI_Citation"),
            explanation=text(found, "gmd:explanation"),
            passed=_passed(value(found, "gmd:pass/gco:Boolean")),
        )
        for found in children(root, path)
    )


def _passed(found: str) -> bool | None:
    if found not in _PASSED:
        message = f"“{found}” is no degree of conformity"
        raise ValueError(message)
    return _PASSED[found]
