"""Many records in one answer: GetRecordById of the CSW that GeoNetwork has beside it.

Its API gives one record at a time. Its CSW reads as many as are asked for, from the
same table (not from the index, which may lag behind), and copies them whole: the
stylesheet ``gmd-full.xsl`` leaves ``geonet:info`` out and nothing else. The date of the
last change, which a search in its index would give for a thousand records at once, is
not asked: an edit that is saved as “minor” does not move it.

Still it is the second opinion. Here a record can only be found to be as it is meant;
whatever is not in the answer, or not so, is asked of the API, and where the CSW is
switched off, filtered or refuses (one record that we may not see, and it refuses them
all), everything is.

References: OGC 07-006r1, 10.9; core-geonetwork 4.x, ``GetRecordById``,
``SearchController``, ``CswDiscoveryDispatcher``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from lxml import etree

from gateway.outlets.geonetwork.spelling import in_our_spelling
from gateway.outlets.http import Answer
from gateway.outlets.outlet import RemoteRecord
from metadata.xml import NAMESPACES, MalformedXml, parse, qualified

MANY = 50
"""Records asked for in one request: its address stays below 4,000 characters."""
REFUSALS = frozenset({400, 401, 403, 404, 405, 406, 501})
"""Statuses of a CSW that is not to be asked."""


def in_parcels(identifiers: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield identifiers, so many at a time; those that a list cannot hold are not."""
    rest = (each for each in identifiers if "," not in each)
    while some := tuple(islice(rest, MANY)):
        yield some


def query_for(identifiers: Iterable[str]) -> Mapping[str, str]:
    """Return the question for full ISO records by their identifiers."""
    return {
        "service": "CSW",
        "version": "2.0.2",
        "request": "GetRecordById",
        "elementSetName": "full",
        "outputSchema": NAMESPACES["gmd"],
        "id": ",".join(identifiers),
    }


def confirmed(answer: Answer, meant: Mapping[str, str]) -> dict[str, RemoteRecord]:
    """Return the records of an answer that are as they are meant; often none.

    Parameters
    ----------
    meant
        fileIdentifier → fingerprint.
    """
    return {
        record.identifier: record
        for record in _records(answer)
        if meant.get(record.identifier) == record.fingerprint
    }


def _records(answer: Answer) -> Iterator[RemoteRecord]:
    try:
        root = parse(answer.content)
    except MalformedXml:
        return
    if root.tag != qualified("csw:GetRecordByIdResponse"):
        return
    for element in list(root):
        path = "gmd:fileIdentifier/gco:CharacterString"
        identifier = element.findtext(path, "", NAMESPACES).strip()
        if identifier:
            yield RemoteRecord(identifier=identifier, content=_spelled(element))


def _spelled(element: etree._Element) -> bytes:
    element.tail = None
    return in_our_spelling(element)
