"""What is remembered of links: on one connection.

The addresses are as long as people make them, so a row is found by the digest of its
address. What was not looked at for half a year is forgotten: nothing links there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, select

from metadata.links import Link, LinkHistory, Observation, after
from providers import store_tables as tables
from providers.store_database import alone, upsert

_KEPT: Final = timedelta(days=183)


def read_links(connection: Connection) -> Mapping[str, LinkHistory]:
    """Return what is remembered of every link, by address."""
    query = select(tables.link).order_by(tables.link.c.url)
    found = map(_history, connection.execute(query))
    return {history.url: history for history in found}


def record_links(
    connection: Connection, seen: Iterable[tuple[Link, Observation]], now: datetime
) -> Mapping[str, LinkHistory]:
    """Add observations to what is remembered; return all of it, by address."""
    alone(connection, tables.link)
    known = dict(read_links(connection))
    changed: dict[str, LinkHistory] = {}
    for link, found in seen:
        history = after(known.get(link.url), link, found, now=now)
        if history is not None and history != known.get(link.url):
            changed[link.url] = history
    upsert(connection, tables.link, map(_row, changed.values()))
    forgotten = tables.link.c.checked_at < now - _KEPT
    connection.execute(delete(tables.link).where(forgotten))
    return {**known, **changed}


def _row(history: LinkHistory) -> dict[str, Any]:
    return {"digest": _digest(history.url), **asdict(history)}


def _history(row: Row[Any]) -> LinkHistory:
    values = dict(row._mapping)
    del values["digest"]
    return LinkHistory(**values)


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
