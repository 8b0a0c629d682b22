"""`/admin/`: how everything stands, for the one who answers for it.

For those who hold the key, or from loopback; nothing is changed here. What a page
shows, `f=json` and `f=csv` have too, and `passerelle status` says the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from metadata.errors import QueryError
from metadata.finding import Language
from metadata.overview import OWN, DatasetOverview, Overview, State, failures_first
from metadata.overview_chart import decimal, trend_chart
from metadata.overview_document import overview_csv, overview_document, task_documents
from metadata.overview_words import STATES, outlet_words, tasks
from providers.folding import folded
from service.admin_desk import AdminDesk
from service.health import require_insider
from service.messages import text
from service.negotiation import HTML, JSON, Offer, chosen_format, require_known
from service.pages import page_response, reader, render
from service.parameters import read_limit, read_offset
from service.snapshot import Snapshot
from service.visit import COMMON, language_of, snapshot_of

CSV: Final = Offer("csv", "text/csv; charset=utf-8", ("text/csv",))
FORMATS: Final = (HTML, JSON, CSV)
PARAMETERS: Final = COMMON | {"state", "outlet", "q", "limit", "offset"}
SHOWN_LIMIT: Final = 50
"""Datasets on a page; a document has all that match unless it says otherwise."""
_TASKS: Final = 6
"""Tasks on the page."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which datasets are asked for."""

    state: State | None = None
    outlet: str | None = None
    """The state is then the one at that outlet."""
    words: tuple[str, ...] = ()
    limit: int | None = None
    """`None`: all."""
    offset: int = 0

    def takes(self, dataset: DatasetOverview) -> bool:
        """Tell whether a dataset is asked for."""
        state = dataset.state if self.outlet is None else dataset.at(self.outlet)
        if state is None or (self.state is not None and state is not self.state):
            return False
        if not self.words:
            return True
        said = f"{dataset.id} {dataset.title} {dataset.producer}"
        plain = folded(said, case=True, accents=True)
        return all(word in plain for word in self.words)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Those of the datasets asked for that are shown."""

    datasets: tuple[DatasetOverview, ...]
    matched: int
    choice: Choice

    @property
    def first(self) -> int:
        """Number of the first one shown, from 1 on; 0 without any."""
        return self.choice.offset + 1 if self.datasets else 0

    @property
    def last(self) -> int:
        """Number of the last one shown."""
        return self.choice.offset + len(self.datasets)


def admin_endpoint(desk: AdminDesk) -> Callable[[Request], Response]:
    """Return the endpoint of the overview.

    It raises `HttpProblem`, 403 for strangers, and `QueryError`.
    """

    def endpoint(request: Request) -> Response:
        snapshot = snapshot_of(request)
        require_insider(snapshot, request)
        require_known(request.query_params, PARAMETERS)
        offer = chosen_format(request.query_params, request.headers, FORMATS)
        language = language_of(request, snapshot)
        overview = desk.overview(snapshot)
        choice = read_choice(given(request), overview, offer)
        page = chosen(overview, choice)
        if offer is JSON:
            return _document(overview, page, language, snapshot)
        if offer is CSV:
            return csv_response(overview, page.datasets, language, snapshot)
        return _page(request, overview, page, language)

    return endpoint


def given(request: Request) -> dict[str, str]:
    """Return the parameters of a request, those left empty in a form taken out."""
    return {name: value for name, value in request.query_params.items() if value}


def read_choice(values: dict[str, str], overview: Overview, offer: Offer) -> Choice:
    """Return which datasets are asked for.

    Raises
    ------
    QueryError
        A state or an outlet that there is not, or no number.
    """
    state, outlet = values.get("state"), values.get("outlet")
    if state is not None and state not in set(State):
        known = ", ".join(State)
        message = text("admin.no-state", name=state[:80], known=known)
        raise QueryError(message, parameter="state")
    if outlet is not None and outlet not in overview.outlets:
        known = ", ".join(overview.outlets) or "∅"
        message = text("admin.no-outlet", name=outlet[:80], known=known)
        raise QueryError(message, parameter="outlet")
    paged = offer is HTML or "limit" in values
    return Choice(
        state=State(state) if state else None,
        outlet=outlet,
        words=tuple(folded(values.get("q", ""), case=True, accents=True).split()),
        limit=read_limit(values, SHOWN_LIMIT) if paged else None,
        offset=read_offset(values),
    )


def chosen(overview: Overview, choice: Choice) -> Page:
    """Return the datasets asked for, those first that somebody should look at."""
    found = [d for d in failures_first(overview.datasets) if choice.takes(d)]
    end = None if choice.limit is None else choice.offset + choice.limit
    shown = tuple(found[choice.offset : end])
    return Page(datasets=shown, matched=len(found), choice=choice)


def private(snapshot: Snapshot, language: Language) -> dict[str, str]:
    """Return the headers of what is for insiders: no copy, no scripts of others."""
    parts = urlsplit(snapshot.configuration.service.url)
    return {
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
        "Content-Language": str(language),
        "Access-Control-Allow-Origin": f"{parts.scheme}://{parts.netloc}",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def csv_response(
    overview: Overview,
    datasets: Iterable[DatasetOverview],
    language: Language,
    snapshot: Snapshot,
) -> Response:
    """Return datasets as CSV, begun so that spreadsheets see that it is UTF-8."""
    content = "".join(overview_csv(overview, datasets, language)).encode("utf-8-sig")
    day = overview.at.date().isoformat()
    headers = private(snapshot, language)
    headers["Content-Disposition"] = f'attachment; filename="passerelle-{day}.csv"'
    return Response(content, media_type=CSV.media_type, headers=headers)


def json_response(document: object, language: Language, snapshot: Snapshot) -> Response:
    """Return a document for insiders."""
    content = json.dumps(document, ensure_ascii=False).encode()
    headers = private(snapshot, language)
    return Response(content, media_type=JSON.media_type, headers=headers)


def _document(
    overview: Overview, page: Page, language: Language, snapshot: Snapshot
) -> Response:
    document = overview_document(overview, page.datasets)
    document["matched"] = page.matched
    document["tasks"] = task_documents(overview)
    return json_response(document, language, snapshot)


def _page(
    request: Request, overview: Overview, page: Page, language: Language
) -> Response:
    snapshot, values = snapshot_of(request), given(request)

    def with_values(**changed: object) -> str:
        kept = {**values, **changed}
        return "?" + urlencode({k: v for k, v in kept.items() if v not in (None, "")})

    every = tasks(overview)
    content = render(
        "admin.html",
        reader(request, language, snapshot.configuration.service.url),
        overview=overview,
        page=page,
        around=_around(page, with_values),
        at=with_values,
        filters={name: values.get(name, "") for name in ("state", "outlet", "q")},
        lang=values.get("lang", ""),
        tasks=every[:_TASKS],
        more_tasks=len(every) - _TASKS,
        **telling(overview, language),
    )
    return page_response(content, language, private(snapshot, language))


def telling(overview: Overview, language: Language) -> dict[str, object]:
    """Return what every page of overviews is told with."""
    today = overview.at.date()
    return {
        "states": {state: STATES[state].said_in(language) for state in State},
        "own": OWN,
        "today": today,
        "said": lambda words: words.said_in(language),
        "outlet_name": lambda name: outlet_words(name).said_in(language),
        "decimal": lambda value: decimal(value, language),
        "chart": Markup(  # noqa: S704  (built by lxml, texts escaped)
            trend_chart(
                overview.trend, most=overview.most, today=today, language=language
            )
        ),
    }


def _around(page: Page, with_values: Callable[..., str]) -> dict[str, str]:
    """Return where the pages before and after are."""
    choice, found = page.choice, {}
    size = choice.limit or SHOWN_LIMIT
    if choice.offset:
        found["prev"] = with_values(offset=max(choice.offset - size, 0), f="html")
    if page.last < page.matched:
        found["next"] = with_values(offset=choice.offset + size, f="html")
    return found
