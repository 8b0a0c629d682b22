"""One record as the catalogue holds it: rendered, searchable, and small.

Ten thousand records must fit into a worker: what is given out is kept deflated
against the first record of the catalogue, which says most of what all others
say (contacts, vocabularies, licences).
"""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass
from typing import Final

from lxml import etree

from metadata.content import Box as Extent
from metadata.iso19139_read import NotARecord, read_iso19139
from metadata.ogcrecord import ogc_record
from metadata.record_facets import Values as Facets
from metadata.record_facets import facet_values
from metadata.xml import parse
from providers.record_matching import Box
from providers.store_model import Revision
from service.csw import dublin_core, iso_views
from service.csw.names import ElementSet, OutputSchema
from service.csw.queryables import QUERYABLES, SLOTS
from service.csw.values import Values, record_values, search_text

logger = logging.getLogger(__name__)
_WINDOW: Final = 32 * 1024
"""Bytes that deflate looks back."""
_LEVEL: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One record."""

    identifier: str
    fingerprint: str
    """Of the revision that it was made of."""
    values: Values
    box: Box | None
    text: bytes
    """All its text, folded; see `service.csw.values.search_text`."""
    dictionary: bytes
    """What its contents are deflated against."""
    iso: bytes
    """The record, deflated."""
    dublin_core: bytes
    """Its full csw:Record, deflated."""
    facets: Facets
    """What it has of each facet; see `metadata.record_facets`."""

    def rendered(self, schema: OutputSchema, element_set: ElementSet) -> bytes:
        """Return an XML element, every prefix bound, without declaration."""
        if schema is OutputSchema.GMD:
            return iso_views.view(inflated(self.iso, self.dictionary), element_set)
        return dublin_core.view(self.record(), element_set)

    def record(self) -> bytes:
        """Return the full csw:Record."""
        return inflated(self.dublin_core, self.dictionary)


def compact(content: bytes) -> bytes:
    """Return a record without indentation and declaration."""
    root = parse(content)
    for node in root.iter():
        if len(node) and not (node.text or "").strip():
            node.text = None
        if not (node.tail or "").strip():
            node.tail = None
    return bytes(etree.tostring(root, encoding="UTF-8"))


def make_dictionary(revision: Revision) -> bytes:
    """Return what a catalogue that begins with a record deflates against."""
    return compact(revision.content)[-_WINDOW:]


def make_entry(revision: Revision, dictionary: bytes) -> Entry:
    """Read a record.

    One that cannot be read is served all the same, and found by its identifier
    and its text only: what was published is never left out.
    """
    iso = compact(revision.content)
    root = parse(iso)
    try:
        content = read_iso19139(iso)
    except NotARecord as error:
        logger.warning("Record %s: %s", revision.record_identifier, error)
        return _unread(revision, dictionary, iso, search_text(root))
    values = record_values(content, root, revision.date_stamp)
    return Entry(
        identifier=revision.record_identifier,
        fingerprint=revision.fingerprint,
        values=values,
        box=_box(content.identification.extent),
        text=search_text(root),
        dictionary=dictionary,
        iso=deflated(iso, dictionary),
        dublin_core=deflated(dublin_core.encode_record(content, values), dictionary),
        facets=facet_values(ogc_record(content, revision.date_stamp)["properties"]),
    )


def _box(extent: Extent | None) -> Box | None:
    if extent is None:
        return None
    west, south, east, north = extent.west, extent.south, extent.east, extent.north
    return float(west), float(south), float(east), float(north)


def _unread(revision: Revision, dictionary: bytes, iso: bytes, text: bytes) -> Entry:
    known = {
        SLOTS["Identifier"]: revision.record_identifier,
        SLOTS["Title"]: revision.record_identifier,
        SLOTS["Type"]: revision.kind.value,
        SLOTS["Modified"]: revision.date_stamp.isoformat(),
    }
    values = tuple((known[q.slot],) if q.slot in known else () for q in QUERYABLES)
    return Entry(
        identifier=revision.record_identifier,
        fingerprint=revision.fingerprint,
        values=values,
        box=None,
        text=text,
        dictionary=dictionary,
        iso=deflated(iso, dictionary),
        dublin_core=deflated(dublin_core.encode_values(values), dictionary),
        facets=facet_values({"type": revision.kind.value}),
    )


def deflated(content: bytes, dictionary: bytes) -> bytes:
    """Return a content deflated against a dictionary."""
    packer = zlib.compressobj(_LEVEL, zdict=dictionary)
    return packer.compress(content) + packer.flush()


def inflated(packed: bytes, dictionary: bytes) -> bytes:
    """Return what was deflated against the same dictionary."""
    return zlib.decompressobj(zdict=dictionary).decompress(packed)
