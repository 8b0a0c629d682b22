"""Looks at papers and silos when it is time, or when a silo rings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.watching import words
from gateway.watching.papers import Papers
from gateway.watching.schedule import Pace
from gateway.watching.silo import FollowedSilo
from gateway.watching.telling import Teller
from metadata.measured import Source
from providers.configuration import Configuration
from providers.store import Store
from service.building import Material


@dataclass(frozen=True)
class Seen:
    """What one look found."""

    moved: bool = False
    """Whether anything is another than it was."""
    configured: bool = False
    """Whether another configuration is in force."""


class Lookout:
    """Everything that is followed: the papers, and each silo they name."""

    def __init__(
        self,
        papers: Papers,
        store: Store,
        *,
        teller: Teller,
        pace: Pace,
        clock: Callable[[], datetime],
    ) -> None:
        self.papers = papers
        self.silos: dict[str, FollowedSilo] = {}
        self._store, self._teller, self._clock = store, teller, clock
        self._pace = pace
        self._next = time.monotonic()
        self._rung: set[str] = set()
        self._rested: dict[str, float] = {}
        """When a silo that rang may be looked at."""

    @property
    def every(self) -> float:
        """Seconds between two looks at everything."""
        return self._pace.every or self.papers.configuration.watch.every

    @property
    def marks(self) -> Mapping[Source, str]:
        """What the silos said of the rows of each table before it was measured."""
        silos = self.silos.values()
        return {source: mark for silo in silos for source, mark in silo.marks.items()}

    @property
    def material(self) -> Material:
        """What the service would serve, as far as it is known."""
        return Material(
            configuration=self.papers.configuration,
            descriptions=self.papers.descriptions,
            silos={name: silo.view for name, silo in self.silos.items()},
        )

    def look(self) -> Seen:
        """Look at whatever is due."""
        now = time.monotonic()
        everything = now >= self._next
        seen = Seen()
        if everything:
            self._next = now + self.every
            seen = self._look_at_papers()
        due = [s for n, s in self.silos.items() if everything or self._may(n, now)]
        moved = [self._look_at(silo, now) for silo in due]
        return Seen(seen.moved or any(moved), seen.configured)

    def forget(self) -> None:
        """Have everything measured anew."""
        for silo in self.silos.values():
            silo.forget()

    def read_again(self) -> None:
        """Have everything read and looked at now."""
        self.papers.forget()
        self._next = time.monotonic()

    def tell(self, silo: FollowedSilo) -> None:
        """Say that a silo is away, or back."""
        trouble = f"silo/{silo.name}"
        if silo.away is not None:
            told = words.away(silo.name, silo.away)
            self._teller.trouble(trouble, told, kind="away")
        else:
            self._teller.over(trouble, words.back(silo.name))

    def listen(self) -> None:
        """Note which silos rang."""
        self._rung.update(name for name, silo in self.silos.items() if silo.rang())

    def waits(self) -> Iterator[float]:
        """Yield the seconds until each of the next looks."""
        now = time.monotonic()
        yield self._next - now
        yield from (self._rested.get(name, 0.0) - now for name in self._rung)

    def descriptors(self) -> Iterator[int]:
        """Yield what becomes readable when a silo rings that did not yet."""
        for name, silo in self.silos.items():
            descriptor = silo.fileno()
            if descriptor is not None and name not in self._rung:
                yield descriptor

    def close(self) -> None:
        """Let go of every silo."""
        for silo in self.silos.values():
            silo.close()

    def _may(self, name: str, now: float) -> bool:
        """Tell whether a silo rang, and has had its rest."""
        return name in self._rung and now >= self._rested.get(name, 0.0)

    def _look_at(self, silo: FollowedSilo, now: float) -> bool:
        self._rung.discard(silo.name)
        self._rested[silo.name] = now + self._pace.rest
        was_away = silo.away is not None
        moved = silo.look(self.papers.wanted, self._clock())
        self.tell(silo)
        return moved or (was_away and silo.away is None)

    def _look_at_papers(self) -> Seen:
        before = self.papers.configuration
        configured = self.papers.look_at_configuration()
        if configured:
            self._teller.say(words.CONFIGURED)
            self._drop_silos(before)
        if self.papers.problem is not None:
            told = words.kept_configuration(self.papers.problem)
            self._teller.trouble("configuration", told)
        else:
            self._teller.over("configuration", words.VALID_AGAIN)
        moved = self.papers.look_at_descriptions()
        self._open_silos()
        return Seen(moved or configured, configured)

    def _drop_silos(self, before: Configuration) -> None:
        """Let go of the silos that are configured otherwise, or no more."""
        after = self.papers.configuration.silos
        for name in [n for n in self.silos if before.silos[n] != after.get(n)]:
            self.silos.pop(name).close()

    def _open_silos(self) -> None:
        silos = self.papers.configuration.silos
        fresh = [silo for name, silo in silos.items() if name not in self.silos]
        kept = self._store.surveys() if fresh else ()
        for silo in fresh:
            self.silos[silo.name] = FollowedSilo(
                silo, kept, uncounted=self._pace.uncounted
            )
