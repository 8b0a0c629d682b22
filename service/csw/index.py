"""The records of one catalogue, and which of them have a value.

A `Column` holds the distinct values of one property in order, and the places of
the records that have each: equality is one look-up, a range one slice. Columns
are made when first asked for, so that a harvest by type costs one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from providers.folding import folded
from service.csw.entry import Entry
from service.csw.queryables import Kind, Queryable

Mask = NDArray[np.bool_]
"""One truth per record, in the order of identifiers."""
Order = NDArray[np.int64]
"""Places of records."""


class Column:
    """One property of every record."""

    def __init__(self, entries: Sequence[Entry], queryable: Queryable) -> None:
        slot = queryable.slot
        pairs = [
            (value, place)
            for place, entry in enumerate(entries)
            for value in entry.values[slot]
        ]
        pairs.sort(key=_number_first if queryable.kind is Kind.NUMBER else None)
        self._size = len(entries)
        self._places = np.array([place for _, place in pairs], dtype=np.int64)
        self.values: list[str] = []
        """Distinct values: numbers by size, all others by code point."""
        starts: list[int] = []
        for number, (value, _) in enumerate(pairs):
            if not self.values or self.values[-1] != value:
                self.values.append(value)
                starts.append(number)
        self._starts = np.array([*starts, len(pairs)], dtype=np.int64)
        self._keys: Sequence[str | float] = (
            [float(value) for value in self.values]
            if queryable.kind is Kind.NUMBER
            else self.values
        )

    def having(self, first: int, last: int) -> Mask:
        """Return the records with one of the values ``first <= number < last``."""
        mask = np.zeros(self._size, dtype=np.bool_)
        if first < last:
            mask[self._places[self._starts[first] : self._starts[last]]] = True
        return mask

    def equal(self, value: str | float) -> Mask:
        """Return the records that have a value."""
        return self.having(self.below(value), self.up_to(value))

    def below(self, value: str | float) -> int:
        """Return how many distinct values are less."""
        return bisect_left(self._keys, value)

    def up_to(self, value: str | float) -> int:
        """Return how many distinct values are less or equal."""
        return bisect_right(self._keys, value)

    def where(self, matches: Callable[[str], bool]) -> Mask:
        """Return the records with any value that fulfils a condition."""
        mask = np.zeros(self._size, dtype=np.bool_)
        for number, value in enumerate(self.values):
            if matches(value):
                mask[self._places[self._starts[number] : self._starts[number + 1]]] = (
                    True
                )
        return mask

    @property
    def present(self) -> Mask:
        """The records that have any value."""
        return self.having(0, len(self.values))

    @cached_property
    def ranks(self) -> NDArray[np.int64]:
        """Place of each record's first value in alphabetical order; -1 without one.

        Case and accents do not count in it (numbers go by size).
        """
        order = list(range(len(self.values)))
        if self._keys is self.values:
            order.sort(key=lambda number: _alphabetical(self.values[number]))
        ranks = np.full(self._size, -1, dtype=np.int64)
        for rank in range(len(self.values) - 1, -1, -1):
            number = order[rank]
            ranks[self._places[self._starts[number] : self._starts[number + 1]]] = rank
        return ranks


def _number_first(pair: tuple[str, int]) -> tuple[float, str, int]:
    return (float(pair[0]), *pair)


def _alphabetical(value: str) -> tuple[str, str]:
    return folded(value, case=True, accents=True), value


class Index:
    """The records of one catalogue, in the order of identifiers."""

    def __init__(
        self,
        entries: Iterable[Entry],
        *,
        changed: datetime | None,
        buried_at: Sequence[datetime] = (),
    ) -> None:
        self.entries = tuple(sorted(entries, key=lambda entry: entry.identifier))
        self.changed = changed
        """When the catalogue last changed; `None` when nothing was ever published."""
        self.buried_at = buried_at
        """When each record that is not there any more was taken out, in order."""
        self._columns: dict[str, Column] = {}
        self._places = {e.identifier: n for n, e in enumerate(self.entries)}

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def sequence(self) -> int:
        """A number that grows with each change, the same in every worker."""
        return int(self.changed.timestamp() * 1000) if self.changed else 0

    def find(self, identifier: str) -> Entry | None:
        """Return a record by its identifier."""
        place = self._places.get(identifier)
        return None if place is None else self.entries[place]

    def column(self, queryable: Queryable) -> Column:
        """Return one property of all records."""
        column = self._columns.get(queryable.name)
        if column is None:
            column = self._columns[queryable.name] = Column(self.entries, queryable)
        return column

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """West, south, east, north of each record; NaN without a box."""
        nothing = (np.nan,) * 4
        rows = [entry.box or nothing for entry in self.entries]
        return np.array(rows, dtype=np.float64).reshape(len(rows), 4)

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        """Each record's box as a geometry; `None` without one."""
        shapes: NDArray[np.object_] = shapely.box(*self.boxes.T)
        shapes[np.isnan(self.boxes[:, 0])] = None
        return shapes
