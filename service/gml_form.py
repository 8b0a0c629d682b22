"""What stands around features in GML, and what the answer says in its headers.

The document is an ``sf:FeatureCollection``, which has no place for numbers and
links: they are headers.

References
----------
OGC API Features Part 1 (17-069r4), clause 8.4 (GML Simple Features, level 0);
OGC 07-036r1 (GML 3.2.1); RFC 8288 (``Link``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from metadata.crs import Crs
from providers.feature_source import SEPARATOR, Found
from providers.gml import MEMBER, MEMBER_END, PREFIX, Numbering, feature_name
from providers.query import Encoding, key_columns
from providers.xml_text import xml_text
from service.features_visit import FeaturesVisit
from service.item_forms import read_one
from service.links import Link
from service.negotiation import GML
from service.snapshot import ServedCollection

GML_SPACE: Final = "http://www.opengis.net/gml/3.2"
GML_SCHEMA: Final = "http://schemas.opengis.net/gml/3.2.1/gml.xsd"
SF_SPACE: Final = "http://www.opengis.net/ogcapi-features-1/1.0/sf"
SF_SCHEMA: Final = (
    "http://schemas.opengis.net/ogcapi/features/part1/1.0/xml/core-sf.xsd"
)
CLOSING: Final = b"\n</sf:FeatureCollection>\n"
MOST_LINKS: Final = 3_000
"""Characters of links in a header; those to other pages are sent all the same."""
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


class GmlForm:
    """GML 3.2, Simple Features profile, level 0."""

    offer = GML
    encoding = Encoding.GML

    def opening(self, seen: FeaturesVisit, crs: Crs) -> bytes:  # noqa: ARG002
        """Return a FeatureCollection up to its first feature."""
        spaces = f'xmlns:sf="{SF_SPACE}" {_spaces(seen.root, seen.served)}'
        return f'{_HEAD}<sf:FeatureCollection {spaces} gml:id="_c">\n'.encode()

    async def read(self, served: ServedCollection, key: str, crs: Crs) -> Found | None:
        """Read one feature, as a page of one."""
        return await read_one(served, key, crs, self.encoding)

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


def features_of(sequence: bytes) -> bytes:
    """Return the features of a page, one on each line."""
    return sequence.replace(SEPARATOR, Encoding.GML.joint)


def numbering(served: ServedCollection, after: int) -> Numbering | None:
    """Return what numbers features without a key; `None` where they have one."""
    keyed = key_columns(served.collection)
    return None if keyed else Numbering(served.collection, after)


def namespace(served: ServedCollection) -> str:
    """Return the namespace of a collection's elements: the same for ever."""
    identifier = served.dataset.description.identifier.rstrip("/")
    return f"{identifier}/{quote(served.id, safe='')}"


def schema_address(root: str, served: ServedCollection) -> str:
    """Return where the XML schema of a collection is."""
    return f"{root}/collections/{quote(served.id, safe='')}/schema?f=xsd"


def count_headers(matched: int | None, returned: int) -> dict[str, str]:
    """Return how many features match, where that is known, and how many are sent."""
    found = {"OGC-NumberReturned": str(returned)}
    if matched is not None:
        found["OGC-NumberMatched"] = str(matched)
    return found


def link_header(links: Sequence[Link]) -> dict[str, str]:
    """Return links as a header, as many as fit, those to other pages first."""
    paging = [_link(each) for each in links if each["rel"] in {"next", "prev"}]
    size = sum(map(len, paging))
    for each in links:
        text = _link(each)
        if text not in paging and size + len(text) <= MOST_LINKS:
            paging.append(text)
            size += len(text)
    return {"Link": ", ".join(paging)} if paging else {}


def _link(link: Link) -> str:
    title = quote(link["title"], safe="")
    parts = [f"<{link['href']}>", f'rel="{link["rel"]}"', f'type="{link["type"]}"']
    parts.append(f"title*=UTF-8''{title}")
    if "method" in link:
        parts.append(f'method="{link["method"]}"')
    return "; ".join(parts)


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
