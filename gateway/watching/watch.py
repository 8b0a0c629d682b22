"""The watch itself: waits, looks, gathers what moved, works it off when it is quiet.

One thread. It waits in one place (`_wait`) for the first of: a silo that rings, a
signal, files that are made, the next look, the end of the quiet, an outlet that is to
be tried again. Everything that it knows is in the silos, the papers and the store, so
that it may be killed at any instant: the next one measures all anew and compares.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime
from itertools import count

from gateway.assembly import keep
from gateway.watching import words
from gateway.watching.bell import Bell
from gateway.watching.drafts import draft_tables
from gateway.watching.file_work import FileWork
from gateway.watching.lookout import Lookout
from gateway.watching.memory import Memory
from gateway.watching.papers import Papers
from gateway.watching.rounds import judge
from gateway.watching.schedule import Gathering, Pace, Pauses
from gateway.watching.scores import ScoreBook
from gateway.watching.sending import Load, Sender, load_of
from gateway.watching.silo import FAILURES, FollowedSilo
from gateway.watching.telling import Teller, told_error
from metadata.errors import PasserelleError, StoreError
from metadata.finding import Language, Text
from metadata.measured import Source, Survey
from providers.configuration import Configuration
from providers.store import Store, open_store
from providers.store_lock import LockHeld

Clock = Callable[[], datetime]


class Watch:
    """Follows everything until its bell says to stop.

    Parameters
    ----------
    configuration
        As it was read at the start; its file is followed.
    clock
        Returns the present moment, with its time zone.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        teller: Teller,
        bell: Bell,
        language: Language,
        pace: Pace | None = None,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._papers = Papers(configuration)
        self._teller, self._bell, self._clock = teller, bell, clock
        self._language, self._pace = language, pace or Pace()

    def run(self) -> None:
        """Watch until told to stop; whatever is on its way is settled first.

        Raises
        ------
        metadata.errors.StoreError
            The store cannot be opened at the start.
        """
        while not self._bell.is_stopping:
            address = self._papers.configuration.store
            with closing(open_store(address)) as store, ExitStack() as stack:
                if not self._take_over(store, stack):
                    continue
                watcher = closing(self._watcher(store))
                with suppress(KeyboardInterrupt), watcher as following:
                    following.follow()
        self._teller.say(words.STOPPED)

    def _take_over(self, store: Store, stack: ExitStack) -> bool:
        """Wait until nobody else watches over the store; tell whether we do."""
        while not self._bell.is_stopping:
            try:
                stack.enter_context(store.watching())
            except LockHeld as error:
                self._teller.trouble("watch", told_error(error))
                select.select([self._bell], [], [], self._pace.busy)
                self._bell.silence()
            else:
                self._teller.over("watch", words.TAKEN_OVER)
                return True
        return False

    def _watcher(self, store: Store) -> _Watcher:
        return _Watcher(
            self._papers,
            store,
            teller=self._teller,
            bell=self._bell,
            language=self._language,
            pace=self._pace,
            clock=self._clock,
        )


class _Watcher:
    """The same over one store."""

    def __init__(
        self,
        papers: Papers,
        store: Store,
        *,
        teller: Teller,
        bell: Bell,
        language: Language,
        pace: Pace,
        clock: Clock,
    ) -> None:
        self._papers, self._store = papers, store
        self._teller, self._bell, self._clock = teller, bell, clock
        self._language, self._pace = language, pace
        self._address = papers.configuration.store
        self._lookout = Lookout(papers, store, teller=teller, pace=pace, clock=clock)
        self._gathering = Gathering()
        self._files = FileWork(store, teller, clock)
        self._pauses = Pauses(pace.first_pause, pace.longest_pause)
        self._sender = Sender(teller, self._pauses, clock)
        self._load: Load | None = None
        """What may go out since the last round."""
        self._memory, self._scores = Memory(), ScoreBook()
        self._is_unsent = False
        self._hindered_until = 0.0
        """When to try again what the store or another publisher did not let us do."""
        self._began = clock()

    def follow(self) -> None:
        """Watch until told to stop, or until the configuration names another store."""
        self._lookout.read_again()
        self._note()
        for number in count():
            if self._bell.silence():
                self._read_again()
            self._look()
            if not number:
                published, configuration = self._papers.published, self._configuration
                told = words.watching(self._lookout.silos, published, configuration)
                self._teller.say(told)
            if self._bell.is_stopping or self._configuration.store != self._address:
                return
            self._work()
            self._wait()

    def close(self) -> None:
        """Let go of silos and worker."""
        self._files.stop()
        self._lookout.close()

    @property
    def _configuration(self) -> Configuration:
        return self._papers.configuration

    def _look(self) -> None:
        """Look at whatever is due, and note whether anything moved."""
        seen = self._lookout.look()
        if seen.configured:
            self._sender.forget()
            self._pauses.keep_to(())
        if seen.moved:
            self._note()
        now = self._clock()
        if now - self._began >= self._pace.whole:
            self._forget()
        if self._load is not None and now.date() != self._load.day:
            self._load = None
            self._note()  # it may be the day to publish

    def _read_again(self) -> None:
        self._teller.say(words.REREAD)
        self._lookout.read_again()
        self._forget()

    def _forget(self) -> None:
        """Have everything measured and compared."""
        self._began = self._clock()
        self._scores.forget()
        self._sender.forget()
        self._lookout.forget()
        self._note()

    def _note(self) -> None:
        self._gathering.note(time.monotonic(), self._clock().astimezone())

    def _work(self) -> None:
        """Do what is due: a round, what was not sent, outlets that failed, files."""
        try:
            if self._files.settle() or self._files.is_due:
                self._files.consider(self._lookout.material, self._lookout.marks)
            if self._wait_to_round() == 0.0:
                self._prepare()
            if self._wait_to_send() == 0.0 and self._load is not None:
                self._send(self._load)
        except LockHeld as error:
            self._hinder(words.busy(error), self._pace.busy)
        except PasserelleError as error:
            self._hinder(told_error(error), self._lookout.every)
        except OSError as error:
            self._hinder(words.failed(error), self._lookout.every)

    def _hinder(self, told: Text, pause: float) -> None:
        """Say what stands in the way, and try again later."""
        self._teller.trouble("hindered", told)
        self._hindered_until = time.monotonic() + pause

    def _prepare(self) -> None:
        """Measure what moved, draft what is new, and encode what may go out."""
        now = self._clock()
        with self._bell.breakable():
            new = tuple(self._measure(now))
        draft_tables(self._papers, new, self._language, self._teller)
        memory, silos, today = self._memory, self._lookout.silos.values(), now.date()
        ready = judge(self._papers, silos, memory, today=today)
        self._teller.findings("round", ready.findings)
        self._load = load_of(
            ready, memory, self._configuration, self._store, today=today
        )
        self._is_unsent = True
        self._gathering.clear()
        self._files.consider(self._lookout.material, self._lookout.marks)
        self._scores.keep(ready.datasets, self._store, held=ready.held, today=today)

    def _measure(self, now: datetime) -> Iterator[Survey]:
        """Measure what moved in each silo; yield what no description names yet."""
        drafts = self._configuration.watch.drafts
        described = self._papers.described if drafts else None
        for silo in self._lookout.silos.values():
            if silo.away is not None:
                continue
            try:
                moved, new = silo.measure(self._papers.wanted, described, now)
            except FAILURES as error:
                silo.away = error
                self._lookout.tell(silo)
                continue
            self._keep(silo, moved)
            yield from new

    def _keep(self, silo: FollowedSilo, moved: Sequence[Source]) -> None:
        """Keep what was measured, as the next start and the service find it."""
        if not moved:
            return
        fresh = [s for s in silo.surveyed.surveys if s.source in set(moved)]
        try:
            silo.keep(keep(self._store, fresh))
        except StoreError:
            silo.forget()
            raise
        self._teller.say(words.measured(silo.name, moved))

    def _send(self, load: Load) -> None:
        """Publish, or try the outlets again that failed."""
        with self._bell.breakable():
            send = self._sender.send if self._is_unsent else self._sender.retry
            send(load, self._configuration, self._store, time.monotonic())
        self._is_unsent = False
        self._teller.over("hindered", words.GOING_ON)

    def _wait_to_round(self) -> float | None:
        """Return the seconds until the next round; `None`: nothing moved."""
        watch = self._configuration.watch
        wait = self._gathering.wait(
            time.monotonic(),
            self._clock().astimezone(),
            quiet=watch.quiet if self._pace.quiet is None else self._pace.quiet,
            times=watch.times,
        )
        return None if wait is None else max(wait, self._hindrance)

    def _wait_to_send(self) -> float | None:
        """Return the seconds until something is to be sent; `None`: nothing is."""
        wait = 0.0 if self._is_unsent else self._pauses.wait(time.monotonic())
        return None if wait is None else max(wait, self._hindrance)

    @property
    def _hindrance(self) -> float:
        return max(0.0, self._hindered_until - time.monotonic())

    def _wait(self) -> None:
        """Wait for whatever comes first."""
        self._lookout.listen()
        waits = (*self._lookout.waits(), self._wait_to_round(), self._wait_to_send())
        shortest = max(0.0, min(wait for wait in waits if wait is not None))
        readable = [self._bell.fileno(), *self._lookout.descriptors()]
        if self._files.output is not None:
            readable.append(self._files.output.fileno())
        with suppress(OSError, ValueError):  # a session that was lost: the look says so
            select.select(readable, [], [], shortest)
        self._lookout.listen()
