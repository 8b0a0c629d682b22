"""From the typed tree of a filter to a condition with bound values."""

from __future__ import annotations

from metadata.dataset import PublishedColumn
from providers.cql2_tree import (
    All,
    Among,
    Arithmetic,
    Arrays,
    Boxes,
    Comparison,
    Constant,
    Day,
    Folded,
    GeometryMissing,
    Like,
    Missing,
    Not,
    Operand,
    Predicate,
    Property,
    Some,
    Spatial,
    Truth,
)
from providers.dialect import ROW, Dialect
from providers.sql import FALSE, TRUE, Name, Sql, any_of, joined, sql

_ORDERING = frozenset({"<", "<=", ">", ">="})


def compile_predicate(predicate: Predicate, dialect: Dialect) -> Sql:
    """Return one condition of a filter as SQL, in brackets where it needs them."""
    match predicate:
        case All(parts) | Some(parts):
            word = " AND " if isinstance(predicate, All) else " OR "
            return _group(word, parts, dialect)
        case Not(part):
            return sql("(NOT ", compile_predicate(part, dialect.unindexed()), ")")
        case Truth(value):
            return TRUE if value else FALSE
        case Spatial():
            return dialect.relates(predicate)
        case Boxes(boxes):
            return any_of(dialect.meets(box) for box in boxes)
        case _:
            return _scalar(predicate, dialect)


def _scalar(
    predicate: Comparison | Like | Among | Missing | GeometryMissing | Arrays,
    dialect: Dialect,
) -> Sql:
    match predicate:
        case Comparison():
            return _comparison(predicate, dialect)
        case Like(operand, pattern):
            return dialect.like(_letters(operand, dialect), pattern)
        case Among():
            return _among(predicate, dialect)
        case Missing(column):
            return sql("(", Name((ROW, column.field.name)), " IS NULL)")
        case GeometryMissing():
            return dialect.no_geometry()
        case Arrays():
            return dialect.relates_arrays(predicate)


def _group(word: str, parts: tuple[Predicate, ...], dialect: Dialect) -> Sql:
    return sql("(", joined(word, (compile_predicate(p, dialect) for p in parts)), ")")


def _comparison(comparison: Comparison, dialect: Dialect) -> Sql:
    left, right = comparison.left, comparison.right
    one = _operand(left, dialect, _column(right))
    other = _operand(right, dialect, _column(left))
    if comparison.operator in _ORDERING:
        one, other = dialect.ordered(one, left.kind), dialect.ordered(other, right.kind)
    return sql("(", one, f" {comparison.operator} ", other, ")")


def _among(among: Among, dialect: Dialect) -> Sql:
    column = _column(among.operand)
    choices = (_operand(choice, dialect, column) for choice in among.choices)
    found = _operand(among.operand, dialect, None)
    return sql("(", found, " IN (", joined(", ", choices), "))")


def _column(operand: Operand) -> PublishedColumn | None:
    """Return the column whose type a constant beside it takes."""
    return operand.column if isinstance(operand, Property) else None


def _letters(operand: Operand, dialect: Dialect) -> Sql:
    """Return a text of which every letter counts."""
    if isinstance(operand, Property):
        return dialect.letters(operand.column)
    return _operand(operand, dialect, None)


def _operand(operand: Operand, dialect: Dialect, beside: PublishedColumn | None) -> Sql:
    match operand:
        case Property(column, _):
            return dialect.value(column)
        case Constant():
            return dialect.constant(operand, beside)
        case Folded(inner):
            return dialect.folded(_letters(inner, dialect), operand)
        case Arithmetic(_, left, right):
            return dialect.computed(
                operand,
                _operand(left, dialect, None),
                _operand(right, dialect, None),
            )
        case Day(inner):
            return dialect.day(_operand(inner, dialect, None))
