"""Makes whole collections ready as files: what `passerelle files` and the service do.

One process of a deployment at a time. Whatever is not served any more loses its files
first; then each collection is read once and all its files are written from that.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shapely.errors import GEOSException

from metadata.description import Descriptions
from metadata.distributions import download_address
from metadata.errors import PasserelleError, SourceError
from metadata.finding import Text
from metadata.measured import Source
from metadata.stated import Access, Status
from providers.change import data_mark, open_changes
from providers.configuration import Configuration
from providers.exports.content import file_content
from providers.exports.making import Made, make_files
from providers.exports.place import FilesPlace, files_place
from providers.store import Store
from providers.store_files import MadeFile
from providers.store_lock import LockHeld
from service.building import Material, SiloView, build
from service.files_attempts import Attempt
from service.snapshot import ServedCollection, Snapshot
from service.watching import SiloWatch

logger = logging.getLogger(__name__)
_OUTWARD: Final = (Status.PUBLISHED, Access.OPEN)
_TOLD: Final = 5.0
"""Seconds between two times that the service is told of new files."""
_UNWRITTEN: Final = (
    OSError,
    ValueError,
    sqlite3.Error,
    GEOSException,
)
"""What writers of files raise."""
Told = Callable[[Attempt], None]
"""Called with each collection and what became of it."""


@dataclass(frozen=True, kw_only=True)
class Making:
    """What became of the collections that were to be made."""

    made: Mapping[str, Made]
    failed: Mapping[str, PasserelleError]
    dropped: tuple[str, ...]
    """Collections that are served no more and lost their files."""


def look_around(
    configuration: Configuration, descriptions: Descriptions, *, now: datetime
) -> Snapshot:
    """Measure every table that is published, and return what would be served."""
    wanted = frozenset(
        collection.source
        for description in descriptions.found
        if description.status is Status.PUBLISHED
        for collection in description.collections
    )
    views: dict[str, SiloView] = {}
    for name, silo in configuration.silos.items():
        watch = SiloWatch(silo)
        try:
            view = watch.look(wanted, now)
        finally:
            watch.close()
        if view is not None:
            views[name] = view
    return build(
        Material(configuration=configuration, descriptions=descriptions, silos=views),
        now=now,
    )


def make_everything(
    snapshot: Snapshot,
    store: Store,
    *,
    clock: Callable[[], datetime],
    wanted: Collection[str] | None = None,
    marks: Mapping[Source, str] | None = None,
    told: Told | None = None,
    drop: bool = True,
) -> Making:
    """Make the files of collections that are served, and drop those of all others.

    Parameters
    ----------
    wanted
        Collections to be made; `None` is all of them.
    marks
        What silos said of rows before; `None` asks now.
    told
        Is told of each collection.
    drop
        Whether to drop any: only for whoever has looked at every silo.

    Raises
    ------
    providers.store_lock.LockHeld
        Somebody else is making files.
    metadata.errors.StoreError
        The store or the folder fails.
    """
    folder = files_place(snapshot.configuration.files)
    with store.making_files():
        _sweep(folder, store, clock())
        dropped = drop_others(snapshot, store, folder) if drop else ()
        chosen = [
            served
            for served in snapshot.collections.values()
            if wanted is None or served.id in wanted
        ]
        before = marks if marks is not None else ask_marks(snapshot, chosen)
        maker = _Maker(store, folder, before, clock, told)
        maker.make(chosen)
    return Making(made=maker.made, failed=maker.failed, dropped=dropped)


def sweep_files(snapshot: Snapshot, store: Store, now: datetime) -> None:
    """Remove what no line of the index names any more, unless files are being made.

    Raises
    ------
    metadata.errors.StoreError
        The store or the folder fails.
    """
    with suppress(LockHeld), store.making_files():
        _sweep(files_place(snapshot.configuration.files), store, now)


def _sweep(folder: FilesPlace, store: Store, now: datetime) -> None:
    folder.sweep({file.path: file.changed_at for file in store.files()}, now)


def drop_others(
    snapshot: Snapshot, store: Store, folder: FilesPlace
) -> tuple[str, ...]:
    """Remove the files of collections that are not served, failing or promised.

    Of those that are served, files of a form that is made no more go too.
    """
    files, collections = store.files(), snapshot.collections
    gone = {file.collection_id for file in files}
    gone -= collections.keys() | snapshot.broken.keys() | _promised(snapshot)
    drop_collections(gone, store, folder)
    over = [
        file
        for file in files
        if file.collection_id in collections
        and file.format not in collections[file.collection_id].to_be_made
    ]
    store.drop_formats(over)
    for file in over:
        folder.remove(file.path)
    return tuple(sorted(gone))


def _promised(snapshot: Snapshot) -> set[str]:
    """Return the collections not served whose files the catalogue still tells of.

    Tables and descriptions may vanish by mistake, and `publish` refuses to follow
    then: nobody has said that the files are to go. Who withdraws a dataset has.
    """
    described = {each.id: each for each in snapshot.descriptions.found}
    url = snapshot.configuration.service.url
    owners = {
        download_address(url, file.collection_id, file.format): file.collection_id
        for file in snapshot.files_left
    }
    found: set[str] = set()
    for published in snapshot.catalogue.datasets.values() if owners else ():
        description = described.get(published.revision.dataset_id)
        if description is None:
            told = (owners.get(link.url) for link in published.content.online)
            found.update(name for name in told if name)
        elif (description.status, description.access) == _OUTWARD:
            found.update(collection.id for collection in description.collections)
    return found


def drop_collections(names: Iterable[str], store: Store, folder: FilesPlace) -> None:
    """Remove the files of some collections, whether there are any or not."""
    every = tuple(names)
    if every:
        store.drop_files(every)
    for name in every:
        folder.drop(name)


def ask_marks(
    snapshot: Snapshot, collections: Iterable[ServedCollection]
) -> dict[Source, str]:
    """Return what silos say of the rows of some tables; nothing of one that fails."""
    sources = [served.collection.survey.source for served in collections]
    found: dict[Source, str] = {}
    for name in {source.silo for source in sources}:
        changes = open_changes(snapshot.configuration.silos[name])
        try:
            marks = changes.data()
        except SourceError as error:
            logger.warning("Silo %s: %s", name, error)
            continue
        finally:
            changes.close()
        mine = (source for source in sources if source.silo == name)
        found.update({source: data_mark(marks, source) for source in mine})
    return found


class _Maker:
    """Makes one collection after the other, and notes what becomes of it."""

    def __init__(
        self,
        store: Store,
        folder: FilesPlace,
        marks: Mapping[Source, str],
        clock: Callable[[], datetime],
        told: Told | None,
    ) -> None:
        self.made: dict[str, Made] = {}
        self.failed: dict[str, PasserelleError] = {}
        self._store, self._folder, self._marks = store, folder, marks
        self._clock, self._told = clock, told
        self._before: dict[str, list[MadeFile]] = {}
        for file in store.files():
            self._before.setdefault(file.collection_id, []).append(file)
        self._said_at = time.monotonic()

    def make(self, collections: Iterable[ServedCollection]) -> None:
        """Make all of them; one that fails keeps the files it had."""
        try:
            for served in collections:
                self._try(served)
        finally:
            self._store.keep_files(())

    def _try(self, served: ServedCollection) -> None:
        began, made = time.monotonic(), None
        try:
            made = self._make(served)
        except PasserelleError as error:
            self.failed[served.id] = error
        except _UNWRITTEN as error:
            self.failed[served.id] = _unwritten(served.id, error)
        else:
            self._keep(served.id, made)
        if self._told is not None:
            took = time.monotonic() - began
            self._told(Attempt(collection=served.id, seconds=took, made=made))

    def _make(self, served: ServedCollection) -> Made:
        content = file_content(served.dataset, served.collection)
        before = self._before.get(served.id, ())
        return make_files(
            content,
            served.features.rows(),
            self._folder,
            mark=self._marks.get(served.collection.survey.source, ""),
            before={file.format: file for file in before},
            now=self._clock(),
            formats=served.to_be_made,
        )

    def _keep(self, name: str, made: Made) -> None:
        now = time.monotonic()
        tell = now - self._said_at > _TOLD
        self._said_at = now if tell else self._said_at
        self._store.keep_files(made.files, tell=tell)
        self.made[name] = made


def _unwritten(name: str, error: Exception) -> PasserelleError:
    why = getattr(error, "strerror", None) or str(error)
    return PasserelleError(
        Text(
            f"Les fichiers de {name} ne s'écrivent pas : {why}",
            f"The files of {name} cannot be written: {why}",
        )
    )
