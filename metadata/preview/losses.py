"""What the portal loses or misreads of a dataset, with the remedy.

Each function yields the flaws of one rule of the platform's rule file; which of them
count, and in what words, is data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from metadata.checks.rules import Flaw, flaw
from metadata.content import (
    DataIdentification,
    DateType,
    Identification,
    OnlineFunction,
    RecordContent,
)
from metadata.dcat_distributions import is_api
from metadata.dcat_terms import file_type, scopes_named
from metadata.finding import Finding, Text
from metadata.iso19139_terms import NO_CRS
from metadata.preview.addresses import refusal
from metadata.preview.from_iso import day_of
from metadata.preview.guessing import holds_address, markup, tag
from metadata.preview.making import Reading, is_accepted
from metadata.preview.platform import NOT_SPECIFIED, Platform
from metadata.preview.shown import Channel, Shown


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A record, what udata read of it, and the page it makes."""

    content: RecordContent
    reading: Reading
    shown: Shown
    channel: Channel
    today: date
    known: Platform

    @property
    def about(self) -> Identification:
        """The identification of the record."""
        return self.content.identification


Judge = Callable[[Seen], Iterator[Flaw]]


def losses(seen: Seen, subject: str) -> Iterator[Finding]:
    """Yield every loss, in the order of the rules."""
    for rule in seen.known.rules.concerning(seen.channel):
        judge = JUDGES.get(rule.code)
        if judge is not None:
            for found in judge(seen):
                yield rule.finding(found, subject=subject)


def _licence(seen: Seen) -> Iterator[Flaw]:
    if seen.shown.licence != NOT_SPECIFIED:
        return
    stated = [
        label.text
        for found in seen.about.constraints
        if found.on_use
        for label in found.others
        if label.text
    ]
    if stated:
        yield flaw("unknown", "licence", licence=stated[0])
    else:
        yield flaw("missing", "licence")


def _hidden_licence(seen: Seen) -> Iterator[Flaw]:
    if seen.shown.is_restricted and seen.reading.licences:
        yield flaw("hidden", "licence")


def _open_access(seen: Seen) -> Iterator[Flaw]:
    orders = (o for o in seen.content.online if o.function is OnlineFunction.ORDER)
    if any(orders) and not seen.shown.is_restricted:
        yield flaw("open", "access_limitation")


def _markup(seen: Seen) -> Iterator[Flaw]:
    found = markup(seen.about.abstract)
    if found:
        yield flaw("markup", "abstract", found=found)


def _tags(seen: Seen) -> Iterator[Flaw]:
    longest = seen.known.limit("tag_longest")
    for word in dict.fromkeys(seen.reading.words):
        kept = tag(word, seen.known)
        if not kept:
            yield flaw("short", "keywords", word=word)
        elif len(kept) == longest:
            yield flaw("long", "keywords", word=word, limit=str(longest))


def _contacts(seen: Seen) -> Iterator[Flaw]:
    for contact in dict.fromkeys(seen.reading.contacts):
        if not is_accepted(contact):
            case = "name" if holds_address(contact.name) else "mail"
            mail = unquote(contact.email)
            yield flaw(case, "contacts", contact=contact.name, mail=mail)
    if not any(contact.role == "contact" for contact in seen.shown.contacts):
        yield flaw("nobody", "contacts")


def _functions(seen: Seen) -> Iterator[Flaw]:
    for party in seen.about.contacts:
        if party.position:
            yield flaw(
                "function",
                "contacts.name",
                function=party.position,
                contact=party.organisation,
            )


def _future(seen: Seen) -> Iterator[Flaw]:
    day = day_of(seen.content, DateType.REVISION)
    if day and not seen.shown.modified:
        yield flaw("modified", "dates.revised", day=day)


def _shared(seen: Seen) -> Iterator[Flaw]:
    urls = [each.url for each in seen.reading.resources]
    for url in dict.fromkeys(urls):
        if urls.count(url) > 1:
            yield flaw("shared", "links", url=url)


def _refused(seen: Seen) -> Iterator[Flaw]:
    """Yield the first address of each host for which the dataset is refused."""
    hosts: set[str] = set()
    for each in seen.reading.resources:
        case, host = refusal(each.url), "/".join(each.url.split("/", 3)[:3])
        if case and host not in hosts:
            hosts.add(host)
            yield flaw(case, "gmd:onLine", url=each.url)


def _apis(seen: Seen) -> Iterator[Flaw]:
    for online in filter(is_api, seen.content.online):
        yield flaw("api", "gmd:onLine", url=online.url)


def _formats(seen: Seen) -> Iterator[Flaw]:
    """Yield the files that are given the format of others."""
    for online in seen.content.online:
        kind = None if is_api(online) else file_type(online.url)
        shown = (r for r in seen.shown.resources if r.url == online.url)
        for each in shown:
            if kind is not None and each.format and kind.ending != each.format:
                yield flaw("other", "gmd:onLine", url=online.url, shown=each.format)


def _lost(seen: Seen) -> Iterator[Flaw]:
    """Yield each fact that is stated and that the portal has no place for."""
    yield from _lost_by_both(seen)
    if seen.channel is Channel.ISO:
        yield from _lost_by_iso(seen)


def _lost_by_both(seen: Seen) -> Iterator[Flaw]:
    about = seen.about
    if isinstance(about, DataIdentification):
        if about.topics:
            yield flaw("topics", "topics", found=", ".join(about.topics))
        if about.scale and about.resolution is not None:
            yield flaw("scale", "scale", found=f"1/{about.scale}")
    hrefs = (label.href for block in about.keywords for label in block.keywords)
    for scope in scopes_named(hrefs):
        yield flaw("scope", "spatial_scope", found=scope.label)
    if about.thumbnail:
        yield flaw("thumbnail", "thumbnail", found=about.thumbnail)
    if any(party.phone for party in about.contacts):
        yield flaw("phone", "contacts.phone")
    if any(found.passed is not None for found in seen.content.conformance):
        yield flaw("conformity", "conformity")
    yield flaw("language", "language")


def _lost_by_iso(seen: Seen) -> Iterator[Flaw]:
    documents = [
        online.name or online.url
        for online in seen.content.online
        if online.function is OnlineFunction.INFORMATION
    ]
    if documents:
        yield flaw("documents", "links", found=", ".join(documents))
    systems = [s.text for s in seen.content.reference_systems if s.href != NO_CRS]
    if systems:
        yield flaw("reference_system", "collections.crs", found=", ".join(systems))
    if seen.about.purpose:
        yield flaw("purpose", "purpose")


def _quality(seen: Seen) -> Iterator[Flaw]:
    missing = {each.name for each in seen.shown.quality if not each.met}
    for name in (each.name for each in seen.shown.quality if not each.met):
        late = name == "update_fulfilled_in_time"
        case = "frequency_first" if late and "update_frequency" in missing else name
        due = seen.shown.expected
        yield flaw(
            case,
            _FIELDS.get(name, ""),
            length=str(len(seen.shown.description)),
            limit=str(seen.known.limit("description_characters")),
            due=Text(due.strftime("%d/%m/%Y"), due.isoformat()) if due else "",
        )


_FIELDS: Final = {
    "license": "licence",
    "temporal_coverage": "period",
    "spatial": "extent",
    "update_frequency": "frequency",
    "update_fulfilled_in_time": "frequency",
    "dataset_description_quality": "abstract",
    "has_open_format": "access",
    "all_resources_available": "access",
    "resources_documentation": "links",
}
"""Criterion → field of the description that meets it."""

JUDGES: Final[Mapping[str, Judge]] = MappingProxyType(
    {
        "portal.licence.unknown": _licence,
        "portal.licence.restricted": _hidden_licence,
        "portal.access.open": _open_access,
        "portal.description.markup": _markup,
        "portal.tag": _tags,
        "portal.contact.lost": _contacts,
        "portal.contact.part": _functions,
        "portal.date.future": _future,
        "portal.address.refused": _refused,
        "portal.resource.shared": _shared,
        "portal.resource.kind": _apis,
        "portal.resource.format": _formats,
        "portal.lost": _lost,
        "portal.quality": _quality,
    }
)
"""Rule → the function that finds where it is failed."""
