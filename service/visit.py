"""One request as the handlers see it: which API root, which language, which format."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from metadata.errors import CollectionBroken
from metadata.finding import Language
from service.messages import text
from service.negotiation import Offer, chosen_format, chosen_language, require_known
from service.problems import not_found
from service.snapshot import ServedCollection, ServedDataset, Snapshot
from service.unreadable import require_readable

COMMON = frozenset({"f", "lang"})
"""Parameters that every document knows."""


@dataclass(frozen=True, kw_only=True)
class Root:
    """The API root that a request came through: the service's, or one dataset's."""

    url: str
    """Absolute, without a final slash."""
    dataset: ServedDataset | None
    """`None` for the service's own root."""
    collections: Mapping[str, ServedCollection]

    @property
    def path(self) -> str:
        """The path of its address, without a final slash; for links of pages."""
        return urlsplit(self.url).path.rstrip("/")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request, understood."""

    request: Request
    snapshot: Snapshot
    root: Root
    language: Language
    offer: Offer
    """The format to answer in."""

    @property
    def service(self) -> str:
        """Public address of the service, without a final slash."""
        return self.snapshot.configuration.service.url

    def collection(self) -> ServedCollection:
        """Return the collection that the path names.

        Raises
        ------
        HttpProblem
            404.
        metadata.errors.CollectionBroken
            It ought to be there and cannot be described now.
        """
        return find_collection(self.root, self.snapshot, self.request)


Handler = Callable[[Visit], Awaitable[Response]]


def snapshot_of(request: Request) -> Snapshot:
    """Return the snapshot that a request began with."""
    snapshot: Snapshot = request.scope["passerelle.snapshot"]
    return snapshot


def find_root(snapshot: Snapshot, request: Request) -> Root:
    """Return the API root that a request came through.

    Raises
    ------
    HttpProblem
        404: there is no such dataset, or its data are not served.
    metadata.errors.CollectionBroken
        Its description cannot be read now.
    """
    url = snapshot.configuration.service.url
    name = request.path_params.get("dataset")
    if name is None:
        return Root(url=url, dataset=None, collections=snapshot.collections)
    served = snapshot.datasets.get(name)
    if served is None:
        require_readable(snapshot, name)
    if served is None or not served.dataset.serves_data(snapshot.built_at.date()):
        raise not_found(text("problem.no-dataset", name=name))
    collections = {collection.id: collection for collection in served.collections}
    return Root(url=f"{url}/datasets/{name}", dataset=served, collections=collections)


def find_collection(
    root: Root, snapshot: Snapshot, request: Request
) -> ServedCollection:
    """Return the collection that the path of a request names.

    Raises
    ------
    HttpProblem
        404.
    metadata.errors.CollectionBroken
        It ought to be there and cannot be described now.
    """
    name = request.path_params["collection"]
    served = root.collections.get(name)
    if served is not None:
        return served
    if snapshot.is_broken(name, root.dataset):
        message = f"The collection {name} cannot be described now."
        raise CollectionBroken(message)
    raise not_found(text("problem.no-collection", name=name))


def language_of(request: Request, snapshot: Snapshot) -> Language:
    """Return the language to answer a request in."""
    languages = snapshot.configuration.service.languages
    return chosen_language(request.query_params, request.headers, languages)


def visit(
    request: Request,
    offers: Sequence[Offer],
    parameters: Collection[str] = COMMON,
) -> Visit:
    """Understand a request.

    Raises
    ------
    metadata.errors.QueryError, HttpProblem
        It asks for something that is not there.
    """
    snapshot = snapshot_of(request)
    require_known(request.query_params, parameters)
    return Visit(
        request=request,
        snapshot=snapshot,
        root=find_root(snapshot, request),
        language=language_of(request, snapshot),
        offer=chosen_format(request.query_params, request.headers, offers),
    )
