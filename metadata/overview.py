"""How every dataset stands, on one page: the same for screen, page, file and program.

Pure. `providers.overview` makes an `Overview` of what is stated, measured and kept;
the command line, the administration of the service and the report for a director
only tell it, so their numbers are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from metadata.finding import Finding, Severity, Text
from metadata.links import LinkHistory
from metadata.record import RecordKind
from metadata.stated import Status

NOTHING: Final = Text("", "")
OWN: Final = ""
"""In the place of an outlet's name: our own catalogue, which others harvest."""


class State(StrEnum):
    """How a record, or a dataset, stands; the gravest first."""

    FAILED = "failed"
    """An outlet refused it, or has something else than was meant."""
    UNSETTLED = "unsettled"
    """It was sent, and the outcome is not known."""
    HELD = "held"
    """It is to go out, and an error of ours keeps it back."""
    CHANGED = "changed"
    """What is published is not what would be now."""
    ABSENT = "absent"
    """It is to be there, and is not."""
    NOT_DUE = "not-due"
    """It is approved, and is not to go out, or not yet."""
    DRAFT = "draft"
    CONCEDED = "conceded"
    """Somebody else wrote what is there, and it was decided to let it stand."""
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


ORDER: Final = {state: number for number, state in enumerate(State)}
WRONG: Final = frozenset({State.FAILED, State.UNSETTLED, State.HELD})
"""What does not mend itself at the next publish, or may not."""
TO_DO: Final = frozenset({State.CHANGED, State.ABSENT})
"""What the next publish settles."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One record at one outlet, or in our own catalogue."""

    outlet: str
    """Its name; `OWN` for our own catalogue."""
    kind: RecordKind
    state: State
    since: datetime | None = None
    """Since when it stands so; `None`: not known."""
    reason: Text = NOTHING
    remedy: Text = NOTHING


@dataclass(frozen=True, kw_only=True)
class Points:
    """A quality score from one day on."""

    day: date
    points: int | None
    """`None`: it was not published any more."""
    missing: tuple[str, ...] = ()
    """The platform's names of what is missing."""

    @property
    def most(self) -> int:
        """The points that may be had; 0 when it was not published."""
        return 0 if self.points is None else self.points + len(self.missing)


@dataclass(frozen=True, kw_only=True)
class TrendPoint:
    """All published datasets together, from one day on."""

    day: date
    datasets: int
    mean: float


@dataclass(frozen=True, kw_only=True)
class KnownLink:
    """One link of a dataset, and what the last checks found."""

    url: str
    element: str
    own: bool
    """Whether it is an address of our own service."""
    broken: bool
    history: LinkHistory
    findings: tuple[Finding, ...] = ()
    """What is wrong with it, with the remedy; empty: nothing."""


@dataclass(frozen=True, kw_only=True)
class DatasetOverview:
    """One dataset: where it is, since when, what is wrong with it."""

    id: str
    title: str
    """The id, where it has no title."""
    status: Status | None
    """`None`: there is no readable description of it."""
    producer: str = ""
    """Who made the data; may be empty."""
    places: tuple[Place, ...] = ()
    """Our own catalogue first, then the outlets in the order of their names."""
    revisions: int = 0
    changed_at: datetime | None = None
    """When its records last became others; `None`: never yet."""
    scores: tuple[Points, ...] = ()
    """Over time, the oldest first."""
    links: tuple[KnownLink, ...] = ()
    """Those that were ever looked at."""
    findings: tuple[Finding, ...] = ()
    """What the checks say, of those approved; the worst first."""
    compared: bool = True
    """Whether it was held against what is published; if not, it soon will be."""

    @property
    def state(self) -> State:
        """The gravest of its places; what it is itself, without any."""
        wanted = self.status is Status.PUBLISHED
        states = [p.state for p in self.places if wanted or p.state is not State.ABSENT]
        if states:
            return min(states, key=ORDER.__getitem__)
        return State.DRAFT if self.status is Status.DRAFT else State.WITHDRAWN

    def at(self, outlet: str) -> State | None:
        """Return how it stands at an outlet; `None`: it has no business there."""
        states = [place.state for place in self.places if place.outlet == outlet]
        return min(states, key=ORDER.__getitem__, default=None)

    def score(self, day: date) -> Points | None:
        """Return the score of a day; `None` when it was not published then."""
        known = [each for each in self.scores if each.day <= day]
        return known[-1] if known and known[-1].points is not None else None

    @property
    def broken(self) -> tuple[KnownLink, ...]:
        """Its links that are broken."""
        return tuple(link for link in self.links if link.broken)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps it from going out."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)

    @property
    def wrong_places(self) -> tuple[Place, ...]:
        """Where it is not as it should be."""
        return tuple(p for p in self.places if p.state in WRONG | TO_DO)


@dataclass(frozen=True, kw_only=True)
class Move:
    """A dataset whose score is another than a while ago."""

    id: str
    title: str
    before: int
    now: int


@dataclass(frozen=True, kw_only=True)
class Gains:
    """What became of the datasets since a day."""

    since: date
    mean_before: float | None
    """`None`: nothing was kept yet."""
    mean_now: float | None
    datasets_before: int | None
    datasets_now: int
    new: tuple[str, ...]
    """Titles of those that were published since and are."""
    gone: tuple[str, ...]
    """Titles of those that were published then and are not."""
    revised: int
    """Datasets whose records changed since."""
    better: tuple[Move, ...]
    """The most first."""
    worse: tuple[Move, ...]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """How everything stands at one moment."""

    at: datetime
    since: date
    """The day that it is compared with."""
    organisation: str
    service_url: str
    outlets: tuple[str, ...]
    """Names of all that are configured, or known from earlier."""
    datasets: tuple[DatasetOverview, ...]
    """By id."""
    trend: tuple[TrendPoint, ...]
    """The oldest first."""
    organisation_links: tuple[KnownLink, ...] = ()
    """Links that stand in every record."""
    delivered: Mapping[str, int] | None = None
    """Outlet → orders carried out since that day."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with files that describe nothing that could be read."""

    @cached_property
    def counts(self) -> Mapping[State, int]:
        """How many datasets stand how, zeros included."""
        found = Counter(dataset.state for dataset in self.datasets)
        return {state: found[state] for state in State}

    @cached_property
    def by_outlet(self) -> Mapping[str, Mapping[State, int]]:
        """How many datasets stand how at each outlet, our own catalogue first."""
        found = {}
        for name in (OWN, *self.outlets):
            states = (dataset.at(name) for dataset in self.datasets)
            counted = Counter(state for state in states if state is not None)
            found[name] = {state: counted[state] for state in State}
        return found

    @cached_property
    def broken_links(self) -> int:
        """Addresses that are broken, each once."""
        every = (*self.organisation_links, *(k for d in self.datasets for k in d.links))
        return len({link.url for link in every if link.broken})

    @property
    def published(self) -> int:
        """Datasets of which anything is published in our own catalogue."""
        there = {State.PUBLISHED, State.CHANGED, State.HELD}
        return sum(d.at(OWN) in there for d in self.datasets)

    @property
    def pending(self) -> int:
        """Datasets that are not compared yet."""
        return sum(not dataset.compared for dataset in self.datasets)

    @property
    def mean(self) -> float | None:
        """Points of a published dataset on average; `None` without any."""
        return self._mean(self.at.date())

    def _mean(self, day: date) -> float | None:
        then = [each for each in self.trend if each.day <= day]
        return then[-1].mean if then and then[-1].datasets else None

    @cached_property
    def most(self) -> int:
        """Points that a dataset may have; 0 as long as none was scored."""
        today = self.at.date()
        last = (dataset.score(today) for dataset in self.datasets)
        return max((score.most for score in last if score), default=0)

    @cached_property
    def gains(self) -> Gains:
        """What became of the datasets since the day that it is compared with."""
        then, now = self.since, self.at.date()
        pairs = [(d, d.score(then), d.score(now)) for d in self.datasets]
        moves = [
            Move(id=d.id, title=d.title, before=a.points or 0, now=b.points or 0)
            for d, a, b in pairs
            if a and b and a.points != b.points
        ]
        known = [each for each in self.trend if each.day <= then]
        return Gains(
            since=then,
            mean_before=self._mean(then),
            mean_now=self._mean(now),
            datasets_before=known[-1].datasets if known else None,
            datasets_now=sum(b is not None for _, _, b in pairs),
            new=tuple(d.title for d, a, b in pairs if b and not a),
            gone=tuple(d.title for d, a, b in pairs if a and not b),
            revised=sum(_after(d.changed_at, then) for d in self.datasets),
            better=_sorted(m for m in moves if m.now > m.before),
            worse=_sorted(m for m in moves if m.now < m.before),
        )


def _after(moment: datetime | None, day: date) -> bool:
    return moment is not None and moment.date() > day


def _sorted(moves: Iterable[Move]) -> tuple[Move, ...]:
    return tuple(sorted(moves, key=lambda m: (-abs(m.now - m.before), m.id)))


def month_before(day: date) -> date:
    """Return the same day of the month before, or its last one."""
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    return day


def failures_first(datasets: Iterable[DatasetOverview]) -> list[DatasetOverview]:
    """Return datasets in the order in which somebody should look at them."""
    return sorted(
        datasets,
        key=lambda d: (ORDER[d.state], -len(d.errors), -len(d.broken), d.id),
    )
