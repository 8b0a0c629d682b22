"""Brief and summary views of ISO 19139 records, schema-valid each.

The profile names what a view holds; what the schema demands besides stays too,
since a harvester may validate what it gets.

References
----------
OGC 07-045, tables 14 and 15.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lxml import etree

from metadata.xml import NAMESPACES, qualified
from service.csw.names import ElementSet

_ROOT: Final = (
    "fileIdentifier",
    "language",
    "characterSet",
    "parentIdentifier",
    "hierarchyLevel",
    "hierarchyLevelName",
    "contact",
    "dateStamp",
    "metadataStandardName",
    "metadataStandardVersion",
    "identificationInfo",
)
_RESOURCE: Final = (
    "gmd:citation",
    "gmd:abstract",
    "gmd:language",
    "gmd:extent",
    "srv:serviceType",
    "srv:serviceTypeVersion",
    "srv:extent",
    "srv:couplingType",
    "srv:containsOperations",
)
_ALSO_ROOT: Final = ("referenceSystemInfo", "distributionInfo", "dataQualityInfo")
_ALSO_RESOURCE: Final = (
    "gmd:pointOfContact",
    "gmd:graphicOverview",
    "gmd:descriptiveKeywords",
    "gmd:resourceConstraints",
    "gmd:spatialRepresentationType",
    "gmd:spatialResolution",
    "gmd:topicCategory",
    "srv:operatesOn",
)


def _tags(names: Iterable[str]) -> frozenset[str]:
    full = (name if ":" in name else f"gmd:{name}" for name in names)
    return frozenset(qualified(name) for name in full)


_KEPT: Final = {
    ElementSet.BRIEF: (_tags(_ROOT), _tags(_RESOURCE)),
    ElementSet.SUMMARY: (
        _tags((*_ROOT, *_ALSO_ROOT)),
        _tags((*_RESOURCE, *_ALSO_RESOURCE)),
    ),
}
_REPORTS: Final = "gmd:dataQualityInfo/*/gmd:report"


def view(record: bytes, wanted: ElementSet) -> bytes:
    """Return the brief or summary view of a full record."""
    if wanted is ElementSet.FULL:
        return record
    of_root, of_resource = _KEPT[wanted]
    root = etree.fromstring(record)
    _keep(root, of_root)
    for resource in root.iterfind("gmd:identificationInfo/*", dict(NAMESPACES)):
        _keep(resource, of_resource)
    for report in root.findall(_REPORTS, dict(NAMESPACES)):
        parent = report.getparent()
        if parent is not None:
            parent.remove(report)
    return bytes(etree.tostring(root, encoding="UTF-8"))


def _keep(parent: etree._Element, tags: frozenset[str]) -> None:
    """Remove every child that is not one of these."""
    for child in list(parent):
        if child.tag not in tags:
            parent.remove(child)
