"""`/records/`: the published ISO records as a folder of files; and `/sitemap.xml`.

The folder is what harvesters of “web accessible folders” walk: a plain list of
links, each with the time at which the file became what it is. The sitemap leads
search engines to the pages of the published datasets, whose structured data are
made by `metadata.schemaorg`.

References
----------
sitemaps.org protocol 0.9; GeoNetwork, “Web accessible folder harvesting”.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response

from metadata.schemaorg import in_a_script, schema_org_dataset
from service.catalogue import Published
from service.dcat import Clock, present_facts, require_whole
from service.negotiation import require_known
from service.pages import page_response, reader, render
from service.snapshot import Snapshot
from service.visit import language_of, snapshot_of

_SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_MOST: Final = 50_000
"""Addresses in one sitemap."""


def records_folder(clock: Clock) -> Callable[[Request], Response]:
    """Return the endpoint of `/records/`.

    It raises what `service.dcat.require_whole` raises.

    Parameters
    ----------
    clock
        Returns the present moment with its time zone.
    """

    def endpoint(request: Request) -> Response:
        snapshot = snapshot_of(request)
        require_known(request.query_params, {"lang"})
        require_whole(snapshot, clock())
        language = language_of(request, snapshot)
        reading = reader(request, language, snapshot.configuration.service.url)
        records = tuple(snapshot.catalogue.names.values())
        return page_response(render("records.html", reading, records=records), language)

    return endpoint


def sitemap(request: Request) -> Response:
    """Answer `/sitemap.xml`."""
    require_known(request.query_params, set())
    root = etree.Element(f"{{{_SITEMAP}}}urlset", nsmap=_NAMESPACES)
    for address, moment in _addresses(snapshot_of(request)):
        entry = etree.SubElement(root, f"{{{_SITEMAP}}}url")
        etree.SubElement(entry, f"{{{_SITEMAP}}}loc").text = address
        if moment is not None:
            day = moment.astimezone(UTC).date().isoformat()
            etree.SubElement(entry, f"{{{_SITEMAP}}}lastmod").text = day
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(content, media_type="application/xml")


# the stubs of lxml know of no default namespace
_NAMESPACES: Final[dict[str, str]] = {None: _SITEMAP}  # type: ignore[dict-item]


def last_modified(snapshot: Snapshot, name: str) -> dict[str, str]:
    """Return the header that dates a published record; `{}` for another one."""
    published = snapshot.catalogue.names.get(name)
    if published is None:
        return {}
    moment = published.applied.at.astimezone(UTC)
    return {"Last-Modified": format_datetime(moment, usegmt=True)}


def structured_data(snapshot: Snapshot, dataset_id: str) -> str:
    """Return what the page of a dataset tells search engines, as a script may hold it.

    Empty while the dataset was not published.
    """
    published = snapshot.catalogue.names.get(dataset_id)
    if published is None:
        return ""
    document = schema_org_dataset(
        published.content,
        f"{snapshot.configuration.service.url}/datasets/",
        present_facts(snapshot, published),
    )
    return in_a_script(document)


def _addresses(snapshot: Snapshot) -> Iterator[tuple[str, datetime | None]]:
    """Yield the pages that search engines may show."""
    url, today = snapshot.configuration.service.url, snapshot.built_at.date()
    yield f"{url}/?f=html", None
    yield f"{url}/datasets/?f=html", snapshot.catalogue.changed_at
    for published in _with_a_page(snapshot)[: _MOST - 2]:
        served = snapshot.datasets[published.name]
        if served.dataset.serves_data(today):
            yield f"{url}/datasets/{served.id}/?f=html", published.applied.at


def _with_a_page(snapshot: Snapshot) -> list[Published]:
    datasets = snapshot.catalogue.datasets.values()
    return [each for each in datasets if each.name in snapshot.datasets]
