"""Keeps the files of the service up to date while it serves.

One process of a deployment keeps them, whoever gets the lock first; when it ends,
another one takes over. It looks every few seconds: what somebody withdrew loses its
files at once, what has none or other ones is made by a process of its own
(`service.files_worker`), one at a time.

A collection is read again when its state says that rows changed, not more often than
every so many minutes. Where no state is certain, what the silo counts decides
(`providers.change`), and after a day nothing does: the rows are read, and files of
the same content keep their date.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

from metadata.distributions import collection_title
from metadata.errors import PasserelleError, StoreError
from metadata.measured import Source
from providers.exports.place import files_place
from providers.store import Store
from providers.store_lock import LockHeld
from service.files_attempts import Outcome, decode_attempt
from service.files_worker import BUSY, encode_task
from service.making import ask_marks, drop_others, sweep_files
from service.snapshot import ServedCollection, Snapshot, Stage

logger = logging.getLogger(__name__)
LOOK: Final = 5.0
"""Seconds between two looks."""
_ASK_AGAIN: Final = timedelta(minutes=1)
"""Between two questions after the state of one collection."""
_TRUSTED: Final = timedelta(days=1)
"""How long counters of a silo may say that nothing changed."""
_SWEPT: Final = timedelta(hours=1)
"""Between two looks for files that nothing names any more."""


Noted = Callable[[Outcome, float], None]
"""Called with what became of each collection, and the seconds that it took."""


class FilesKeeper:
    """Looks what is due, and has it made."""

    def __init__(
        self,
        stage: Stage,
        store: Callable[[], Store | None],
        clock: Callable[[], datetime],
        noted: Noted,
    ) -> None:
        self._stage, self._store, self._clock = stage, store, clock
        self._noted = noted
        self._lock: AbstractContextManager[None] | None = None
        self._asked: dict[tuple[str, ...], datetime] = {}
        """When a collection, of some columns and words, may be looked at again."""
        self._seen: Snapshot | None = None
        self._sweep_at = clock() + _SWEPT

    async def follow(self, interval: float) -> None:
        """Look again and again."""
        try:
            while True:
                try:
                    await self._look()
                except (PasserelleError, OSError) as error:
                    logger.warning("Files: %s", error)
                await asyncio.sleep(interval)
        finally:
            if self._lock is not None:
                with suppress(StoreError):
                    self._lock.__exit__(None, None, None)

    async def _look(self) -> None:
        """Drop what is gone, and make what is due."""
        store = self._store()
        if store is None or not await self._holds(store):
            return
        with self._stage.held() as snapshot:
            if snapshot is None:
                return
            if snapshot is not self._seen:
                folder = files_place(snapshot.configuration.files)
                await asyncio.to_thread(drop_others, snapshot, store, folder)
                self._seen = snapshot
            now = self._clock()
            if now >= self._sweep_at:
                self._sweep_at = now + _SWEPT
                await asyncio.to_thread(sweep_files, snapshot, store, now)
            due, marks = await self._due(snapshot)
            task = encode_task(snapshot, due, marks, telling=True) if due else b""
            path = str(snapshot.configuration.path)
        if task:
            await make(path, task, [served.id for served in due], self._noted)

    async def _holds(self, store: Store) -> bool:
        """Take the lock of the keeper, once; tell whether we have it."""
        if self._lock is None:
            lock = store.making_files(keeper=True)
            try:
                await asyncio.to_thread(lock.__enter__)
            except LockHeld:
                return False
            self._lock = lock
        return True

    async def _due(
        self, snapshot: Snapshot
    ) -> tuple[list[ServedCollection], dict[Source, str]]:
        """Return the collections whose files are to be made, and marks of all."""
        now, every = self._clock(), snapshot.configuration.files.every
        pause = timedelta(minutes=every)
        moved = [
            served
            for served in snapshot.collections.values()
            if served.source is not None and await self._moved(served, now, pause)
        ]
        if not moved:
            return [], {}
        marks = await asyncio.to_thread(ask_marks, snapshot, moved)
        due = [each for each in moved if not _counted(each, marks, now)]
        self._asked = {key: then for key, then in self._asked.items() if then > now}
        self._asked |= {_key(served): now + pause for served in due}
        return due, marks

    async def _moved(
        self, served: ServedCollection, now: datetime, pause: timedelta
    ) -> bool:
        """Tell whether a collection may be another than its files; asks its silo."""
        files = served.files
        if self._asked.get(_key(served), now) > now:
            return False
        if not served.to_be_made:
            return False
        if _is_lacking(served):
            return True
        if now - max(file.checked_at for file in files.values()) < pause:
            return False
        self._asked[_key(served)] = now + _ASK_AGAIN
        try:
            state = await served.reading.state()
        except PasserelleError:
            return False
        return not state or any(file.state != state for file in files.values())


def _key(served: ServedCollection) -> tuple[str, ...]:
    title = collection_title(served.dataset, served.collection)
    return served.id, served.form, title, served.dataset.abstract


def _counted(served: ServedCollection, marks: dict[Source, str], now: datetime) -> bool:
    """Tell whether the silo has counted no change since the files were made."""
    mark = marks.get(served.collection.survey.source, "")
    files = served.files.values()
    if not mark or _is_lacking(served):
        return False
    return all(f.mark == mark and now - f.checked_at < _TRUSTED for f in files)


def _is_lacking(served: ServedCollection) -> bool:
    """Tell whether a form of file is not there at all."""
    return any(form not in served.files for form in served.to_be_made)


async def make(
    configuration: str, task: bytes, due: Iterable[str], noted: Noted
) -> None:
    """Have files made, and wait; nobody is left working when we are to end.

    Parameters
    ----------
    due
        The collections of the task: those that a worker which broke down said nothing
        of failed.
    """
    worker = await _started(configuration)
    try:
        silent = set(due) - await _followed(worker, task, noted)
        await worker.wait()
    except BaseException:
        with suppress(ProcessLookupError):
            worker.terminate()
        await worker.wait()
        raise
    if worker.returncode == BUSY:
        logger.info("Files are being made by somebody else")
    elif worker.returncode:
        logger.warning("Making files ended with %s", worker.returncode)
        for _ in silent:
            noted(Outcome.FAILED, 0.0)


async def _started(configuration: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "service.files_worker",
        configuration,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def _followed(worker: Process, task: bytes, noted: Noted) -> set[str]:
    """Give a worker its task, and note what it tells; return of which collections."""
    told: set[str] = set()
    if worker.stdin is None or worker.stdout is None:
        return told
    with suppress(BrokenPipeError, ConnectionResetError):  # it ended before
        worker.stdin.write(task)
        await worker.stdin.drain()
    worker.stdin.close()
    async for line in worker.stdout:
        account = decode_attempt(line)
        if account is not None:
            told.add(account.collection)
            noted(account.outcome, account.seconds)
    return told


@asynccontextmanager
async def kept_files(
    keeper: FilesKeeper, interval: float | None
) -> AsyncIterator[None]:
    """Keep files up to date as long as the context lasts; not without interval."""
    if interval is None:
        yield
        return
    task = asyncio.create_task(keeper.follow(interval))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
