"""Makes a snapshot of what is stated, measured and published: nothing is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from metadata.dataset import Collection, Dataset
from metadata.describing import describe, lost_exclusions
from metadata.description import Descriptions
from metadata.errors import PasserelleError
from metadata.file_formats import FileFormat
from metadata.finding import Finding, Severity, Text, has_errors
from metadata.measured import Source, Survey
from metadata.stated import Access, CollectionDescription, Description
from providers.configuration import Configuration
from providers.exports.content import file_content
from providers.features import FeatureSilo, Limits, open_features
from providers.store_files import MadeFile
from service.catalogue import Catalogue, StoredCatalogue, make_catalogue
from service.messages import text
from service.snapshot import ServedCollection, ServedDataset, Snapshot
from service.unreadable import held_back


@dataclass(frozen=True, kw_only=True)
class SiloView:
    """One silo as it was last seen."""

    surveys: Mapping[Source, Survey] = field(default_factory=dict)
    """The tables that descriptions name and that exist."""
    findings: tuple[Finding, ...] = ()
    """What was found wrong with tables."""
    failure: PasserelleError | None = None
    """Why it cannot be looked at now; what was seen before still stands."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """All that a snapshot is made of."""

    configuration: Configuration
    descriptions: Descriptions = field(default_factory=lambda: Descriptions((), ()))
    silos: Mapping[str, SiloView] = field(default_factory=dict)
    """By name; one that was never looked at is not there."""
    once_measured: frozenset[Source] | None = None
    """Every table that was ever there: missing, these are gone, others misnamed.
    `None`: nobody kept count, and all are gone."""
    catalogue: StoredCatalogue = field(default_factory=StoredCatalogue)
    files: tuple[MadeFile, ...] = ()
    """Every file that lies ready."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with the configuration and the store."""


def build(
    material: Material, *, now: datetime, previous: Snapshot | None = None
) -> Snapshot:
    """Make the next snapshot; what did not change is taken from the previous one."""
    silos = dict(_open_silos(material.configuration, previous))
    builder = _Builder(material, silos, previous, now)
    datasets = dict(builder.datasets())
    unusable = material.descriptions.unusable
    filed = {file.collection_id for file in material.files}
    unreadable = held_back(unusable, material.catalogue.applied, filed, previous)
    collections = {c.id: c for served in datasets.values() for c in served.collections}
    seen = tuple(f for view in material.silos.values() for f in view.findings)
    return Snapshot(
        generation=previous.generation + 1 if previous else 1,
        built_at=now,
        configuration=material.configuration,
        datasets=datasets,
        collections=collections,
        broken={**unreadable, **builder.broken},
        findings=(
            *material.findings,
            *material.descriptions.findings,
            *(f for f in seen if has_errors([f])),
            *_failures(material),
        ),
        silos=silos,
        descriptions=material.descriptions,
        files_left=tuple(
            file for file in material.files if file.collection_id not in collections
        ),
        catalogue=make_catalogue(
            material.catalogue,
            material.descriptions.found,
            previous.catalogue if previous else Catalogue(),
        ),
    )


def _open_silos(
    configuration: Configuration, previous: Snapshot | None
) -> Iterator[tuple[str, FeatureSilo]]:
    """Yield every silo, those of the previous snapshot where nothing changed."""
    limits = Limits(connections=configuration.service.connections)
    for name, silo in configuration.silos.items():
        if (
            previous is not None
            and name in previous.silos
            and previous.configuration.silos[name] == silo
            and previous.configuration.service.connections
            == configuration.service.connections
        ):
            yield name, previous.silos[name]
        else:
            yield name, open_features(silo, limits)


def _failures(material: Material) -> Iterator[Finding]:
    """Yield one finding for each silo that cannot be looked at."""
    for name, view in material.silos.items():
        if view.failure is not None:
            yield Finding(
                severity=Severity.ERROR,
                code="silo.unreachable",
                subject=name,
                element="silos",
                reason=view.failure.text,
                hint=view.failure.remedy,
            )


class _Builder:
    """Joins descriptions, surveys and silos into served datasets."""

    def __init__(
        self,
        material: Material,
        silos: Mapping[str, FeatureSilo],
        previous: Snapshot | None,
        now: datetime,
    ) -> None:
        self._material = material
        self._silos = silos
        self._previous = previous
        self._today = now.date()
        self._surveys = {
            source: survey
            for view in material.silos.values()
            for source, survey in view.surveys.items()
        }
        self._failing = {
            f.subject: f
            for view in material.silos.values()
            for f in view.findings
            if has_errors([f])
        }
        self.broken: dict[str, Finding] = {}
        self._files: dict[str, list[MadeFile]] = {}
        for file in material.files:
            self._files.setdefault(file.collection_id, []).append(file)

    def datasets(self) -> Iterator[tuple[str, ServedDataset]]:
        """Yield every dataset that has a record, by id."""
        for description in self._material.descriptions.found:
            served = self._dataset(description)
            if served is not None:
                yield served.id, served

    def _dataset(self, description: Description) -> ServedDataset | None:
        """Return one dataset; `None` when nothing of it goes out, or all is gone."""
        present = tuple(c for c in description.collections if self._may_be_shown(c))
        dataset = self._describe(description, present)
        if not dataset.has_record(self._today):
            return None
        failing = self._note_broken(description)
        if not present and not failing:
            return None
        open_ = description.access is Access.OPEN
        return ServedDataset(
            dataset=dataset,
            collections=tuple(
                self._serve(dataset, c) for c in dataset.collections if open_
            ),
            complete=len(present) == len(description.collections),
            failing=failing,
        )

    def _describe(
        self, description: Description, present: tuple[CollectionDescription, ...]
    ) -> Dataset:
        """Join the description with the tables that are there."""
        configuration = self._material.configuration
        return describe(
            replace(description, collections=present),
            self._surveys,
            organisation=configuration.organisation,
            service_url=configuration.service.url,
            file_formats=configuration.files.formats,
        )

    def _note_broken(self, description: Description) -> tuple[str, ...]:
        """Note the collections that ought to be served and fail; return their ids."""
        found = {
            c.id: finding
            for c in description.collections
            if (finding := self._failure(c)) is not None
        }
        if description.access is Access.OPEN:
            self.broken.update(found)
        return tuple(found)

    def _may_be_shown(self, collection: CollectionDescription) -> bool:
        """Tell whether the table is there, and all that is to be hidden in it."""
        survey = self._surveys.get(collection.source)
        return survey is not None and not lost_exclusions(collection, survey)

    def _failure(self, collection: CollectionDescription) -> Finding | None:
        """Return what is wrong with a table; `None` if nothing is, or it is gone."""
        source = collection.source
        survey = self._surveys.get(source)
        lost = lost_exclusions(collection, survey) if survey is not None else ()
        if lost:
            return _broken(source, text("broken.exclusion-lost", names=", ".join(lost)))
        failing = self._failing.get(str(source))
        if failing is not None:
            return failing
        if source.silo not in self._material.configuration.silos:
            return _broken(source, text("broken.no-silo", name=source.silo))
        return self._absence(source) if survey is None else None

    def _absence(self, source: Source) -> Finding | None:
        """Return why a table is not there; `None`: it is gone, or nobody looked.

        A table that nobody ever saw is no table that went: its name is wrong.
        """
        view = self._material.silos.get(source.silo)
        if view is None:
            return None
        if view.failure:
            return _broken(source, view.failure.text)
        once_measured = self._material.once_measured
        if once_measured is not None and source not in once_measured:
            return _broken(source, text("broken.never-seen"))
        return None

    def _serve(self, dataset: Dataset, collection: Collection) -> ServedCollection:
        """Return a collection with its features, the former ones if it is the same."""
        before, files = self._before(collection), self._ready(dataset, collection)
        if before is not None:
            return replace(before, dataset=dataset, collection=collection, files=files)
        served = ServedCollection(
            collection=collection, dataset=dataset, source=None, files=files
        )
        return self._opened(served)

    def _ready(
        self, dataset: Dataset, collection: Collection
    ) -> Mapping[FileFormat, MadeFile]:
        """Return the files that may go out: of these columns and words, no others."""
        found = self._files.get(collection.id, ())
        form = file_content(dataset, collection).form if found else ""
        ready = {file.format: file for file in found if file.form == form}
        had = dataset.formats(collection)
        return MappingProxyType({f: ready[f] for f in had if f in ready})

    def _before(self, collection: Collection) -> ServedCollection | None:
        """Return the same collection of the previous snapshot, if it still works."""
        if self._previous is None:
            return None
        before = self._previous.collections.get(collection.id)
        name = collection.survey.source.silo
        same = (
            before is not None
            and before.source is not None
            and before.collection == collection
            and self._previous.silos.get(name) is self._silos.get(name)
        )
        return before if same else None

    def _opened(self, served: ServedCollection) -> ServedCollection:
        """Return a collection with where its features are had; note why not."""
        collection = served.collection
        source = collection.survey.source
        try:
            silo = self._silos[source.silo]
            return replace(
                served,
                source=silo.features(collection),
                reader=silo.reader(collection),
                editor=silo.editor(collection),
            )
        except PasserelleError as error:
            self.broken[collection.id] = _broken(source, error.text)
            return served


def _broken(source: Source, reason: Text) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="collection.broken",
        subject=str(source),
        element="collections.source",
        reason=reason,
        hint=text("broken.hint"),
    )
