"""One silo, followed: what moved since it was measured, and what it measured.

A look costs a few statements on one session that stays open, or a stat of each file.
Measuring waits for the round that publishes, so that a hundred changes are measured
once; it takes one session more while it lasts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from metadata.errors import PasserelleError, SilosBusy, SourceError
from metadata.finding import Finding
from metadata.measured import Source, Survey
from providers.change import data_mark, open_changes
from providers.configuration import SiloConfiguration
from providers.survey import survey_silo, survey_structure
from providers.surveyed import Surveyed
from service.building import SiloView
from service.watching import same_form

FAILURES = (SourceError, SilosBusy)


class FollowedSilo:
    """Looks at a silo again and again, and measures what moved.

    Parameters
    ----------
    kept
        What was measured before, of any silo: it stands in while this one is away.
    uncounted
        Age at which a table of which nothing is counted is measured again.
    """

    def __init__(
        self, silo: SiloConfiguration, kept: Iterable[Survey], *, uncounted: timedelta
    ) -> None:
        self.silo = silo
        self._changes = open_changes(silo, listening=True)
        self._uncounted = uncounted
        self._structure = self._structure_seen = ""
        self._measured: dict[Source, tuple[str, datetime]] = {}
        """Mark of the rows that each table was measured under, and when."""
        self._surveys = {s.source: s for s in kept if s.source.silo == silo.name}
        self.once_measured = set(self._surveys)
        """Every table that was ever there: missing, it is gone and not misspelt."""
        self._findings: dict[str, tuple[Finding, ...]] = {}
        self._failed: frozenset[Source] = frozenset()
        """Tables that could not be measured."""
        self._moved: Mapping[Source, str] = {}
        """Tables to be measured, and what is said of their rows by now."""
        self._known_once = False
        self.away: PasserelleError | None = None
        """Why it cannot be looked at; what was measured still stands."""

    @property
    def name(self) -> str:
        """As it stands in the configuration."""
        return self.silo.name

    @property
    def is_known(self) -> bool:
        """Whether something may be concluded from what was measured."""
        return self._known_once and self.away is None

    @property
    def marks(self) -> Mapping[Source, str]:
        """What it said of the rows of each table before they were measured."""
        return {source: mark for source, (mark, _) in self._measured.items()}

    @property
    def surveyed(self) -> Surveyed:
        """What was measured last, and what is wrong with tables."""
        found = (f for findings in self._findings.values() for f in findings)
        return Surveyed(tuple(self._surveys.values()), tuple(found))

    @property
    def view(self) -> SiloView:
        """The same as the service would have it."""
        seen = self.surveyed
        return SiloView(
            surveys=dict(self._surveys), findings=seen.findings, failure=self.away
        )

    def fileno(self) -> int | None:
        """Return what becomes readable when it rings; `None` where nothing does."""
        return self._changes.fileno()

    def rang(self) -> bool:
        """Tell whether it rang since the last time; never waits."""
        return self._changes.rang()

    def forget(self) -> None:
        """Have everything measured again at the next round."""
        self._measured.clear()
        self._structure = ""

    def look(self, wanted: Collection[Source], now: datetime) -> bool:
        """Look what moved; tell whether anything did since the last look.

        Parameters
        ----------
        wanted
            The tables that matter, of any silo.
        """
        before = self._structure_seen, self._moved
        try:
            self._structure_seen, marks = self._look()
        except FAILURES as error:
            self.away = error
            return False
        if self.away is not None:
            self.away = None
            self.forget()  # it may be another server, or an older copy of it
        self._moved = {
            source: data_mark(marks, source)
            for source in wanted
            if source.silo == self.name and self._has_moved(source, marks, now)
        }
        changed = self._structure_seen != self._structure or bool(self._moved)
        return changed and (self._structure_seen, self._moved) != before

    def _look(self) -> tuple[str, Mapping[str, str]]:
        """Look once; a session that was ended meanwhile is opened anew at once."""
        with suppress(*FAILURES if self.away is None else ()):
            return self._changes.structure(), self._changes.data()
        return self._changes.structure(), self._changes.data()

    def _has_moved(
        self, source: Source, marks: Mapping[str, str], now: datetime
    ) -> bool:
        if source not in self._measured:
            return True
        mark, moment = self._measured[source]
        fresh = data_mark(marks, source)
        if fresh != mark:
            return True
        doubtful = not fresh or source in self._failed
        return doubtful and now - moment >= self._uncounted

    def measure(
        self,
        wanted: Collection[Source],
        described: Collection[Source] | None,
        now: datetime,
    ) -> tuple[tuple[Source, ...], tuple[Survey, ...]]:
        """Measure what moved; return those tables, and surveys of undescribed ones.

        Parameters
        ----------
        wanted
            The tables that matter, of any silo.
        described
            All that any description names: the others are new, and measured once.
            `None`: nobody asks for those.

        Raises
        ------
        metadata.errors.SourceError, metadata.errors.SilosBusy
            It went away; what moved stays to be measured.
        """
        mine = frozenset(s for s in wanted if s.silo == self.name)
        structure, marks = self._look()
        seen: Surveyed | None = None
        moved = {s for s in mine if self._has_moved(s, marks, now)}
        if structure != self._structure:
            seen = survey_structure(self.silo, now=now)
            moved |= self._reshaped(mine, seen)
        new = self._undescribed(seen, described)
        fresh = self._survey(moved | new, now)
        self._settle(moved, mine, marks, fresh, now)
        self._structure, self._known_once = structure, True
        return tuple(sorted(moved, key=str)), tuple(
            s for s in fresh.surveys if s.source in new
        )

    def _reshaped(self, mine: Collection[Source], seen: Surveyed) -> set[Source]:
        """Return the tables that came, went, or have another form than known."""
        there = {survey.source: survey for survey in seen.surveys}
        return {s for s in mine if self._is_another(s, there.get(s))}

    def _is_another(self, source: Source, seen: Survey | None) -> bool:
        known = self._surveys.get(source)
        if known is None:
            return (
                seen is not None
                or source not in self._measured
                or source in self._failed
            )
        return seen is None or not same_form(seen, known)

    def _undescribed(
        self, seen: Surveyed | None, described: Collection[Source] | None
    ) -> set[Source]:
        if seen is None or described is None:
            return set()
        return {s.source for s in seen.surveys} - set(described)

    def _survey(self, sources: Collection[Source], now: datetime) -> Surveyed:
        if not sources:
            return Surveyed((), ())
        return survey_silo(self.silo, now=now, sources=sources, workers=1)

    def _settle(
        self,
        moved: Collection[Source],
        mine: Collection[Source],
        marks: Mapping[str, str],
        fresh: Surveyed,
        now: datetime,
    ) -> None:
        """Take over what was measured. The marks are older, so nothing is missed."""
        measured = {s.source: s for s in fresh.surveys}
        self.once_measured.update(measured)
        for source in moved:
            self._surveys.pop(source, None)
            if source in measured:
                self._surveys[source] = measured[source]
            name = str(source)
            self._findings[name] = tuple(f for f in fresh.findings if f.subject == name)
            self._measured[source] = data_mark(marks, source), now
        failed = {s for s in moved if s not in measured and self._findings[str(s)]}
        self._failed = self._failed.difference(moved).union(failed)
        for source in self._measured.keys() - set(mine):  # described no more
            del self._measured[source]
            self._surveys.pop(source, None)
            self._findings.pop(str(source), None)
        self._moved = {}

    def keep(self, surveys: Iterable[Survey]) -> None:
        """Take surveys as the store has them: dated when each was first so found."""
        for survey in surveys:
            if survey.source in self._surveys:
                equipped = survey.equipped_as(self._surveys[survey.source])
                self._surveys[survey.source] = equipped

    def close(self) -> None:
        """Let go of the silo."""
        self._changes.close()
