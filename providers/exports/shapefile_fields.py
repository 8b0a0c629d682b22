"""What becomes of the columns of a collection in a Shapefile.

Names have ten letters of ASCII there, and texts 254 bytes: what is shortened or left
out is known here before the first row is written, and told in the archive.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from providers.exports.dbase import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_FIELDS,
    DbaseField,
    day_field,
    real_field,
    text_field,
    truth_field,
    whole_field,
)
from providers.exports.spool import Spool
from providers.folding import folded

_LIGATURES: Final = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss"}
)
_MOMENT_BYTES: Final = 32


@dataclass(frozen=True, kw_only=True)
class ShapefileField:
    """One column and its field."""

    column: str
    description: str
    field: DbaseField | None
    """`None`: a Shapefile has none of the kind, or no place for it."""
    longest: int = 0
    """Bytes of the longest text; 0 of what is no text."""

    @property
    def is_cut(self) -> bool:
        """Whether some text of it is shortened."""
        return self.longest > LONGEST_TEXT


def shapefile_fields(spool: Spool) -> tuple[ShapefileField, ...]:
    """Return what becomes of each column; reads all rows once."""
    schema, measures = spool.schema, [_Measure(f.type) for f in spool.schema]
    for batch in spool.batches():
        for measure, column in zip(measures, batch.columns, strict=True):
            measure.grow(column)
    columns = [c for c in spool.content.columns if c.name != spool.shape]
    names = short_names(column.name for column in columns)
    found: list[ShapefileField] = []
    for place, (column, name) in enumerate(zip(columns, names, strict=True)):
        measure = measures[place]
        has_place = len([f for f in found if f.field]) < MOST_FIELDS
        kind = schema.field(place).type
        field = _field(name, kind, measure) if has_place else None
        longest = measure.longest if pa.types.is_string(kind) else 0
        found.append(
            ShapefileField(
                column=column.name,
                description=column.description,
                field=field,
                longest=longest,
            )
        )
    return tuple(found)


def short_names(names: Iterable[str]) -> Iterator[str]:
    """Yield names of ten letters of ASCII that differ by more than case."""
    taken: set[str] = set()
    for name in names:
        plain = folded(name.translate(_LIGATURES), case=False, accents=True)
        word = re.sub(r"[^A-Za-z0-9_]", "_", plain)
        word = word if word[:1].isalpha() else f"f_{word}"
        short, number = word[:LONGEST_NAME], 1
        while short.casefold() in taken:
            number += 1
            ending = f"_{number}"
            short = word[: LONGEST_NAME - len(ending)] + ending
        taken.add(short.casefold())
        yield short


class _Measure:
    """What must be known of the values of a column."""

    def __init__(self, kind: pa.DataType) -> None:
        self._kind = kind
        self.longest = 0
        self.least = self.greatest = 0

    def grow(self, column: pa.Array) -> None:
        """Take in some values."""
        if pa.types.is_string(self._kind):
            found = pc.max(pc.binary_length(column)).as_py()
            self.longest = max(self.longest, found or 0)
        elif pa.types.is_integer(self._kind):
            ends = pc.min_max(column).as_py()
            if ends["min"] is not None:
                self.least = min(self.least, ends["min"])
                self.greatest = max(self.greatest, ends["max"])


def _field(name: str, kind: pa.DataType, measure: _Measure) -> DbaseField | None:
    if pa.types.is_integer(kind):
        return whole_field(name, measure.least, measure.greatest)
    if pa.types.is_string(kind):
        return text_field(name, measure.longest)
    plain: Iterable[tuple[Callable[[pa.DataType], bool], Any]] = (
        (pa.types.is_boolean, truth_field),
        (pa.types.is_floating, real_field),
        (pa.types.is_date, day_field),
        (pa.types.is_timestamp, lambda name: text_field(name, _MOMENT_BYTES)),
    )
    return next((make(name) for is_it, make in plain if is_it(kind)), None)
