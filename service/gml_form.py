"""What stands around features in GML.

The document is an ``sf:FeatureCollection``, which has no place for numbers and
links: they are headers.

References
----------
OGC API Features Part 1 (17-069r4), clause 8.4 (GML Simple Features, level 0);
OGC 07-036r1 (GML 3.2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from metadata.crs import Crs
from providers.feature_source import SEPARATOR
from providers.gml import MEMBER, MEMBER_END, PREFIX, Numbering, feature_name
from providers.gml_bounds import GmlBounds
from providers.query import Encoding, Query, key_columns
from providers.xml_text import xml_text
from service.features_visit import FeaturesVisit
from service.headed_items import HeadedForm
from service.links import Link
from service.negotiation import GML
from service.snapshot import ServedCollection

GML_SPACE: Final = "http://www.opengis.net/gml/3.2"
GML_SCHEMA: Final = "http://schemas.opengis.net/gml/3.2.1/gml.xsd"
SF_SPACE: Final = "http://www.opengis.net/ogcapi-features-1/1.0/sf"
SF_SCHEMA: Final = (
    "http://schemas.opengis.net/ogcapi/features/part1/1.0/xml/core-sf.xsd"
)
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


class GmlDocument:
    """A page as it is made: its box is that of the features in it."""

    closing = b"\n</sf:FeatureCollection>\n"

    def __init__(self, seen: FeaturesVisit, query: Query) -> None:
        spaces = f'xmlns:sf="{SF_SPACE}" {_spaces(seen.root, seen.served)}'
        self._start = f'{_HEAD}<sf:FeatureCollection {spaces} gml:id="_c">\n'
        self._srs, self._bounds = query.crs.uri, GmlBounds()
        collection = seen.served.collection
        keyed = key_columns(collection)
        self._number = None if keyed else Numbering(collection, query.offset)

    def add(self, features: bytes) -> bytes:
        """Return features, one on each line; those without a key are numbered."""
        lines = features.replace(SEPARATOR, Encoding.GML.joint)
        self._bounds.add(lines)
        return self._number(lines) if self._number else lines

    def opening(self) -> bytes:
        """Return a FeatureCollection up to its first feature."""
        return (self._start + self._bounds.envelope(self._srs)).encode()


class GmlForm(HeadedForm):
    """GML 3.2, Simple Features profile, level 0."""

    offer = GML
    encoding = Encoding.GML

    def begin(self, seen: FeaturesVisit, query: Query) -> GmlDocument:
        """Return the document of a page, still without features."""
        return GmlDocument(seen, query)

    def item(
        self,
        seen: FeaturesVisit,
        crs: Crs,  # noqa: ARG002
        feature: bytes,
        links: Sequence[Link],  # noqa: ARG002
    ) -> bytes:
        """Return one feature as a document of its own; its links are headers."""
        start = f"<{PREFIX}:{feature_name(seen.served.collection)}"
        bare = feature.removeprefix(MEMBER.encode()).removesuffix(MEMBER_END.encode())
        head = f"{_HEAD}{start} {_spaces(seen.root, seen.served)}"
        return head.encode() + bare.removeprefix(start.encode()) + b"\n"


GML_FORM: Final = GmlForm()


def namespace(served: ServedCollection) -> str:
    """Return the namespace of a collection's elements: the same for ever."""
    identifier = served.dataset.description.identifier.rstrip("/")
    return f"{identifier}/{quote(served.id, safe='')}"


def schema_address(root: str, served: ServedCollection) -> str:
    """Return where the XML schema of a collection is."""
    return f"{root}/collections/{quote(served.id, safe='')}/schema?f=xsd"


@lru_cache(maxsize=256)
def _declared(space: str, schema: str) -> str:
    space, schema = xml_text(space), xml_text(schema)
    places = f"{space} {schema} {SF_SPACE} {SF_SCHEMA} {GML_SPACE} {GML_SCHEMA}"
    return (
        f'xmlns:{PREFIX}="{space}" xmlns:gml="{GML_SPACE}"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="{places}"'
    )


def _spaces(root: str, served: ServedCollection) -> str:
    return _declared(namespace(served), schema_address(root, served))
