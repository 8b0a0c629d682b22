"""Has files made ahead while a watch runs, unless a service keeps them already.

Who keeps the files of a deployment is whoever took the lock of the keeper in the store:
`serve` or `watch`. They are made by the process that the service has for it, one at a
time, and what it had not finished when it ended is made by the next one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import IO, Final

from gateway.commands.counting import counted
from gateway.watching.telling import Teller
from metadata.errors import StoreError
from metadata.finding import Text
from metadata.measured import Source
from providers.exports.place import files_place
from providers.store import Store
from providers.store_files import MadeFile
from providers.store_lock import LockHeld
from service.building import Material, build
from service.files_worker import BUSY, encode_task
from service.making import drop_others
from service.snapshot import ServedCollection, Snapshot

_TRUSTED: Final = timedelta(days=1)
"""How long counters of a silo may say that nothing changed."""
_ASK_AGAIN: Final = timedelta(minutes=1)
"""Before asking again whether somebody else still keeps or makes the files."""
_END: Final = 10.0
"""Seconds that the worker has to end once it is told to."""


class FileWork:
    """Looks which files are due, and has them made."""

    def __init__(
        self, store: Store, teller: Teller, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._teller, self._clock = store, teller, clock
        self._lock: AbstractContextManager[None] | None = None
        self._worker: subprocess.Popen[bytes] | None = None
        self._before: Mapping[tuple[str, str], str] = {}
        self._asked: dict[tuple[str, ...], datetime] = {}
        """When files of a collection, of some form, may be made again."""
        self._next: datetime | None = None
        self._not_before: datetime | None = None
        """When somebody who was making files by hand may have ended."""

    @property
    def output(self) -> IO[bytes] | None:
        """What is at its end when the worker has ended; `None`: none works."""
        return self._worker.stdout if self._worker is not None else None

    @property
    def is_due(self) -> bool:
        """Whether a look would find files to be made that were not due before."""
        idle = self._worker is None and self._next is not None
        return idle and self._next is not None and self._clock() >= self._next

    def consider(self, material: Material, marks: Mapping[Source, str]) -> None:
        """Drop the files of what is gone, and have those made that are due.

        Parameters
        ----------
        marks
            What the silos said of the rows of each table before they were measured.
        """
        self._next = None
        if self._worker is not None:
            return
        now = self._clock()
        if self._not_before is not None and now < self._not_before:
            self._next = self._not_before
            return
        if not self._holds():
            self._next = now + _ASK_AGAIN
            return
        with _snapshot(material, self._store, self._clock()) as snapshot:
            folder = files_place(snapshot.configuration.files)
            for name in drop_others(snapshot, self._store, folder):
                self._teller.say(
                    Text(f"{name} : fichiers retirés", f"{name}: files removed")
                )
            due = list(self._due(snapshot, marks))
            if due:
                task = encode_task(snapshot, due, dict(marks))
                self._start(str(snapshot.configuration.path), task)

    def settle(self) -> bool:
        """Say what the worker did, if it has ended; tell whether it has."""
        if self._worker is None or self._worker.poll() is None:
            return False
        code = self._worker.returncode
        self._forget_worker()
        after = _digests(self._store.files())
        fresh = {name for name, form in after if self._is_new(after, name, form)}
        names = ", ".join(sorted(fresh))
        if names:
            number = counted(
                len(fresh),
                "collection a de nouveaux fichiers",
                "collections ont de nouveaux fichiers",
                "collection has new files",
                "collections have new files",
            )
            self._teller.say(Text(f"{number.fr} ({names})", f"{number.en} ({names})"))
        if code == BUSY:
            self._asked.clear()
            self._not_before = self._clock() + _ASK_AGAIN
        elif code:
            self._teller.trouble("files", _unmade(code))
        else:
            self._teller.over("files")
        return True

    def stop(self) -> None:
        """End the worker, and let somebody else keep the files."""
        if self._worker is not None:
            with suppress(ProcessLookupError):
                self._worker.terminate()
            try:
                self._worker.wait(_END)
            except subprocess.TimeoutExpired:
                self._worker.kill()
                self._worker.wait()
            self._forget_worker()
        if self._lock is not None:
            with suppress(StoreError):
                self._lock.__exit__(None, None, None)
            self._lock = None

    def _forget_worker(self) -> None:
        if self._worker is not None and self._worker.stdout is not None:
            self._worker.stdout.close()
        self._worker = None

    def _holds(self) -> bool:
        """Take the lock of the keeper, once; tell whether we have it."""
        if self._lock is None:
            lock = self._store.making_files(keeper=True)
            try:
                lock.__enter__()
            except LockHeld:
                return False
            self._lock = lock
        return True

    def _due(
        self, snapshot: Snapshot, marks: Mapping[Source, str]
    ) -> Iterator[ServedCollection]:
        """Yield the collections whose files are to be made; note when others are."""
        now = self._clock()
        pause = timedelta(minutes=snapshot.configuration.files.every)
        for served in snapshot.collections.values():
            if served.source is None or not served.to_be_made:
                continue
            mark = marks.get(served.collection.survey.source, "")
            moment = self._moment(served, mark, pause, now)
            if moment <= now:
                self._asked[_key(served)] = now + pause
                yield served
            elif self._next is None or moment < self._next:
                self._next = moment

    def _moment(
        self, served: ServedCollection, mark: str, pause: timedelta, now: datetime
    ) -> datetime:
        """Return when the files of a collection are to be made."""
        moment = self._asked.get(_key(served), now)
        files = served.files
        if any(form not in files for form in served.to_be_made):
            return moment
        read = min(file.checked_at for file in files.values())
        same = bool(mark) and all(file.mark == mark for file in files.values())
        return max(moment, read + (_TRUSTED if same else pause))

    def _start(self, configuration: str, task: bytes) -> None:
        self._before = _digests(self._store.files())
        with tempfile.TemporaryFile() as said:
            said.write(task)
            said.seek(0)
            self._worker = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "service.files_worker", configuration, "ERROR"],
                stdin=said,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for us: we end it
            )

    def _is_new(
        self, after: Mapping[tuple[str, str], str], name: str, form: str
    ) -> bool:
        return self._before.get((name, form)) != after[name, form]


@contextmanager
def _snapshot(material: Material, store: Store, now: datetime) -> Iterator[Snapshot]:
    """Build what would be served, for as long as it is looked at."""
    snapshot = build(replace(material, files=store.files()), now=now)
    try:
        yield snapshot
    finally:
        for silo in snapshot.silos.values():
            silo.close()


def _key(served: ServedCollection) -> tuple[str, ...]:
    stated = served.dataset.description
    return served.id, served.form, stated.title, served.dataset.abstract


def _digests(files: tuple[MadeFile, ...]) -> Mapping[tuple[str, str], str]:
    return {(file.collection_id, str(file.format)): file.sha256 for file in files}


def _unmade(code: int) -> Text:
    return Text(
        f"des fichiers n'ont pas pu être faits (code {code}) : voir les lignes "
        "ci-dessus ; nouvel essai plus tard",
        f"some files could not be made (code {code}): see the lines above; "
        "they are tried again later",
    )
