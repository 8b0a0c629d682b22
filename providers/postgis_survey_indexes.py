"""What the indexes of a relation are good for: its key, and which columns lack one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from metadata.measured import Field, FieldType, RelationKind

_INDEXABLE: Final = frozenset({RelationKind.TABLE, RelationKind.MATERIALIZED_VIEW})
_ORDERED: Final = frozenset(
    {
        FieldType.INTEGER,
        FieldType.NUMBER,
        FieldType.DATE,
        FieldType.DATETIME,
        FieldType.TIME,
        FieldType.UUID,
    }
)
"""Types that an index helps with; of truth values it would find half the table."""
_TEXTS: Final = ("text", "character")
"""How types that are text themselves begin; what is merely written as text, an
enumeration for example, is compared by an expression that no plain index has."""
_FINDING: Final = frozenset({"btree", "hash"})


class Index(NamedTuple):
    """One usable index on whole columns, without predicate."""

    relation: int
    is_primary: bool
    is_unique: bool
    method: str
    columns: list[str]
    is_required: bool
    """Whether all of its columns are NOT NULL."""
    by_code_point: bool
    """Whether texts of the first column are in the order of the collation ``C``."""


class Lacking(NamedTuple):
    """Columns that could have an index and have none, in the order of the table."""

    unindexed: tuple[str, ...] = ()
    """No index finds a value."""
    unsorted: tuple[str, ...] = ()
    """No index has them in order; texts are sorted by code point."""


NOTHING_LACKING: Final = Lacking()


def choose_key(
    readable: set[str], indexes: Sequence[Index], *, materialized: bool
) -> tuple[tuple[str, ...], bool]:
    """Choose the key: the primary one, else the unique index of fewest columns.

    Columns of a materialised view are never NOT NULL, so there a unique index
    serves as it is, and whoever measures looks for nulls.
    """
    candidates = [
        index
        for index in indexes
        if index.is_unique
        and readable.issuperset(index.columns)
        and (index.is_required or materialized)
    ]
    if not candidates:
        return (), True
    best = min(candidates, key=lambda i: (not i.is_primary, len(i.columns), i.columns))
    return tuple(best.columns), best.is_required


def lacking(
    kind: RelationKind, fields: Sequence[Field], indexes: Sequence[Index]
) -> Lacking:
    """Return which columns of a relation lack an index; none of what can have none."""
    if kind not in _INDEXABLE:
        return NOTHING_LACKING
    finding = {i.columns[0] for i in indexes if i.method in _FINDING}
    trees = [index for index in indexes if index.method == "btree"]
    sorting = {i.columns[0] for i in trees}
    by_code_point = {i.columns[0] for i in trees if i.by_code_point}
    able = [f for f in fields if f.type in _ORDERED or _is_text(f)]
    return Lacking(
        unindexed=tuple(f.name for f in able if f.name not in finding),
        unsorted=tuple(
            f.name
            for f in able
            if f.name not in (by_code_point if _is_text(f) else sorting)
        ),
    )


def _is_text(field: Field) -> bool:
    return field.type is FieldType.STRING and field.native_type.startswith(_TEXTS)
