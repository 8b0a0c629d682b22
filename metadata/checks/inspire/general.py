"""What every record says of itself: schema, language, contact, date (C.1 to C.7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from metadata.checks.evidence import (
    ROOT,
    Evidence,
    Path,
    Requirement,
    place,
    text,
    value,
)
from metadata.checks.iso8601 import is_date, is_date_time
from metadata.checks.rules import Flaw, flaw
from metadata.schemas import schema_errors

_LANGUAGE: Final = Path("gmd:language/gmd:LanguageCode")
_CONTACT: Final = Path("gmd:contact/gmd:CI_ResponsibleParty")
_STAMP: Final = Path("gmd:dateStamp")
_STAMP_DATE: Final = Path("gmd:dateStamp/gco:Date")
_STAMP_TIME: Final = Path("gmd:dateStamp/gco:DateTime")
_NAME: Final = Path("gmd:organisationName")
_ROLE: Final = Path("gmd:role/gmd:CI_RoleCode")
_EMAIL: Final = Path(
    "gmd:contactInfo/gmd:CI_Contact/gmd:address/gmd:CI_Address"
    "/gmd:electronicMailAddress"
)


def schema_valid(record: Evidence) -> Iterator[Flaw]:
    """Check C.1: the record is valid against the XML schemas of ISO 19139."""
    errors = schema_errors(record.record.content)
    if errors:
        count = str(len(errors))
        yield flaw("invalid", place(record.root), found=errors[0], count=count)


def root_element(record: Evidence) -> Iterator[Flaw]:
    """Check C.2: the root element is ``gmd:MD_Metadata``."""
    if record.root.tag != ROOT:
        yield flaw("other", place(record.root), found=str(record.root.tag))


def metadata_language(record: Evidence) -> Iterator[Flaw]:
    """Check C.5: the language of the record, once, one of the official ones."""
    if not record.is_inspected:
        return
    codes = _LANGUAGE.all(record.root)
    if not codes:
        yield flaw("absent", str(_LANGUAGE))
    elif len(codes) > 1:
        yield flaw("several", place(codes[0]), count=str(len(codes)))
    else:
        yield from language_code(record, codes[0], among="record_languages")


def language_code(
    record: Evidence, code: etree._Element, *, among: str
) -> Iterator[Flaw]:
    """Judge one ``gmd:LanguageCode`` against a closed list of the rule set."""
    address = value(code, "codeList")
    if not record.accepts("language_code_lists", address):
        yield flaw("code_list", place(code), found=address)
    elif not record.accepts(among, value(code)):
        yield flaw("code", place(code), found=value(code))


def metadata_contact(record: Evidence) -> Iterator[Flaw]:
    """Check C.6: a point of contact; all have a name, an address and a role."""
    contacts = _CONTACT.all(record.root)
    if not contacts:
        yield flaw("absent", str(_CONTACT))
        return
    roles = [role for contact in contacts for role in _ROLE.all(contact)]
    if not any(value(role) == "pointOfContact" for role in roles):
        yield flaw("no_point_of_contact", place(contacts[0]))
        return
    for contact in contacts:
        yield from party(record, contact)


def party(record: Evidence, contact: etree._Element) -> Iterator[Flaw]:
    """Judge one responsible party: its name, its e-mail addresses, its role."""
    emails = _EMAIL.all(contact)
    roles = _ROLE.all(contact)
    if not any(text(name) for name in _NAME.all(contact)):
        yield flaw("name", place(contact))
    elif not emails or not all(text(email) for email in emails):
        yield flaw("email", place(contact))
    elif not roles:
        yield flaw("role", place(contact), found="")
    else:
        yield from _unknown_roles(record, roles)


def _unknown_roles(record: Evidence, roles: list[etree._Element]) -> Iterator[Flaw]:
    for role in roles:
        if not record.accepts("roles", value(role)):
            yield flaw("role", place(role), found=value(role))


def metadata_date(record: Evidence) -> Iterator[Flaw]:
    """Check C.7: the date of the record, once, in ISO 8601."""
    if not record.is_inspected:
        return
    dates = _STAMP_DATE.all(record.root)
    times = _STAMP_TIME.all(record.root)
    if len(_STAMP.all(record.root)) != 1 or len(dates) + len(times) != 1:
        yield flaw("not_one", str(_STAMP), count=str(len(dates) + len(times)))
        return
    (found,) = dates or times
    said = (found.text or "").strip()
    if not (is_date(said) if dates else is_date_time(said)):
        yield flaw("format", place(found), found=said)


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "inspire.common.C.1": schema_valid,
        "inspire.common.C.2": root_element,
        "inspire.common.C.5": metadata_language,
        "inspire.common.C.6": metadata_contact,
        "inspire.common.C.7": metadata_date,
    }
)
