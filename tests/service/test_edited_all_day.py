"""Numbers of a table that changes at each request are exact, or left out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest

pytestmark = pytest.mark.postgis


class Writer:
    """Adds rows to `places` one by one, and knows how many there are."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stop = threading.Event()
        self.begun = self.committed = 30

    @contextmanager
    def writing(self) -> Iterator[None]:
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _write(self) -> None:
        connection = psycopg2.connect(self._address)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                while not self._stop.wait(0.002):
                    self.begun += 1
                    cursor.execute("INSERT INTO places (id) VALUES (%s)", (self.begun,))
                    self.committed += 1
        finally:
            connection.close()


@pytest.mark.parametrize("quick", [10.0, 0.0])
def test_what_is_told_of_rows_that_are_added_all_the_time_was_so_while_asked(
    on_postgis: Any, serve: Any, monkeypatch: pytest.MonkeyPatch, quick: float
) -> None:
    monkeypatch.setattr("providers.counts.QUICK", quick)
    on_postgis.describe("places")
    writer, told = Writer(on_postgis.silo), []
    with serve(on_postgis) as client, writer.writing():
        for _ in range(300):
            least = writer.committed
            answer = client.get("/collections/places/items?limit=1").json()
            told.append(answer.get("numberMatched"))
            if told[-1] is not None:
                assert least <= told[-1] <= writer.begun
        whole = client.get("/collections/places/items?resulttype=hits").json()
        assert writer.begun >= whole["numberMatched"] >= least
    assert len({number for number in told if number is not None}) > 5
    assert (None in told) is (quick == 0.0)
