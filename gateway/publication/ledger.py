"""What was sent where: the ledger of one outlet.

An intent is written before anything is sent, and the outcome after it was read
back; so whoever is killed in between leaves a line that says what may have
happened, and the next run finds out by looking.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Event

from gateway.outlets.outlet import Change, RemoteRecord
from gateway.outlets.pacing import Interrupted
from metadata.finding import Text
from providers.store import Store
from providers.store_concessions import Concession
from providers.store_model import NOTHING_SAID, Entry, EntryState, Operation

_INTERRUPTED = Text(
    "Interrompu avant d'arriver ; repris à la publication suivante.",
    "Interrupted before it arrived; the next publish takes it up.",
)


class Ledger:
    """The ledger of one outlet, read once and written through.

    Parameters
    ----------
    now
        The moment written into its lines.
    """

    def __init__(self, store: Store, outlet: str, *, now: datetime) -> None:
        self.store = store
        self._outlet = outlet
        self._now = now
        self._closed = Event()
        self._entries = {e.record_identifier: e for e in store.entries(outlet)}

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Its lines, by record identifier."""
        return self._entries

    @property
    def concessions(self) -> Mapping[str, Concession]:
        """What is left there as somebody else wrote it, by record identifier."""
        return self.store.concessions(self._outlet)

    def about(self, dataset_ids: Collection[str] | None) -> Mapping[str, Entry]:
        """Return the lines about some datasets; `None`: about all of them."""
        if dataset_ids is None:
            return self._entries
        return {i: e for i, e in self._entries.items() if e.dataset_id in dataset_ids}

    def identifiers(self, dataset_ids: Collection[str] | None = None) -> frozenset[str]:
        """Return the records of ours, of some or all datasets, that may be there."""
        return frozenset(
            identifier
            for identifier, entry in self.about(dataset_ids).items()
            if entry.fingerprints or entry.state is not EntryState.DONE
        )

    def settle_open(
        self,
        there: Mapping[str, RemoteRecord],
        dataset_ids: Collection[str] | None = None,
    ) -> None:
        """Settle what an interrupted or failed run left open, by what is there.

        Parameters
        ----------
        there
            What the outlet has of the records that `identifiers` names.
        """
        self._write(
            _settled(entry, there.get(entry.record_identifier), self._now)
            for entry in self.about(dataset_ids).values()
            if entry.state is not EntryState.DONE
        )

    def close(self) -> None:
        """Take nothing more: whoever still writes is not waited for any longer."""
        self._closed.set()

    def intend(self, operation: Operation, changes: Iterable[Change]) -> None:
        """Write down what is about to be sent; durable on return."""
        self._write(self._entry(operation, change) for change in changes)

    def done(self, changes: Iterable[Change]) -> None:
        """Write down that the outlet has what was meant."""
        self._write(self._as_meant(changes))

    def failed(self, change: Change, found: RemoteRecord | None, message: Text) -> None:
        """Write down that it has not, and why."""
        entry = self._entries[change.identifier]
        known = found is not None and found.fingerprint in entry.fingerprints
        published = found.fingerprint if found is not None and known else ""
        if found is not None and not known:
            published = entry.published_fingerprint
        self._write(
            [
                replace(
                    entry,
                    state=EntryState.FAILED,
                    published_fingerprint=published,
                    settled_at=self._now,
                    message=message,
                )
            ]
        )

    def adopt(self, changes: Iterable[Change]) -> None:
        """Write down records that are there as meant though no line said so."""
        self.done(c for c in changes if c.record and not self._says_done(c))

    def concede(
        self, changes: Iterable[Change], there: Mapping[str, RemoteRecord]
    ) -> None:
        """Write down what is left standing as somebody else wrote it."""
        self.store.keep_concessions(
            Concession(
                outlet=self._outlet,
                record_identifier=change.identifier,
                dataset_id=change.dataset_id,
                theirs=there[change.identifier].fingerprint,
                ours=change.record.fingerprint if change.record else "",
                decided_at=self._now,
            )
            for change in changes
        )

    def forget(self, identifiers: Collection[str]) -> None:
        """Write down that records nobody wants any more are not there either."""
        self._write(
            replace(
                self._entries[identifier],
                operation=Operation.DELETE,
                state=EntryState.DONE,
                fingerprint="",
                published_fingerprint="",
                settled_at=self._now,
                message=NOTHING_SAID,
            )
            for identifier in identifiers
        )

    def _says_done(self, change: Change) -> bool:
        """Tell whether the line of a record says already that it is as meant."""
        entry = self._entries.get(change.identifier)
        meant = change.record.fingerprint if change.record else ""
        return (
            entry is not None
            and entry.state is EntryState.DONE
            and entry.published_fingerprint == meant
        )

    def _as_meant(self, changes: Iterable[Change]) -> Iterator[Entry]:
        for change in changes:
            entry = self._entries.get(change.identifier)
            operation = change.action.operation or Operation.CREATE
            line = entry or self._entry(operation, change)
            returned = change.record and line.operation is Operation.DELETE
            fingerprint = change.record.fingerprint if change.record else ""
            yield replace(
                line,
                operation=Operation.CREATE if returned else line.operation,
                state=EntryState.DONE,
                fingerprint=fingerprint,
                published_fingerprint=fingerprint,
                remote_id=change.identifier if change.record else "",
                settled_at=self._now,
                message=NOTHING_SAID,
            )

    def _entry(self, operation: Operation, change: Change) -> Entry:
        """Return the line of an intent."""
        before = self._entries.get(change.identifier)
        return Entry(
            outlet=self._outlet,
            record_identifier=change.identifier,
            dataset_id=change.dataset_id,
            kind=change.kind,
            operation=operation,
            state=EntryState.INTENT,
            fingerprint=change.record.fingerprint if change.record else "",
            published_fingerprint=before.published_fingerprint if before else "",
            remote_id=before.remote_id if before else "",
            intended_at=self._now,
        )

    def _write(self, entries: Iterable[Entry]) -> None:
        """Write lines through to the store, all or none.

        Raises
        ------
        Interrupted
            It is closed.
        """
        if self._closed.is_set():
            raise Interrupted
        fresh = {entry.record_identifier: entry for entry in entries}
        if fresh:
            self.store.keep_entries(fresh.values())
            self._entries.update(fresh)


def _settled(entry: Entry, found: RemoteRecord | None, now: datetime) -> Entry:
    """Return an open line with its outcome, as far as what is there tells it."""
    there = found.fingerprint if found else ""
    if there == entry.fingerprint:
        return replace(
            entry,
            state=EntryState.DONE,
            published_fingerprint=there,
            remote_id=entry.record_identifier if there else "",
            settled_at=now,
            message=NOTHING_SAID,
        )
    published = entry.published_fingerprint if found else ""
    message = _INTERRUPTED if entry.state is EntryState.INTENT else entry.message
    return replace(
        entry,
        state=EntryState.FAILED,
        published_fingerprint=published,
        settled_at=now,
        message=message,
    )
