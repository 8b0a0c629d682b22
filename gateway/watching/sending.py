"""Publishes what changed, and tries again later where an outlet failed.

Only the datasets are sent about whose records are others than at the last publish. All
are compared with every outlet at the first one, whenever a dataset leaves (so that the
guard sees all of it), after a refusal, and once a day.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from gateway.outlets.pacing import Interrupted
from gateway.publication.publish import Clock, publish_records
from gateway.publication.readiness import Ready
from gateway.publication.result import PublishResult
from gateway.watching.memory import Memory
from gateway.watching.reporting import has_failed, tell_outlet, tell_snapshot
from gateway.watching.schedule import Pauses
from gateway.watching.telling import Teller
from metadata.record import Record
from providers.configuration import Configuration
from providers.store import Store

Fingerprints = Mapping[str, frozenset[tuple[str, str]]]
"""Dataset → what its records are, in every form."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What may go out now, encoded."""

    records: tuple[Record, ...]
    forms: Mapping[str, tuple[Record, ...]]
    held: frozenset[str]
    day: date
    """The day that it may go out on."""

    @property
    def fingerprints(self) -> Fingerprints:
        """What tells each dataset's records from others."""
        found: dict[str, set[tuple[str, str]]] = {}
        for record in (*self.records, *(r for f in self.forms.values() for r in f)):
            marks = found.setdefault(record.dataset_id, set())
            marks.add((record.identifier, record.fingerprint))
        return {name: frozenset(marks) for name, marks in found.items()}


def load_of(
    ready: Ready,
    memory: Memory,
    configuration: Configuration,
    store: Store,
    *,
    today: date,
) -> Load:
    """Encode what may go out today."""
    return Load(
        records=memory.records(ready.datasets, store, today=today),
        forms=ready.forms(configuration),
        held=ready.held,
        day=today,
    )


class Sender:
    """Publishes again and again, and knows what it published last."""

    def __init__(self, teller: Teller, pauses: Pauses, clock: Clock) -> None:
        self._teller, self._clock = teller, clock
        self._pauses = pauses
        self._last: Fingerprints | None = None

    def forget(self) -> None:
        """Have everything compared at the next publish."""
        self._last = None

    def send(
        self, load: Load, configuration: Configuration, store: Store, seconds: float
    ) -> None:
        """Publish what changed to every outlet that is not left alone.

        Raises
        ------
        providers.store_lock.LockHeld
            Somebody else is publishing.
        metadata.errors.StoreError
            The store fails.
        KeyboardInterrupt
            Stopped before anything was sent.
        """
        only = self._changed(load)
        if only is not None and not only:
            return
        resting = self._pauses.resting(seconds)
        outlets = {n: o for n, o in configuration.outlets.items() if n not in resting}
        result = self._publish(
            load, replace(configuration, outlets=outlets), store, only=only
        )
        complete = self._settle(result, seconds)
        self._last = self._now(load) if complete else None

    def retry(
        self, load: Load, configuration: Configuration, store: Store, seconds: float
    ) -> None:
        """Try the outlets again that failed and are due; raises as `send` does."""
        due = [n for n in self._pauses.due(seconds) if n in configuration.outlets]
        if due:
            result = self._publish(load, configuration, store, outlets=due)
            self._settle(result, seconds)

    def _changed(self, load: Load) -> frozenset[str] | None:
        """Return the datasets to send about; `None`: all are to be compared."""
        if self._last is None:
            return None
        fresh, last = load.fingerprints, self._last
        if last.keys() - fresh.keys() - load.held:
            return None
        return frozenset(n for n, marks in fresh.items() if last.get(n) != marks)

    def _now(self, load: Load) -> Fingerprints:
        """Return what is published now: of what is held, what was before."""
        kept = {n: m for n, m in (self._last or {}).items() if n in load.held}
        return {**kept, **load.fingerprints}

    def _publish(
        self,
        load: Load,
        configuration: Configuration,
        store: Store,
        *,
        outlets: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> PublishResult:
        return publish_records(
            load.records,
            configuration=configuration,
            store=store,
            now=self._clock(),
            forms=load.forms,
            outlets=outlets,
            only=only,
            held=load.held,
            clock=self._clock,
        )

    def _settle(self, result: PublishResult, seconds: float) -> bool:
        """Say what became of it; tell whether all of it is as meant."""
        complete = not result.interrupted
        for outlet in result.outlets:
            if isinstance(outlet.problem, Interrupted):
                continue
            failed = has_failed(outlet)
            pause = self._pauses.fail(outlet.outlet, seconds) if failed else None
            if not failed:
                self._pauses.succeed(outlet.outlet)
            tell_outlet(self._teller, outlet, pause)
            complete &= outlet.refusal is None
        if result.snapshot is not None:
            tell_snapshot(self._teller, result.snapshot)
            complete &= result.snapshot.refusal is None
        return complete
