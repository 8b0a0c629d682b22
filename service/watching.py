"""Looks at what snapshots are made of: files, silos, store. Blocking, thread by thread.

Each watch is used by one thread at a time and remembers what it saw last; a
look returns `None` when nothing changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from metadata.description import Descriptions, read_descriptions
from metadata.errors import PasserelleError, SourceError, StoreError
from metadata.finding import Finding, Severity, has_errors
from metadata.measured import GeometryColumn, GeometryType, Source, Survey
from providers.change import data_mark, open_changes
from providers.configuration import (
    Configuration,
    SiloConfiguration,
    read_configuration,
)
from providers.store import Store, open_store
from providers.store_files import MadeFile
from providers.survey import survey_silo, survey_structure
from service.building import SiloView
from service.catalogue import StoredCatalogue, read_catalogue
from service.messages import text
from service.pace import Pace

DATA_INTERVAL = timedelta(seconds=15)
"""How often at most a silo is asked whether rows changed; more seldom where measuring
those that did takes long (`service.pace`)."""

UNCOUNTED = timedelta(hours=1)
"""Age at which a table of whose rows nothing is counted is measured again."""

FileMarks = tuple[tuple[str, int, int, int], ...]


class ConfigurationWatch:
    """`passerelle.yml`."""

    def __init__(self, configuration: Configuration) -> None:
        self._path = configuration.path
        self._mark = file_marks([self._path])
        self.findings: tuple[Finding, ...] = ()

    def look(self) -> Configuration | None:
        """Return the configuration if the file changed and can be used.

        One that cannot be used is a finding, and the former stays in force.
        """
        mark = file_marks([self._path])
        if mark == self._mark:
            return None
        self._mark = mark
        try:
            configuration = read_configuration(self._path)
        except PasserelleError as error:
            self.findings = (_unusable("configuration", str(self._path), error),)
            return None
        self.findings = ()
        return configuration


class DescriptionsWatch:
    """The folder of descriptions."""

    def __init__(self) -> None:
        self._mark: FileMarks | None = None
        self._folder = Path()

    def look(self, folder: Path) -> Descriptions | None:
        """Return all descriptions if any file came, went or changed."""
        mark = file_marks(folder.glob("*.yml"))
        if mark == self._mark and folder == self._folder:
            return None
        self._mark, self._folder = mark, folder
        return read_descriptions(folder)


@dataclass(frozen=True, kw_only=True)
class StoreView:
    """What the store holds for the service."""

    surveys: tuple[Survey, ...]
    catalogue: StoredCatalogue
    files: tuple[MadeFile, ...] = ()
    """Whole collections that lie ready."""


class StoreWatch:
    """The store, by the number that grows with each of its changes."""

    def __init__(self) -> None:
        self._store: Store | None = None
        self._address = ""
        self._generation: int | None = None
        self._files_generation = 0
        self._view: StoreView | None = None
        self._catalogue = StoredCatalogue()
        self.findings: tuple[Finding, ...] = ()

    @property
    def store(self) -> Store | None:
        """The open store; `None` while it fails."""
        return None if self.findings else self._store

    def look(self, address: str) -> StoreView | None:
        """Return what the store holds, if that changed.

        A store that cannot be read is a finding; what was known still stands.
        """
        try:
            view = self._read(address)
        except StoreError as error:
            self.findings = (_unusable("store", "store", error),)
            self._generation = None
            return None
        self.findings = ()
        return view

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _read(self, address: str) -> StoreView | None:
        if self._store is None or address != self._address:
            self.close()
            self._store, self._address = open_store(address), address
            self._generation = None
        generation, files = self._store.generation(), self._store.files_generation()
        if generation == self._generation and self._view is not None:
            return self._with_files(self._store, files)
        catalogue = read_catalogue(self._store, self._catalogue)
        view = StoreView(
            surveys=self._store.surveys(),
            catalogue=catalogue,
            files=self._store.files(),
        )
        self._generation, self._catalogue = generation, catalogue
        self._files_generation, self._view = files, view
        return view

    def _with_files(self, store: Store, generation: int) -> StoreView | None:
        """Return the same with other files, if there are others."""
        if generation == self._files_generation or self._view is None:
            return None
        self._files_generation = generation
        self._view = replace(self._view, files=store.files())
        return self._view


class SiloWatch:
    """One silo: its structure each time, its rows now and then.

    However often tables change, reading their structure anew takes a tenth of the
    time at most, and so does measuring them, of all workers together. Only what is
    new is measured at once.

    Parameters
    ----------
    kept
        What was measured before, of any silo.
    workers
        Processes that look at the same silo.
    """

    def __init__(
        self,
        silo: SiloConfiguration,
        kept: Iterable[Survey] = (),
        *,
        workers: int = 1,
    ) -> None:
        self._silo = silo
        self._changes = open_changes(silo)
        self._structure = ""
        self._wanted: frozenset[Source] = frozenset()
        self._known = {s.source: s for s in kept if s.source.silo == silo.name}
        self._rows = {
            source: (survey.mark, survey.surveyed_at)
            for source, survey in self._known.items()
            if survey.mark
        }
        """Mark of the rows that each table was measured under, and when; none: to be
        measured."""
        self._reading = Pace(workers=workers)
        self._measuring = Pace(DATA_INTERVAL, workers=workers)
        self._view: SiloView | None = None

    def look(self, wanted: Collection[Source], now: datetime) -> SiloView | None:
        """Return the silo as it is now, if that is not as it was.

        Parameters
        ----------
        wanted
            The tables that descriptions name, of any silo.
        """
        mine = frozenset(s for s in wanted if s.silo == self._silo.name)
        try:
            view = self._look(mine, now)
        except SourceError as error:
            view = self._failed(mine, error)
        if view is None or view == self._view:
            return None
        self._view = view
        return view

    def close(self) -> None:
        """Let go of the silo."""
        self._changes.close()

    def _look(self, wanted: frozenset[Source], now: datetime) -> SiloView | None:
        """Look at structure, then at rows; what is new is shown before rows are."""
        structure = self._changes.structure()
        recovered = self._view is not None and self._view.failure is not None
        reshaped = structure != self._structure and self._reading.is_due(now)
        view = None
        if reshaped or wanted != self._wanted or recovered:
            view = self._survey(wanted, now)
            self._structure, self._wanted = structure, wanted
            # A file that is written all the time is another at each look.
            overdue = self._measuring.is_due(now, since=DATA_INTERVAL)
            if self._view is None or not overdue:
                return view
        if not self._measuring.is_due(now):
            return view
        with self._measuring.work(now):
            return self._look_at_rows(wanted, now, view or self._view) or view

    def _look_at_rows(
        self, wanted: frozenset[Source], now: datetime, before: SiloView | None
    ) -> SiloView | None:
        """Measure the tables whose rows changed since they were measured."""
        marks = self._changes.data()
        moved = {s for s in wanted if self._has_moved(s, marks, now)}
        return self._measure_again(moved, marks, now, before) if moved else None

    def _has_moved(
        self, source: Source, marks: Mapping[str, str], now: datetime
    ) -> bool:
        """Tell whether rows may be others than were measured.

        Of a foreign table, and of a view that reads one or a function, nothing is
        counted: no mark says neither yes nor no.
        """
        if source not in self._rows:
            return True
        mark, moment = self._rows[source]
        is_old = not mark and now - moment >= UNCOUNTED
        return is_old or mark != data_mark(marks, source)

    def _survey(self, wanted: frozenset[Source], now: datetime) -> SiloView:
        """Look at all tables, and measure those that are new or of another form."""
        with self._reading.work(now):
            seen = survey_structure(self._silo, now=now)
        structure = {s.source: s for s in seen.surveys if s.source in wanted}
        kept = {
            source: self._known[source].equipped_as(survey)
            for source, survey in structure.items()
            if source in self._known and same_form(survey, self._known[source])
        }
        missing = wanted - kept.keys()
        marks = self._changes.data() if missing else {}
        fresh, findings = self._measured(missing, marks, now)
        self._known = {**kept, **fresh}
        return SiloView(
            surveys=dict(self._known),
            findings=_about(wanted, (*seen.findings, *findings)),
        )

    def _measured(
        self, sources: Collection[Source], marks: Mapping[str, str], now: datetime
    ) -> tuple[dict[Source, Survey], tuple[Finding, ...]]:
        """Measure some tables.

        The marks are older than the measure, so that whatever changes meanwhile
        shows at the next look. A table that failed stays to be measured.
        """
        if not sources:
            return {}, ()
        measured = survey_silo(self._silo, now=now, sources=sources)
        failed = {f.subject for f in measured.findings if has_errors([f])}
        fresh = {s.source: s for s in measured.surveys}
        for source in sources:
            if source in fresh or str(source) not in failed:
                self._rows[source] = data_mark(marks, source), now
            else:
                self._rows.pop(source, None)
        return fresh, measured.findings

    def _measure_again(
        self,
        moved: set[Source],
        marks: Mapping[str, str],
        now: datetime,
        before: SiloView | None,
    ) -> SiloView:
        """Measure tables again; one that fails keeps what was measured of it."""
        fresh, findings = self._measured(moved, marks, now)
        news = {
            source: survey
            for source, survey in fresh.items()
            if source not in self._known
            or replace(survey, surveyed_at=self._known[source].surveyed_at)
            != self._known[source]
        }
        old = before.findings if before else ()
        kept = tuple(f for f in old if f.subject not in {str(s) for s in moved})
        self._known.update(news)
        return SiloView(surveys=dict(self._known), findings=(*kept, *findings))

    def _failed(self, wanted: frozenset[Source], error: SourceError) -> SiloView | None:
        """Keep what was seen; say why nothing can be seen now."""
        before = self._view or SiloView(
            surveys={s: v for s, v in self._known.items() if s in wanted}
        )
        if before.failure is not None:
            return None
        return replace(before, failure=error)


def same_form(survey: Survey, known: Survey) -> bool:
    """Tell whether a table still has the columns, key and comment it was known by."""
    return (
        survey.kind == known.kind
        and survey.fields == known.fields
        and survey.key == known.key
        and survey.comment == known.comment
        and len(survey.geometries) == len(known.geometries)
        and all(map(_same_geometry, survey.geometries, known.geometries))
    )


def _same_geometry(declared: GeometryColumn, known: GeometryColumn) -> bool:
    """Tell whether a declaration still holds; what it leaves open was measured."""
    return (
        declared.name == known.name
        and declared.type in {GeometryType.GEOMETRY, known.type}
        and declared.srid in {0, known.srid}
    )


def _about(
    sources: Collection[Source], findings: Iterable[Finding]
) -> tuple[Finding, ...]:
    """Return the findings on some tables, each once."""
    names = {str(source) for source in sources}
    return tuple(dict.fromkeys(f for f in findings if f.subject in names))


def file_marks(paths: Iterable[Path]) -> FileMarks:
    """Return name, time, size and inode of each file that is there."""
    found = []
    for path in sorted(paths):
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue
        found.append((path.name, stat.st_mtime_ns, stat.st_size, stat.st_ino))
    return tuple(found)


def _unusable(code: str, subject: str, error: PasserelleError) -> Finding:
    """Return the finding of something that was changed into what cannot be used."""
    return Finding(
        severity=Severity.ERROR,
        code=f"{code}.unusable",
        subject=subject,
        element=code,
        reason=error.text,
        hint=error.remedy if error.hint else text("finding.former-stays"),
    )
