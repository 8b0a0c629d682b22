"""What a silo's SQL must be able to say: the `Dialect` protocol.

`providers.cql2_sql` and `providers.selection` build every statement through
it, so that the two silos differ in words only.
"""

from __future__ import annotations

from typing import Protocol

from metadata.dataset import Collection, PublishedColumn
from metadata.measured import Bounds
from providers.cql2_tree import Arithmetic, Arrays, Constant, Folded, Kind, Spatial
from providers.sql import Sql

ROW = "t"
"""The name of the table in every statement."""


class Dialect(Protocol):
    """The words of one kind of silo. Every method returns an expression."""

    def table(self, collection: Collection) -> Sql:
        """Name the table, as `ROW`."""
        ...

    def value(self, column: PublishedColumn) -> Sql:
        """Name a column's value, in a type that its kind is compared in."""
        ...

    def letters(self, column: PublishedColumn) -> Sql:
        """Name a column of texts that are told apart by every letter."""
        ...

    def constant(self, constant: Constant, beside: PublishedColumn | None) -> Sql:
        """Bind a constant, in the type of the column that it is compared with."""
        ...

    def position(self, text: str, column: PublishedColumn) -> Sql:
        """Bind a sort value as `position_text` wrote it."""
        ...

    def position_text(self, column: PublishedColumn) -> Sql:
        """Write a column's value as a text that keeps it exactly."""
        ...

    def ordered(self, expression: Sql, kind: Kind) -> Sql:
        """Make an expression sort and compare as the other silo does."""
        ...

    def folded(self, expression: Sql, fold: Folded) -> Sql:
        """Take case, accents or both from a text."""
        ...

    def like(self, expression: Sql, pattern: str) -> Sql:
        """Match a text against a pattern, with regard to case."""
        ...

    def day(self, expression: Sql) -> Sql:
        """Return the day of an instant, in UTC."""
        ...

    def computed(self, sum_: Arithmetic, left: Sql, right: Sql) -> Sql:
        """Compute in double precision; dividing by zero gives no value."""
        ...

    def meets(self, box: Bounds) -> Sql:
        """Tell whether the geometry meets a box, exactly, in the box's CRS."""
        ...

    def relates(self, spatial: Spatial) -> Sql:
        """Tell how the geometry lies to another, in the other's CRS."""
        ...

    def relates_arrays(self, arrays: Arrays) -> Sql:
        """Tell how two arrays lie, taken as sets."""
        ...

    def no_geometry(self) -> Sql:
        """Tell whether the geometry is missing."""
        ...

    def tie_break(self) -> Sql:
        """Name a row's place in storage, for tables without a key; may be `()`."""
        ...

    def unindexed(self) -> Dialect:
        """Return the words that keep a missing geometry unknown when negated."""
        ...
