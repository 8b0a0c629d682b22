"""Addresses and identifiers: http URIs, e-mail, SIREN."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from metadata.checks.hosts import leads_inside
from metadata.checks.model.judged import Judged, Requirement
from metadata.checks.rules import Flaw, flaw
from metadata.distributions import web_address

_EMAIL: Final = re.compile(r"[^@\s<>(),;:\"]+@[\w-]+(\.[\w-]+)+")
_SIREN: Final = re.compile(r"[0-9]{9}")
_SCHEMA: Final = re.compile(r"[\w.-]+/[\w.-]+")
"""Owner and name, as in the catalogue of schema.data.gouv.fr."""


def identifier_is_uri(judged: Judged) -> Iterator[Flaw]:
    """Check that the identifier of a dataset is an http URI."""
    if not _is_http(judged.stated.identifier):
        yield flaw("not_http", "identifier", found=judged.stated.identifier)


def identifier_base_is_uri(judged: Judged) -> Iterator[Flaw]:
    """Check that datasets are named under an http URI."""
    base = judged.organisation.identifier_base
    if not _is_http(base):
        yield flaw("not_http", "organisation.identifier_base", found=base)


def identifier_base_is_public(judged: Judged) -> Iterator[Flaw]:
    """Check that the name of a dataset can be followed by anybody."""
    base = judged.organisation.identifier_base
    if case := leads_inside(base):
        yield flaw(case, "organisation.identifier_base", found=base)


def service_is_public(judged: Judged) -> Iterator[Flaw]:
    """Check that the address of the service, in every record, leads there."""
    address = judged.dataset.service_url
    if case := leads_inside(address):
        yield flaw(case, "service.url", found=address)


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    whole = not re.search(r"[\s<>\"{}|\\^`]", address)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and whole


def links_reachable(judged: Judged) -> Iterator[Flaw]:
    """Check that a link is an address of the web: scheme, and a host with a dot."""
    for number, link in enumerate(judged.stated.links):
        if not _is_of_web(web_address(link.url)):
            yield flaw("not_web", f"links.{number}.url", found=link.url)


def schemas_named(judged: Judged) -> Iterator[Flaw]:
    """Check that a data schema has a name as catalogues have them, or an address."""
    for number, collection in enumerate(judged.stated.collections):
        said = collection.schema
        place = f"collections.{number}.schema"
        if said is None:
            continue
        if bool(said.name) == bool(said.url):
            yield flaw("either", place)
        elif said.url and not _is_of_web(said.url):
            yield flaw("not_web", f"{place}.url", found=said.url)
        elif said.name and not _SCHEMA.fullmatch(said.name):
            yield flaw("not_name", f"{place}.name", found=said.name)


def _is_of_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in {"http", "https", "ftp"} and "." in host.strip(".")


def emails_valid(judged: Judged) -> Iterator[Flaw]:
    """Check that a contact can be written to."""
    for element, email in _emails(judged):
        if not _EMAIL.fullmatch(email):
            yield flaw("invalid", element, found=email)


def organisation_email_valid(judged: Judged) -> Iterator[Flaw]:
    """Check that the organisation can be written to."""
    email = judged.organisation.email
    if not _EMAIL.fullmatch(email):
        yield flaw("invalid", "organisation.email", found=email)


def _emails(judged: Judged) -> Iterator[tuple[str, str]]:
    for number, contact in enumerate(judged.stated.contacts):
        yield f"contacts.{number}.email", contact.email


def siren_valid(judged: Judged) -> Iterator[Flaw]:
    """Check that a SIREN has nine digits, the last of which is right (Luhn)."""
    siren = judged.organisation.siren
    if not _SIREN.fullmatch(siren):
        yield flaw("form", "organisation.siren", found=siren)
    elif _luhn(siren):
        yield flaw("checksum", "organisation.siren", found=siren)


def _luhn(digits: str) -> int:
    """Return the remainder of the Luhn sum; 0 for a valid number."""
    doubled = (int(d) * (1 + n % 2) for n, d in enumerate(reversed(digits)))
    return sum(n // 10 + n % 10 for n in doubled) % 10


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "dataset.identifier.not-http": identifier_is_uri,
        "dataset.link.not-web": links_reachable,
        "dataset.schema.invalid": schemas_named,
        "dataset.email.invalid": emails_valid,
        "organisation.siren.invalid": siren_valid,
        "organisation.email.invalid": organisation_email_valid,
        "organisation.identifier-base.not-http": identifier_base_is_uri,
        "organisation.identifier-base.inside": identifier_base_is_public,
        "service.url.inside": service_is_public,
    }
)
