"""What PostgreSQL answers, row by row, as features, pages, counts and states.

Texts come as bytes in UTF-8 (see `providers.postgis_execution.open_pool`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import psycopg2.errors

from metadata.dataset import Collection
from metadata.errors import PasserelleError
from providers.cursor import encode_cursor
from providers.feature_source import SEPARATOR, Counted, Found, Page
from providers.positions import numbers_only
from providers.query import Encoding, Query, key_columns
from providers.streams import Row


def read_page(collection: Collection, query: Query, row: Row) -> Page:
    """Return a page from the row that `PostgisStatements.page` asks for."""
    sequence, number, state, *position = row
    sequence = cast("bytes | None", sequence) or b""
    count = cast("int", number)
    has_more = query.limit is not None and count > query.limit
    count -= has_more
    if query.encoding is not Encoding.CSV:
        if has_more:
            sequence = sequence.rpartition(SEPARATOR)[0]
        sequence = numbers_only(sequence)
    return Page(
        sequence=sequence,
        count=count,
        next_cursor=read_token(collection, query, position) if has_more else None,
        has_more=has_more,
        state=read_state(state),
    )


def read_token(
    collection: Collection, query: Query, position: Sequence[object]
) -> str | None:
    """Return the token of the page after a position; `None` without a key."""
    if not key_columns(collection):
        return None
    texts = cast("Sequence[bytes | None]", position)
    return encode_cursor(
        collection, query, tuple(None if t is None else t.decode() for t in texts)
    )


def read_feature(row: Row) -> Found:
    """Return a feature from the row that `PostgisStatements.feature` asks for."""
    return Found(numbers_only(cast("bytes", row[0])), read_state(row[1]))


def read_count(row: Row) -> Counted:
    """Return a number from the row that `PostgisStatements.count` asks for."""
    return Counted(cast("int", row[0]), read_state(row[1]))


def read_state(value: object) -> str:
    """Return a state; empty where nothing is certain."""
    return value.decode() if isinstance(value, bytes) else ""


def is_late(error: PasserelleError) -> bool:
    """Tell whether a statement was ended because it took too long."""
    return isinstance(error.__cause__, psycopg2.errors.QueryCanceled)
