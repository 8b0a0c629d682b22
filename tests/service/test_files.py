"""Whole collections as files: made in the background, sent whole or in part."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pyogrio
import pytest

from gateway.cli import main
from metadata.file_formats import ALL_FORMATS
from providers.configuration import read_configuration
from providers.store import open_store

GPKG = "/collections/places/download/places.gpkg"
CSV = "/collections/places/download/places.csv"
PLAIN = {"Accept-Encoding": "identity"}
Serve = Callable[..., AbstractContextManager[httpx.Client]]
Wait = Callable[[Callable[[], bool]], None]


def run(deployment: Any, *arguments: str) -> int:
    """Run a command of ours; return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(deployment.configuration), *arguments])
    return int(ended.value.code or 0)


def ready(client: httpx.Client, path: str = GPKG) -> bool:
    return client.head(path).status_code == 200


def links_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [link for link in document["links"] if link["rel"] == "enclosure"]
    return {link["href"].rpartition("/")[2].partition(".")[2]: link for link in found}


@pytest.fixture(scope="module", params=["geopackage", "postgis"])
def made(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    serve: Serve,
) -> Iterator[httpx.Client]:
    """The service with files made by the command, on each kind of silo."""
    if request.param == "postgis":
        from_database = request.getfixturevalue("module_database")
        deployment = from_database(tmp_path_factory.mktemp("made"))
    else:
        deployment = request.getfixturevalue("module_geopackage")
    deployment.describe("lieux", "places", more="language: fre")
    deployment.describe("reserve", access="restricted")
    assert run(deployment, "files") == 0
    with serve(deployment) as client:
        yield client


@pytest.fixture(scope="module")
def module_database(
    module_postgis: str,
    new_deployment: Callable[..., Any],
    filled: Callable[[str], None],
) -> Callable[[Path], Any]:
    """Deploy in a folder, on a database with the tables of `deployment`."""
    filled(module_postgis)
    return lambda folder: new_deployment(folder, module_postgis, "public")


KINDS = {
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "csv": "text/csv; charset=utf-8",
    "fgb": "application/flatgeobuf",
    "parquet": "application/vnd.apache.parquet",
    "shp.zip": "application/zip",
}


def test_a_file_has_length_date_digest_and_type(made: httpx.Client) -> None:
    assert list(KINDS) == [str(form) for form in ALL_FORMATS]
    for ending, kind in KINDS.items():
        path = f"/collections/places/download/places.{ending}"
        answer = made.get(path)
        assert answer.status_code == 200
        headers, content = answer.headers, answer.content
        assert headers["content-type"] == kind
        assert int(headers["content-length"]) == len(content) > 0
        digest = hashlib.sha256(content)
        assert headers["etag"] == f'"{digest.hexdigest()}"'
        said = base64.b64encode(digest.digest()).decode()
        assert headers["repr-digest"] == f"sha-256=:{said}:"
        assert headers["accept-ranges"] == "bytes"
        assert "content-encoding" not in headers
        assert path.rpartition("/")[2] in headers["content-disposition"]
        age = datetime.now(UTC) - parsedate_to_datetime(headers["last-modified"])
        assert 0 <= age.total_seconds() < 600


@pytest.mark.parametrize("path", [GPKG, CSV])
@pytest.mark.parametrize("coding", ["identity", "gzip, br, zstd"])
def test_head_says_what_get_says(made: httpx.Client, path: str, coding: str) -> None:
    asked = {"Accept-Encoding": coding}
    head, whole = made.head(path, headers=asked), made.get(path, headers=asked)
    assert head.status_code == 200
    assert head.content == b""
    names = {"content-length", "etag", "last-modified", "content-type", "repr-digest"}
    for name in names:
        assert head.headers[name] == whole.headers[name]


def test_a_file_equals_the_items(made: httpx.Client, tmp_path: Path) -> None:
    items = made.get("/collections/places/items?limit=100").json()["features"]
    (tmp_path / "places.gpkg").write_bytes(made.get(GPKG).content)
    found = pyogrio.read_dataframe(tmp_path / "places.gpkg")
    assert found.crs.to_epsg() == 2154
    assert found["nom"].tolist() == [each["properties"]["nom"] for each in items]
    degrees = found.geometry.to_crs(4326)
    rows = list(csv.DictReader(io.StringIO(made.get(CSV).text)))
    for item, place, row in zip(items, degrees, rows, strict=True):
        assert (place.x, place.y) == pytest.approx(
            item["geometry"]["coordinates"], abs=1e-7
        )
        assert [float(row["longitude"]), float(row["latitude"])] == pytest.approx(
            item["geometry"]["coordinates"], abs=1e-9
        )
        assert row["ouvert"] == item["properties"]["ouvert"]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, None),
        ("bytes=-100", -100, None),
        ("bytes=0-99999999999", 0, None),
    ],
)
def test_a_part_is_a_part(
    made: httpx.Client, asked: str, first: int, last: int | None
) -> None:
    whole = made.get(GPKG)
    part = made.get(GPKG, headers={"Range": asked})
    wanted = whole.content[first:] if last is None else whole.content[first : last + 1]
    assert part.status_code == 206
    assert part.content == wanted
    begin = first % len(whole.content)
    said = f"bytes {begin}-{begin + len(wanted) - 1}/{len(whole.content)}"
    assert part.headers["content-range"] == said
    assert int(part.headers["content-length"]) == len(wanted)
    assert part.headers["etag"] == whole.headers["etag"]
    assert part.headers["repr-digest"] == whole.headers["repr-digest"]


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes="]
)
def test_what_is_no_single_range_is_answered_with_the_whole(
    made: httpx.Client, asked: str
) -> None:
    answer = made.get(CSV, headers={"Range": asked})
    assert answer.status_code == 200
    assert answer.content == made.get(CSV).content


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(made: httpx.Client, asked: str) -> None:
    answer = made.get(GPKG, headers={"Range": asked})
    length = made.head(GPKG).headers["content-length"]
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{length}"


def test_a_part_goes_only_with_the_version_it_was_begun_with(
    made: httpx.Client,
) -> None:
    held = made.head(GPKG).headers
    for condition, status in (
        (held["etag"], 206),
        (held["last-modified"], 206),
        ('"another"', 200),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 200),
    ):
        headers = {"Range": "bytes=0-9", "If-Range": condition}
        assert made.get(GPKG, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("If-None-Match", "{etag}", 304),
        ("If-None-Match", "*", 304),
        ("If-None-Match", '"another"', 200),
        ("If-Modified-Since", "{last-modified}", 304),
        ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT", 200),
        ("If-Modified-Since", "nonsense", 200),
        ("If-Match", "{etag}", 200),
        ("If-Match", '"another"', 412),
        ("If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT", 412),
        ("If-Unmodified-Since", "{last-modified}", 200),
    ],
)
def test_a_copy_is_confirmed(
    made: httpx.Client, name: str, value: str, status: int
) -> None:
    held = made.head(CSV).headers
    for key in ("etag", "last-modified"):
        value = value.replace(f"{{{key}}}", held[key])
    answer = made.get(CSV, headers={name: value})
    assert answer.status_code == status
    if status == 304:
        assert answer.content == b""
        assert answer.headers["etag"] == held["etag"]


def test_a_part_of_what_the_client_holds_is_confirmed_too(made: httpx.Client) -> None:
    tag = made.head(GPKG).headers["etag"]
    answer = made.get(GPKG, headers={"If-None-Match": tag, "Range": "bytes=0-9"})
    assert answer.status_code == 304


def test_gdal_reads_a_part_of_the_file_over_http(made: httpx.Client) -> None:
    address = f"/vsicurl/{made.base_url}{GPKG}"
    told = subprocess.run(
        ["ogrinfo", "-ro", "-so", address, "places"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"},
    )
    assert "Feature Count: 30" in told.stdout


def test_curl_goes_on_where_it_broke_off(made: httpx.Client, tmp_path: Path) -> None:
    whole = made.get(GPKG).content
    target = tmp_path / "places.gpkg"
    target.write_bytes(whole[:1000])
    command = ["curl", "-sS", "-C", "-", "-o", str(target), f"{made.base_url}{GPKG}"]
    subprocess.run(command, check=True)
    assert target.read_bytes() == whole


def test_links_say_length_type_title_and_language(made: httpx.Client) -> None:
    for path in ("/collections/places", "/datasets/lieux/collections"):
        links = links_of(made.get(path).json())
        assert list(links) == [str(form) for form in ALL_FORMATS]
        for ending, link in links.items():
            assert link["hreflang"] == "fr"
            assert link["title"]
            head = made.head(f"/collections/places/download/places.{ending}")
            assert link["length"] == int(head.headers["content-length"])
            assert head.headers["content-type"].startswith(link["type"])


def test_the_record_and_the_api_document_name_every_file(made: httpx.Client) -> None:
    record = made.get("/records/lieux.xml").text
    paths = made.get("/datasets/lieux/api?f=json").json()["paths"]
    for ending in KINDS:
        address = f"/collections/places/download/places.{ending}"
        assert f"{address}<" in record
        assert address in paths


def test_gdal_reads_what_is_under_a_box_over_http(made: httpx.Client) -> None:
    address = f"/vsicurl/{made.base_url}/collections/places/download/places.fgb"
    whole = pyogrio.read_dataframe(address)
    assert len(whole) == 30
    place = whole.geometry[7]
    box = (place.x - 1, place.y - 1, place.x + 1, place.y + 1)
    assert len(pyogrio.read_dataframe(address, bbox=box)) == 1


def test_pages_offer_the_files(made: httpx.Client) -> None:
    for path in ("/collections/places?f=html", "/datasets/lieux/?f=html"):
        page = made.get(path).text
        assert "places.gpkg" in page
        assert "places.csv" in page
        assert "places.shp.zip" in page
        assert page.count("places.geojson") == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/collections/places/download/places.gml", 404),
        ("/collections/places/download/zones.gpkg", 404),
        ("/collections/reserve/download/reserve.gpkg", 404),
        ("/collections/nowhere/download/nowhere.csv", 404),
        (f"{GPKG}?limit=5", 400),
    ],
)
def test_what_is_not_there_is_not_answered(
    made: httpx.Client, path: str, status: int
) -> None:
    assert made.get(path).status_code == status


def test_a_file_that_is_not_made_yet_says_when_to_come_again(
    deployment: Any, serve: Serve
) -> None:
    deployment.describe("lieux", "places")
    with serve(deployment) as client:
        answer = client.get(GPKG)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["content-type"] == "application/problem+json"
        assert list(links_of(client.get("/collections/places").json())) == ["geojson"]


def test_the_service_makes_files_by_itself(
    deployment: Any, serve: Serve, wait_for: Wait
) -> None:
    deployment.describe("lieux", "places")
    with serve(deployment, files=0.2) as client:
        wait_for(lambda: ready(client))
        assert client.get(CSV).text.count("\r\n") == 31


def test_only_one_service_of_a_deployment_makes_files_and_another_takes_over(
    deployment: Any, serve: Serve, wait_for: Wait
) -> None:
    deployment.describe("lieux", "places")
    store = open_store(read_configuration(deployment.configuration).store)
    other = store.making_files(keeper=True)
    other.__enter__()
    with closing(store), serve(deployment, files=0.1) as client:
        time.sleep(1.0)
        assert client.head(GPKG).status_code == 503
        other.__exit__(None, None, None)
        wait_for(lambda: ready(client))


def test_a_changed_row_is_in_the_file_after_the_pause_and_not_before(
    deployment: Any, serve: Serve, wait_for: Wait, change: Callable[[Any], None]
) -> None:
    deployment.describe("lieux", "places")
    clock = Clock()
    with serve(deployment, files=0.2, clock=clock) as client:
        wait_for(lambda: ready(client))
        before = client.head(CSV).headers["etag"]
        change(deployment)
        clock.minutes = 14
        wait_for(lambda: "changé" in client.get("/collections/places/items").text)
        assert client.head(CSV).headers["etag"] == before
        clock.minutes = 17
        wait_for(lambda: client.head(CSV).headers["etag"] != before)
        assert "changé" in client.get(CSV).text


class Clock:
    """The present, and some minutes more."""

    minutes = 0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=self.minutes)


@pytest.fixture
def change() -> Callable[[Any], None]:
    """Change a row of `places`."""
    statement = "UPDATE places SET nom = 'changé' WHERE nom LIKE 'Lieu 7 %'"

    def changed(deployment: Any) -> None:
        if deployment.is_database:
            deployment.execute(statement)
        else:
            path = deployment.folder / "silo" / "base.gpkg"
            with closing(sqlite3.connect(path)) as database, database:
                for name in ("update1", "update2", "update3", "update4"):
                    database.execute(f"DROP TRIGGER IF EXISTS rtree_places_geom_{name}")
                database.execute(statement)

    return changed


def test_a_hidden_column_hides_the_file_that_holds_it_at_once(
    deployment: Any, serve: Serve, wait_for: Wait
) -> None:
    deployment.describe("lieux", "places")
    assert run(deployment, "files") == 0
    with serve(deployment) as client:
        assert "secret" in client.get(CSV).text
        description = deployment.folder / "datasets" / "lieux.yml"
        text = description.read_text("utf-8")
        description.write_text(text + "    columns: {exclude: [secret]}\n", "utf-8")
        wait_for(lambda: client.get(CSV).status_code == 503)
        assert run(deployment, "files") == 0
        wait_for(lambda: ready(client, CSV))
        assert "secret" not in client.get(CSV).text.split("\r\n")[0]


def configure(deployment: Any, formats: str) -> None:
    """State which files are made."""
    path = deployment.configuration
    kept = [
        line for line in path.read_text("utf-8").splitlines() if "files:" not in line
    ]
    path.write_text("\n".join([*kept, f"files: {{formats: {formats}}}", ""]), "utf-8")


def test_a_form_that_is_made_no_more_loses_its_file_and_its_links(
    deployment: Any, serve: Serve, wait_for: Wait
) -> None:
    deployment.describe("lieux", "places")
    assert run(deployment, "files") == 0
    configure(deployment, "[gpkg, parquet]")
    with serve(deployment, files=0.1) as client:
        assert client.get(CSV).status_code == 404
        assert client.get(GPKG).status_code == 200
        links = links_of(client.get("/collections/places").json())
        assert list(links) == ["geojson", "gpkg", "parquet"]
        assert ".fgb" not in client.get("/records/lieux.xml").text
        assert ".fgb" not in client.get("/datasets/lieux/api").text
        wait_for(lambda: len(files_of(deployment)) == 2)
        wait_for(
            lambda: (
                "length"
                not in links_of(client.get("/collections/places").json())["geojson"]
            )
        )
        endings = {path.suffix for path in files_of(deployment)}
        assert endings == {".gpkg", ".parquet"}


def test_no_form_at_all_may_be_made_and_geojson_is_of_this_moment(
    deployment: Any, serve: Serve, change: Callable[[Any], None]
) -> None:
    deployment.describe("lieux", "places")
    configure(deployment, "[]")
    assert run(deployment, "files") == 0
    with serve(deployment, files=0.1) as client:
        address = "/collections/places/download/places.geojson"
        assert "changé" not in client.get(address).text
        change(deployment)
        assert "changé" in client.get(address).text
        assert files_of(deployment) == []


def test_a_form_that_nobody_knows_is_named(
    deployment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(deployment, "[gpkg, dwg]")
    assert run(deployment, "files") != 0
    told = capsys.readouterr().err
    assert "files.formats" in told
    assert "dwg" in told or "parquet" in told


def test_geojson_that_is_ready_is_sent_as_a_file_and_by_parts(
    made: httpx.Client,
) -> None:
    address = "/collections/places/download/places.geojson"
    whole = made.get(f"{address}?f=geojson")
    assert len(whole.json()["features"]) == 30
    part = made.get(address, headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, whole.content[:10])
    assert made.get(f"{address}?f=csv").status_code == 400


def files_of(deployment: Any) -> list[Path]:
    root = deployment.folder / ".state" / "files"
    walked = os.walk(root)  # whose folders may vanish meanwhile
    return [Path(folder) / name for folder, _, names in walked for name in names]


def test_withdrawing_removes_the_files_at_once(deployment: Any, serve: Serve) -> None:
    deployment.describe("lieux", "places")
    deployment.describe("zonage", "zones")
    assert run(deployment, "files") == 0
    assert len(files_of(deployment)) == 2 * len(ALL_FORMATS)
    assert run(deployment, "withdraw", "lieux") == 0
    assert {path.parent.name for path in files_of(deployment)} == {"zones"}
    with closing(
        open_store(read_configuration(deployment.configuration).store)
    ) as store:
        assert {file.collection_id for file in store.files()} == {"zones"}


@pytest.mark.parametrize("how", ["gone", "restricted", "draft"])
def test_what_is_served_no_more_loses_its_files(
    deployment: Any, serve: Serve, wait_for: Wait, how: str
) -> None:
    deployment.describe("lieux", "places")
    assert run(deployment, "files") == 0
    with serve(deployment, files=0.1) as client:
        assert ready(client)
        if how == "gone":
            deployment.withdraw("lieux")
        else:
            change = {"access": how} if how == "restricted" else {"status": how}
            deployment.describe("lieux", "places", **change)
        wait_for(lambda: client.get(GPKG).status_code == 404)
        wait_for(lambda: not files_of(deployment))


def test_a_second_maker_waits_for_another_time(
    deployment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.describe("lieux", "places")
    store = open_store(read_configuration(deployment.configuration).store)
    with closing(store), store.making_files():
        assert run(deployment, "files") == 1
    assert "Files are being made already" in capsys.readouterr().err
    assert files_of(deployment) == []


def test_the_command_says_what_it_made_and_that_nothing_changed(
    deployment: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.describe("lieux", "places")
    assert run(deployment, "files", "lieux") == 0
    assert "places: new files" in capsys.readouterr().out
    assert run(deployment, "files") == 0
    assert "places: unchanged" in capsys.readouterr().out
    assert run(deployment, "files", "nowhere") == 1


def test_files_that_vanished_from_the_folder_are_not_half_sent(
    deployment: Any, serve: Serve
) -> None:
    deployment.describe("lieux", "places")
    assert run(deployment, "files") == 0
    with serve(deployment) as client:
        shutil.rmtree(deployment.folder / ".state" / "files")
        assert client.get(GPKG).status_code == 503


def test_whoever_was_being_sent_a_file_gets_it_whole_when_it_is_replaced(
    deployment: Any, serve: Serve, change: Callable[[Any], None]
) -> None:
    deployment.describe("lieux", "places")
    assert run(deployment, "files") == 0
    with serve(deployment) as client:
        tag = client.head(GPKG).headers["etag"]
        with client.stream("GET", GPKG, headers=PLAIN) as answer:
            change(deployment)
            assert run(deployment, "files") == 0
            assert run(deployment, "files") == 0
            content = answer.read()
        assert f'"{hashlib.sha256(content).hexdigest()}"' == tag


def test_heights_survive_in_both_files(
    on_postgis: Any, serve: Serve, tmp_path: Path
) -> None:
    on_postgis.execute(
        """CREATE TABLE troncons (id integer PRIMARY KEY, prix numeric(20, 4),
             quand timestamptz, uuid uuid, tags jsonb, noms text[],
             geom geometry(LineStringZ, 2154));
           INSERT INTO troncons VALUES (1, 1234567890123456.7891,
             '2026-01-02 03:04:05.678901+00',
             '6f1c2b1e-0000-4000-8000-000000000001', '{"a": "é"}', '{x,y}',
             'SRID=2154;LINESTRING Z (650000.123456 6860000 12.5, 650001 6860001 13)'),
             (2, NULL, NULL, NULL, NULL, NULL, NULL)"""
    )
    on_postgis.describe("routes", "troncons")
    assert run(on_postgis, "files") == 0
    with serve(on_postgis) as client:
        base = "/collections/troncons/download/troncons"
        (tmp_path / "t.gpkg").write_bytes(client.get(f"{base}.gpkg").content)
        text = client.get(f"{base}.csv").text
    found = pyogrio.read_dataframe(tmp_path / "t.gpkg", datetime_as_string=True)
    assert found.geometry[0].coords[0] == (650000.123456, 6860000.0, 12.5)
    assert found["prix"][0] == "1234567890123456.7891"
    assert found["uuid"][0] == "6f1c2b1e-0000-4000-8000-000000000001"
    assert found["quand"][0].startswith("2026-01-02T03:04:05.678")
    assert found.geometry[1] is None
    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert first["prix"] == "1234567890123456.7891"
    assert first["quand"] == "2026-01-02T03:04:05.678901+00:00"
    assert first["WKT"].startswith("LINESTRING Z (")
    assert first["WKT"].count("12.5")
    assert set(second.values()) == {"2", ""}


KILLED = """
import os, signal, sys
from providers.exports import geopackage_file
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
geopackage_file.GeopackageFile.close = die
from gateway.cli import main
main(sys.argv[1:])
"""


def test_a_maker_killed_in_the_midst_leaves_the_former_files(
    deployment: Any, serve: Serve, change: Callable[[Any], None]
) -> None:
    deployment.describe("lieux", "places")
    assert run(deployment, "files") == 0
    with serve(deployment) as client:
        before = client.get(GPKG).content
        change(deployment)
        arguments = ["--config", str(deployment.configuration), "files"]
        ended = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
        assert ended.returncode == -9
        assert client.get(GPKG).content == before
        assert any(".making" in str(path) for path in files_of(deployment))
        assert run(deployment, "files") == 0
        assert not any(".making" in str(path) for path in files_of(deployment))


def test_dates_are_those_of_the_content(deployment: Any, serve: Serve) -> None:
    deployment.describe("lieux", "places")
    assert run(deployment, "files") == 0
    with serve(deployment) as client:
        first = client.head(GPKG).headers
        assert run(deployment, "files") == 0
        assert client.head(GPKG).headers["last-modified"] == first["last-modified"]
        assert client.head(GPKG).headers["etag"] == first["etag"]


def published(deployment: Any) -> None:
    """Describe, measure, make and publish one dataset."""
    deployment.describe("lieux", "places")
    for command in ("survey", "files", "publish"):
        assert run(deployment, command) == 0


def feed(client: httpx.Client) -> str:
    return client.get("/dcat/catalog.ttl").text


def vanish(deployment: Any, what: str) -> None:
    """Let a table or its description vanish, as a mistake would."""
    if what == "description":
        deployment.withdraw("lieux")
    elif deployment.is_database:
        deployment.execute("DROP TABLE places")
    else:
        silo = deployment.folder / "silo" / "base.gpkg"
        with closing(sqlite3.connect(silo)) as base:
            base.executescript("DELETE FROM gpkg_contents WHERE table_name = 'places'")


@pytest.mark.parametrize("what", ["table", "description"])
def test_what_vanished_is_told_as_it_was_until_a_publication_lets_it_go(
    deployment: Any, serve: Serve, wait_for: Wait, what: str
) -> None:
    published(deployment)
    with serve(deployment, files=0.1) as client:
        before = feed(client)
        assert before.count("spdx:checksumValue") == len(ALL_FORMATS)
        vanish(deployment, what)
        wait_for(lambda: client.get(GPKG).status_code in {404, 503})
        time.sleep(0.5)  # several looks of who drops files
        assert feed(client) == before
        assert len(files_of(deployment)) == len(ALL_FORMATS)
        assert run(deployment, "publish", "--allow-deletes", "9") in {0, 1}
        wait_for(lambda: not files_of(deployment))


def test_files_of_a_dataset_that_somebody_made_a_draft_again_go_at_once(
    deployment: Any, serve: Serve, wait_for: Wait
) -> None:
    published(deployment)
    with serve(deployment, files=0.1) as client:
        assert ready(client)
        deployment.describe("lieux", "places", status="draft")
        wait_for(lambda: not files_of(deployment))
        assert client.get(GPKG).status_code == 404
