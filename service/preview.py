"""`/datasets/{dataset}/preview`: what the national portal will show, before it does.

For those who hold the key, or from loopback: drafts are shown too, as they would be
once approved. A dataset that is served is taken as it is served; another one as its
tables were last measured. No silo is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from metadata.dataset import Dataset
from metadata.dcat_distributions import Facts
from metadata.describing import describe_all
from metadata.description import approved, read_descriptions
from metadata.finding import Language
from metadata.preview import Preview, platform, preview
from metadata.preview.telling import (
    CHANNELS,
    document,
    resource_row,
    rows,
    score_text,
)
from metadata.stated import Description, Status
from providers.store import Store
from service.file_facts import file_facts
from service.health import require_insider
from service.messages import text
from service.negotiation import HTML, JSON, chosen_format, require_known
from service.pages import page_response, reader, render
from service.problems import not_found
from service.snapshot import Snapshot
from service.visit import COMMON, language_of, snapshot_of

Clock = Callable[[], datetime]
_PRIVATE: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


def preview_endpoint(
    store: Callable[[], Store | None], clock: Clock
) -> Callable[[Request], Response]:
    """Return the endpoint.

    It raises `HttpProblem`: 403 for strangers, whatever they ask for, and 404 where
    there is no such dataset or its tables were never measured.

    Parameters
    ----------
    store
        Gives the store that holds the surveys; `None` while it cannot be had.
    clock
        Returns the present moment with its time zone.
    """

    def endpoint(request: Request) -> Response:
        snapshot = snapshot_of(request)
        require_insider(snapshot, request)
        require_known(request.query_params, COMMON)
        offer = chosen_format(request.query_params, request.headers, (HTML, JSON))
        name = request.path_params["dataset"]
        dataset = _dataset(snapshot, name, store)
        if dataset is None:
            raise not_found(text("problem.no-dataset", name=name))
        files = file_facts(snapshot, name)
        facts = Facts(producer=dataset.description.producer, files=files)
        found = preview(dataset, today=clock().date(), facts=facts)
        language = language_of(request, snapshot)
        if offer is JSON:
            return _document(found, language)
        return _page(request, dataset, found, language)

    return endpoint


def _dataset(
    snapshot: Snapshot, name: str, store: Callable[[], Store | None]
) -> Dataset | None:
    served = snapshot.datasets.get(name)
    if served is not None:
        return served.dataset
    configuration, kept = snapshot.configuration, store()
    described = describe_all(
        [_as_approved(d) for d in _descriptions(snapshot) if d.id == name],
        kept.surveys() if kept else (),
        (),
        organisation=configuration.organisation,
        service_url=configuration.service.url,
        file_formats=configuration.files.formats,
    )
    return described.datasets[0] if described.datasets else None


def _descriptions(snapshot: Snapshot) -> list[Description]:
    """Return the descriptions that may be shown: those withdrawn are gone."""
    found = read_descriptions(snapshot.configuration.datasets).found
    return [each for each in found if each.status is not Status.WITHDRAWN]


def _as_approved(description: Description) -> Description:
    draft = description.status is Status.DRAFT
    return approved(description) if draft else description


def _document(found: Preview, language: Language) -> Response:
    content = json.dumps(document(found, platform()), ensure_ascii=False).encode()
    headers = {**_PRIVATE, "Content-Language": str(language)}
    return Response(content, media_type=JSON.media_type, headers=headers)


def _page(
    request: Request, dataset: Dataset, found: Preview, language: Language
) -> Response:
    known = platform()
    views = [
        {
            "name": str(channel),
            "title": title,
            "score": score_text(found.views[channel].shown, known),
            "rows": rows(found.views[channel].shown, known),
            "resources": tuple(map(resource_row, found.views[channel].shown.resources)),
            "losses": found.views[channel].losses,
        }
        for channel, title in CHANNELS.items()
    ]
    url = snapshot_of(request).configuration.service.url
    content = render(
        "preview.html",
        reader(request, language, url),
        dataset=dataset,
        views=views,
        preview=found,
        inspire=(*found.checks, *found.inspire),
        said=lambda words: words.said_in(language),
    )
    return page_response(content, language, _PRIVATE)
