"""What must survive: the ledger, the records' revisions, what is published, surveys.

The gateway writes what was published, the service reads. All of it is in one
database (`providers.store_database`), and each method is one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import delete, select

from metadata.measured import Source, Survey
from metadata.record import Record
from providers import store_tables as tables
from providers.store_concessions import (
    Concession,
    concessions,
    keep_concessions,
)
from providers.store_database import Database, upsert
from providers.store_files import (
    FILES,
    MadeFile,
    drop_files,
    drop_formats,
    keep_files,
    read_files,
)
from providers.store_model import Entry, Revision, SnapshotChange, Tombstone
from providers.store_revisions import (
    Stamp,
    applied_revisions,
    apply_snapshot,
    compare_snapshot,
    count_up,
    generation,
    keep_revisions,
    last_contents,
    last_stamps,
    purge,
    take_down,
)
from providers.store_rows import (
    entry_row,
    read_entry,
    read_revision,
    read_tombstone,
    source_row,
)
from providers.store_sendings import Sending, keep_sendings, sendings
from providers.store_surveys import decode_survey, encode_survey
from providers.store_watching import WatchedStore


def open_store(url: str) -> Store:
    """Open a store, made or brought up to date first; several may at once.

    Parameters
    ----------
    url
        ``sqlite:///path/of/a/file`` or ``postgresql://…``.

    Raises
    ------
    metadata.errors.StoreError
        It cannot be opened, or was made by a newer version.
    """
    return Store(Database(url))


class Store(WatchedStore):
    """What must survive. Safe to use from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def generation(self) -> int:
        """Return a number that grows with every change of surveys or snapshot.

        Cheap enough to be asked each second.
        """
        with self._database.reading() as connection:
            return generation(connection)

    def publishing(self) -> AbstractContextManager[None]:
        """Hold the lock of the one publisher; it ends with the process.

        Raises
        ------
        metadata.errors.StoreError
            On entering: somebody else is publishing.
        """
        return self._database.publishing()

    def watching(self) -> AbstractContextManager[None]:
        """Hold the lock of the one who watches; it ends with the process.

        Raises
        ------
        providers.store_lock.LockHeld
            On entering: somebody else is watching.
        """
        return self._database.watching()

    # surveys

    def surveys(self) -> tuple[Survey, ...]:
        """Return every survey kept, in the order of their sources."""
        columns = tables.survey.c
        query = select(columns.content).order_by(
            columns.silo, columns.container, columns.table_name
        )
        with self._database.reading() as connection:
            contents = connection.scalars(query).all()
        read = (decode_survey(content) for content in contents)
        return tuple(survey for survey in read if survey is not None)

    def keep_surveys(self, surveys: Iterable[Survey]) -> None:
        """Keep surveys, each in the place of an earlier one of the same source."""
        fresh = {survey.source: survey for survey in surveys}
        before = {survey.source: survey for survey in self.surveys()}
        rows = [
            {
                **source_row(survey.source),
                "surveyed_at": survey.surveyed_at,
                "content": encode_survey(survey),
            }
            for survey in fresh.values()
        ]
        with self._database.writing() as connection:
            upsert(connection, tables.survey, rows)
            if any(_differs(s, before.get(s.source)) for s in fresh.values()):
                count_up(connection)

    def forget_surveys(self, sources: Iterable[Source]) -> None:
        """Forget the surveys of sources that are no more."""
        columns = tables.survey.c
        with self._database.writing() as connection:
            for source in sources:
                connection.execute(
                    delete(tables.survey).where(
                        columns.silo == source.silo,
                        columns.container == source.container,
                        columns.table_name == source.table,
                    )
                )
            count_up(connection)

    # records

    def date_stamp_for(
        self, record_identifier: str, fingerprint: str, today: date
    ) -> date:
        """Return the day to write into a record.

        The last revision's, as long as the content is still that revision's;
        else today.
        """
        with self._database.reading() as connection:
            stamps = last_stamps(connection, [record_identifier])
        last = stamps.get(record_identifier)
        return last.date_stamp if last and last.fingerprint == fingerprint else today

    def last_stamps(self, identifiers: Collection[str]) -> Mapping[str, Stamp]:
        """Return the last revision's date and fingerprint of those that have one."""
        with self._database.reading() as connection:
            return last_stamps(connection, tuple(identifiers))

    def keep_revisions(self, records: Iterable[Record], *, now: datetime) -> None:
        """Keep each record whose content is not that of its last revision."""
        with self._database.writing() as connection:
            keep_revisions(connection, tuple(records), now)

    def revisions(self, record_identifier: str) -> tuple[Revision, ...]:
        """Return all revisions of one record, the oldest first."""
        columns = tables.revision.c
        query = (
            select(tables.revision)
            .where(columns.record_identifier == record_identifier)
            .order_by(columns.number)
        )
        with self._database.reading() as connection:
            return tuple(read_revision(row) for row in connection.execute(query))

    def applied(self) -> tuple[Revision, ...]:
        """Return the records last published, in the order of their identifiers."""
        with self._database.reading() as connection:
            return applied_revisions(connection)

    def applied_at(self) -> Mapping[str, datetime]:
        """Return when each published record became what it is, by its identifier."""
        columns = tables.applied.c
        query = select(columns.record_identifier, columns.applied_at)
        with self._database.reading() as connection:
            rows = connection.execute(query)
            return {row.record_identifier: row.applied_at for row in rows}

    def last_contents(self, identifiers: Collection[str]) -> Mapping[str, bytes]:
        """Return the last revision's content of those records that have one."""
        with self._database.reading() as connection:
            return last_contents(connection, tuple(identifiers))

    def compare_snapshot(self, records: Iterable[Record]) -> SnapshotChange:
        """Return what applying these records would do; nothing is changed."""
        with self._database.reading() as connection:
            return compare_snapshot(connection, tuple(records))

    def apply_snapshot(
        self, records: Iterable[Record], *, now: datetime
    ) -> SnapshotChange:
        """Make these records, and no others, the published ones.

        Those that were and are not any more leave a tombstone.
        """
        with self._database.writing() as connection:
            return apply_snapshot(connection, tuple(records), now)

    def take_down(
        self, dataset_ids: Collection[str], *, now: datetime
    ) -> SnapshotChange:
        """Take the records of datasets out of the published ones."""
        with self._database.writing() as connection:
            return take_down(connection, dataset_ids, now)

    def purge(self, dataset_id: str) -> int:
        """Erase every revision of one dataset; return how many there were.

        Tombstones stay: they hold identifiers only.
        """
        with self._database.writing() as connection:
            return purge(connection, dataset_id)

    def tombstones(self) -> tuple[Tombstone, ...]:
        """Return what was published once and is not any more, the latest last."""
        columns = tables.tombstone.c
        query = select(tables.tombstone).order_by(
            columns.deleted_at, columns.record_identifier
        )
        with self._database.reading() as connection:
            return tuple(read_tombstone(row) for row in connection.execute(query))

    # files

    def files(self) -> tuple[MadeFile, ...]:
        """Return every file made ahead."""
        with self._database.reading() as connection:
            return read_files(connection)

    def files_generation(self) -> int:
        """Return a number that grows when the files change, cheaply."""
        with self._database.reading() as connection:
            return generation(connection, FILES)

    def keep_files(self, files: Iterable[MadeFile], *, tell: bool = True) -> None:
        """Keep what is known of files; tell the service, now or with the next."""
        with self._database.writing() as connection:
            keep_files(connection, files, tell=tell)

    def drop_files(self, collection_ids: Collection[str]) -> None:
        """Forget the files of some collections."""
        with self._database.writing() as connection:
            drop_files(connection, collection_ids)

    def drop_formats(self, files: Iterable[MadeFile]) -> None:
        """Forget some files, and no others of their collections."""
        with self._database.writing() as connection:
            drop_formats(connection, files)

    def making_files(self, *, keeper: bool = False) -> AbstractContextManager[None]:
        """Hold the lock of the one maker of files; it ends with the process.

        Parameters
        ----------
        keeper
            The lock of the one who looks whether files are due, instead.

        Raises
        ------
        providers.store_lock.LockHeld
            On entering: somebody else holds it.
        """
        return self._database.making_files(keeper=keeper)

    # ledger

    def entries(self, outlet: str | None = None) -> tuple[Entry, ...]:
        """Return the ledger's lines, of one outlet or of all, in stable order."""
        columns = tables.ledger.c
        query = select(tables.ledger).order_by(
            columns.outlet, columns.dataset_id, columns.record_identifier
        )
        if outlet is not None:
            query = query.where(columns.outlet == outlet)
        with self._database.reading() as connection:
            return tuple(read_entry(row) for row in connection.execute(query))

    def keep_entries(self, entries: Iterable[Entry]) -> None:
        """Write ledger lines, and the orders that they tell of: all, or none.

        Durable on return.
        """
        every = tuple(entries)
        with self._database.writing() as connection:
            upsert(connection, tables.ledger, [entry_row(entry) for entry in every])
            keep_sendings(connection, every)

    def concessions(self, outlet: str) -> Mapping[str, Concession]:
        """Return what is left at an outlet as others wrote it, by identifier."""
        with self._database.reading() as connection:
            return concessions(connection, outlet)

    def keep_concessions(self, fresh: Iterable[Concession]) -> None:
        """Write down what is left as others wrote it."""
        with self._database.writing() as connection:
            keep_concessions(connection, fresh)

    # history

    def revisions_of(self, dataset_id: str) -> tuple[Revision, ...]:
        """Return all revisions of all records of one dataset, the oldest first."""
        columns = tables.revision.c
        query = (
            select(tables.revision)
            .where(columns.dataset_id == dataset_id)
            .order_by(columns.first_seen, columns.record_identifier, columns.number)
        )
        with self._database.reading() as connection:
            return tuple(read_revision(row) for row in connection.execute(query))

    def sendings(self, dataset_id: str) -> tuple[Sending, ...]:
        """Return every order that any outlet got about one dataset, oldest first."""
        with self._database.reading() as connection:
            return sendings(connection, dataset_id)


def _differs(survey: Survey, before: Survey | None) -> bool:
    """Tell whether anything but the time of measuring is new."""
    return before is None or replace(before, surveyed_at=survey.surveyed_at) != survey


__all__ = [
    "Entry",
    "Revision",
    "SnapshotChange",
    "Store",
    "Tombstone",
    "open_store",
]
