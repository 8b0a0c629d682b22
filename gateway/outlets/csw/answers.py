"""Reads what a CSW answers: records, totals, refusals, and what is no CSW at all.

An `ExceptionReport` is a refusal whatever the HTTP status: pycsw sends 200 with
it. Its namespace varies with the version of OWS that a server thinks of, so it
is known by its local name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from gateway.outlets.http import SHOWN, Answer, quoted, shown
from gateway.outlets.outlet import RemoteRecord
from metadata.errors import OutletRefused, OutletUnreachable
from metadata.finding import Text
from metadata.xml import NAMESPACES, MalformedXml, parse, qualified
from providers.store_model import Operation

_REPORTS = frozenset({"ExceptionReport", "ServiceExceptionReport"})
_TOTALS = {
    Operation.CREATE: "csw:totalInserted",
    Operation.UPDATE: "csw:totalUpdated",
    Operation.DELETE: "csw:totalDeleted",
}


@dataclass(frozen=True)
class Expected:
    """What was asked, and the answer that it should have."""

    url: str
    root: str
    """Prefixed name of the answer's root element."""


def read_answer(answer: Answer, expected: Expected) -> etree._Element:
    """Return the root of the answer that was expected.

    Raises
    ------
    metadata.errors.OutletRefused
        It is an exception report; what it says is in the message.
    metadata.errors.OutletUnreachable
        It is anything else: HTML, another document, no XML.
    """
    try:
        root = parse(answer.content)
    except MalformedXml as error:
        raise _senseless(answer, expected) from error
    name = etree.QName(root).localname
    if name in _REPORTS:
        raise _refusal(root, expected)
    if root.tag != qualified(expected.root):
        raise _senseless(answer, expected)
    return root


def records_in(root: etree._Element) -> Mapping[str, RemoteRecord]:
    """Return the ISO records inside an answer, by fileIdentifier."""
    found = {}
    for element in root:
        identifier = element.findtext(
            "gmd:fileIdentifier/gco:CharacterString", "", NAMESPACES
        ).strip()
        if identifier:
            content = etree.tostring(element, encoding="UTF-8", with_tail=False)
            found[identifier] = RemoteRecord(identifier=identifier, content=content)
    return found


def total_of(root: etree._Element, operation: Operation) -> int:
    """Return how many records a transaction says it changed; 0 if it does not say."""
    path = f"csw:TransactionSummary/{_TOTALS[operation]}"
    text = root.findtext(path, "0", NAMESPACES).strip()
    return int(text) if text.isdecimal() else 0


def matched_in(root: etree._Element) -> int:
    """Return how many records a query matches; 0 if the answer does not say."""
    results = root.find("csw:SearchResults", NAMESPACES)
    text = "" if results is None else results.get("numberOfRecordsMatched", "")
    return int(text) if text.isdecimal() else 0


def _refusal(root: etree._Element, expected: Expected) -> OutletRefused:
    """Say what an exception report says, shortened: pycsw quotes whole records."""
    said = " ".join(
        " ".join(map(str, element.itertext()))
        for element in root.iter("{*}ExceptionText", "{*}ServiceException")
    )
    short = quoted(said, 2 * SHOWN) or etree.QName(root).localname
    where = shown(expected.url)
    return OutletRefused(
        Text(f"{where} refuse : {short}", f"{where} refuses: {short}"),
        hint=Text(
            "Si ce qu'il dit ne suffit pas, son administrateur le trouvera dans son "
            "journal.",
            "Where that does not explain it, those who run it find it in its log.",
        ),
    )


def _senseless(answer: Answer, expected: Expected) -> OutletUnreachable:
    """Say what was received in the place of an answer."""
    where, found = shown(expected.url), answer.beginning or "∅"
    return OutletUnreachable(
        Text(
            f"{where} ne répond pas comme un CSW (HTTP {answer.status}) : {found}",
            f"{where} does not answer as a CSW (HTTP {answer.status}): {found}",
        ),
        hint=Text(
            "Vérifiez « url » : elle désigne le point d'accès CSW du catalogue.",
            "Check its “url”: it is the CSW end point of the catalogue.",
        ),
    )
