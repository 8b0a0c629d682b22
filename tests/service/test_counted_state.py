"""Where a trigger counts changes, copies and pages hold until the table changes."""

from __future__ import annotations

import subprocess
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg2
import pytest
from click.testing import CliRunner

from gateway.assembly import assemble
from gateway.cli import command_line, main
from metadata.errors import ConfigurationError
from metadata.finding import Language
from metadata.measured import Source
from providers.configuration import read_configuration
from providers.database import connect
from providers.postgis_counting import installing
from providers.store import open_store

pytestmark = pytest.mark.postgis
PAGES = (
    "/collections/places/items?limit=5",
    "/collections/places/items?limit=2000",
    "/collections/places/items?resulttype=hits",
    "/collections/places/items/3",
    "/collections/places/download/places.geojson",
)


def printed(deployment: Any, *arguments: str) -> str:
    """Return what the command prints on its standard output."""
    result = CliRunner().invoke(
        command_line(Language.ENGLISH),
        ["--config", str(deployment.configuration), "triggers", *arguments],
        standalone_mode=False,
    )
    if result.exception is not None:
        raise result.exception
    return result.stdout


def psql(address: str, statements: str) -> str:
    """Run statements as a person would; return what was said."""
    done = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", address],
        input=statements,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def tags(client: httpx.Client) -> dict[str, str]:
    return {path: client.get(path).headers["etag"] for path in PAGES}


def confirmed(client: httpx.Client, held: dict[str, str]) -> list[bool]:
    """Tell, page by page, whether a copy is confirmed."""
    return [
        client.get(path, headers={"If-None-Match": tag}).status_code == 304
        for path, tag in held.items()
    ]


@pytest.fixture
def counted(on_postgis: Any) -> Any:
    """A deployment whose table `places` is counted."""
    on_postgis.describe("places")
    psql(on_postgis.silo, printed(on_postgis))
    return on_postgis


def test_copies_outlive_writes_elsewhere_and_no_change(
    counted: Any, serve: Any, postgis_server: str
) -> None:
    with serve(counted) as client:
        held = tags(client)
        counted.execute("UPDATE zones SET nom = nom || '!'")
        counted.execute("CREATE TABLE other AS SELECT 1 AS one")
        elsewhere = psycopg2.connect(postgis_server)
        with elsewhere, elsewhere.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        elsewhere.close()
        assert all(confirmed(client, held))
        assert tags(client) == held
        for change in (
            "UPDATE places SET nom = 'x' WHERE id = 3",
            "INSERT INTO places (id) VALUES (99)",
            "DELETE FROM places WHERE id = 99",
            "ALTER TABLE places ADD further integer DEFAULT 1",
            "TRUNCATE places",
        ):
            counted.execute(change)
            assert not any(confirmed(client, held))
            if "TRUNCATE" not in change:
                held = tags(client)


def test_a_page_asked_again_reads_no_row_while_others_write(
    counted: Any, serve: Any
) -> None:
    path = PAGES[0]
    with serve(counted) as client:
        first = client.get(path)
        other = psycopg2.connect(counted.silo)
        with other, other.cursor() as cursor:
            cursor.execute("LOCK TABLE places IN ACCESS EXCLUSIVE MODE")
            counted.execute("UPDATE zones SET nom = nom || '!'")
            assert client.get(path).content == first.content
            assert client.get(path).headers["etag"] == first.headers["etag"]
        other.close()


@pytest.mark.parametrize(
    "how",
    [
        "DROP SCHEMA passerelle CASCADE",
        "ALTER TABLE places DISABLE TRIGGER passerelle_change",
        "DROP TRIGGER passerelle_change ON places",
        "DROP TABLE passerelle.change",
    ],
)
def test_a_trigger_lost_while_serving_costs_no_answer(
    counted: Any, serve: Any, how: str
) -> None:
    with serve(counted, interval=3600) as client:
        for _ in range(3):
            held = tags(client)
        counted.execute(how)
        for path in PAGES:
            assert client.get(path).status_code == 200
        assert client.get("/collections/places/items?f=html").status_code == 200
        held = tags(client)
        assert all(confirmed(client, held))
        if how != "DROP TABLE passerelle.change":
            counted.execute("UPDATE places SET nom = nom || '?'")
        else:
            counted.execute("UPDATE zones SET nom = nom || '?'")
        assert not any(confirmed(client, held))


def test_a_log_that_may_no_longer_be_read_costs_no_answer(
    on_postgis: Any, serve: Any
) -> None:
    on_postgis.describe("places")
    on_postgis.execute("CREATE ROLE log_reader LOGIN")
    try:
        on_postgis.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO log_reader")
        file = on_postgis.configuration
        text = file.read_text("utf-8").replace("postgres@", "log_reader@", 1)
        file.write_text(text, "utf-8")
        psql(on_postgis.silo, printed(on_postgis))
        with serve(on_postgis, interval=3600) as client:
            held = tags(client)
            on_postgis.execute("UPDATE zones SET nom = nom || '!'")
            assert all(confirmed(client, held))
            on_postgis.execute("REVOKE ALL ON passerelle.change FROM log_reader")
            held = tags(client)
            assert all(confirmed(client, held))
            on_postgis.execute("UPDATE places SET nom = nom || '!'")
            assert not any(confirmed(client, held))
    finally:
        on_postgis.execute("DROP OWNED BY log_reader; DROP ROLE log_reader")


def test_a_trigger_that_comes_while_serving_is_noticed(
    on_postgis: Any, serve: Any, wait_for: Any
) -> None:
    on_postgis.describe("places")
    path = PAGES[0]
    with serve(on_postgis) as client:

        def outlives() -> bool:
            tag = client.get(path).headers["etag"]
            on_postgis.execute("UPDATE zones SET nom = nom || '!'")
            return client.get(path).headers["etag"] == tag

        assert not outlives()
        psql(on_postgis.silo, printed(on_postgis))
        wait_for(outlives)
        psql(on_postgis.silo, printed(on_postgis, "--remove"))
        wait_for(lambda: not outlives())


def test_no_copy_is_confirmed_wrongly_while_the_table_and_its_trigger_change(
    counted: Any, serve: Any
) -> None:
    path = PAGES[0]
    ended = threading.Event()
    steps = (
        "UPDATE places SET nom = nom || '.' WHERE id < 4",
        "UPDATE zones SET nom = nom || '.'",
        "ALTER TABLE places DISABLE TRIGGER passerelle_change",
        "UPDATE places SET nom = 'n' || id || clock_timestamp() WHERE id < 4",
        "ALTER TABLE places ENABLE ALWAYS TRIGGER passerelle_change",
        "BEGIN; UPDATE places SET nom = ''; ROLLBACK",
        "DROP TRIGGER passerelle_change ON places",
        "UPDATE places SET nom = 'm' || id || clock_timestamp() WHERE id < 4",
        again(counted),
    )

    def write() -> None:
        while not ended.is_set():
            for step in steps:
                counted.execute(step)

    seen: dict[str, set[bytes]] = {}
    writer = threading.Thread(target=write, daemon=True)
    with serve(counted) as client:
        writer.start()
        for _ in range(400):
            answer = client.get(path)
            assert answer.status_code == 200
            seen.setdefault(answer.headers["etag"], set()).add(answer.content)
        ended.set()
        writer.join(20)
    assert len(seen) > 10
    assert [tag for tag, contents in seen.items() if len(contents) > 1] == []


def again(deployment: Any) -> str:
    """Return the statements that install the trigger on `places`."""
    connection = connect(deployment.silo)
    source = Source(silo="sig", container="public", table="places")
    _, table = installing([source], "postgres", connection)
    connection.close()
    return table


def test_the_statements_run_twice_and_are_taken_back(on_postgis: Any) -> None:
    on_postgis.execute('CREATE SCHEMA "d\'Élus"')
    on_postgis.execute('CREATE TABLE "d\'Élus"."é ""x"" 100%" (id integer PRIMARY KEY)')
    on_postgis.describe("places")
    on_postgis.describe("zonage", "zones", status="draft")
    described = on_postgis.folder / "datasets" / "zonage.yml"
    text = described.read_text("utf-8")
    odd = 'container: "d\'Élus", table: \'é "x" 100%\''
    text += f"  - id: odd\n    source: {{silo: sig, {odd}}}\n"
    described.write_text(text, "utf-8")
    statements = printed(on_postgis)
    assert counted_tables(on_postgis) == []
    for _ in range(2):
        assert "ERROR" not in psql(on_postgis.silo, statements)
    assert len(counted_tables(on_postgis)) == 3
    only = printed(on_postgis, "places")
    assert "places" in only
    assert "zones" not in only
    psql(on_postgis.silo, printed(on_postgis, "--remove", "places"))
    assert len(counted_tables(on_postgis)) == 2
    for _ in range(2):
        psql(on_postgis.silo, printed(on_postgis, "--remove"))
    assert counted_tables(on_postgis) == []


def test_a_survey_that_differs_by_the_trigger_alone_keeps_its_day(
    on_postgis: Any,
) -> None:
    on_postgis.describe("places")
    configuration = read_configuration(on_postgis.configuration)
    store = open_store(configuration.store)
    first = datetime(2026, 3, 1, tzinfo=UTC)
    assemble(configuration, store, now=first)
    psql(on_postgis.silo, printed(on_postgis))
    assemble(configuration, store, now=first + timedelta(days=9))
    (survey,) = store.surveys()
    store.close()
    assert survey.counted
    assert survey.surveyed_at == first


def test_what_cannot_be_counted_is_named_and_left_out(
    on_postgis: Any, monkeypatch: Any, capsys: Any
) -> None:
    on_postgis.execute("CREATE VIEW seen AS SELECT * FROM places")
    on_postgis.describe("lieux", "places", "seen")
    on_postgis.describe("retrait", "zones", status="withdrawn")
    monkeypatch.setenv("PASSERELLE_CONFIG", str(on_postgis.configuration))
    with pytest.raises(SystemExit) as ended:
        main(["triggers"])
    said = capsys.readouterr()
    assert ended.value.code == 0
    assert '"places"' in said.out
    assert "seen" not in said.out
    assert "zones" not in said.out
    assert "sig:public.seen" in said.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["--silo", "other"], "--silo"), (["nobody"], "nobody"), (["vue"], "seen")],
)
def test_what_is_not_there_is_named_and_exits_1(
    on_postgis: Any, monkeypatch: Any, capsys: Any, arguments: list[str], word: str
) -> None:
    on_postgis.execute("CREATE VIEW seen AS SELECT * FROM places")
    on_postgis.describe("places")
    on_postgis.describe("vue", "seen")
    monkeypatch.setenv("PASSERELLE_CONFIG", str(on_postgis.configuration))
    with pytest.raises(SystemExit) as ended:
        main(["triggers", *arguments])
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert "TRIGGER" not in said.out
    assert word in said.err


def test_files_need_no_triggers(on_geopackage: Any) -> None:
    with pytest.raises(ConfigurationError, match="none"):
        printed(on_geopackage)


def counted_tables(deployment: Any) -> list[str]:
    connection = psycopg2.connect(deployment.silo)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger"
            " WHERE tgname = 'passerelle_change' ORDER BY 1"
        )
        found = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT to_regnamespace('passerelle') IS NOT NULL")
        assert cursor.fetchone() == (bool(found),)
    connection.close()
    return found
