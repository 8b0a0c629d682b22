"""The implementation under test, as a client sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx
import shapely
from outcomes import Skipped

GEOJSON = "application/geo+json"
HTML = "text/html"
JSON = "application/json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CRS84H = "http://www.opengis.net/def/crs/OGC/0/CRS84h"
Document = Mapping[str, Any]
PAGE = 1_000
"""Features on a page while everything is read."""


class Implementation:
    """A server under test, asked by HTTP alone.

    Parameters
    ----------
    url
        The landing page.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._client = httpx.Client(timeout=60, headers={"accept": JSON})

    def get(
        self, address: str, accept: str = JSON, **parameters: str
    ) -> httpx.Response:
        """Answer of an address, absolute or below the landing page."""
        url = address if "://" in address else f"{self.url}{address}"
        extra = httpx.URL(url).copy_merge_params(parameters)
        return self._client.get(extra, headers={"accept": accept})

    def document(self, address: str, accept: str = JSON, **parameters: str) -> Any:
        """Answer 200, as JSON."""
        answer = self.get(address, accept, **parameters)
        where = (
            f"{answer.request.url} answers {answer.status_code}: {answer.text[:300]}"
        )
        assert answer.status_code == 200, where
        return answer.json()

    @cached_property
    def landing(self) -> Any:
        return self.document("/")

    @cached_property
    def definition(self) -> Any:
        """The API definition."""
        return self.document(self.definition_address, OPENAPI)

    @property
    def definition_address(self) -> str:
        links = with_rel(self.landing["links"], "service-desc")
        found = [
            each for each in links if each.get("type", "").replace(" ", "") == OPENAPI
        ]
        assert found, f"no link service-desc of type {OPENAPI}"
        return str(found[0]["href"])

    @cached_property
    def conformance(self) -> list[str]:
        return list(self.document("/conformance")["conformsTo"])

    @cached_property
    def collections(self) -> list[Any]:
        """Every feature collection, page by page."""
        document = self.document("/collections")
        found = list(document["collections"])
        while following := with_rel(document["links"], "next"):
            document = self.document(following[0]["href"])
            found += document["collections"]
        return [x for x in found if x.get("itemType", "feature") == "feature"]

    def items_address(self, collection: Document) -> str:
        """Where the collection says that its GeoJSON is."""
        links = with_rel(collection["links"], "items")
        found = [each for each in links if each.get("type") == GEOJSON]
        if not found:
            raise Skipped(f"{collection['id']} has no items in GeoJSON")
        return str(found[0]["href"])

    def item_address(self, collection: Document, key: Any) -> str:
        address, _, query = self.items_address(collection).partition("?")
        return f"{address}/{quote(str(key), safe='')}" + (f"?{query}" if query else "")

    def items(self, collection: Document, **parameters: str) -> Any:
        """A page of features."""
        return self.document(self.items_address(collection), GEOJSON, **parameters)

    def everything(self, collection: Document, **parameters: str) -> list[Any]:
        """All features that answer, page by page."""
        found: list[Any] = []
        page = self.items(collection, **{"limit": str(PAGE), **parameters})
        while True:
            found += page["features"]
            following = with_rel(page["links"], "next")
            if not following:
                return found
            page = self.document(following[0]["href"], GEOJSON)

    def parameter(self, collection: Document, name: str) -> Any:
        """A parameter of the collection's items, as the API definition has it."""
        paths = self.definition["paths"]
        own = f"/collections/{collection['id']}/items"
        generic = [path for path in paths if is_items_template(path)]
        path = own if own in paths else next(iter(generic), None)
        assert path is not None, f"no path {own} in the API definition"
        for each in self.parameters(paths[path]):
            if each["name"] == name:
                return each
        raise AssertionError(f"no parameter {name} of {path} in the API definition")

    def parameters(self, path: Document) -> Iterator[Any]:
        """The parameters of a path and of its GET, references followed."""
        for each in (*path.get("parameters", ()), *path["get"].get("parameters", ())):
            yield self.resolved(each)

    def resolved(self, part: Any) -> Any:
        """A part of the API definition, its reference followed."""
        if "$ref" not in part:
            return part
        found = self.definition
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return found


def is_items_template(path: str) -> bool:
    parts = path.split("/")
    return len(parts) == 4 and parts[1] == "collections" and parts[3] == "items"


def with_rel(links: Sequence[Document], rel: str) -> list[Document]:
    """Return the links of a relation."""
    return [link for link in links if link["rel"] == rel]


def box_of(collection: Document) -> tuple[float, ...]:
    """Return west, south, east, north of a collection's extent."""
    spatial = collection.get("extent", {}).get("spatial")
    if spatial is None:
        raise Skipped(f"{collection['id']} has no spatial extent")
    box = spatial["bbox"][0]
    assert len(box) in {4, 6}, f"{collection['id']}: {box}"
    assert spatial.get("crs", CRS84) in {CRS84, CRS84H}
    return tuple(box) if len(box) == 4 else (*box[:2], *box[3:5])


def geometry_of(feature: Document) -> Any:
    """Return the geometry of a feature; `None` if it has none."""
    geometry = feature["geometry"]
    return None if geometry is None else shapely.geometry.shape(geometry)


def ids(features: Sequence[Document]) -> list[Any]:
    """Return the identifiers of features."""
    return [feature["id"] for feature in features]
