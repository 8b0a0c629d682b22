"""The word everything turns on: `Dataset`, what was stated and what was measured.

A dataset is the only input of every encoder, every check and the service. Both
halves stay apart inside it, so that a disagreement between them is visible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from metadata.file_formats import ALL_FORMATS, FileFormat, offered_formats
from metadata.measured import Extent, Field, GeometryColumn, Survey, TemporalExtent
from metadata.stated import (
    Access,
    CollectionDescription,
    Description,
    Organisation,
    Status,
)


@dataclass(frozen=True, kw_only=True)
class PublishedColumn:
    """One column as the outside sees it."""

    name: str
    """Its name outside."""
    field: Field
    """The column in the silo."""
    description: str
    """A sentence for schemas and queryables; may be empty."""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """One table or layer of a dataset, stated and measured."""

    description: CollectionDescription
    survey: Survey

    @property
    def id(self) -> str:
        """Collection identifier."""
        return self.description.id

    @property
    def geometry(self) -> GeometryColumn | None:
        """The geometry column served: the stated one, else the first.

        An excluded one is never served; `None` where no other is left.
        """
        wanted, hidden = self.description.geometry, self.description.columns.exclude
        shown = (g for g in self.survey.geometries if g.name not in hidden)
        return next((g for g in shown if not wanted or g.name == wanted), None)

    @property
    def extent(self) -> Extent | None:
        """Where the geometries served lie.

        Only the first geometry column is measured: of another one nothing is known,
        and an excluded one is told to nobody.
        """
        is_measured = self.geometry and self.geometry == self.survey.geometry
        return self.survey.extent if is_measured else None

    @property
    def key(self) -> tuple[str, ...]:
        """Columns (silo names) that identify a feature outside, in key order.

        Empty when there is no key, or when a part of it is excluded: an
        excluded column is never an identifier.
        """
        key = self.survey.key or self.description.key
        if any(column in self.description.columns.exclude for column in key):
            return ()
        return key

    @property
    def time_field(self) -> str:
        """Column (silo name) that `datetime` filters on; empty without one."""
        wanted = self.description.time or self.survey.temporal_field
        return "" if wanted in self.description.columns.exclude else wanted

    @property
    def temporal(self) -> TemporalExtent | None:
        """Union of the periods of all published date columns; `None` without any."""
        hidden = self.description.columns.exclude
        periods = [p for p in self.survey.periods if p.field not in hidden]
        if not periods:
            return None
        return TemporalExtent(
            start=min(p.start for p in periods), end=max(p.end for p in periods)
        )


def published_columns(collection: Collection) -> tuple[PublishedColumn, ...]:
    """Return the columns that exist for the outside, in the order of the table.

    The one answer to the question which columns there are: items, filters,
    sorting, queryables, schemas, tiles and files ask here and nowhere else.
    The key is among them; geometry columns are not.
    """
    columns = collection.description.columns
    return tuple(
        PublishedColumn(
            name=columns.rename.get(field.name, field.name),
            field=field,
            description=columns.describe.get(field.name, field.comment),
        )
        for field in collection.survey.fields
        if field.name not in columns.exclude
    )


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What is described, licensed and published."""

    description: Description
    collections: tuple[Collection, ...]
    organisation: Organisation
    service_url: str
    """Public address of the service, without a final slash."""
    file_formats: tuple[FileFormat, ...] = ALL_FORMATS
    """Forms of file that the service makes ahead."""

    @property
    def id(self) -> str:
        """Short name."""
        return self.description.id

    @property
    def abstract(self) -> str:
        """The stated abstract, else the tables' comments; empty without either.

        A comment is measured, so it is read each time and never copied: whoever
        corrects it in the database has corrected the record. A first line that
        is the title is not said twice.
        """
        title = self.description.title
        comments = (_after_title(c.survey.comment, title) for c in self.collections)
        return self.description.abstract or "\n\n".join(filter(None, comments))

    @property
    def extent(self) -> Extent | None:
        """Union of the measured extents of all collections; `None` without any."""
        extents = [c.extent for c in self.collections if c.extent]
        return union(extents) if extents else None

    @property
    def temporal(self) -> TemporalExtent | None:
        """The stated period, else the union of the measured ones; `None` without."""
        period = self.description.period
        if period and (period.start or period.end):
            return TemporalExtent(
                start=period.start.isoformat() if period.start else "",
                end=period.end.isoformat() if period.end else "",
            )
        found = [c.temporal for c in self.collections if c.temporal]
        if not found:
            return None
        return TemporalExtent(
            start=min(t.start for t in found), end=max(t.end for t in found)
        )

    @property
    def srids(self) -> tuple[int, ...]:
        """EPSG codes in which the data are stored, each once, in order."""
        found = [c.geometry.srid for c in self.collections if c.geometry]
        return tuple(dict.fromkeys(srid for srid in found if srid))

    @property
    def licence(self) -> str:
        """Key of the licence; empty when nobody stated one.

        The organisation's default applies only to what it produced itself.
        """
        stated = self.description.licence
        if stated or self.description.producer != self.organisation.name:
            return stated
        return self.organisation.licence

    @property
    def themes(self) -> tuple[str, ...]:
        """INSPIRE themes: stated, else the organisation's."""
        return self.description.themes or self.organisation.themes

    @property
    def topics(self) -> tuple[str, ...]:
        """ISO topic categories: stated, else the organisation's."""
        return self.description.topics or self.organisation.topics

    def formats(self, collection: Collection) -> tuple[FileFormat, ...]:
        """Return the forms in which the files of a collection are had, in order."""
        has_geometry = collection.geometry is not None
        return offered_formats(self.file_formats, has_geometry=has_geometry)

    @property
    def zones(self) -> tuple[str, ...]:
        """Territories: stated, else the organisation's."""
        return self.description.zones or self.organisation.zones

    def serves_data(self, today: date) -> bool:
        """Tell whether the data may be had on that day (published, open, due)."""
        return self.has_record(today) and self.description.access is Access.OPEN

    def has_record(self, today: date) -> bool:
        """Tell whether the record may be had on that day."""
        stated = self.description
        due = stated.publish_from is None or stated.publish_from <= today
        return (
            stated.status is Status.PUBLISHED
            and stated.access is not Access.INTERNAL
            and due
        )


def union(extents: Iterable[Extent]) -> Extent:
    """Return the smallest extent that holds all of them (at least one)."""
    every = tuple(extents)
    return Extent(
        west=min(e.west for e in every),
        south=min(e.south for e in every),
        east=max(e.east for e in every),
        north=max(e.north for e in every),
    )


def _after_title(comment: str, title: str) -> str:
    """Return a comment without the title that it may begin with."""
    first, _, rest = comment.strip().partition("\n")
    said_already = bool(title) and first.strip().rstrip(".") == title.strip().rstrip(
        "."
    )
    return rest.strip() if said_already and rest.strip() else comment.strip()
