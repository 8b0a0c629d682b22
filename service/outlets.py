"""The routes of the outlets that others harvest, see `service.catalogue`."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from metadata.dcat import Form
from service import dcat


def outlet_routes() -> list[BaseRoute]:
    """Return the routes of every outlet but CSW."""
    return [
        Route("/dcat/catalog", dcat.catalog),
        *(Route(f"/dcat/catalog.{form}", dcat.in_form(form)) for form in Form),
    ]
