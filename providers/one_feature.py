"""One feature, asked for as a page that can hold no other.

It comes in any encoding that pages come in.
"""

from __future__ import annotations

from metadata.crs import Crs
from metadata.dataset import Collection
from providers.cql2_tree import Comparison, Property
from providers.keys import read_key
from providers.query import Encoding, Query, key_columns


def query_of_one(
    collection: Collection, key: str, crs: Crs, encoding: Encoding
) -> Query | None:
    """Return the query that finds one feature by its identifier.

    Parameters
    ----------
    key
        As it stands in the path, still percent-encoded.

    Returns
    -------
    Query or None
        `None` when the text cannot be such a key.
    """
    columns = key_columns(collection)
    constants = read_key(key, columns)
    if not constants:
        return None
    same = tuple(
        Comparison("=", Property(column, value.kind), value)
        for column, value in zip(columns, constants, strict=True)
    )
    return Query(limit=1, crs=crs, conditions=same, encoding=encoding)
