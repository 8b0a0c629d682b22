"""A session hears of its end, goes on after errors, and sends long statements whole."""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from providers.session import Session, open_session
from providers.sql import Bound, sql

pytestmark = pytest.mark.postgis


def with_session(
    location: str, work: Callable[[Session], Coroutine[Any, Any, None]]
) -> None:
    async def run() -> None:
        session = await open_session(location, statement_timeout=60_000)
        try:
            await work(session)
        finally:
            session.close()

    asyncio.run(run())


async def ask(session: Session, *pieces: Any) -> Any:
    rows = await session.rows(sql(*pieces))
    return rows[0][0]


def end_it(location: str, backend: int) -> None:
    connection = psycopg2.connect(location)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", (backend,))
    connection.close()


def test_the_end_of_an_idle_session_is_heard_at_once(module_postgis: str) -> None:
    async def work(session: Session) -> None:
        backend = await ask(session, "SELECT pg_backend_pid()")
        await asyncio.to_thread(end_it, module_postgis, backend)
        async with asyncio.timeout(10):
            while not session.closed:
                await asyncio.sleep(0.01)

    with_session(module_postgis, work)


def test_a_notice_to_an_idle_session_does_not_end_it(module_postgis: str) -> None:
    async def work(session: Session) -> None:
        await ask(session, "LISTEN somebody; SELECT 1")
        other = psycopg2.connect(module_postgis)
        other.autocommit = True
        with other.cursor() as cursor:
            cursor.execute("NOTIFY somebody")
        other.close()
        await asyncio.sleep(0.1)
        assert await ask(session, "SELECT 2") == 2

    with_session(module_postgis, work)


def test_a_statement_that_fails_leaves_the_session_usable(module_postgis: str) -> None:
    async def work(session: Session) -> None:
        for _ in range(3):
            with pytest.raises(psycopg2.Error, match="division by zero"):
                await ask(session, "SELECT 1 / 0")
            assert await ask(session, "SELECT 1") == 1

    with_session(module_postgis, work)


def test_a_statement_longer_than_the_socket_holds_is_sent_whole(
    module_postgis: str,
) -> None:
    async def work(session: Session) -> None:
        for size in (20_000_000, 1, 5_000_000):
            assert await ask(session, "SELECT length(", Bound("é" * size), ")") == size

    with_session(module_postgis, work)


def test_whoever_gives_up_waiting_leaves_a_closed_session(module_postgis: str) -> None:
    async def work(session: Session) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await ask(session, "SELECT pg_sleep(30)")
        assert session.closed

    with_session(module_postgis, work)


PAGES = {
    "some hundred kilobytes": 300,
    "megabytes": 3_000,
    "as much as comes whole": 4_000,
}
"""Kilobytes of pages, from the smallest that took memory anew each time."""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc",
    reason="memory is held otherwise elsewhere",
)
@pytest.mark.parametrize("size", PAGES)
def test_a_page_is_written_where_the_last_one_was(
    module_postgis: str, size: str
) -> None:
    def page(kilobytes: int) -> Any:
        return sql(
            "SELECT string_agg(repeat('x', 1000), ',')"
            f" FROM generate_series(1, {kilobytes}) AS number"
        )

    async def work(session: Session) -> None:
        backend = await ask(session, "SELECT pg_backend_pid()")
        for kilobytes in (3, 30, 60, *[PAGES[size]] * 5):
            await session.rows(page(kilobytes))
        before = page_faults(backend)
        for _ in range(10):
            await session.rows(page(PAGES[size]))
        taken = (page_faults(backend) - before) / 10 * 4  # kilobytes
        assert taken < PAGES[size] / 10

    with_session(module_postgis, work)


def page_faults(process: int) -> int:
    """Return how often a process took a page of memory, of 4 KiB (proc(5), minflt)."""
    text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    return int(text.rpartition(")")[2].split()[7])
