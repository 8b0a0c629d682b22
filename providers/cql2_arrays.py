"""Array functions: how the elements of two arrays, taken as sets, lie to one another.

References
----------
OGC 21-065r2 (CQL2), “Array Functions”.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from metadata.dataset import PublishedColumn
from metadata.errors import QueryError
from metadata.finding import Text
from metadata.measured import FieldType
from providers.cql2_compare import compare
from providers.cql2_text import refused
from providers.cql2_tree import (
    ArrayRelation,
    Arrays,
    Comparison,
    Constant,
    Kind,
    Operand,
    Property,
)

RELATIONS: Mapping[str, ArrayRelation] = {
    f"a_{relation.value}": relation for relation in ArrayRelation
}
"""The array functions by name, in small letters."""
Elements = PublishedColumn | Sequence[Operand]
"""A column of arrays, or the elements of one that is written."""
_KINDS = {
    "smallint": Kind.NUMBER,
    "integer": Kind.NUMBER,
    "bigint": Kind.NUMBER,
    "numeric": Kind.NUMBER,
    "real": Kind.NUMBER,
    "double precision": Kind.NUMBER,
    "text": Kind.TEXT,
    "character": Kind.TEXT,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "timestamp with": Kind.DATETIME,
    "uuid": Kind.UUID,
    "List[str": Kind.TEXT,
    "List[int": Kind.NUMBER,
    "List[float": Kind.NUMBER,
}
"""What elements are, by the beginning of a native type."""


def element_kind(column: PublishedColumn) -> Kind | None:
    """Return what the elements of a column are; `None` if they are not compared."""
    field = column.field
    if field.type is not FieldType.ARRAY:
        return None
    found = (
        kind for name, kind in _KINDS.items() if field.native_type.startswith(name)
    )
    return next(found, None)


def relate(name: str, left: Elements, right: Elements) -> Arrays:
    """Return the condition that an array function stands for.

    Raises
    ------
    metadata.errors.QueryError
        Neither is a column of arrays, or their elements are of different kinds.
    """
    columns = [each for each in (left, right) if isinstance(each, PublishedColumn)]
    kinds = {element_kind(column) for column in columns}
    kind = next(iter(kinds), None)
    if kind is None or len(kinds) > 1:
        raise _no_arrays(name)
    beside = columns[0]
    return Arrays(
        RELATIONS[name], _read(left, beside, kind), _read(right, beside, kind), kind
    )


def _read(
    elements: Elements, beside: PublishedColumn, kind: Kind
) -> PublishedColumn | tuple[Constant, ...]:
    """Return written elements in the kind of the column beside them."""
    if isinstance(elements, PublishedColumn):
        return elements
    found = (compare("=", Property(beside, kind), each) for each in elements)
    return tuple(map(_constant, found))


def _constant(found: object) -> Constant:
    if isinstance(found, Comparison) and isinstance(found.right, Constant):
        return found.right
    raise refused(
        Text("Un tableau écrit ne contient que des valeurs d'un type.",
             "An array that is written holds values of one type only.")
    )  # fmt: skip


def _no_arrays(name: str) -> QueryError:
    return refused(
        Text(f"{name.upper()} compare deux tableaux, dont une propriété au moins.",
             f"{name.upper()} relates two arrays, one property at least."),
        Text("« /queryables » dit quelles propriétés sont des tableaux.",
             "“/queryables” says which properties are arrays."),
    )  # fmt: skip
