"""Columns that nobody can sort or filter a large table by in good time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from metadata.checks.model.judged import Judged, Requirement
from metadata.checks.rules import Flaw, Statement, flaw
from metadata.dataset import Collection, published_columns
from metadata.measured import Field, FieldType, Source

_MOST: Final = 5
"""Columns whose indexes are written out; a table with an index on every column is
slow to write, so only those that are asked for should get one."""


def columns_indexed(judged: Judged) -> Iterator[Flaw]:
    """Tell which published columns of a large table have no index, once a table."""
    for collection in judged.dataset.collections:
        rows = collection.survey.feature_count or 0
        lacking = _lacking(collection)
        if rows < judged.rules.limits["unindexed_rows"] or not lacking:
            continue
        names = ", ".join(field.name for field in lacking[:_MOST])
        more = len(lacking) - _MOST
        yield flaw(
            "none",
            f"collections.{collection.id}.columns",
            table=collection.survey.source.table,
            columns=f"{names} (+ {more})" if more > 0 else names,
            rows=str(rows),
            statements=Statement(" ".join(_statements(collection, lacking[:_MOST]))),
        )


def _lacking(collection: Collection) -> tuple[Field, ...]:
    survey = collection.survey
    names = {*survey.unindexed, *survey.unsorted}
    columns = (column.field for column in published_columns(collection))
    return tuple(field for field in columns if field.name in names)


def _statements(collection: Collection, lacking: tuple[Field, ...]) -> Iterator[str]:
    """Yield SQL for a person to read and run.

    Texts are sorted by code point and found in the column's own collation: an
    index serves one or the other.
    """
    survey = collection.survey
    for field in lacking:
        is_text = field.type is FieldType.STRING
        if is_text and field.name in survey.unsorted:
            yield _index(survey.source, field.name, ' COLLATE "C"')
        if field.name in survey.unindexed or not is_text:
            yield _index(survey.source, field.name)


def _index(source: Source, column: str, collation: str = "") -> str:
    table = f"{quoted_name(source.container)}.{quoted_name(source.table)}"
    return f"CREATE INDEX ON {table} ({quoted_name(column)}{collation});"


def quoted_name(name: str) -> str:
    """Return a name as it stands in a statement that a person is to run."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {"collection.column.unindexed": columns_indexed}
)
