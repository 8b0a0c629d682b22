"""Features of a PostGIS table, edited: `feature_editing.FeatureEditor`.

Each edit is one transaction on a session of its own kind, the only one that may
write. The row is locked, its version compared, changed and read again; whoever
comes at the same time waits for the lock, and then finds another version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Final, TypeVar, cast
from urllib.parse import quote

import psycopg2
import shapely
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from metadata.dataset import Collection, PublishedColumn, published_columns
from metadata.editing import is_unconditional
from metadata.finding import Text
from providers.cql2_tree import Constant
from providers.database import Connection, connect
from providers.edited_geometry import wrong
from providers.edited_json import dump, merged, read_kept
from providers.edited_values import is_same, read_only
from providers.feature_editing import (
    Change,
    Condition,
    Default,
    EditRefused,
    EditUnclear,
    Kept,
    Patch,
    Refusal,
    Shape,
    Storable,
    Unchanged,
    Written,
)
from providers.feature_source import Limits
from providers.keys import read_key
from providers.pool import Lease, Pool
from providers.postgis_editing_errors import told
from providers.postgis_editing_statements import EditingStatements, Ready, moved_shape
from providers.postgis_execution import Cursor, render
from providers.query import key_columns
from providers.sql import Scalar, Sql
from providers.streams import Row
from providers.surveyed import statement

R = TypeVar("R")
TIMEOUT: Final = 10_000
"""Milliseconds that one statement of an edit may take."""


def open_editing_pool(location: str, limits: Limits) -> Pool[Connection]:
    """Return a pool of sessions that may write; connects when first asked."""

    def opened() -> Connection:
        connection = connect(location, statement_timeout=TIMEOUT, read_only=False)
        connection.set_session(
            isolation_level=ISOLATION_LEVEL_READ_COMMITTED, readonly=False
        )
        return connection

    return Pool(opened, size=limits.edits, wait=limits.wait, recycle=limits.recycle)


class PostgisEditor:
    """The features of one table."""

    def __init__(self, collection: Collection, pool: Pool[Connection]) -> None:
        self._collection = collection
        self._pool = pool
        self._statements = EditingStatements(collection)
        self._doing = f"Editing {collection.survey.source}"

    def create(self, change: Change) -> Kept:
        """Make a feature of what is given; the silo fills in the rest."""

        def work(cursor: Cursor) -> Kept:
            row = _row(cursor, self._statements.insert(self._ready(cursor, change)))
            if row is None:
                raise _not_taken()
            key = quote(str(row[0]), safe="")
            return Kept(key, self._version(cursor, key))

        return self._kept(work)

    def update(self, key: str, change: Change, condition: Condition) -> Kept:
        """Change what is given of one feature, and leave the rest."""
        constant = self._constant(key)

        def work(cursor: Cursor) -> Kept:
            patched = self._locked(cursor, constant, condition, change)
            ready = self._ready(cursor, {**change, **patched})
            if ready:
                _execute(cursor, self._statements.update(constant, ready))
                _require_one(cursor)
            return Kept(key, self._version(cursor, key))

        return self._kept(work)

    def delete(self, key: str, condition: Condition) -> None:
        """Delete one feature."""
        constant = self._constant(key)

        def work(cursor: Cursor) -> None:
            self._locked(cursor, constant, condition, {})
            _execute(cursor, self._statements.delete(constant))
            _require_one(cursor)

        self._kept(work)

    def _constant(self, key: str) -> Constant:
        found = read_key(key, key_columns(self._collection))
        if found is None:
            raise _absent()
        return found[0]

    def _locked(
        self,
        cursor: Cursor,
        key: Constant,
        condition: Condition,
        change: Change,
    ) -> Ready:
        """Keep the row from others, if it is as meant; return what patches make."""
        compared = {
            column: change[name]
            for column in published_columns(self._collection)
            if isinstance(change.get(name := column.field.name), Patch | Unchanged)
        }
        row = _row(cursor, self._statements.lock(key, tuple(compared)))
        if row is None:
            raise _absent()
        version, *texts = cast("tuple[str, ...]", row)
        self._require_meant(version, condition)
        return dict(_patched(compared, texts))

    def _require_meant(self, version: str, condition: Condition) -> None:
        """Refuse an edit that is meant for another state, or says of none.

        References
        ----------
        RFC 9110, clause 13.1.1; RFC 6585, clause 3; OGC API Features Part 4 (20-002,
        draft), “Optimistic locking using ETags”.
        """
        if condition.any_state or version in condition.versions:
            return
        if not condition.versions and is_unconditional(self._collection):
            return
        if condition.versions:
            raise EditRefused(
                Refusal.STALE,
                Text("L'objet a changé depuis que vous l'avez lu.",
                     "The feature was changed since you read it."),
                hint=Text("Relisez-le, et refaites votre modification.",
                          "Read it again, and make your edit anew."),
            )  # fmt: skip
        raise EditRefused(
            Refusal.UNCONDITIONED,
            Text("La requête ne dit pas quel état de l'objet elle modifie.",
                 "The request does not say which state of the feature it changes."),
            hint=Text("Envoyez dans If-Match l'ETag de l'objet que vous avez lu.",
                      "Send in If-Match the ETag of the feature that you read."),
        )  # fmt: skip

    def _ready(self, cursor: Cursor, change: Change) -> Ready:
        """Return a change as it is bound, its geometry as it is stored."""
        return {
            name: self._stored(cursor, value)
            for name, value in change.items()
            if not isinstance(value, Unchanged)
        }

    def _stored(self, cursor: Cursor, value: Storable) -> Scalar | Default:
        geometry = self._collection.geometry
        if isinstance(value, Patch):
            return dump(merged(None, value.changes))
        if not isinstance(value, Shape) or geometry is None:
            return None if isinstance(value, Shape) else value
        if value.srid == geometry.srid:
            found = shapely.set_srid(shapely.from_wkb(value.wkb), value.srid)
            return str(shapely.to_wkb(found, hex=True, include_srid=True))
        return _moved(cursor, value, geometry.srid)

    def _version(self, cursor: Cursor, key: str) -> str:
        """Return the version of a row as it is now, whatever triggers did."""
        row = _row(cursor, self._statements.version(self._constant(key)))
        if row is None:
            raise _not_taken()
        return str(row[0])

    def _kept(self, work: Callable[[Cursor], R]) -> R:
        """Do something in one transaction, and keep it."""
        with told(self._doing, self._collection, self._columns):
            with self._pool.lease() as lease:
                if _is_alive(lease):
                    return _committed(lease, work, self._doing)
            self._pool.discard_idle()
            with self._pool.lease() as lease:
                return _committed(lease, work, self._doing)

    def _columns(self, constraint: str) -> tuple[str, ...]:
        """Return the columns of a constraint, in a transaction of its own."""
        source = self._collection.survey.source
        with self._pool.lease() as lease:
            connection = lease.connection
            try:
                with connection, connection.cursor() as cursor:
                    cursor.execute(
                        statement("constraint_columns"),
                        {
                            "schema": source.container,
                            "table": source.table,
                            "constraint": constraint,
                        },
                    )
                    return tuple(name for (name,) in cursor.fetchall())
            except psycopg2.Error:
                lease.broken = True
                return ()


def _patched(
    compared: Mapping[PublishedColumn, Written], texts: Sequence[str | None]
) -> Iterator[tuple[str, str]]:
    """Yield what patches make of the values that are there.

    Raises
    ------
    providers.feature_editing.EditRefused
        A value that nobody can write is not sent back as it is.
    """
    for (column, given), text in zip(compared.items(), texts, strict=True):
        kept = read_kept(text) if text else None
        if isinstance(given, Patch):
            yield column.field.name, dump(merged(kept, given.changes))
        elif isinstance(given, Unchanged) and not is_same(column, kept, given.value):
            raise read_only(column)


def _is_alive(lease: Lease[Connection]) -> bool:
    """Tell whether a session still answers; nothing was begun on it yet."""
    if lease.fresh:
        return True
    try:
        with lease.connection, lease.connection.cursor() as cursor:
            cursor.execute("SELECT")
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        lease.broken = True
    return not lease.broken


def _committed(lease: Lease[Connection], work: Callable[[Cursor], R], doing: str) -> R:
    """Return what was done once it is kept; whatever fails is undone."""
    connection = lease.connection
    try:
        with connection.cursor() as cursor:
            found = work(cursor)
    except BaseException:
        _undo(lease)
        raise
    try:
        connection.commit()
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        lost = bool(connection.closed)
        _undo(lease)
        if not lost:
            raise
        message = f"{doing}: the connection was lost while it was kept."
        raise EditUnclear(message) from error
    except BaseException:
        _undo(lease)
        raise
    return found


def _undo(lease: Lease[Connection]) -> None:
    try:
        lease.connection.rollback()
    except (psycopg2.OperationalError, psycopg2.InterfaceError):
        lease.broken = True
    lease.broken = lease.broken or bool(lease.connection.closed)


def _moved(cursor: Cursor, shape: Shape, srid: int) -> str:
    """Return a geometry in another reference system, computed as for reading."""
    try:
        row = _row(cursor, moved_shape(shape.wkb, shape.srid, srid))
    except (psycopg2.InternalError, psycopg2.DataError) as error:
        raise _beyond(srid) from error
    found = str(row[0]) if row else ""
    if not all(map(isfinite, shapely.bounds(shapely.from_wkb(found)))):
        raise _beyond(srid)
    return found


def _execute(cursor: Cursor, asked: Sql) -> None:
    cursor.execute(*render(asked, cursor.connection))


def _row(cursor: Cursor, asked: Sql) -> Row | None:
    _execute(cursor, asked)
    return cast("Row | None", cursor.fetchone())


def _require_one(cursor: Cursor) -> None:
    """Refuse what a trigger of the table kept from being done."""
    if cursor.rowcount != 1:
        raise _not_taken()


def _absent() -> EditRefused:
    return EditRefused(
        Refusal.ABSENT,
        Text("La collection n'a pas cet objet.", "The collection has no such feature."),
    )


def _not_taken() -> EditRefused:
    return EditRefused(
        Refusal.CONFLICT,
        Text("La base n'a pas pris cette modification.",
             "The database did not take this edit."),
        hint=Text("Une règle ou un déclencheur de la table la retient.",
                  "A rule or a trigger of the table holds it back."),
    )  # fmt: skip


def _beyond(srid: int) -> EditRefused:
    return wrong(
        Text(f"La géométrie ne se dit pas en EPSG:{srid}, où elle est stockée.",
             f"The geometry cannot be said in EPSG:{srid}, in which it is stored.")
    )  # fmt: skip
