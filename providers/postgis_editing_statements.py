"""The statements that read and write one feature with its version.

The version is a digest of the row as the outside sees it, its geometry included, in
the silo's own words: whatever reads the row, in whatever form, finds the same one,
and so does a database that was restored. Columns that are excluded are no part of
it, so that nothing can be learnt of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from metadata.crs import Crs
from metadata.dataset import Collection, PublishedColumn, published_columns
from providers.cql2_sql import compile_predicate
from providers.cql2_tree import Comparison, Constant, Property
from providers.dialect import ROW
from providers.feature_editing import Default
from providers.postgis_dialect import PostgisDialect
from providers.postgis_statements import PostgisStatements, exact
from providers.query import Encoding, Order, Query, key_columns
from providers.sql import Bound, Name, Scalar, Sql, joined, sql

Ready = Mapping[str, Scalar | Default]
"""What is to be written into a row, by column."""


class VersionedStatements(PostgisStatements):
    """Builds the statements of one collection; of one feature also its version."""

    def __init__(self, collection: Collection) -> None:
        super().__init__(collection)
        self._version = version_of(collection)

    def versioned(self, key: Constant, crs: Crs, encoding: Encoding) -> Sql:
        """Return the statement of one feature and its version."""
        query = Query(crs=crs, encoding=encoding)
        found = self._kept("versioned", query, ())
        return sql(found, _where(self._collection, key, self._dialect))

    def _beginning(self, kind: str, query: Query, keys: Sequence[Order]) -> Sql:
        if kind == "versioned":
            return self._select(query, (), sql(", ", self._version))
        return super()._beginning(kind, query, keys)


class EditingStatements:
    """Builds the statements that write."""

    def __init__(self, collection: Collection) -> None:
        source = collection.survey.source
        self._collection = collection
        self._dialect = PostgisDialect(collection)
        self._named = sql(Name((source.container, source.table)), f" AS {ROW}")
        (self._key,) = key_columns(collection)
        self._version = version_of(collection)

    def version(self, key: Constant) -> Sql:
        """Return the statement of a feature's version."""
        return sql("SELECT ", self._version, " FROM ", self._named, self._where(key))

    def lock(self, key: Constant, looked_at: Sequence[PublishedColumn]) -> Sql:
        """Return the statement that keeps a row from others, and reads its version.

        Parameters
        ----------
        looked_at
            Columns of which the value is read as well, in the JSON that goes out.
        """
        values = (sql(", to_json(", exact(each), ")::text") for each in looked_at)
        return sql(
            "SELECT ", self._version, *values, " FROM ", self._named,
            self._where(key), " FOR UPDATE",
        )  # fmt: skip

    def insert(self, change: Ready) -> Sql:
        """Return the statement that makes a row, and tells its key."""
        names = joined(", ", (sql(Name((name,))) for name in change))
        values = joined(", ", map(_value, change.values()))
        given = sql(" (", names, ") VALUES (", values, ")")
        return sql(
            "INSERT INTO ", self._named, given if change else " DEFAULT VALUES",
            " RETURNING ", Name((ROW, self._key.field.name)), "::text",
        )  # fmt: skip

    def update(self, key: Constant, change: Ready) -> Sql:
        """Return the statement that changes a row."""
        changes = joined(
            ", ",
            (sql(Name((name,)), " = ", _value(each)) for name, each in change.items()),
        )
        return sql("UPDATE ", self._named, " SET ", changes, self._where(key))

    def delete(self, key: Constant) -> Sql:
        """Return the statement that deletes a row."""
        return sql("DELETE FROM ", self._named, self._where(key))

    def _where(self, key: Constant) -> Sql:
        return _where(self._collection, key, self._dialect)


def _where(collection: Collection, key: Constant, dialect: PostgisDialect) -> Sql:
    (column,) = key_columns(collection)
    same = Comparison("=", Property(column, key.kind), key)
    return sql(" WHERE ", compile_predicate(same, dialect))


def version_of(collection: Collection) -> Sql:
    """Return the expression of a row's version."""
    names = [column.field.name for column in published_columns(collection)]
    if collection.geometry is not None:
        names.append(collection.geometry.name)
    row = joined(", ", (sql(Name((ROW, name))) for name in names))
    return sql("encode(sha256(convert_to(ROW(", row, ")::text, 'UTF8')), 'hex')")


def moved_shape(wkb: bytes, srid: int, target: int) -> Sql:
    """Return the statement of a geometry in another reference system, as EWKB."""
    found = sql("ST_GeomFromWKB(", Bound(wkb), ", ", Bound(srid), ")")
    return sql("SELECT encode(ST_AsEWKB(ST_Transform(", found, ", ", Bound(target),
               ")), 'hex')")  # fmt: skip


def _value(value: Scalar | Default) -> Sql:
    return ("DEFAULT",) if isinstance(value, Default) else sql(Bound(value))
