"""What GML calls a collection, its features and their properties.

Every element of a collection is in one namespace, whose prefix is ``app``: the
feature bears the identifier of the collection, each property the name of its
column, the geometry ``geometry`` (`providers.xml_text` says how names are made
valid). A ``gml:id`` is the collection, a point, and the identifier of the feature;
geometries have ``_g.`` before it, or ``_g1.``, ``_g2.`` … within another. Features
without a key are numbered within each document.

References
----------
OGC 07-036r1 (GML 3.2), clause 7.2.4.5 (``gml:id``); OGC 10-100r3 (Simple Features
profile 2.0), level 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Final

from metadata.dataset import Collection, PublishedColumn, published_columns
from providers.query import Query, columns_by_name
from providers.xml_text import xml_name

PREFIX: Final = "app"
MEMBER: Final = "<sf:featureMember>"
MEMBER_END: Final = "</sf:featureMember>"
DAY: Final = r"-?\d{4,}-\d\d-\d\d"
"""What ``xs:date`` takes of a silo's days."""
MOMENT: Final = r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"
"""What ``xs:dateTime`` takes of a silo's instants."""


UNNUMBERED: Final = "_n"
"""Stands for the identifier of a feature without a key, until it is numbered."""


@dataclass(frozen=True)
class Element:
    """An element, by its name with prefix."""

    name: str

    @property
    def start(self) -> str:
        """The start tag."""
        return f"<{self.name}>"

    @property
    def end(self) -> str:
        """The end tag."""
        return f"</{self.name}>"


def feature_name(collection: Collection) -> str:
    """Return the name of a feature's element, without prefix."""
    return xml_name(collection.id)


def geometry_name(collection: Collection) -> str:
    """Return the name of the geometry's element, which no column has."""
    name = "geometry"
    while name in columns_by_name(collection):
        name += "_"
    return name


@lru_cache(maxsize=4096)
def element(name: str) -> Element:
    """Return the element of a name of ours."""
    return Element(f"{PREFIX}:{name}")


def shown_columns(collection: Collection, query: Query) -> Sequence[PublishedColumn]:
    """Return the columns that go out, in the order that the schema has."""
    columns = published_columns(collection)
    if query.properties is None:
        return columns
    asked = {column.name for column in query.properties}
    return tuple(column for column in columns if column.name in asked)


class Numbering:
    """Numbers features that have no key: ``_n1``, ``_n2`` … in one document.

    Parameters
    ----------
    collection
        Their collection.
    after
        How many come before the first.
    """

    def __init__(self, collection: Collection, after: int) -> None:
        self._numbers = count(after + 1)
        name = re.escape(f"{feature_name(collection)}.{UNNUMBERED}".encode())
        # a quotation mark stands in tags only, for texts have an entity
        self._places = re.compile(rb'(gml:id="(?:_g\d*\.)?' + name + rb')"')
        self._member = MEMBER.encode()

    def __call__(self, features: bytes) -> bytes:
        """Return features, numbered."""
        before, *members = features.split(self._member)
        return b"".join((before, *map(self._numbered, members)))

    def _numbered(self, feature: bytes) -> bytes:
        mark = rb'\g<1>%d"' % next(self._numbers)
        return self._member + self._places.sub(mark, feature)
