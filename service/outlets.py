"""The routes of the outlets that others harvest, see `service.catalogue`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from metadata.dcat import Form
from service import folder
from service.csw.keeper import Keeper
from service.dcat import Feed
from service.item_paths import ITEM
from service.oai.endpoint import OaiEndpoint
from service.records_api import RecordsApi


def catalogue_routes(keeper: Keeper, clock: Callable[[], datetime]) -> list[BaseRoute]:
    """Return the routes of OGC API Records; they go before those of any collection.

    Parameters
    ----------
    keeper
        Keeps the index that searches ask.
    clock
        Returns the present moment with its time zone.
    """
    records, path = RecordsApi(keeper, clock), "/collections/catalogue"
    return [
        Route(path, records.collection),
        Route(f"{path}/queryables", records.queryables),
        Route(f"{path}/facets", records.facets),
        Route(f"{path}/items", records.items),
        Route(f"{path}/items", _read_only, methods=["POST"]),
        Route(f"{path}/items/{ITEM}", records.item),
    ]


async def _read_only(request: Request) -> Response:  # noqa: ARG001
    """Refuse POST, which the items of every other collection take (filters)."""
    raise HTTPException(
        HTTPStatus.METHOD_NOT_ALLOWED.value, headers={"Allow": "GET, HEAD"}
    )


def outlet_routes(clock: Callable[[], datetime]) -> list[BaseRoute]:
    """Return the routes of every other outlet but CSW.

    Parameters
    ----------
    clock
        Returns the present moment with its time zone.
    """
    feed, oai = Feed(clock), OaiEndpoint(clock)
    records = folder.records_folder(clock)
    return [
        Route("/dcat/catalog", feed.catalog),
        *(Route(f"/dcat/catalog.{form}", feed.in_form(form)) for form in Form),
        Route("/records", records),
        Route("/records/", records),
        Route("/sitemap.xml", folder.sitemap),
        Route("/oai", oai.answer, methods=["GET", "POST"]),
    ]
