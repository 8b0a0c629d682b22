"""The ASGI application: routes, middleware, errors; and its life from start to stop.

The same handlers stand under the service's root and under the root of each
dataset (``/datasets/{id}``), because the INSPIRE good practice wants one API
per dataset.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from metadata.errors import PasserelleError, QueryError
from metadata.finding import Language
from providers.configuration import (
    Configuration,
    configuration_path,
    read_configuration,
)
from service import endpoints
from service.admin import admin_endpoint
from service.admin_dataset import admin_dataset_endpoint
from service.admin_desk import AdminDesk
from service.compression import Compress
from service.csw.endpoint import csw_endpoint
from service.csw.keeper import Keeper, kept_ready
from service.edits import ITEM_METHODS, ITEMS_METHODS, Edits
from service.features_visit import Visiting
from service.files import Downloads
from service.files_keeper import LOOK, FilesKeeper, kept_files
from service.forms import every_form
from service.item_paths import ITEM
from service.memory import PageMemory
from service.messages import text
from service.metrics.cells import COUNTING_VARIABLE, Cells
from service.metrics.endpoint import kept_sampling, metrics_endpoint
from service.metrics.meter import Measure, Meter
from service.metrics.sampling import Sampler
from service.middleware import AddHeaders, Confirm, HoldSnapshot
from service.negotiation import HTML, Offer, chosen_format
from service.outlets import catalogue_routes, outlet_routes
from service.pages import problem_page
from service.preview import preview_endpoint
from service.problems import (
    PROBLEM_JSON,
    HttpProblem,
    Problem,
    problem_of,
    problem_response,
)
from service.redirects import redirect_nearby
from service.reload import Clock, Reloader
from service.server import WORKERS_VARIABLE
from service.snapshot import Snapshot, Stage
from service.spool import SpoolRoom
from service.visit import language_of

_PROBLEM = Offer("json", PROBLEM_JSON, ("application/json", "application/geo+json"))
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(
    configuration: Configuration,
    *,
    clock: Clock | None = None,
    interval: float = 1.0,
    files: float | None = None,
    counting: Path | None = None,
    workers: int = 1,
) -> Starlette:
    """Return the application.

    Parameters
    ----------
    clock
        Returns the present moment with its time zone; `None` is the real one.
    interval
        Seconds between two looks for changes.
    files
        Seconds between two looks whether files are due; `None` makes none.
    counting
        Folder in which all workers count; `None` when there is but this one.
    workers
        Processes of the service on this machine, this one included.
    """
    stage = Stage()
    clock = clock or _present
    reloader = Reloader(
        configuration, stage, clock=clock, interval=interval, workers=workers
    )
    keeper = Keeper()
    memory = PageMemory(configuration.service.memory)
    cells = Cells(counting)
    meter = Meter(cells)
    room = SpoolRoom(configuration.service.spool)
    sampler = Sampler(meter, stage, memory, room)
    app = Starlette(
        routes=[
            *_routes(reloader, Edits(every_form(memory, room))),
            *catalogue_routes(keeper, clock),
            Route("/csw", csw_endpoint(keeper, clock), methods=["GET", "POST"]),
            *outlet_routes(clock),
            Route("/metrics", metrics_endpoint(cells, sampler)),
            *_desk_routes(reloader, clock),
        ],
        middleware=[
            Middleware(Measure, meter=meter),
            Middleware(AddHeaders),
            Middleware(Compress),
            Middleware(Confirm),
            Middleware(HoldSnapshot, stage=stage),
        ],
        exception_handlers={
            HTTPException: _answer_http,
            PasserelleError: _answer,
            Exception: _answer,
        },
        lifespan=_lifespan(
            reloader,
            lambda: kept_sampling(sampler, cells),
            lambda: kept_ready(keeper, stage, interval),
            lambda: kept_files(
                FilesKeeper(stage, lambda: reloader.store, clock, meter.note_making),
                files,
            ),
        ),
    )
    redirect_nearby(app.router)
    return app


def application() -> Starlette:
    """Return the application of the configuration that the environment names."""
    folder = os.environ.get(COUNTING_VARIABLE, "")
    return create_app(
        read_configuration(configuration_path()),
        files=LOOK,
        counting=Path(folder) if folder else None,
        workers=int(os.environ.get(WORKERS_VARIABLE) or 1),
    )


def _present() -> datetime:
    return datetime.now(UTC)


def _lifespan(
    reloader: Reloader, *beside: Callable[[], AbstractAsyncContextManager[None]]
) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001
        await reloader.start()
        try:
            async with AsyncExitStack() as stack:
                for each in beside:
                    await stack.enter_async_context(each())
                yield
        finally:
            await reloader.stop()

    return lifespan


class FeaturesRoute(Route):
    """A route of collections of features; that of the catalogue is none of them."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave the catalogue to the routes of its own."""
        match, found = super().matches(scope)
        named = found.get("path_params", {}).get("collection")
        return (Match.NONE, {}) if named == "catalogue" else (match, found)


def _routes(reloader: Reloader, edits: Edits) -> list[BaseRoute]:
    """Return the one table of routes, those asked most first."""
    downloads = Downloads(edits.items)
    documents: dict[str, Callable[..., Any]] = {
        "/collections/{collection}/items": Visiting(edits.page),
        f"/collections/{{collection}}/items/{ITEM}": Visiting(edits.item),
        "/": endpoints.landing,
        "/conformance": endpoints.conformance,
        "/api": endpoints.api,
        "/openapi": endpoints.api,
        "/collections": endpoints.collections,
        "/collections/{collection}": endpoints.collection,
        "/collections/{collection}/queryables": endpoints.queryables,
        "/collections/{collection}/sortables": endpoints.sortables,
        "/collections/{collection}/schema": endpoints.schema,
        "/collections/{collection}/download/{file}": Visiting(downloads.answer),
    }
    return [
        *(
            FeaturesRoute(p, handler, methods=_methods(p))
            for p, handler in documents.items()
        ),
        Route("/datasets", endpoints.datasets),
        Route("/datasets/", endpoints.datasets),
        Route("/datasets/{dataset}", endpoints.landing),
        *(
            Route(f"/datasets/{{dataset}}{p}", handler, methods=_methods(p))
            for p, handler in documents.items()
        ),
        Route("/records/{name}.xml", endpoints.record_endpoint(lambda: reloader.store)),
        Route("/health", endpoints.health),
        Mount("/static", StaticFiles(packages=[("service", "static")])),
    ]


def _desk_routes(reloader: Reloader, clock: Clock) -> list[BaseRoute]:
    """Return the routes of those who look after the datasets."""
    desk = AdminDesk(lambda: reloader.store, clock)
    preview = preview_endpoint(lambda: reloader.store, clock)
    return [
        Route("/datasets/{dataset}/preview", preview),
        Route("/admin", admin_endpoint(desk)),
        Route("/admin/", admin_endpoint(desk)),
        Route("/admin/{dataset}", admin_dataset_endpoint(desk)),
    ]


def _methods(path: str) -> list[str]:
    """Return how a resource may be asked, and features edited."""
    if path.endswith("/items"):
        return list(ITEMS_METHODS)
    return list(ITEM_METHODS) if path.endswith(ITEM) else ["GET"]


async def _answer(request: Request, error: Exception) -> Response:
    """Answer an error, as a page where a page was wanted."""
    return _said(request, problem_of(error))


async def _answer_http(request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        detail, code = text("problem.method", method=request.method), "MethodNotAllowed"
    else:
        detail, code = text("problem.no-page", path=request.url.path), "NotFound"
    problem = Problem(
        status=status, code=code, detail=detail, headers=error.headers or {}
    )
    return _said(request, problem)


def _said(request: Request, problem: Problem) -> Response:
    language = _language(request)
    if _wants_page(request):
        return problem_page(request, problem, language)
    return problem_response(problem, language)


def _language(request: Request) -> Language:
    """Return the language of an answer to a request that may itself be wrong."""
    snapshot: Snapshot | None = request.scope.get("passerelle.snapshot")
    if snapshot is None:
        return Language.ENGLISH
    try:
        return language_of(request, snapshot)
    except QueryError:
        return snapshot.configuration.service.languages[0]


def _wants_page(request: Request) -> bool:
    """Tell whether a person in a browser asks: `Accept` prefers HTML, `f` agrees."""
    if request.query_params.getlist("f") not in ([], ["html"]):
        return False
    try:
        offer = chosen_format(QueryParams(), request.headers, (_PROBLEM, HTML))
    except HttpProblem:
        return False
    return offer is HTML
