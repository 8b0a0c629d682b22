"""Arrays of PostgreSQL, related as sets.

Its operators want both sides of one type, so columns whose elements are texts of
another type (enumerations, varying characters) or numbers are brought to one;
columns of ``text[]``, ``boolean[]``, ``date[]`` and ``uuid[]`` stay as they are,
for their indexes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from metadata.dataset import PublishedColumn
from providers.cql2_tree import ArrayRelation, Arrays, Constant, Kind
from providers.dialect import ROW
from providers.sql import Bound, Name, Scalar, Sql, joined, sql

_OPERATORS = {
    ArrayRelation.CONTAINS: " @> ",
    ArrayRelation.CONTAINED_BY: " <@ ",
    ArrayRelation.OVERLAPS: " && ",
}
_ELEMENTS = {
    Kind.TEXT: "text",
    Kind.NUMBER: "numeric",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.DATETIME: "timestamptz",
    Kind.UUID: "uuid",
}


def array_relation(arrays: Arrays) -> Sql:
    """Return the condition that two arrays lie to one another as asked."""
    sides = (arrays.left, arrays.right)
    kind = _element_type(arrays)
    left, right = (_array(each, kind) for each in sides)
    if arrays.relation is not ArrayRelation.EQUALS:
        return sql("(", left, _OPERATORS[arrays.relation], right, ")")
    return sql("(", left, " @> ", right, " AND ", left, " <@ ", right, ")")


def _element_type(arrays: Arrays) -> str:
    """Return the type in which elements are equal; doubles stay doubles."""
    sides = (arrays.left, arrays.right)
    columns = [each for each in sides if isinstance(each, PublishedColumn)]
    doubles = any(c.field.native_type.startswith("double") for c in columns)
    return "float8" if doubles else _ELEMENTS[arrays.kind]


def _array(elements: PublishedColumn | tuple[Constant, ...], kind: str) -> Sql:
    if isinstance(elements, PublishedColumn):
        name = sql(Name((ROW, elements.field.name)))
        same = elements.field.native_type == f"{kind}[]"
        return name if same else sql("(", name, f")::{kind}[]")
    values = joined(", ", (sql(Bound(_bindable(each))) for each in elements))
    return sql("ARRAY[", values, f"]::{kind}[]")


def _bindable(constant: Constant) -> Scalar:
    value = constant.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return value.isoformat() if isinstance(value, date) else value
