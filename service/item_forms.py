"""The forms in JSON in which items go out: GeoJSON and JSON-FG.

A form says what stands around features that the silo has written. Coordinates
of GeoJSON are in the CRS asked for; JSON-FG has those of CRS84 in ``geometry``,
and those of any other CRS in ``place``, ``geometry`` then being null (the profile
“jsonfg”, which is the default).

References
----------
RFC 7946; OGC 21-045r1 (Features and Geometries JSON 1.0), conformance classes
core and types-schemas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Protocol

from pydantic_core import to_json

from metadata.crs import CRS84, Crs
from metadata.measured import GeometryType
from providers.feature_source import Found
from providers.one_feature import query_of_one
from providers.postgis_versions import VersionedReader
from providers.query import Encoding
from service.features_visit import FeaturesVisit
from service.links import Link
from service.negotiation import GEOJSON, JSONFG, Offer
from service.snapshot import ServedCollection

JSONFG_CLASSES: Final = (
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
    "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
)
"""What each document in JSON-FG conforms to."""
_FEATURE: Final = b'{"type":"Feature",'
_FEATURES: Final = b'"features":['
_DIMENSIONS: Final[Mapping[GeometryType, int]] = {
    GeometryType.POINT: 0,
    GeometryType.MULTI_POINT: 0,
    GeometryType.LINE_STRING: 1,
    GeometryType.MULTI_LINE_STRING: 1,
    GeometryType.POLYGON: 2,
    GeometryType.MULTI_POLYGON: 2,
}


class JsonForm(Protocol):
    """What stands around features in JSON."""

    offer: Offer
    encoding: Encoding

    def opening(self, seen: FeaturesVisit, crs: Crs) -> bytes:
        """Return a FeatureCollection up to its first feature."""
        ...

    async def read(self, served: ServedCollection, key: str, crs: Crs) -> Found | None:
        """Read one feature, its key still percent-encoded."""
        ...

    def item(
        self, seen: FeaturesVisit, crs: Crs, feature: bytes, links: Sequence[Link]
    ) -> bytes:
        """Return one feature as a document of its own."""
        ...


class GeojsonForm:
    """GeoJSON."""

    offer = GEOJSON
    encoding = Encoding.GEOJSON

    def opening(self, seen: FeaturesVisit, crs: Crs) -> bytes:  # noqa: ARG002
        """Return a FeatureCollection up to its first feature."""
        return GEOJSON_OPENING

    async def read(self, served: ServedCollection, key: str, crs: Crs) -> Found | None:
        """Read one feature."""
        return await served.reading.feature(key, crs)

    def item(
        self,
        seen: FeaturesVisit,  # noqa: ARG002
        crs: Crs,  # noqa: ARG002
        feature: bytes,
        links: Sequence[Link],
    ) -> bytes:
        """Return one feature with its links."""
        return b'%b,"links":%b}' % (feature[:-1], to_json(links))


class JsonfgForm:
    """JSON-FG, profile “jsonfg”."""

    offer = JSONFG
    encoding = Encoding.JSONFG

    def opening(self, seen: FeaturesVisit, crs: Crs) -> bytes:
        """Return a FeatureCollection up to its first feature."""
        geometry = seen.served.collection.geometry
        dimension = _DIMENSIONS.get(geometry.type) if geometry else None
        members = _jsonfg_members(seen.root, seen.served.id, crs)
        if dimension is not None:
            members += b'"geometryDimension":%d,' % dimension
        return b'{"type":"FeatureCollection",' + members + _FEATURES

    async def read(self, served: ServedCollection, key: str, crs: Crs) -> Found | None:
        """Read one feature, as a page of one."""
        return await read_one(served, key, crs, self.encoding)

    def item(
        self, seen: FeaturesVisit, crs: Crs, feature: bytes, links: Sequence[Link]
    ) -> bytes:
        """Return one feature with its links, and what it conforms to."""
        members = _jsonfg_members(seen.root, seen.served.id, crs)
        own = feature.removeprefix(_FEATURE)[:-1]
        return b'%b%b%b,"links":%b}' % (_FEATURE, members, own, to_json(links))


GEOJSON_OPENING: Final = b'{"type":"FeatureCollection",' + _FEATURES
GEOJSON_FORM: Final = GeojsonForm()
JSONFG_FORM: Final = JsonfgForm()


async def read_one(
    served: ServedCollection, key: str, crs: Crs, encoding: Encoding
) -> Found | None:
    """Read one feature in any encoding; `None` when there is none of that key."""
    reader = served.reading
    if isinstance(reader, VersionedReader):
        return await reader.feature(key, crs, encoding)
    query = query_of_one(served.collection, key, crs, encoding)
    if query is None:
        return None
    page = await reader.page(query)
    return Found(page.sequence, page.state) if page.count else None


@lru_cache(maxsize=256)
def _jsonfg_members(root: str, collection: str, crs: Crs) -> bytes:
    """Return what a document says beside its type, and a comma."""
    members: dict[str, object] = {
        "conformsTo": JSONFG_CLASSES,
        "featureType": collection,
        "featureSchema": f"{root}/collections/{collection}/schema",
    }
    if crs != CRS84:
        members["coordRefSys"] = crs.uri
    return to_json(members)[1:-1] + b","
