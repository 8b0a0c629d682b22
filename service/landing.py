"""`/` of the service and of each dataset, and `/datasets/`, the list of them.

References
----------
OGC API Features Part 1, clause 7.2; the metadata of the service (INSPIRE
Annex B operations) are here and in the `info` of the OpenAPI document.
"""

from __future__ import annotations

from metadata.distributions import record_address
from metadata.finding import Language
from providers.configuration import Configuration
from service.collections import bbox
from service.links import CONFORMANCE_REL, Document, Link, dataset_links, self_links
from service.messages import say
from service.negotiation import OPENAPI
from service.snapshot import ServedDataset, Snapshot
from service.visit import Root

_NAMES = (
    ("service-desc", "/api?f=json", OPENAPI.media_type, "link.api-json"),
    ("service-doc", "/api?f=html", "text/html", "link.api-html"),
    (CONFORMANCE_REL, "/conformance", "application/json", "link.conformance"),
    ("data", "/collections", "application/json", "link.collections"),
)

CATALOGUE_REL = "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog"
"""OGC API Records Part 1, clause 7: where the catalogue is."""


def service_title(configuration: Configuration) -> str:
    """Return the service's name: its own, else the organisation's."""
    return configuration.service.title or configuration.organisation.name


def landing_document(root: Root, snapshot: Snapshot, language: Language) -> Document:
    """Return the document of an API root."""
    links = [
        *self_links(f"{root.url}/", language, "application/json"),
        *(
            Link(
                href=root.url + path,
                rel=rel,
                type=media_type,
                title=say(language, title),
            )
            for rel, path, media_type, title in _NAMES
        ),
    ]
    if root.dataset is not None:
        return _dataset_landing(root.dataset, links, language)
    service = snapshot.configuration.service
    links += [
        Link(
            href=f"{service.url}{path}",
            rel=rel,
            type="application/json",
            title=say(language, title),
        )
        for path, rel, title in (
            ("/datasets/", "related", "link.datasets"),
            ("/collections/catalogue", CATALOGUE_REL, "link.catalogue"),
        )
    ]
    return {
        "title": service_title(snapshot.configuration),
        "description": service.description,
        "links": links,
    }


def _dataset_landing(
    served: ServedDataset, links: list[Link], language: Language
) -> Document:
    """Return the document of one dataset's root, with its record and licence."""
    dataset = served.dataset
    service_record = Link(
        href=f"{dataset.service_url}/records/service-{served.id}.xml",
        rel="service-meta",
        type="application/xml",
        title=say(language, "link.service-record"),
    )
    document: Document = {
        "title": dataset.description.title,
        "description": dataset.abstract,
        "links": [*links, *dataset_links(dataset, language), service_record],
    }
    extent = dataset.extent
    if extent is not None:
        document["extent"] = {"spatial": {"bbox": [bbox(extent)]}}
    return document


def datasets_document(snapshot: Snapshot, language: Language) -> Document:
    """Return the list of every dataset that has a record."""
    url = f"{snapshot.configuration.service.url}/datasets/"
    return {
        "links": self_links(url, language, "application/json"),
        "datasets": [
            _dataset_entry(served, snapshot, language)
            for served in snapshot.datasets.values()
        ],
    }


def _dataset_entry(
    served: ServedDataset, snapshot: Snapshot, language: Language
) -> Document:
    dataset = served.dataset
    links = dataset_links(dataset, language)
    if dataset.serves_data(snapshot.built_at.date()):
        root = Link(
            href=f"{dataset.service_url}/datasets/{served.id}/",
            rel="item",
            type="application/json",
            title=dataset.description.title,
        )
        links.insert(0, root)
    return {
        "id": served.id,
        "identifier": dataset.description.identifier,
        "title": dataset.description.title,
        "description": dataset.abstract,
        "record": record_address(dataset),
        "links": links,
    }
