"""Something done in a thread of its own, for whoever may not wait for it for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def begun(name: str, act: Callable[[], T]) -> Future[T]:
    """Begin something in a thread, and return what will hold its result.

    Whoever gives up waiting leaves it alone: the thread does not hold the process
    back at its end, as those of a pool would.

    Parameters
    ----------
    name
        Of the thread, for those who look at a process that hangs.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except BaseException as error:  # noqa: BLE001  (raised again where it is awaited)
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
