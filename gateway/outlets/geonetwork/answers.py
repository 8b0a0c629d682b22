"""What GeoNetwork answers: reports, refusals, records, and what is none of these.

An error is an ``ApiError``: `code`, `message`, `description`, as JSON or XML. An order
that was read is 201 with a processing report, and what went wrong with the record may
stand *inside* it (`errors`, `metadataErrors`). Every exception that GeoNetwork has no
status for is a 400.

References: core-geonetwork 4.x, ``ApiError``, ``GlobalExceptionController``,
``SimpleMetadataProcessingReport``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from gateway.outlets.http import SHOWN, Answer, OutcomeUnclear, quoted, shown
from metadata.errors import OutletRefused, OutletUnreachable
from metadata.finding import Text
from metadata.xml import MalformedXml, parse

ABSENT = "resource_not_found"
"""Code of the 404 that means “no such record”, and not “no such address”."""
_RECORDS = frozenset({"MD_Metadata", "MI_Metadata", "FC_FeatureCatalogue"})


def is_absent(answer: Answer) -> bool:
    """Tell whether the catalogue says itself that it has no such record."""
    return answer.status == 404 and _error(answer).get("code") == ABSENT  # noqa: PLR2004


def record_in(url: str, answer: Answer) -> etree._Element:
    """Return the record of an answer.

    Raises
    ------
    metadata.errors.OutletUnreachable
        It is no record: HTML, an error, half a document.
    """
    if answer.status != 200:  # noqa: PLR2004
        raise senseless(url, answer)
    try:
        root = parse(answer.content)
    except MalformedXml as error:
        raise senseless(url, answer) from error
    if etree.QName(root).localname not in _RECORDS:
        raise senseless(url, answer)
    return root


def require_done(url: str, answer: Answer) -> None:
    """Make sure that a report tells of no error.

    Raises
    ------
    metadata.errors.OutletRefused
        It does; what it says is in the message.
    gateway.outlets.http.OutcomeUnclear
        It is no report.
    """
    report = _json(answer)
    if answer.status not in {200, 201} or "numberOfRecordsProcessed" not in report:
        problem = senseless(url, answer)
        raise OutcomeUnclear(problem.text, hint=problem.remedy)
    errors = [*_messages(report.get("errors")), *_of_records(report)]
    if errors:
        raise _refusal(url, answer.status, "; ".join(errors))


def refused(url: str, answer: Answer) -> OutletRefused:
    """Say what the catalogue says of an order that it does not carry out."""
    error = _error(answer)
    words = [error.get("message", ""), error.get("description", "")]
    said = " - ".join(dict.fromkeys(filter(None, words))) or answer.beginning or "∅"
    return _refusal(url, answer.status, said)


def senseless(url: str, answer: Answer) -> OutletUnreachable:
    """Say what was received in the place of an answer."""
    where, found = shown(url), answer.beginning or "∅"
    return OutletUnreachable(
        Text(
            f"{where} ne répond pas comme GeoNetwork (HTTP {answer.status}) : {found}",
            f"{where} does not answer as GeoNetwork (HTTP {answer.status}): {found}",
        ),
        hint=Text(
            "Vérifiez « url » : l'adresse du catalogue, par exemple "
            "https://catalogue.example/geonetwork.",
            "Check its “url”: the address of the catalogue, such as "
            "https://catalogue.example/geonetwork.",
        ),
    )


def _refusal(url: str, status: int, said: str) -> OutletRefused:
    where, words = shown(url), quoted(said, 2 * SHOWN)
    hint: str | Text = ""
    if status in {401, 403}:
        hint = Text(
            "Le compte n'a pas le droit de faire cela de cette fiche : une fiche "
            "moissonnée ou d'un autre groupe ne se modifie pas, et publier pour tous "
            "demande d'être relecteur du groupe.",
            "The account may not do this with this record: one that is harvested or "
            "of another group cannot be changed, and to publish to all takes a "
            "reviewer of the group.",
        )
    return OutletRefused(
        Text(
            f"{where} refuse (HTTP {status}) : {words}",
            f"{where} refuses (HTTP {status}): {words}",
        ),
        hint=hint,
    )


def _error(answer: Answer) -> Mapping[str, str]:
    """Return the parts of an `ApiError`; empty when it is none."""
    found = _json(answer)
    if not found:
        try:
            root = parse(answer.content)
        except MalformedXml:
            return {}
        found = {str(etree.QName(e).localname): e.text or "" for e in root}
    return {name: str(value) for name, value in found.items() if value}


def _json(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_records(report: Mapping[str, Any]) -> Iterator[str]:
    by_record = report.get("metadataErrors")
    for errors in by_record.values() if isinstance(by_record, dict) else ():
        yield from _messages(errors)
    for name in ("numberOfRecordsWithErrors", "numberOfRecordsNotEditable"):
        if report.get(name):
            yield f"{name}: {report[name]}"


def _messages(errors: object) -> Iterator[str]:
    for each in errors if isinstance(errors, list) else ():
        yield str(each.get("message") or each) if isinstance(each, dict) else str(each)
