"""A record as GeoNetwork has it, spelled as we spell ours.

What GeoNetwork stores after an *update* has gone through ``update-fixed-info.xsl``
(where “automatic fixes” are on, as they are by default); what it stores after an insert
has not. Its traces that our records can bear are undone here, and nothing else is:

- ``gmd:dateStamp`` is the moment of the update, a ``gco:DateTime``;
- of a coded value (`codeListValue`) the text goes, and `codeList` becomes the address
  that GeoNetwork thinks of;
- the name of a link of protocol ``WWW:DOWNLOAD-…-http--download`` becomes a
  ``gmx:MimeFileType``;
- ``xsi:schemaLocation`` goes, where the catalogue is set so.

A value that somebody changed stays changed.

Reference: core-geonetwork 4.x, ``schemas/iso19139/…/update-fixed-info.xsl``, read, not
run.
"""

from __future__ import annotations

import re

from lxml import etree

from metadata.iso19139_terms import CODE_LISTS, LANGUAGE_LIST
from metadata.iso19139_write import schema_location
from metadata.record import RecordKind
from metadata.xml import NAMESPACES, qualified

_INFO = "{http://www.fao.org/geonetwork}info"
_LOCATION = qualified("xsi:schemaLocation")
_THEIR_LISTS = (
    "http://standards.iso.org/ittf/PubliclyAvailableStandards/ISO_19139_Schemas/"
    "resources/codelist/ML_gmxCodelists.xml",
    "http://www.isotc211.org/2005/iso19119/resources/Codelist/gmxCodelists.xml",
)
_DOWNLOAD = re.compile(r"WWW:DOWNLOAD-.*-http--download")


def in_our_spelling(root: etree._Element) -> bytes:
    """Return a record without the traces of GeoNetwork; the element is changed."""
    if root.tag == qualified("gmd:MD_Metadata"):
        for info in root.findall(_INFO):
            root.remove(info)
        _restore_location(root)
        _restore_stamp(root)
        for element in root.iter("{*}*"):
            if element.get("codeListValue"):
                _restore_code(element)
        for online in root.iter(qualified("gmd:CI_OnlineResource")):
            _restore_name(online)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _restore_location(root: etree._Element) -> None:
    if _LOCATION in root.attrib:
        return
    level = root.find("gmd:hierarchyLevel/gmd:MD_ScopeCode", NAMESPACES)
    value = "" if level is None else level.get("codeListValue", "")
    service = value == RecordKind.SERVICE
    kind = RecordKind.SERVICE if service else RecordKind.DATASET
    root.set(_LOCATION, schema_location(kind))


def _restore_stamp(root: etree._Element) -> None:
    for moment in root.iterfind("gmd:dateStamp/gco:DateTime", NAMESPACES):
        moment.tag = qualified("gco:Date")
        moment.text = (moment.text or "").partition("T")[0]


def _restore_code(element: etree._Element) -> None:
    name = etree.QName(element).localname
    if element.get("codeList") in {f"{address}#{name}" for address in _THEIR_LISTS}:
        element.set("codeList", f"{CODE_LISTS}#{name}")
    ours = {f"{CODE_LISTS}#{name}", LANGUAGE_LIST}
    if element.get("codeList") in ours and not (element.text or "").strip():
        element.text = element.get("codeListValue")


def _restore_name(online: etree._Element) -> None:
    protocol = online.findtext("gmd:protocol/gco:CharacterString", "", NAMESPACES)
    if not _DOWNLOAD.match(protocol):
        return
    for name in online.iterfind("gmd:name/gmx:MimeFileType", NAMESPACES):
        name.tag = qualified("gco:CharacterString")
        name.attrib.pop("type", "")
