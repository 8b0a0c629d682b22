"""Publishes to several outlets at once, one thread each.

What one outlet does, or does not, is nothing to the others: neither its silence nor
an error, expected or not. Each has its own session and its own lines of the ledger;
the store takes writes of several threads. Results are in the order of the outlets.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from gateway.outlets.outlet import Outlet
from gateway.outlets.pacing import Halt
from gateway.publication.ledger import Ledger
from gateway.publication.order import Order
from gateway.publication.result import OutletResult
from gateway.publication.single import Progress, publish_to_outlet
from metadata.errors import OutletError, PasserelleError
from metadata.finding import Text
from providers.aside import begun

logger = logging.getLogger(__name__)
T = TypeVar("T")


class OutletFailed(OutletError):
    """What we do for one outlet ended by an error that nobody foresaw."""


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What is to be done at one outlet."""

    outlet: Outlet
    ledger: Ledger
    order: Order


def publish_to_each(
    errands: Sequence[Errand],
    *,
    halt: Halt,
    progress: Progress | None = None,
    interrupted: Callable[[], None] | None = None,
    beside: Callable[[], T],
) -> tuple[tuple[OutletResult, ...], T]:
    """Run every errand; return the results in the same order, and that of `beside`.

    Ctrl-C lets each outlet settle what it is about, and send nothing more. A second
    one ends at once, as if we had been killed: the next publish settles the rest.

    Parameters
    ----------
    interrupted
        Told of the first Ctrl-C.
    beside
        Done in the meantime, in a thread of its own.

    Raises
    ------
    KeyboardInterrupt
        At the second Ctrl-C.
    """
    told = _one_at_a_time(progress)
    if told is not None:
        for errand in errands:
            told(errand.outlet.name, 0, len(errand.order.wanted))
    other = begun("publish-beside", beside)
    running = [
        begun(f"publish-{errand.outlet.name}", partial(_run, errand, told, halt))
        for errand in errands
    ]
    try:
        _wait([other, *running], halt, interrupted)
    except KeyboardInterrupt:
        for errand in errands:
            errand.ledger.close()
        raise
    results = tuple(
        _result(errand, future) for errand, future in zip(errands, running, strict=True)
    )
    return results, other.result()


def _run(errand: Errand, progress: Progress | None, halt: Halt) -> OutletResult:
    with closing(errand.outlet):
        return publish_to_outlet(
            errand.outlet, errand.ledger, errand.order, progress, halt
        )


def _one_at_a_time(progress: Progress | None) -> Progress | None:
    """Return what several threads may tell: the caller hears one at a time."""
    if progress is None:
        return None
    lock = threading.Lock()

    def told(name: str, done: int, total: int) -> None:
        with lock:
            progress(name, done, total)

    return told


def _wait(
    futures: Sequence[Future[Any]],
    halt: Halt,
    interrupted: Callable[[], None] | None,
) -> None:
    """Wait for all of them; at Ctrl-C, have them stop and wait on."""
    try:
        wait(futures)
    except KeyboardInterrupt:
        halt.call()
        if interrupted is not None:
            interrupted()
        wait(futures)


def _result(errand: Errand, future: Future[OutletResult]) -> OutletResult:
    """Return what became of an errand; an error of its own is its result.

    Raises
    ------
    BaseException
        What is no error, but the end of the process.
    """
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, PasserelleError):
        return OutletResult(outlet=errand.outlet.name, problem=error)
    if not isinstance(error, Exception):
        raise error
    logger.error("%s: %s", errand.outlet.name, error, exc_info=error)
    said = f"{type(error).__name__}: {error}"
    problem = OutletFailed(
        Text(
            f"{errand.outlet.name} : erreur imprévue ({said}).",
            f"{errand.outlet.name}: an error that was not foreseen ({said}).",
        ),
        hint=Text(
            "Les autres sorties n'en souffrent pas. Signalez-la avec le journal.",
            "The other outlets do not suffer from it. Report it with the log.",
        ),
    )
    return OutletResult(outlet=errand.outlet.name, problem=problem)
