"""Columns: those that are named exist, and names outside do not clash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from metadata.checks.model.indexes import quoted_name
from metadata.checks.model.judged import Judged, Requirement
from metadata.checks.rules import Flaw, flaw
from metadata.dataset import Collection, published_columns
from metadata.editing import is_edited, is_unconditional, obstacle
from metadata.measured import FieldType


def key_present(judged: Judged) -> Iterator[Flaw]:
    """Check that a table has a key, so that pages hold while rows come and go."""
    for collection in judged.dataset.collections:
        if not _key(collection):
            element = f"collections.{collection.id}.key"
            yield flaw("none", element, table=collection.survey.source.table)


def key_published(judged: Judged) -> Iterator[Flaw]:
    """Check that a key is made of columns that exist for the outside."""
    for collection in judged.dataset.collections:
        for column in _key(collection):
            if column in collection.description.columns.exclude:
                element = f"collections.{collection.id}.columns.exclude"
                yield flaw("excluded", element, column=column)


def _key(collection: Collection) -> tuple[str, ...]:
    return collection.survey.key or collection.description.key


def columns_exist(judged: Judged) -> Iterator[Flaw]:
    """Check that what is excluded, renamed, described or used exists in the table."""
    for collection in judged.dataset.collections:
        survey = collection.survey
        if not survey.fields and not survey.geometries:
            continue
        for element, names, known in _named(collection):
            for name in names:
                if name and name not in known:
                    yield flaw(
                        "unknown",
                        f"collections.{collection.id}.{element}",
                        found=name,
                        table=survey.source.table,
                        nearest=_nearest(name, known),
                    )


def _named(
    collection: Collection,
) -> Iterator[tuple[str, Iterable[str], tuple[str, ...]]]:
    """Yield where columns are named, their names, and those that could be."""
    stated = collection.description
    fields = tuple(field.name for field in collection.survey.fields)
    geometries = tuple(column.name for column in collection.survey.geometries)
    yield "columns.exclude", stated.columns.exclude, fields + geometries
    yield "columns.rename", stated.columns.rename, fields
    yield "columns.describe", stated.columns.describe, fields + geometries
    yield "key", stated.key, fields
    yield "time", [stated.time], fields
    yield "geometry", [stated.geometry], geometries


def _nearest(name: str, known: tuple[str, ...]) -> str:
    folded = {column.casefold(): column for column in known}
    close = get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)
    return ", ".join([folded[c] for c in close] or sorted(known)) or "–"


def names_distinct(judged: Judged) -> Iterator[Flaw]:
    """Check that a column is not renamed to a name that is taken, or to nothing."""
    for collection in judged.dataset.collections:
        counted = Counter(column.name for column in published_columns(collection))
        taken = _taken(collection)
        for column, name in collection.description.columns.rename.items():
            element = f"collections.{collection.id}.columns.rename.{column}"
            if not name.strip():
                yield flaw("empty", element, column=column)
            elif column != name and (counted[name] > 1 or name in taken):
                yield flaw("taken", element, column=column, found=name)


def _taken(collection: Collection) -> frozenset[str]:
    """Return the names in the table that no rename frees."""
    columns = collection.description.columns
    geometries = {column.name for column in collection.survey.geometries}
    fields = {field.name for field in collection.survey.fields}
    return frozenset(geometries | (fields - set(columns.rename)))


def names_not_parameters(judged: Judged) -> Iterator[Flaw]:
    """Tell which columns can be asked for by ``filter`` only."""
    parameters = judged.rules.lists["request_parameters"]
    for collection in judged.dataset.collections:
        for column in published_columns(collection):
            if column.name in parameters:
                element = f"collections.{collection.id}.columns"
                yield flaw("parameter", element, found=column.name)


def editing_possible(judged: Judged) -> Iterator[Flaw]:
    """Check that what is opened for editing can be edited."""
    for collection in judged.dataset.collections:
        found = obstacle(collection)
        if collection.description.editable and found is not None:
            element = f"collections.{collection.id}.editable"
            yield flaw(str(found), element, table=collection.survey.source.table)


def editing_by_text_safe(judged: Judged) -> Iterator[Flaw]:
    """Tell where a client that writes keys as they are may edit another feature."""
    for collection in judged.dataset.collections:
        if not (is_edited(collection) and is_unconditional(collection)):
            continue
        (key,) = (f for f in collection.survey.fields if f.name in collection.key)
        if key.type is FieldType.STRING:
            element = f"collections.{collection.id}.editable"
            table, quoted = collection.survey.source.table, quoted_name(key.name)
            yield flaw("text", element, table=table, column=key.name, quoted=quoted)


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "collection.key.none": key_present,
        "collection.key.excluded": key_published,
        "collection.column.unknown": columns_exist,
        "collection.column.taken": names_distinct,
        "collection.column.parameter": names_not_parameters,
        "collection.editable.impossible": editing_possible,
        "collection.editable.text-key": editing_by_text_safe,
    }
)
