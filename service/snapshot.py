"""What a worker serves at one instant: an immutable `Snapshot`, and who uses it.

A new snapshot is built aside and takes the place of the former by one
assignment. Requests that run keep the one they began with; connections to
silos that no living snapshot needs are closed when the last of them ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from metadata.dataset import Collection, Dataset
from metadata.dcat_distributions import FileFacts
from metadata.description import Descriptions
from metadata.distributions import collection_title, download_address
from metadata.errors import CollectionBroken
from metadata.file_formats import FileFormat, made_formats
from metadata.finding import Finding
from providers.configuration import Configuration
from providers.feature_editing import FeatureEditor
from providers.features import FeatureReader, FeatureSilo, FeatureSource
from providers.folding import folded
from providers.made_files import fact_of
from providers.store_files import MadeFile
from service.catalogue import Catalogue
from service.validators import content_tag, digest


@dataclass(frozen=True, kw_only=True)
class ServedCollection:
    """One collection, and where its features are had."""

    collection: Collection
    dataset: Dataset
    source: FeatureSource | None
    """`None` when it is described but cannot be read now."""
    reader: FeatureReader | None = None
    """The same for the event loop; there whenever the source is."""
    editor: FeatureEditor | None = None
    """What edits them; `None` where nobody may."""
    files: Mapping[FileFormat, MadeFile] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """Those made ahead whose columns and words are those of now."""

    @property
    def id(self) -> str:
        """Collection identifier."""
        return self.collection.id

    @property
    def had(self) -> frozenset[FileFormat]:
        """The forms in which it is had now; GeoJSON needs no file."""
        return frozenset({FileFormat.GEOJSON, *self.files})

    @property
    def to_be_made(self) -> tuple[FileFormat, ...]:
        """The forms of file that are to be ready ahead."""
        has_geometry = self.collection.geometry is not None
        return made_formats(self.dataset.file_formats, has_geometry=has_geometry)

    @property
    def features(self) -> FeatureSource:
        """Where its features are had.

        Raises
        ------
        metadata.errors.CollectionBroken
            They cannot be had now; everything else of it still can.
        """
        if self.source is None:
            raise self._broken()
        return self.source

    @property
    def reading(self) -> FeatureReader:
        """Where its features are had without blocking.

        Raises
        ------
        metadata.errors.CollectionBroken
            They cannot be had now.
        """
        if self.reader is None:
            raise self._broken()
        return self.reader

    @cached_property
    def form(self) -> str:
        """What tells its features from those of any other form of it."""
        survey = self.collection.survey
        fields = [(f.name, f.type, f.native_type, f.nullable) for f in survey.fields]
        geometries = [(g.name, g.type, g.srid) for g in survey.geometries]
        parts = survey.source, survey.kind, fields, survey.key, geometries
        return digest(self.collection.description, *parts)

    @cached_property
    def searched(self) -> str:
        """What is said of it, without case and accents, as it is searched."""
        said = self.dataset.description
        title = collection_title(self.dataset, self.collection)
        words = (self.id, title, said.title, self.dataset.abstract, *said.keywords)
        return folded(" ".join(words), case=True, accents=True)

    def _broken(self) -> CollectionBroken:
        return CollectionBroken(f"The collection {self.id} cannot be read now.")


@dataclass(frozen=True, kw_only=True)
class ServedDataset:
    """One dataset with a record, and those of its collections that are served."""

    dataset: Dataset
    collections: tuple[ServedCollection, ...]
    """Empty when only the record may be had."""
    complete: bool
    """Whether every table of the description is there."""
    failing: tuple[str, ...] = ()
    """Collections that ought to be served and fail."""

    @property
    def id(self) -> str:
        """Short name."""
        return self.dataset.id


@dataclass(frozen=True)
class Made:
    """A document, and the tag of its bytes."""

    content: bytes
    tag: str


class DocumentCache:
    """Documents of one snapshot, each made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, ...], Made] = {}

    def get(self, key: tuple[str, ...], make: Callable[[], bytes]) -> Made:
        """Return a document, made now if nobody has asked for it before."""
        if key not in self._made:
            content = make()
            self._made[key] = Made(content, content_tag(content))
        return self._made[key]


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """All that is served between two changes."""

    generation: int
    """Grows by one with each snapshot of the worker, from 1."""
    built_at: datetime
    configuration: Configuration
    datasets: Mapping[str, ServedDataset]
    """Every dataset that has a record, by id."""
    collections: Mapping[str, ServedCollection]
    """Every collection served, by id, in order."""
    broken: Mapping[str, Finding]
    """Collections that ought to be served and fail, by id."""
    findings: tuple[Finding, ...]
    """What else is wrong: descriptions, tables, silos."""
    silos: Mapping[str, FeatureSilo]
    """Open silos by name."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    """The same for those who harvest it."""
    descriptions: Descriptions = field(default_factory=lambda: Descriptions(()))
    """What is stated, drafts and withdrawn datasets included."""
    documents: DocumentCache = field(default_factory=DocumentCache)
    files_left: tuple[MadeFile, ...] = ()
    """Files of collections that are not served now."""

    @cached_property
    def facts_left(self) -> dict[str, FileFacts]:
        """What is known of them, by address."""
        url = self.configuration.service.url
        return {
            download_address(url, file.collection_id, file.format): fact_of(file)
            for file in self.files_left
        }

    def is_unreachable(self, silo: str) -> bool:
        """Tell whether a silo cannot be looked at now."""
        return any(
            finding.code == "silo.unreachable" and finding.subject == silo
            for finding in self.findings
        )

    def is_broken(self, collection_id: str, within: ServedDataset | None) -> bool:
        """Tell whether a collection fails that ought to be served by a root."""
        broken = self.broken.get(collection_id)
        if broken is None or within is None:
            return broken is not None
        return collection_id in within.failing


class Stage:
    """Holds the current snapshot and counts the requests on every living one.

    To be used from one thread: the event loop's.
    """

    def __init__(self) -> None:
        self._current: Snapshot | None = None
        self._users: dict[Snapshot, int] = {}

    @property
    def current(self) -> Snapshot | None:
        """What new requests get; `None` before the first one is built."""
        return self._current

    @contextmanager
    def held(self) -> Iterator[Snapshot | None]:
        """Keep the current snapshot alive as long as a request lasts."""
        snapshot = self.take()
        try:
            yield snapshot
        finally:
            self.give_back(snapshot)

    def take(self) -> Snapshot | None:
        """Return the current snapshot, alive until it is given back."""
        if self._current is not None:
            self._users[self._current] += 1
        return self._current

    def give_back(self, snapshot: Snapshot | None) -> None:
        """Let go of a snapshot that was taken."""
        if snapshot is None:
            return
        self._users[snapshot] -= 1
        if snapshot is not self._current:
            self._forget_unused()

    def show(self, snapshot: Snapshot) -> None:
        """Put a snapshot in the place of the current one."""
        self._users.setdefault(snapshot, 0)
        self._current = snapshot
        self._forget_unused()

    def clear(self) -> None:
        """Close everything; no request may be running."""
        self._current = None
        self._forget_unused()

    def _forget_unused(self) -> None:
        """Drop retired snapshots without requests, and close what only they used."""
        unused = [
            snapshot
            for snapshot, users in self._users.items()
            if users == 0 and snapshot is not self._current
        ]
        for snapshot in unused:
            del self._users[snapshot]
        needed = {id(silo) for living in self._users for silo in living.silos.values()}
        closing = {
            id(silo): silo
            for snapshot in unused
            for silo in snapshot.silos.values()
            if id(silo) not in needed
        }
        for silo in closing.values():
            silo.close()
