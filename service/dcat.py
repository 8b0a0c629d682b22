"""`/dcat/catalog.ttl`, `.jsonld`, `.rdf`: the catalogue in DCAT-AP, page by page.

A page goes on after the last identifier of the one before, not after so many
datasets: whatever comes, changes or leaves while somebody harvests, no dataset
that stays is passed over or met twice. `hydra:next` is there as long as there is
more. `/dcat/catalog`, the IRI of the catalogue, answers in the form that is asked
for by `Accept`.

A catalogue that is empty, or that lost too much lately, answers 503: portals archive
what it does not list (`service.csw.guard`).

References
----------
DCAT-AP 3.0.1; Hydra Core Vocabulary, clause 5.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from metadata.dcat import (
    MEDIA_TYPES,
    CatalogueFacts,
    Facts,
    Form,
    Page,
    catalogue_node,
    record_node,
    resource_node,
    write,
)
from metadata.errors import QueryError
from metadata.finding import Text
from metadata.iso19139_content import record_language
from metadata.iso19139_parts import organisation_party
from service.catalogue import Catalogue, Published
from service.file_facts import file_facts
from service.landing import service_title
from service.losses import GRACE, recent_loss
from service.messages import say, text
from service.negotiation import Offer, chosen_format, require_known
from service.problems import HttpProblem
from service.snapshot import Snapshot
from service.visit import snapshot_of

PAGE_SIZE: Final = 100
MOST: Final = 1000
"""Datasets on a page, unless asked for otherwise, and at most."""
Clock = Callable[[], datetime]
_DIGITS: Final = 10
_PARAMETERS: Final = frozenset({"after", "limit"})
_OFFERS: Final = tuple(Offer(form.value, MEDIA_TYPES[form]) for form in Form)


class Feed:
    """The endpoints of the catalogue in its forms.

    Parameters
    ----------
    clock
        Returns the present moment with its time zone.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def catalog(self, request: Request) -> Response:
        """Answer `/dcat/catalog` in the form that `Accept` asks for.

        Raises
        ------
        metadata.errors.QueryError, HttpProblem
            See `in_form`; 406.
        """
        offer = chosen_format(request.query_params, request.headers, _OFFERS)
        return self._answer(request, Form(offer.name))

    def in_form(self, form: Form) -> Callable[[Request], Response]:
        """Return the endpoint of the catalogue in one form.

        It raises `metadata.errors.QueryError` for a parameter that it does not know
        or cannot read, and what `require_whole` raises.
        """

        def endpoint(request: Request) -> Response:
            return self._answer(request, form)

        return endpoint

    def _answer(self, request: Request, form: Form) -> Response:
        snapshot = snapshot_of(request)
        require_known(request.query_params, _PARAMETERS)
        limit = read_limit(request.query_params.get("limit"), PAGE_SIZE, MOST)
        after = request.query_params.get("after", "")
        require_whole(snapshot, self._clock())
        content = catalogue_page(snapshot, form, after=after, limit=limit)
        return Response(
            content,
            headers={
                "Content-Type": f"{MEDIA_TYPES[form]}; charset=utf-8",
                "Vary": "Accept",
            },
        )


def catalogue_page(snapshot: Snapshot, form: Form, *, after: str, limit: int) -> bytes:
    """Return one page of the catalogue.

    Parameters
    ----------
    after
        The fileIdentifier that the page follows; empty: the first page.
    limit
        The most datasets on it.
    """
    datasets = snapshot.catalogue.datasets
    following = (each for each in datasets.values() if each.identifier > after)
    shown = tuple(islice(following, limit + 1))
    more, shown = shown[limit:], shown[:limit]
    base = f"{snapshot.configuration.service.url}/dcat/catalog"
    page = Page(
        url=_page_address(base, form, after, limit),
        first=_page_address(base, form, "", limit),
        next=_page_address(base, form, shown[-1].identifier, limit) if more else "",
        total=len(datasets),
    )
    resources = [
        resource_node(each.content, present_facts(snapshot, each)) for each in shown
    ]
    records = [
        record_node(
            each.content,
            record_url(snapshot, each),
            each.revision.date_stamp,
        )
        for each in shown
    ]
    facts = _catalogue_facts(snapshot, base)
    return write([catalogue_node(facts, page, resources, records)], form)


def facts_of(published: Published) -> Facts:
    """Return what DCAT says of a dataset and its record does not, whatever the day."""
    return Facts(producer=published.producer)


def present_facts(snapshot: Snapshot, published: Published) -> Facts:
    """Return the same and what is known now of its files."""
    files = file_facts(snapshot, published.revision.dataset_id)
    return replace(facts_of(published), files=files)


def record_url(snapshot: Snapshot, published: Published) -> str:
    """Return the address of a record as ISO 19139."""
    return f"{snapshot.configuration.service.url}/records/{published.name}.xml"


def read_limit(given: str | None, default: int, most: int) -> int:
    """Return how many are wanted; more than there may be is as many as may be.

    Raises
    ------
    metadata.errors.QueryError
        It is no whole number above 0.
    """
    if given is None:
        return default
    if not (given.isascii() and given.isdecimal() and len(given) < _DIGITS):
        raise QueryError(text("catalogue.limit", value=given[:40]), parameter="limit")
    number = int(given)
    if number == 0:
        raise QueryError(text("catalogue.limit", value=given[:40]), parameter="limit")
    return min(number, most)


def require_whole(snapshot: Snapshot, now: datetime) -> None:
    """Refuse to show a catalogue that is empty or lost too much, as `/csw` does.

    Raises
    ------
    HttpProblem
        503, with the figures; see `service.losses`.
    """
    catalogue = snapshot.catalogue
    require_filled(catalogue)
    if not catalogue.records:
        raise _unavailable(text("csw.empty"))
    require_no_loss(snapshot, now)


def require_no_loss(snapshot: Snapshot, now: datetime) -> None:
    """Refuse to show a catalogue that lost too much.

    Raises
    ------
    HttpProblem
        503, with the figures; see `service.losses`.
    """
    catalogue = snapshot.catalogue
    loss = recent_loss(
        len(catalogue.records),
        sorted(each.tombstone.deleted_at for each in catalogue.stored.buried),
        largest_loss=snapshot.configuration.service.largest_loss,
        now=now,
    )
    if loss is not None:
        figures = {"lost": loss.lost, "total": loss.total, "days": GRACE.days}
        raise _unavailable(text("csw.shrunk", **figures))


def _unavailable(reason: Text, hint: Text | str = "") -> HttpProblem:
    return HttpProblem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Unavailable",
        reason,
        hint=hint,
        headers={"Retry-After": "3600"},
    )


def require_filled(catalogue: Catalogue) -> None:
    """Refuse to show an empty catalogue before anything was published.

    Raises
    ------
    HttpProblem
        503.
    """
    if catalogue.never_filled:
        hint = text("catalogue.never-filled.hint")
        raise _unavailable(text("catalogue.never-filled"), hint)


def _page_address(base: str, form: Form, after: str, limit: int) -> str:
    wanted = {"after": after} if after else {}
    if limit != PAGE_SIZE:
        wanted["limit"] = str(limit)
    query = f"?{urlencode(wanted)}" if wanted else ""
    return f"{base}.{form}{query}"


def _catalogue_facts(snapshot: Snapshot, url: str) -> CatalogueFacts:
    configuration = snapshot.configuration
    organisation = configuration.organisation
    language = record_language(organisation)
    title = service_title(configuration)
    described = configuration.service.description
    return CatalogueFacts(
        url=url,
        title=say(language, "catalogue.title", title=title),
        description=described or say(language, "catalogue.about", title=title),
        language=organisation.language,
        publisher=organisation_party(organisation),
        homepage=f"{configuration.service.url}/",
        modified=snapshot.catalogue.changed_at,
    )
