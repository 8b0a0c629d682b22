"""The addresses under which the data of a dataset can be had.

A pure function of the dataset: what the service will serve, and the links that
a person stated. Addresses are permanent, because portals never drop a resource
whose address vanished.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from metadata.dataset import Collection, Dataset
from metadata.file_formats import FORMATS, FileFormat, format_words
from metadata.finding import Text
from metadata.stated import Access

GEOJSON: Final = FORMATS[FileFormat.GEOJSON].media_type
_LEGAL: Final = "%/:?@!$&'()*+,;=~-._"
"""What RFC 3986 lets stand in a path or query; all else is percent-encoded."""
_HOST: Final = re.compile("[^:/?#]+://[^/?]*")
"""Scheme and host; only a host may hold brackets."""
_STRAY_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")


class DistributionKind(StrEnum):
    """What one finds at an address."""

    API = "api"
    """Root of an OGC API with only this dataset in it."""
    FILE = "file"
    """A whole collection in one file."""
    LANDING_PAGE = "landing page"
    """The dataset for people to read."""
    ON_REQUEST = "on request"
    """Whom to ask for data that are not open."""
    DOCUMENTATION = "documentation"
    """A page or file that a person linked."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One way to get at a dataset."""

    kind: DistributionKind
    url: str
    title: Text
    description: Text
    """May be empty in both languages."""
    media_type: str = ""
    """Empty when not known."""
    collection: str = ""
    """Identifier of the collection; empty when it is about all of them."""


def distributions(dataset: Dataset) -> tuple[Distribution, ...]:
    """Return every way to get at a dataset, those that are served first.

    Data that are not open have no address of their own: what is left is the
    record, which says whom to ask (restricted data), and the stated links.
    """
    stated = tuple(_documentation(dataset))
    if dataset.description.access is Access.RESTRICTED:
        return (_on_request(dataset), *stated)
    if dataset.description.access is Access.INTERNAL:
        return stated
    files = tuple(file for c in dataset.collections for file in _files(dataset, c))
    return (_api(dataset), *files, _landing_page(dataset), *stated)


def api_root(dataset: Dataset) -> str:
    """Return the address of the OGC API that holds only this dataset."""
    return f"{dataset.service_url}/datasets/{dataset.id}/"


def file_address(dataset: Dataset, collection_id: str, ending: str) -> str:
    """Return the address of a whole collection as a file of some form."""
    return download_address(dataset.service_url, collection_id, ending)


def download_address(service_url: str, collection_id: str, ending: str) -> str:
    """Return the same for whoever knows the service and not the dataset."""
    folder = f"{service_url}/collections/{collection_id}/download"
    return f"{folder}/{collection_id}.{ending}"


def record_address(dataset: Dataset) -> str:
    """Return the address at which the dataset's ISO record is served."""
    return f"{dataset.service_url}/records/{dataset.id}.xml"


def web_address(url: str) -> str:
    """Return an address with all that no URI may hold percent-encoded.

    What is encoded already stays as it is. Scheme and host are in small letters, and
    a host of other letters in the form that the domain name system knows: the
    INSPIRE validator takes no other (test ds 1.8).

    References
    ----------
    RFC 3986, sections 2, 3.1, 3.2.2 and appendix A; RFC 5891.
    """
    stripped = _STRAY_PERCENT.sub("%25", url.strip())
    address, mark, fragment = stripped.partition("#")
    match = _HOST.match(address)
    host = match[0] if match else ""
    path = quote(address[len(host) :], safe=_LEGAL)
    encoded = quote(_known_host(host), safe=_LEGAL + "[]")
    return encoded + path + mark + quote(fragment, safe=_LEGAL)


def _known_host(address: str) -> str:
    """Return ``scheme://user@host:port`` with scheme and host as they are looked up."""
    scheme, mark, authority = address.partition("://")
    user, at, server = authority.rpartition("@")
    host, colon, port = server.lower().partition(":")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = quote(host)
    return f"{scheme.lower()}{mark}{user}{at}{host}{colon}{port}"


def collection_title(dataset: Dataset, collection: Collection) -> str:
    """Return the title of a collection: its own, else the dataset's, else its id."""
    only_one = len(dataset.collections) == 1
    return (
        collection.description.title
        or (dataset.description.title if only_one else "")
        or collection.id
    )


def _api(dataset: Dataset) -> Distribution:
    title = f"{dataset.description.title or dataset.id} (OGC API - Features)"
    return Distribution(
        kind=DistributionKind.API,
        url=api_root(dataset),
        title=Text(fr=title, en=title),
        description=Text(
            fr="Service de téléchargement direct : filtres, pages, systèmes de "
            "coordonnées au choix.",
            en="Direct access download service: filters, pages, a choice of "
            "coordinate reference systems.",
        ),
        media_type="application/json",
    )


def _files(dataset: Dataset, collection: Collection) -> Iterator[Distribution]:
    """Yield the files of a collection, in every form that it has."""
    title = collection_title(dataset, collection)
    has_geometry = collection.geometry is not None
    for form in dataset.formats(collection):
        words = format_words(form, has_geometry=has_geometry)
        named = f"{title} ({words.name})"
        yield Distribution(
            kind=DistributionKind.FILE,
            url=file_address(dataset, collection.id, form),
            title=Text(fr=named, en=named),
            description=words.about,
            media_type=words.media_type,
            collection=collection.id,
        )


def _landing_page(dataset: Dataset) -> Distribution:
    return Distribution(
        kind=DistributionKind.LANDING_PAGE,
        url=f"{api_root(dataset)}?f=html",
        title=Text(fr="Page du jeu de données", en="Page of the dataset"),
        description=Text(fr="", en=""),
        media_type="text/html",
    )


def _on_request(dataset: Dataset) -> Distribution:
    return Distribution(
        kind=DistributionKind.ON_REQUEST,
        url=record_address(dataset),
        title=Text(
            fr="Accès restreint : fiche et contact",
            en="Restricted access: record and contact",
        ),
        description=Text(
            fr="Les données ne sont pas en ligne ; la fiche dit à qui les demander.",
            en="The data are not online; the record says whom to ask for them.",
        ),
        media_type="application/xml",
    )


def _documentation(dataset: Dataset) -> list[Distribution]:
    return [
        Distribution(
            kind=DistributionKind.DOCUMENTATION,
            url=web_address(link.url),
            title=Text(fr=link.title, en=link.title),
            description=Text(fr=link.description, en=link.description),
        )
        for link in dataset.description.links
    ]
