"""A record is the same wherever it is read, and is what INSPIRE demands there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import fiona
import httpx
import pytest
import uvicorn
from click.testing import CliRunner
from lxml import etree, html

from gateway.cli import command_line
from gateway.demo.pycsw_target import PycswTarget
from metadata.checks import check_record, check_records
from metadata.finding import Language
from metadata.record import Record, RecordKind
from metadata.schemas import schema_errors
from providers.configuration import read_configuration
from service.app import create_app
from service.gathering import GatheringProtocol

pytestmark = pytest.mark.pycsw
GMD = "http://www.isotc211.org/2005/gmd"
RECORD = f"{{{GMD}}}MD_Metadata"
ISO = {"gmd": GMD, "gco": "http://www.isotc211.org/2005/gco"}
CONFIGURATION = """\
organisation:
  name: Département d'Essai
  siren: "229300082"
  email: sig@essai.example
  identifier_base: https://data.example/id
  licence: etalab-2.0
service: {{url: "http://service.example/geo"}}
silos: {{sig: ./silo}}
outlets:
  geo: {{url: "{url}", services: true}}
"""
DESCRIPTION = """\
id: {id}
identifier: https://data.example/id/{id}
record_identifier: fr-229300082-jdd-{mark}-{id}
service_identifier: fr-229300082-srv-{mark}-{id}
status: published
access: {access}
title: "Écoles & « {id} » <du département>"
abstract: Ce que contient {id}, levé sur place, avec une phrase assez longue.
lineage: Levé sur place par les agents, puis contrôlé.
producer: Département d'Essai
themes: [us]
topics: [society]
keywords: [école, "l'été"]
dates: {{created: 2024-02-29, revised: 2026-01-15}}
{more}
collections:
  - id: {id}
    source: {{silo: sig, container: sig.gpkg, table: {table}}}
"""
DATASETS = {"ecoles": "open", "routes": "open", "captages": "restricted"}
LAYERS = {"ecoles": "écoles", "routes": "routes", "captages": "captages"}
IDENTIFIERS = [
    *(f"jdd-{{mark}}-{name}" for name in DATASETS),
    *(f"srv-{{mark}}-{name}" for name, access in DATASETS.items() if access == "open"),
]
Records = dict[str, bytes]
"""Canonical contents by fileIdentifier."""
MARK = "partout"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, catalogue: PycswTarget) -> Path:
    """A published deployment, and its records written into `records`."""
    folder = tmp_path_factory.mktemp("everywhere")
    for name in ("silo", "datasets"):
        (folder / name).mkdir()
    schema = {"geometry": "Point", "properties": {"nom": "str"}}
    for name, layer in LAYERS.items():
        path = folder / "silo" / "sig.gpkg"
        with fiona.open(
            path, "w", driver="GPKG", layer=layer, crs="EPSG:2154", schema=schema
        ) as target:
            geometry = {"type": "Point", "coordinates": (655000.0, 6867000.0)}
            target.write({"geometry": geometry, "properties": {"nom": "Épinay"}})
        access = DATASETS[name]
        (folder / "datasets" / f"{name}.yml").write_text(
            DESCRIPTION.format(
                id=name,
                table=layer,
                mark=MARK,
                access=access,
                more="access_limitation: h" if access == "restricted" else "",
            ),
            encoding="utf-8",
        )
    configuration = folder / "passerelle.yml"
    configuration.write_text(CONFIGURATION.format(url=catalogue.url), encoding="utf-8")
    run(configuration, "publish")
    run(configuration, "records", "--out", str(folder / "records"))
    return folder


def run(configuration: Path, *arguments: str) -> None:
    result = CliRunner().invoke(
        command_line(Language.ENGLISH),
        ["--config", str(configuration), *arguments],
        standalone_mode=False,
    )
    if result.exception is not None:
        raise result.exception
    assert not result.return_value, result.output


@pytest.fixture(scope="module")
def client(desk: Path) -> Iterator[httpx.Client]:
    with serving(desk / "passerelle.yml") as found:
        yield found


@contextmanager
def serving(configuration: Path) -> Iterator[httpx.Client]:
    config = uvicorn.Config(
        create_app(read_configuration(configuration)),
        port=0,
        http=GatheringProtocol,
        log_config=None,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(20)


def by_identifier(contents: Iterable[bytes]) -> Records:
    path = "string(gmd:fileIdentifier/gco:CharacterString)"
    found: Records = {}
    for content in contents:
        identifier = str(etree.fromstring(content).xpath(path, namespaces=ISO))
        assert identifier not in found, "a record is there twice"
        found[identifier] = canonical(content)
    return found


def canonical(content: bytes) -> bytes:
    """Return a record in canonical form, date and all, without layout."""
    root = etree.fromstring(content, etree.XMLParser(remove_blank_text=True))
    return etree.tostring(root, method="c14n", exclusive=True)


def within(document: bytes) -> list[bytes]:
    """Return every record within a document."""
    return [etree.tostring(each) for each in etree.fromstring(document).iter(RECORD)]


def as_files(desk: Path) -> Records:
    return by_identifier(p.read_bytes() for p in (desk / "records").glob("*.xml"))


def in_the_folder(client: httpx.Client) -> Records:
    page = html.fromstring(client.get("/records/").content)
    links = [each.get("href") for each in page.iterfind(".//tbody//a")]
    return by_identifier(client.get(x.removeprefix("/geo")).content for x in links)


def by_csw(client: httpx.Client) -> Records:
    query = {
        "service": "CSW",
        "version": "2.0.2",
        "request": "GetRecords",
        "typeNames": "gmd:MD_Metadata",
        "resultType": "results",
        "outputSchema": GMD,
        "elementSetName": "full",
        "maxRecords": "100",
    }
    return by_identifier(within(client.get("/csw", params=query).content))


def by_csw_one_by_one(client: httpx.Client) -> Records:
    query = {
        "service": "CSW",
        "version": "2.0.2",
        "request": "GetRecordById",
        "outputSchema": GMD,
        "elementSetName": "full",
    }
    answers = (
        client.get("/csw", params={**query, "id": identifier}).content
        for identifier in expected()
    )
    return by_identifier(each for answer in answers for each in within(answer))


def by_oai(client: httpx.Client) -> Records:
    query = {"verb": "ListRecords", "metadataPrefix": "iso19139"}
    return by_identifier(within(client.get("/oai", params=query).content))


def expected() -> list[str]:
    return [f"fr-229300082-{each.format(mark=MARK)}" for each in IDENTIFIERS]


def in_pycsw(catalogue: PycswTarget) -> Records:
    address = (
        f"{catalogue.url}?service=CSW&version=2.0.2&request=GetRecordById"
        f"&outputSchema={quote(GMD, safe='')}&elementSetName=full&id="
    )
    answers = (httpx.get(address + each, timeout=30).content for each in expected())
    return by_identifier(each for answer in answers for each in within(answer))


@pytest.fixture(scope="module")
def everywhere(
    desk: Path, client: httpx.Client, catalogue: PycswTarget
) -> dict[str, Records]:
    """Each place from which records are read, and those that are there."""
    return {
        "records --out": as_files(desk),
        "/records/": in_the_folder(client),
        "/csw GetRecords": by_csw(client),
        "/csw GetRecordById": by_csw_one_by_one(client),
        "/oai": by_oai(client),
        "pycsw": in_pycsw(catalogue),
    }


def test_each_record_is_the_same_in_every_place(
    everywhere: dict[str, Records],
) -> None:
    written = everywhere["records --out"]
    assert sorted(written) == sorted(expected())
    for place, found in everywhere.items():
        assert found.keys() == written.keys(), place
        for identifier, content in found.items():
            assert content == written[identifier], (place, identifier)


@pytest.mark.parametrize(
    "place",
    ["records --out", "/records/", "/csw GetRecords", "/oai", "pycsw"],
)
def test_each_record_is_what_inspire_demands_wherever_it_is_read(
    everywhere: dict[str, Records], place: str
) -> None:
    records = [
        Record(
            identifier=identifier,
            dataset_id=identifier.rpartition("-")[2],
            kind=RecordKind.SERVICE if "-srv-" in identifier else RecordKind.DATASET,
            content=content,
        )
        for identifier, content in everywhere[place].items()
    ]
    assert records
    for record in records:
        assert schema_errors(record.content) == (), record.identifier
        assert list(check_record(record)) == []
    assert list(check_records(records)) == []
