"""`/admin/{dataset}`: one dataset, where it is, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from metadata.finding import Language, Text
from metadata.links.findings import without_login
from metadata.overview import DatasetOverview, Overview, TrendPoint
from metadata.overview_chart import trend_chart
from metadata.overview_document import dataset_document
from metadata.overview_words import KINDS
from metadata.preview import platform
from providers.history.document import document
from providers.history.timeline import History, history_of
from providers.store_model import EntryState, Operation
from service.admin import (
    CSV,
    FORMATS,
    csv_response,
    json_response,
    private,
    telling,
)
from service.admin_desk import AdminDesk
from service.health import require_insider
from service.messages import say, text
from service.negotiation import JSON, chosen_format, require_known
from service.pages import page_response, reader, render
from service.problems import not_found
from service.visit import COMMON, language_of, snapshot_of

_REVISIONS: Final = 20
"""Revisions on the page, the newest; `passerelle history` has all."""
_CHANGES: Final = 12
"""Changes of one record that are told."""
_OPERATIONS: Final = {
    Operation.CREATE: "admin.order.create",
    Operation.UPDATE: "admin.order.update",
    Operation.DELETE: "admin.order.delete",
}
_OUTCOMES: Final = {
    EntryState.DONE: "admin.order.done",
    EntryState.FAILED: "admin.order.failed",
    EntryState.INTENT: "admin.order.intent",
}
_SCORE: Final = Text("Score du jeu, sur {most}", "Score of the dataset, of {most}")


def admin_dataset_endpoint(desk: AdminDesk) -> Callable[[Request], Response]:
    """Return the endpoint of one dataset.

    It raises `HttpProblem`: 403 for strangers, whatever they ask for, and 404 where
    nothing is known of such a dataset.
    """

    def endpoint(request: Request) -> Response:
        snapshot = snapshot_of(request)
        require_insider(snapshot, request)
        require_known(request.query_params, COMMON)
        offer = chosen_format(request.query_params, request.headers, FORMATS)
        language, name = language_of(request, snapshot), request.path_params["dataset"]
        overview = desk.overview(snapshot)
        dataset = next((d for d in overview.datasets if d.id == name), None)
        if dataset is None:
            raise not_found(text("problem.no-dataset", name=name))
        if offer is CSV:
            return csv_response(overview, (dataset,), language, snapshot)
        history = history_of(desk.store(), name)
        if offer is JSON:
            found = dataset_document(overview, dataset)
            found["history"] = _history(history, dataset)
            return json_response(found, language, snapshot)
        return _page(request, overview, dataset, history, language)

    return endpoint


def _history(history: History, dataset: DatasetOverview) -> dict[str, object]:
    return document(history, dataset.status, history.revisions, history.others)


def _page(
    request: Request,
    overview: Overview,
    dataset: DatasetOverview,
    history: History,
    language: Language,
) -> Response:
    snapshot = snapshot_of(request)
    reading = reader(request, language, snapshot.configuration.service.url)
    content = render(
        "admin_dataset.html",
        replace(reading, dataset=None),  # its way back leads to the administration
        overview=overview,
        dataset=dataset,
        score=dataset.score(overview.at.date()),
        served=dataset.id in snapshot.datasets,
        revisions=history.revisions[: -_REVISIONS - 1 : -1],
        older=max(len(history.revisions) - _REVISIONS, 0),
        others=history.others[: -_REVISIONS - 1 : -1],
        changes_shown=_CHANGES,
        kinds={kind: KINDS[kind].said_in(language) for kind in KINDS},
        operations={o: say(language, key) for o, key in _OPERATIONS.items()},
        outcomes={state: say(language, key) for state, key in _OUTCOMES.items()},
        criteria=platform().criteria,
        plain=without_login,
        **{**telling(overview, language), "chart": _chart(overview, dataset, language)},
    )
    return page_response(content, language, private(snapshot, language))


def _chart(overview: Overview, dataset: DatasetOverview, language: Language) -> Markup:
    """Return the scores of one dataset over time, drawn."""
    points = [
        TrendPoint(day=each.day, datasets=1, mean=float(each.points))
        for each in dataset.scores
        if each.points is not None
    ]
    most = max((each.most for each in dataset.scores), default=0)
    drawn = trend_chart(
        points, most=most, today=overview.at.date(), language=language, title=_SCORE
    )
    return Markup(drawn)  # noqa: S704  (built by lxml, texts escaped)
