"""Keeps a worker's snapshot up to date while it serves.

One task looks at files and store, one at each silo, each second and in threads,
so that a silo that does not answer holds up nothing else. Whatever changed, the
next snapshot is built aside and then shown on the `Stage`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import datetime

from metadata.description import Descriptions
from metadata.errors import PasserelleError
from metadata.finding import Finding
from metadata.measured import Source, Survey
from metadata.stated import Status
from providers.configuration import Configuration
from providers.store import Store
from service.building import Material, SiloView, build
from service.connections import scarce_connections
from service.edits_findings import edit_findings
from service.snapshot import Stage
from service.watching import (
    ConfigurationWatch,
    DescriptionsWatch,
    SiloWatch,
    StoreView,
    StoreWatch,
)

logger = logging.getLogger(__name__)
_SELDOM = 30
"""Looks at silos between two at the rights of those who edit."""

Clock = Callable[[], datetime]


class Reloader:
    """Builds the first snapshot, then the next ones.

    Parameters
    ----------
    configuration
        What was read at the start; its file is read again when it changes.
    stage
        Where snapshots are shown.
    clock
        Returns the present moment, with its time zone.
    interval
        Seconds between two looks.
    workers
        Processes of the service on this machine.
    """

    def __init__(
        self,
        configuration: Configuration,
        stage: Stage,
        *,
        clock: Clock,
        interval: float = 1.0,
        workers: int = 1,
    ) -> None:
        self._workers = workers
        self._scarce: tuple[Finding, ...] = ()
        self._edits: tuple[Finding, ...] = ()
        self._material = Material(configuration=configuration)
        self._stage = stage
        self._clock = clock
        self._interval = interval
        self._configuration = ConfigurationWatch(configuration)
        self._descriptions = DescriptionsWatch()
        self._store = StoreWatch()
        self._stored: tuple[Survey, ...] = ()
        self._watches: dict[str, SiloWatch] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._building = asyncio.Lock()

    async def start(self) -> None:
        """Look at everything once, show the first snapshot, and go on looking."""
        await self._look_at_files()
        self._open_silos()
        looks = (self._look_at_silo(name) for name in self._watches)
        await asyncio.gather(self._count_connections(), self._look_at_edits(), *looks)
        await self._rebuild()
        self._tasks[""] = _going_on(self._follow_files())
        self._tasks["/edits"] = _going_on(self._follow_edits())
        self._follow_silos()

    async def stop(self) -> None:
        """Stop looking, and close what was opened."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for watch in self._watches.values():
            watch.close()
        self._store.close()
        self._stage.clear()

    @property
    def store(self) -> Store | None:
        """The store; `None` while it cannot be read."""
        return self._store.store

    async def _follow_files(self) -> None:
        """Look at files and store again and again."""
        while True:
            await asyncio.sleep(self._interval)
            before = self._material.configuration
            if await self._look_at_files() or self._new_day():
                if self._material.configuration != before:
                    await self._count_connections()
                if self._material.configuration.silos != before.silos:
                    await self._change_silos(before)
                await self._look_at_edits()
                await self._rebuild()

    async def _follow_edits(self) -> None:
        """Look now and then whether what is open can be edited."""
        while True:
            await asyncio.sleep(self._interval * _SELDOM)
            if await self._look_at_edits():
                await self._rebuild()

    async def _follow_silo(self, name: str) -> None:
        """Look at one silo again and again."""
        while True:
            await asyncio.sleep(self._interval)
            if await self._look_at_silo(name):
                await self._rebuild()

    async def _look_at_files(self) -> bool:
        """Look at configuration, descriptions and store; tell whether any changed."""
        seen = await asyncio.to_thread(self._see_files, self._material.configuration)
        configuration, descriptions, stored = seen
        before = self._material
        self._material = replace(
            before,
            configuration=configuration,
            descriptions=descriptions or before.descriptions,
            catalogue=stored.catalogue if stored else before.catalogue,
            files=stored.files if stored else before.files,
            once_measured=_with(before, stored.surveys if stored else ()),
            findings=(*self._configuration.findings, *self._store.findings),
        )
        self._stored = stored.surveys if stored else self._stored
        return self._material != before

    async def _count_connections(self) -> None:
        """Compare the connections that may be opened with those that there are."""
        self._scarce = await asyncio.to_thread(
            scarce_connections, self._material.configuration, self._workers
        )

    async def _look_at_edits(self) -> bool:
        """Look at keys and rights; tell whether what is wrong with them changed."""
        before, found = self._edits, self._material
        self._edits = await asyncio.to_thread(
            edit_findings, found.configuration, found.descriptions.found
        )
        return self._edits != before

    def _see_files(
        self, configuration: Configuration
    ) -> tuple[Configuration, Descriptions | None, StoreView | None]:
        """Look at the configuration and what it points to; `None` is unchanged."""
        configuration = self._configuration.look() or configuration
        descriptions = self._descriptions.look(configuration.datasets)
        return configuration, descriptions, self._store.look(configuration.store)

    def _new_day(self) -> bool:
        """Tell whether a day began since: `publish_from` may have come."""
        snapshot = self._stage.current
        return snapshot is None or snapshot.built_at.date() != self._clock().date()

    async def _look_at_silo(self, name: str) -> bool:
        """Look at one silo; tell whether it changed."""
        watch, now = self._watches[name], self._clock()
        view = await asyncio.to_thread(watch.look, self._wanted(), now)
        if view is None or self._watches.get(name) is not watch:
            return False
        self._material = replace(
            self._material,
            silos={**self._material.silos, name: view},
            once_measured=_with(self._material, view.surveys.values()),
        )
        _tell(name, view)
        return True

    def _wanted(self) -> frozenset[Source]:
        """Return the tables of every description that was not withdrawn."""
        return frozenset(
            collection.source
            for description in self._material.descriptions.found
            if description.status is Status.PUBLISHED
            for collection in description.collections
        )

    async def _rebuild(self) -> None:
        """Build the next snapshot aside, and show it."""
        async with self._building:
            before, found = self._stage.current, self._material
            findings = (*found.findings, *self._scarce, *self._edits)
            material = replace(found, findings=findings)
            try:
                snapshot = await asyncio.to_thread(
                    build, material, now=self._clock(), previous=before
                )
            except PasserelleError:
                if before is None:
                    raise
                logger.exception("Generation %d stays", before.generation)
                return
            self._stage.show(snapshot)
        logger.info(
            "Generation %d: %d datasets, %d collections, %d broken",
            snapshot.generation,
            len(snapshot.datasets),
            len(snapshot.collections),
            len(snapshot.broken),
        )

    def _open_silos(self) -> None:
        """Make a watch of every silo that has none."""
        for name, silo in self._material.configuration.silos.items():
            if name not in self._watches:
                self._watches[name] = SiloWatch(
                    silo, self._stored, workers=self._workers
                )

    def _follow_silos(self) -> None:
        """Start a task for every watch that has none."""
        for name in self._watches:
            if name not in self._tasks:
                self._tasks[name] = _going_on(self._follow_silo(name))

    async def _change_silos(self, before: Configuration) -> None:
        """Close watches of silos that changed or went, and open the new ones."""
        silos = self._material.configuration.silos
        changed = [n for n in self._watches if before.silos.get(n) != silos.get(n)]
        await self._close_silos(changed)
        self._open_silos()
        fresh = [name for name in self._watches if name not in self._tasks]
        await asyncio.gather(*(self._look_at_silo(name) for name in fresh))
        self._follow_silos()

    async def _close_silos(self, names: Iterable[str]) -> None:
        """End the tasks of some silos, and forget what was seen of them."""
        for name in names:
            task = self._tasks.pop(name)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._watches.pop(name).close()
        views = {n: v for n, v in self._material.silos.items() if n in self._watches}
        self._material = replace(self._material, silos=views)


def _going_on(work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """Start a task that should never end, and log it loudly if it does."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            logger.critical("No more looking for changes", exc_info=task.exception())

    task = asyncio.create_task(work)
    task.add_done_callback(ended)
    return task


def _with(material: Material, surveys: Iterable[Survey]) -> frozenset[Source]:
    """Return the tables that were ever there, those of some surveys included."""
    return (material.once_measured or frozenset()).union(s.source for s in surveys)


def _tell(name: str, view: SiloView) -> None:
    """Log what became of a silo."""
    if view.failure is not None:
        logger.warning("Silo %s: %s", name, view.failure.message)
    else:
        logger.info("Silo %s: %d tables served", name, len(view.surveys))
