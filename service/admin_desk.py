"""What the administration looks at: kept for a moment, judged in the background.

To judge a thousand datasets takes seconds, so it is done once for each that changed,
in a thread of its own, and kept in the store for every worker and command; what is not
judged yet is said to be so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Final

from metadata.errors import StoreError
from metadata.overview import Overview
from providers.overview import Basis, keep_fresh, overview_of, read_basis
from providers.overview_judging import Judgements
from providers.store import Store
from service.messages import text
from service.problems import HttpProblem
from service.snapshot import Snapshot

Clock = Callable[[], datetime]
_KEPT: Final = 2.0
"""Seconds for which an overview is shown again."""
_PATIENCE: Final = 0.4
"""Seconds that a request waits for datasets to be judged; few are by then."""


@dataclass(frozen=True)
class _Read:
    key: tuple[object, ...]
    basis: Basis


@dataclass(frozen=True)
class _Shown:
    basis: Basis
    until: float
    overview: Overview


class AdminDesk:
    """Makes the overviews of one worker.

    Parameters
    ----------
    store
        Gives the store; `None` while it cannot be had.
    clock
        Returns the present moment with its time zone.
    """

    def __init__(self, store: Callable[[], Store | None], clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._judgements = Judgements()
        self._judging: threading.Thread | None = None
        self._read: _Read | None = None
        self._shown: _Shown | None = None

    def store(self) -> Store:
        """Return the store.

        Raises
        ------
        HttpProblem
            503: it cannot be had just now.
        """
        found = self._store()
        if found is None:
            raise HttpProblem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "StoreUnavailable",
                text("admin.no-store"),
                hint=text("admin.no-store-hint"),
            )
        return found

    def overview(self, snapshot: Snapshot) -> Overview:
        """Return how everything stands, at most two seconds old.

        Raises
        ------
        HttpProblem
            503: the store cannot be had just now.
        metadata.errors.StoreError
            The store fails.
        """
        store = self.store()
        with self._lock:
            basis = self._basis(snapshot, store)
            shown = self._shown
            if shown and shown.basis is basis and time.monotonic() < shown.until:
                return shown.overview
            now = self._clock()
            self._judge(basis, store, now.date())
            overview = overview_of(basis, store, self._judgements, now=now)
            until = time.monotonic() + _KEPT
            self._shown = _Shown(basis, until, overview)
            return overview

    def _basis(self, snapshot: Snapshot, store: Store) -> Basis:
        """Return what is stated and measured, joined anew only when it changed."""
        key = (snapshot.descriptions, snapshot.configuration, store.generation())
        read = self._read
        same = read is not None and all(
            a is b or a == b for a, b in zip(read.key, key, strict=True)
        )
        if read is not None and same:
            return read.basis
        basis = read_basis(
            snapshot.configuration, store.surveys(), snapshot.descriptions
        )
        self._read = _Read(key, basis)
        self._judgements.keep_to(d.id for d in basis.described.datasets)
        return basis

    def _judge(self, basis: Basis, store: Store, today: date) -> None:
        """Have judged what is not, and wait a moment for it."""
        if self._judging is None or not self._judging.is_alive():
            self._judging = threading.Thread(
                target=self._judge_all, args=(basis, store, today), daemon=True
            )
            self._judging.start()
        self._judging.join(_PATIENCE)

    def _judge_all(self, basis: Basis, store: Store, today: date) -> None:
        """Judge what nobody has judged as it is now, and keep it for the others."""
        due = basis.due(today)
        known = self._judgements.known
        if all(known(d, today=today, forms=basis.forms) for d in due):
            return
        with suppress(StoreError):
            self._judgements.take(store.judgements())
        for dataset in due:
            if self._read is None or self._read.basis is not basis:
                break
            self._judgements.judge(dataset, today=today, forms=basis.forms)
        keep_fresh(self._judgements, store, (dataset.id for dataset in due))
