"""The catalogue that others harvest: the records last applied by `publish`.

Every outlet reads it from the snapshot that a request holds. A record says itself
what it describes, so an outlet never shows more, or other things, than what was
published, whatever the descriptions say by now. Two things come from the present
description, because no ISO record can hold them: the silos of a dataset (sets of
OAI-PMH) and the name of who made the data (DCAT).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from types import MappingProxyType

from metadata.content import RecordContent
from metadata.dcat_terms import themes_named
from metadata.iso19139 import read_iso19139
from metadata.record import RecordKind
from metadata.stated import Description
from metadata.xml import NAMESPACES, parse, qualified
from providers.store import Store
from providers.store_model import Revision, Tombstone

_ANCHORS = f".//gmd:keyword/gmx:Anchor[@{qualified('xlink:href')}]"


@dataclass(frozen=True, kw_only=True)
class Applied:
    """One record of the catalogue as the store holds it."""

    revision: Revision
    at: datetime
    """When it became this one in the catalogue."""


@dataclass(frozen=True, kw_only=True)
class Buried:
    """One record that left the catalogue."""

    tombstone: Tombstone
    themes: tuple[str, ...]
    """INSPIRE theme codes that it had; empty when its revisions were erased."""


@dataclass(frozen=True)
class StoredCatalogue:
    """What the store knows of the catalogue."""

    applied: tuple[Applied, ...] = ()
    """In the order of their identifiers."""
    buried: tuple[Buried, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Published:
    """One record of the catalogue."""

    applied: Applied
    silos: tuple[str, ...] = ()
    """Names of the silos that its data come from; empty: not known any more."""
    producer: str = ""
    """Who made the data, as stated now; may be empty."""

    @property
    def identifier(self) -> str:
        """Its fileIdentifier."""
        return self.applied.revision.record_identifier

    @property
    def revision(self) -> Revision:
        """The record itself."""
        return self.applied.revision

    @property
    def name(self) -> str:
        """Name of its file, without ending."""
        return self.revision.name

    @property
    def is_service(self) -> bool:
        """Whether it describes a service."""
        return self.revision.kind is RecordKind.SERVICE

    @property
    def content(self) -> RecordContent:
        """What it says; read when asked for, those of the last page or so are kept."""
        return _content(self.revision.content)

    @cached_property
    def themes(self) -> tuple[str, ...]:
        """Its INSPIRE theme codes."""
        return _themes(self.revision.content)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All records of one snapshot, in the order of their identifiers."""

    stored: StoredCatalogue = field(default_factory=StoredCatalogue)
    records: Mapping[str, Published] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """By fileIdentifier."""
    silos: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """Dataset → its silos, also of those that left."""

    @cached_property
    def datasets(self) -> Mapping[str, Published]:
        """The records of datasets and series; services are left out."""
        found = {i: each for i, each in self.records.items() if not each.is_service}
        return MappingProxyType(found)

    @cached_property
    def names(self) -> Mapping[str, Published]:
        """The records by the names of their files, in that order."""
        named = {each.name: each for each in self.records.values()}
        return MappingProxyType(dict(sorted(named.items())))

    @property
    def never_filled(self) -> bool:
        """Whether nothing was ever published."""
        return not self.stored.applied and not self.stored.buried

    @property
    def changed_at(self) -> datetime | None:
        """When a record last came, changed or left; `None` before the first."""
        moments = [each.at for each in self.stored.applied]
        moments += [each.tombstone.deleted_at for each in self.stored.buried]
        return max(moments, default=None)


def read_catalogue(store: Store, before: StoredCatalogue) -> StoredCatalogue:
    """Read what is published and what was; what was read before is not read again."""
    moments = store.applied_at()
    revisions = store.applied()
    applied = (
        Applied(revision=r, at=moments.get(r.record_identifier, r.first_seen))
        for r in revisions
    )
    return StoredCatalogue(tuple(applied), tuple(_buried(store, before)))


def make_catalogue(
    stored: StoredCatalogue, descriptions: Iterable[Description], before: Catalogue
) -> Catalogue:
    """Return the catalogue; records that are as they were are taken from before.

    Where a description vanished, what it said last still holds: the record stands
    until a publication lets it go.
    """
    known = {d.id: d for d in descriptions}
    silos = {name: _silos(description) for name, description in known.items()}
    silos = {**before.silos, **silos}
    if stored is before.stored and silos == before.silos:
        return before
    records = {}
    for applied in stored.applied:
        description = known.get(applied.revision.dataset_id)
        old = before.records.get(applied.revision.record_identifier)
        said_before = old.producer if old else ""
        fresh = Published(
            applied=applied,
            silos=silos.get(applied.revision.dataset_id, ()),
            producer=description.producer if description else said_before,
        )
        records[fresh.identifier] = old if old == fresh else fresh
    return Catalogue(stored, MappingProxyType(records), MappingProxyType(silos))


def _buried(store: Store, before: StoredCatalogue) -> Iterator[Buried]:
    """Yield what left; only its themes are worth keeping of its last revision."""
    known = {each.tombstone: each for each in before.buried}
    tombstones = store.tombstones()
    fresh = [t.record_identifier for t in tombstones if t not in known]
    contents = store.last_contents(fresh)
    for tombstone in tombstones:
        content = contents.get(tombstone.record_identifier)
        themes = _themes(content) if content else ()
        yield known.get(tombstone) or Buried(tombstone=tombstone, themes=themes)


def _silos(description: Description) -> tuple[str, ...]:
    found = (collection.source.silo for collection in description.collections)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=128)
def _content(record: bytes) -> RecordContent:
    return read_iso19139(record)


def _themes(record: bytes) -> tuple[str, ...]:
    """Return the codes of the INSPIRE themes of a record, without reading it all."""
    anchors = parse(record).findall(_ANCHORS, dict(NAMESPACES))
    addresses = (anchor.get(qualified("xlink:href"), "") for anchor in anchors)
    return tuple(theme.code for theme in themes_named(addresses))
