"""Mixed requests for a long time, with reloads and a restart of PostgreSQL.

Every answer is held against the truth. ``PASSERELLE_SOAK=full`` asks ten times
as much.
"""

from __future__ import annotations

import gc
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg2
import pytest

pytestmark = pytest.mark.postgis
FULL = os.environ.get("PASSERELLE_SOAK") == "full"
REQUESTS, RELOADS = (20_000, 50) if FULL else (2_000, 8)
CLIENTS = 4
ROWS = 3_000
AWAY = 1.5
"""Seconds that PostgreSQL is away."""
PAUSE = 0.2
"""Seconds that a client waits before it asks again."""
GRACE = 1.0
"""Seconds after its return in which a request may still fail."""
TABLES = f"""
CREATE TABLE fixe AS
SELECT i AS id, 'nom ' || i % 97 AS nom,
       CASE WHEN i % 7 > 0 THEN i * 7919 % 1000 END AS rang,
       ST_SetSRID(ST_MakePoint(600000 + i % 60 * 1000, 6800000 + i / 60 * 1000), 2154)
           ::geometry(Point, 2154) AS geom
FROM generate_series(1, {ROWS}) AS i;
ALTER TABLE fixe ADD PRIMARY KEY (id);
CREATE INDEX ON fixe USING gist (geom);
CREATE TABLE mobile AS SELECT i AS id, 0 AS version FROM generate_series(1, 40) AS i;
ALTER TABLE mobile ADD PRIMARY KEY (id);
ANALYZE fixe, mobile;
"""
Row = tuple[int, str, int | None, float, float]
Check = Callable[[httpx.Response], None]


@dataclass
class Truth:
    """What is in the database, and when it could be asked."""

    rows: list[Row]
    committed: int = 0
    """The version that every row of `mobile` has, at least."""
    begun: int = 0
    """The version that they may have already."""
    away: list[tuple[float, float]] = field(default_factory=list)

    def was_away(self, start: float, end: float) -> bool:
        """Tell whether PostgreSQL was away while something was asked."""
        return any(start < back + GRACE and end > gone for gone, back in self.away)


@dataclass
class Load:
    """What clients do, and what came of it."""

    truth: Truth
    base: str
    left: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, requests: int) -> None:
        """Ask so many requests from several clients, to the end."""
        self.left = requests
        threads = [
            threading.Thread(target=self._client, args=(self.left + number,))
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _client(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311  (a seed, not a secret)
        with httpx.Client(base_url=self.base, timeout=30) as client:
            while self._more():
                question = chance.choice(QUESTIONS)
                try:
                    question(self, client, chance)
                except (AssertionError, KeyError, ValueError) as error:
                    self.wrong.append(f"{question.__name__}: {error!r}"[:600])

    def _more(self) -> bool:
        with self.lock:
            self.left -= 1
            return self.left >= 0 and len(self.wrong) < 20

    def get(
        self, client: httpx.Client, url: str, *, expect: int = 200, **headers: str
    ) -> httpx.Response | None:
        """Return an answer; `None` where the database was away and that was said."""
        start = time.monotonic()
        try:
            answer = client.get(url, headers=headers)
        except httpx.TransportError:
            assert self._is_excused(start), f"{url} was broken off"
            self.asked["broken off"] += 1
            return None
        self.asked[str(answer.status_code)] += 1
        if answer.status_code == 503:
            assert "retry-after" in answer.headers, url
            assert self._is_excused(start), f"{url}: {answer.text}"
            time.sleep(PAUSE)
            return None
        assert answer.status_code == expect, f"{url}: {answer.status_code}"
        return answer

    def _is_excused(self, start: float) -> bool:
        return self.truth.was_away(start, time.monotonic())


def ids(answer: httpx.Response) -> list[int]:
    return [feature["id"] for feature in answer.json()["features"]]


def pages(load: Load, client: httpx.Client, chance: random.Random) -> None:
    limit, offset = chance.choice([1, 10, 100]), chance.randrange(ROWS)
    url = f"/collections/fixe/items?limit={limit}&offset={offset}"
    answer = load.get(client, url)
    if answer:
        assert ids(answer) == list(range(offset + 1, ROWS + 1))[:limit]
        assert answer.json()["numberMatched"] == ROWS


def following(load: Load, client: httpx.Client, chance: random.Random) -> None:
    sign = chance.choice(["%2B", "-"])
    url = f"/collections/fixe/items?limit=700&sortby={sign}rang"
    found: list[int] = []
    while url:
        answer = load.get(client, url)
        if answer is None:
            return
        found += ids(answer)
        links = [e["href"] for e in answer.json()["links"] if e["rel"] == "next"]
        url = f"/collections/fixe/items?{urlsplit(links[0]).query}" if links else ""
    direction = -1 if sign == "-" else 1
    wanted = sorted(
        load.truth.rows,
        key=lambda row: (row[2] is None, direction * (row[2] or 0), row[0]),
    )
    assert found == [row[0] for row in wanted]


def features(load: Load, client: httpx.Client, chance: random.Random) -> None:
    number = chance.randrange(1, ROWS + 20)
    known = number <= ROWS
    url = f"/collections/fixe/items/{number}"
    answer = load.get(client, url, expect=200 if known else 404)
    if answer and known:
        row = load.truth.rows[number - 1]
        said = answer.json()
        assert said["properties"] == {"id": row[0], "nom": row[1], "rang": row[2]}
        assert said["geometry"]["coordinates"] == pytest.approx(row[3:], abs=1e-7)


def equalities(load: Load, client: httpx.Client, chance: random.Random) -> None:
    name = f"nom {chance.randrange(99)}"
    answer = load.get(client, "/collections/fixe/items?nom=" + name.replace(" ", "%20"))
    if answer:
        assert ids(answer) == [row[0] for row in load.truth.rows if row[1] == name]


def filters(load: Load, client: httpx.Client, chance: random.Random) -> None:
    least = chance.randrange(1000)
    url = f"/collections/fixe/items?limit=500&filter=rang%3E{least}"
    answer = load.get(client, url)
    if answer:
        wanted = [row[0] for row in load.truth.rows if (row[2] or -1) > least]
        assert ids(answer) == wanted[:500]


def boxes(load: Load, client: httpx.Client, chance: random.Random) -> None:
    west, south = chance.uniform(1.6, 2.2), chance.uniform(48.2, 48.6)
    east, north = west + chance.uniform(0, 0.5), south + chance.uniform(0, 0.3)
    url = f"/collections/fixe/items?limit=5000&bbox={west},{south},{east},{north}"
    answer = load.get(client, url)
    if answer:
        assert ids(answer) == [
            row[0]
            for row in load.truth.rows
            if west <= row[3] <= east and south <= row[4] <= north
        ]


def downloads(load: Load, client: httpx.Client, chance: random.Random) -> None:
    answer = load.get(client, "/collections/fixe/items?limit=10000")
    if answer:
        assert ids(answer) == list(range(1, ROWS + 1))


def versions(load: Load, client: httpx.Client, chance: random.Random) -> None:
    """Ask rows that all change at once; the copy of before must not be confirmed."""
    least = load.truth.committed
    answer = load.get(client, "/collections/mobile/items")
    if answer is None:
        return
    found = {f["properties"]["version"] for f in answer.json()["features"]}
    assert len(found) == 1
    (version,) = found
    assert least <= version <= load.truth.begun
    tag, least = answer.headers.get("etag"), load.truth.committed
    if not tag:
        return
    again = client.get("/collections/mobile/items", headers={"If-None-Match": tag})
    if again.status_code == 304:
        assert version >= least
        load.asked["304"] += 1


def refusals(load: Load, client: httpx.Client, chance: random.Random) -> None:
    load.get(client, "/collections/fixe/items?inconnu=1", expect=400)
    load.get(client, "/collections/inconnue/items", expect=404)


def documents(load: Load, client: httpx.Client, chance: random.Random) -> None:
    answer = load.get(client, chance.choice(["/", "/conformance", "/collections"]))
    if answer and answer.request.url.path == "/collections":
        named = {each["id"] for each in answer.json()["collections"]}
        assert {"fixe", "mobile"} <= named


QUESTIONS = [
    pages, pages, following, features, features, features, equalities, filters, boxes,
    downloads, versions, refusals, documents,
]  # fmt: skip


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    resident: int
    """Bytes in memory."""
    files: int
    sessions: int


def held(address: str) -> Held:
    gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4096
    files = len(list(Path("/proc/self/fd").iterdir()))
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE application_name = 'passerelle'"
        )
        ((sessions,),) = cursor.fetchall()
    connection.close()
    return Held(resident, files, sessions)


def fill(address: str) -> Truth:
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute(
            "SELECT id, nom, rang, ST_X(ST_Transform(geom, 4326)),"
            " ST_Y(ST_Transform(geom, 4326)) FROM fixe ORDER BY id"
        )
        rows = cursor.fetchall()
    connection.close()
    return Truth(rows)


def changes(
    truth: Truth, cluster: Any, deployment: Any, ended: threading.Event
) -> Iterator[str]:
    """Change rows and descriptions again and again; restart the database once."""
    for number in range(RELOADS):
        deployment.describe("fixe", title=f"Titre {number}")
        if number == RELOADS // 2:
            gone = time.monotonic()
            truth.away.append((gone, float("inf")))
            cluster.stop()
            time.sleep(AWAY)
            cluster.start()
            truth.away[-1] = (gone, time.monotonic())
        connection = psycopg2.connect(cluster.address)
        for _ in range(3):
            truth.begun += 1
            with connection, connection.cursor() as cursor:
                cursor.execute("UPDATE mobile SET version = %s", (truth.begun,))
            truth.committed = truth.begun
            if ended.wait(0.1):
                break
        connection.close()
        yield f"Titre {number}"


def test_nothing_wears_out(
    own_postgis: Any,
    tmp_path: Path,
    new_deployment: Any,
    serve: Any,
    wait_for: Any,
) -> None:
    truth = fill(own_postgis.address)
    deployment = new_deployment(tmp_path, own_postgis.address, "public")
    # Little memory for pages, so that it is full before growth is looked for.
    text = deployment.configuration.read_text(encoding="utf-8")
    text = text.replace("service:\n", "service:\n  memory: 1000000\n")
    deployment.configuration.write_text(text, encoding="utf-8")
    deployment.describe("fixe")
    deployment.describe("mobile")
    with serve(deployment) as client:
        load = Load(truth, str(client.base_url))
        load.run(REQUESTS // 4)
        before = held(own_postgis.address)
        ended = threading.Event()
        worker = threading.Thread(target=load.run, args=(REQUESTS - REQUESTS // 4,))
        worker.start()
        for title in changes(truth, own_postgis, deployment, ended):
            wait_for(
                lambda title=title: (
                    client.get("/collections/fixe").json()["title"] == title
                )
            )
        worker.join()
        ended.set()
        after = held(own_postgis.address)
        assert client.get("/health").status_code == 200
    assert load.wrong == [], json.dumps(load.wrong, indent=1, ensure_ascii=False)
    assert load.asked["200"] > REQUESTS * 0.7, load.asked
    assert load.asked["503"] + load.asked["broken off"] > 0, load.asked
    assert after.sessions <= before.sessions + 1, (before, after)
    assert after.files <= before.files + 4, (before, after)
    grown = after.resident - before.resident
    assert grown < 24 * 2**20, f"{grown} bytes more: {before} {after}"
