"""The links of a dataset that others will follow, and what each should lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

from metadata.checks.rules import rule_set
from metadata.dataset import Dataset
from metadata.dcat_distributions import FileFacts
from metadata.distributions import (
    DistributionKind,
    distributions,
    record_address,
    web_address,
)

WATCHING_RULES: Final = "watching-1"
"""The rule set of what is watched."""
ORGANISATION: Final = "passerelle.yml"
"""Subject of the links of the organisation, which every record holds."""
NO_FILES: Final[Mapping[str, FileFacts]] = MappingProxyType({})
_TYPES: Final = "media_types_"
_PORTS: Final = MappingProxyType({"http": 80, "https": 443})


@dataclass(frozen=True, kw_only=True)
class Link:
    """One address that stands in a record, and where it comes from."""

    dataset_id: str
    """`ORGANISATION` for what every record holds."""
    element: str
    """Field of the description; the address itself where Passerelle made it."""
    url: str
    own: bool = False
    """Whether it is an address of our own service."""
    expected: str = ""
    """File type or media type that it should be; empty: anything."""
    media_types: frozenset[str] = frozenset()
    """What a server may call that; empty: anything."""
    length: int | None = None
    """Bytes, where our record states them."""
    day: date | None = None
    """Of its last change, where our record states it."""


def links_of(
    dataset: Dataset, *, today: date, files: Mapping[str, FileFacts] = NO_FILES
) -> tuple[Link, ...]:
    """Return the links of a dataset, each address once.

    Of a dataset that may not go out yet, or whose tables were never measured, only
    what a person stated: the service does not answer for the rest.

    Parameters
    ----------
    files
        Address of a file of ours → what our record says of it.
    """
    found = [*_stated(dataset), *_of_organisation(dataset)]
    if dataset.has_record(today) and dataset.collections:
        found = [*_served(dataset, files), *found]
    return tuple({link.url: link for link in reversed(found)}.values())[::-1]


def is_own(url: str, service_url: str) -> bool:
    """Tell whether an address is one of our service: scheme, host and port."""
    ours = origin(service_url)
    return ours is not None and origin(url) == ours


def origin(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an address; `None` where it has none.

    References
    ----------
    RFC 6454, clause 4.
    """
    parts = split(url)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def split(url: str) -> SplitResult | None:
    """Return the parts of an address, its port valid; `None`: it is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _served(dataset: Dataset, files: Mapping[str, FileFacts]) -> Iterator[Link]:
    """Yield what Passerelle itself serves."""
    yield _own(dataset, record_address(dataset), "application/xml")
    for way in distributions(dataset):
        if way.kind is not DistributionKind.DOCUMENTATION:
            known = files.get(way.url, FileFacts())
            yield _own(dataset, way.url, way.media_type, known)


def _own(
    dataset: Dataset, url: str, media_type: str, known: FileFacts | None = None
) -> Link:
    return Link(
        dataset_id=dataset.id,
        element=url,
        url=url,
        own=True,
        expected=media_type,
        media_types=_called(media_type),
        length=known.size if known else None,
        day=known.modified if known else None,
    )


def _stated(dataset: Dataset) -> Iterator[Link]:
    """Yield what a person stated."""
    stated = dataset.description
    for number, each in enumerate(stated.links):
        yield _foreign(dataset, dataset.id, f"links.{number}.url", each.url)
    if stated.thumbnail:
        yield _foreign(dataset, dataset.id, "thumbnail", stated.thumbnail)
    for number, contact in enumerate(stated.contacts):
        if contact.url:
            yield _foreign(dataset, dataset.id, f"contacts.{number}.url", contact.url)


def _of_organisation(dataset: Dataset) -> Iterator[Link]:
    if dataset.organisation.url:
        url = dataset.organisation.url
        yield _foreign(dataset, ORGANISATION, "organisation.url", url)


def _foreign(dataset: Dataset, subject: str, element: str, stated: str) -> Link:
    url = web_address(stated)
    ending = _ending(url)
    return Link(
        dataset_id=subject,
        element=element,
        url=url,
        own=is_own(url, dataset.service_url),
        expected=ending,
        media_types=_by_ending().get(ending, frozenset()),
    )


def _ending(url: str) -> str:
    """Return the file type that an address ends in; empty where it tells none.

    The page ``….html`` is none: what comes instead of a page is a page.
    """
    parts = split(url)
    name = parts.path.rpartition("/")[2].lower() if parts else ""
    ending = name.rpartition(".")[2] if "." in name else ""
    return ending if ending in _by_ending() and ending != "html" else ""


@cache
def _by_ending() -> Mapping[str, frozenset[str]]:
    """Return ending → the media types that may stand for it."""
    lists = rule_set(WATCHING_RULES).lists
    return MappingProxyType(
        {
            name.removeprefix(_TYPES): types
            for name, types in lists.items()
            if name.startswith(_TYPES) and name != f"{_TYPES}unsaid"
        }
    )


@cache
def _called(media_type: str) -> frozenset[str]:
    """Return what a server may call what our record calls a media type."""
    if media_type in _by_ending()["xml"]:
        return _by_ending()["xml"]
    for types in _by_ending().values():
        if media_type in types:
            return types
    return frozenset({media_type})
