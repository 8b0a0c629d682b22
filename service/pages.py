"""The pages for people: one Jinja environment, everything from this host.

Pages are made of the same documents that machines get. Their links are paths,
so that they work through any name under which the service is reached.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from metadata.codelists import LICENCES
from metadata.crs import CRS84, crs_name, parse_crs
from metadata.dataset import Dataset, published_columns
from metadata.distributions import collection_title
from metadata.file_formats import format_words
from metadata.finding import Language
from service.landing import service_title
from service.links import Document
from service.messages import say
from service.problems import Problem
from service.snapshot import ServedCollection, Snapshot

HTML_TYPE = "text/html; charset=utf-8"
_THOUSAND, _TEN = 1000, 10
_SHOWN = 200
"""Characters of a value in a table cell; the item's page shows all of it."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads a page, and where in the service."""

    snapshot: Snapshot | None
    """`None` while there is nothing to serve yet."""
    language: Language
    path: str
    """Path of the page itself."""
    query: tuple[tuple[str, str], ...]
    root: str
    """Path of the API root, without a final slash."""
    dataset: Dataset | None
    """The dataset whose API root it is; `None` at the service's own."""

    @property
    def base(self) -> str:
        """Path of the service, without a final slash."""
        if self.snapshot is None:
            return ""
        return url_path(self.snapshot.configuration.service.url)

    @property
    def title(self) -> str:
        """Name of the service."""
        return service_title(self.snapshot.configuration) if self.snapshot else ""

    @property
    def languages(self) -> tuple[Language, ...]:
        """Languages that the page exists in."""
        if self.snapshot is None:
            return tuple(Language)
        return self.snapshot.configuration.service.languages

    def in_language(self, language: Language) -> str:
        """Return the address of this page in a language."""
        return self._with(lang=str(language))

    def as_json(self) -> str:
        """Return the address of the document that this page shows."""
        return self._with(f="json")

    def as_form(self, name: str) -> str:
        """Return the address of the document that this page shows, in another form."""
        return self._with(f=name)

    def keeping(self, path: str) -> str:
        """Return a path of the service in the language that was chosen by `lang`."""
        lang = dict(self.query).get("lang")
        return f"{path}?{urlencode({'lang': lang})}" if lang else path

    def _with(self, **changed: str) -> str:
        return f"?{urlencode({**dict(self.query), **changed})}"


def reader(request: Request, language: Language, root: str) -> Reader:
    """Return who reads; `root` is the absolute address of the API root."""
    snapshot: Snapshot | None = request.scope.get("passerelle.snapshot")
    name = request.path_params.get("dataset", "")
    served = snapshot.datasets.get(name) if snapshot else None
    return Reader(
        snapshot=snapshot,
        language=language,
        path=request.url.path,
        query=tuple(request.query_params.multi_items()),
        root=url_path(root),
        dataset=served.dataset if served else None,
    )


def url_path(url: str) -> str:
    """Return the path of an address, without a final slash."""
    return urlsplit(url).path.rstrip("/")


def render(template: str, reading: Reader, **values: object) -> bytes:
    """Return one page."""
    language = reading.language

    def translated(key: str, **places: object) -> str:
        return say(language, key, **places)

    page = environment().get_template(template)
    return page.render(reader=reading, t=translated, **values).encode()


def items_page(
    request: Request,
    served: ServedCollection,
    root: str,
    language: Language,
    content: bytes,
    *,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the page of a FeatureCollection.

    Parameters
    ----------
    content
        The FeatureCollection as GeoJSON, with its `links`.
    root
        Absolute address of the API root, without a final slash.
    """
    reading = reader(request, language, root)
    document = json.loads(content)
    features = document["features"]
    names = [column.name for column in published_columns(served.collection)]
    sent = {name for feature in features for name in feature["properties"]}
    page = render(
        "items.html",
        reading,
        served=served,
        title=collection_title(served.dataset, served.collection),
        columns=[name for name in names if name in sent or not features],
        document=document,
        links=page_links(document),
        crs=request.query_params.get("crs", ""),
    )
    return page_response(page, language, headers)


def item_page(
    request: Request,
    served: ServedCollection,
    root: str,
    language: Language,
    content: bytes,
    *,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the page of one Feature; the rest as in `items_page`."""
    described = {c.name: c.description for c in published_columns(served.collection)}
    page = render(
        "item.html",
        reader(request, language, root),
        served=served,
        title=collection_title(served.dataset, served.collection),
        document=json.loads(content),
        described=described,
        crs=request.query_params.get("crs", ""),
    )
    return page_response(page, language, headers)


def problem_page(request: Request, problem: Problem, language: Language) -> Response:
    """Return the page of a request that failed."""
    snapshot: Snapshot | None = request.scope.get("passerelle.snapshot")
    url = snapshot.configuration.service.url if snapshot else ""
    page = render(
        "problem.html",
        reader(request, language, url),
        document=problem.document(language),
        missing=problem.status is HTTPStatus.NOT_FOUND,
    )
    headers = {"Cache-Control": "no-store", **problem.headers}
    return page_response(page, language, headers, status=problem.status)


def page_response(
    content: bytes,
    language: Language,
    headers: Mapping[str, str] | None = None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Return the answer that holds a page."""
    return Response(
        content,
        status_code=status.value,
        media_type=HTML_TYPE,
        headers={
            "Content-Language": str(language),
            "Vary": "Accept, Accept-Language",
            **(headers or {}),
        },
    )


def page_links(document: Document) -> dict[str, str]:
    """Return where paging goes, as queries of the page itself."""
    found = {}
    for link in document.get("links", ()):
        if link["rel"] in {"next", "prev", "first"}:
            query = [
                pair
                for pair in urlsplit(link["href"]).query.split("&")
                if pair and not pair.startswith("f=")
            ]
            found[link["rel"]] = "?" + "&".join([*query, "f=html"])
    return found


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the one Jinja environment; each template is compiled once."""
    made = Environment(
        loader=PackageLoader("service"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
    made.filters["number"] = _number
    made.filters["size"] = _size
    made.filters["cell"] = _cell
    made.filters["value"] = _value
    made.filters["segment"] = _segment
    made.filters["crs_name"] = _crs_name
    made.globals["licence"] = _licence
    made.globals["collection_title"] = collection_title
    made.globals["format_words"] = format_words
    return made


def _number(value: int, language: Language) -> str:
    """Group digits as a language does: narrow no-break space, or comma."""
    separator = "\u202f" if language is Language.FRENCH else ","
    return f"{value:,}".replace(",", separator)


def _size(length: int, language: Language) -> str:
    """Return a number of bytes as people say it: 1,2 Mo, 1.2 MB."""
    size, unit, units = float(length), "", iter(("k", "M", "G", "T"))
    while size >= _THOUSAND:
        size, unit = size / _THOUSAND, next(units)
    text = f"{size:.1f}" if unit and size < _TEN else f"{size:.0f}"
    if language is Language.FRENCH:
        return f"{text.replace('.', ',')}\u202f{unit}o"
    return f"{text} {unit}B"


def _value(value: Any) -> str:
    """Return a property as text; structures as JSON, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _cell(value: Any) -> str:
    """Return a property as text that fits into a cell."""
    text = _value(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _segment(value: Any) -> str:
    """Return an identifier as one segment of a path."""
    return quote(str(value), safe="")


def _crs_name(uri: str) -> str:
    """Return the name of a reference system."""
    crs = parse_crs(uri)
    return "CRS84" if crs == CRS84 else crs_name(crs.srid)


def _licence(dataset: Dataset, language: Language) -> tuple[str, str] | None:
    """Return label and address of a dataset's licence; `None` without one."""
    found = LICENCES.get(dataset.licence)
    return (found.label_in(language), found.page) if found else None
