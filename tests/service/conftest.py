"""A whole deployment on a real silo, and the real server in front of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import fiona
import httpx
import psycopg2
import pytest
import uvicorn
from fiona.crs import CRS
from lxml import etree

from gateway.assembly import assemble, dated_records, record_identifiers
from gateway.publication.publish import publish_records
from metadata.description import read_descriptions
from providers.configuration import read_configuration
from providers.store import open_store
from service.app import create_app
from service.gathering import GatheringProtocol
from service.making import look_around, make_everything

URL = "http://service.example/geo"
PATIENCE = 20.0
PUBLISHED = datetime(2026, 5, 4, 12, tzinfo=UTC)
DESCRIPTION = """\
id: {id}
identifier: https://data.example/id/{id}
record_identifier: fr-229300082-jdd-{uuid}
service_identifier: fr-229300082-srv-{uuid}
status: {status}
access: {access}
title: "{title}"
abstract: Ce que contient {id}, mesuré et décrit, avec une phrase assez longue.
lineage: Levé sur place.
producer: Service des essais
themes: [au]
topics: [boundaries]
keywords: [essai]
{more}
collections:
"""
COLLECTION = """\
  - id: {id}
    source: {{silo: sig, container: {container}, table: {table}}}
"""
CONFIGURATION = """\
organisation:
  name: Service des essais
  siren: "229300082"
  email: sig@essais.example
  url: https://essais.example
  identifier_base: https://data.example/id
  licence: etalab-2.0
service:
  url: {url}
  title: Données d'essai
  key: ouvre-toi
silos:
  sig: {silo}
store: ./state.sqlite
"""


@dataclass(frozen=True)
class Deployment:
    """A folder with configuration and descriptions, and a silo of two tables."""

    folder: Path
    silo: str
    container: str
    """Schema of the database, or name of the file."""

    @property
    def configuration(self) -> Path:
        return self.folder / "passerelle.yml"

    @property
    def is_database(self) -> bool:
        return self.silo.startswith("postgresql://")

    def describe(
        self,
        dataset: str,
        *tables: str,
        status: str = "published",
        access: str = "open",
        title: str = "",
        more: str = "",
    ) -> None:
        """Write a description, as a person or `approve` would.

        A table is published under its own name, or as ``name=table`` says.
        """
        number = sum(map(ord, dataset)) % 10**12
        text = DESCRIPTION.format(
            id=dataset,
            uuid=f"00000000-0000-4000-8000-{number:012d}",
            status=status,
            access=access,
            title=title or f"Jeu {dataset}",
            more=more,
        )
        for each in tables or (dataset,):
            name, _, table = each.rpartition("=")
            text += COLLECTION.format(
                id=name or table, table=table, container=self.container
            )
        target = self.folder / "datasets" / f"{dataset}.yml"
        fresh = target.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(target)

    def withdraw(self, dataset: str) -> None:
        (self.folder / "datasets" / f"{dataset}.yml").unlink()

    def execute(self, statement: str) -> None:
        """Change the silo from outside; for databases."""
        connection = psycopg2.connect(self.silo)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


def deploy(folder: Path, silo: str, container: str) -> Deployment:
    (folder / "datasets").mkdir()
    text = CONFIGURATION.format(url=URL, silo=silo)
    (folder / "passerelle.yml").write_text(text, encoding="utf-8")
    return Deployment(folder, silo, container)


def fill_database(address: str) -> None:
    """Make the two tables `places` (points) and `zones` (polygons)."""
    connection = psycopg2.connect(address)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE TABLE places (
                id integer PRIMARY KEY, nom text, "limit" integer, secret text,
                ouvert date, geom geometry(Point, 2154));
            COMMENT ON COLUMN places.nom IS 'Nom <usuel> & "officiel"';
            INSERT INTO places
            SELECT i, 'Lieu ' || i || ' <&">', i, 'x', date '2019-12-31' + i,
                   ST_SetSRID(ST_MakePoint(650000 + i * 100, 6860000 + i * 50), 2154)
            FROM generate_series(1, 30) AS i;
            CREATE TABLE zones (
                code text PRIMARY KEY, nom text, geom geometry(Polygon, 2154));
            INSERT INTO zones
            SELECT 'Z' || i, 'Zone ' || i,
                   ST_MakeEnvelope(650000 + i * 1000, 6860000,
                                   650900 + i * 1000, 6861000, 2154)
            FROM generate_series(1, 5) AS i;
            CREATE TABLE reserve AS TABLE zones;
            """
        )
    connection.close()


def fill_geopackage(path: Path) -> None:
    """Make the same two tables as layers of one file."""
    places = {
        "geometry": "Point",
        "properties": {
            "nom": "str",
            "limit": "int",
            "secret": "str",
            "ouvert": "date",
        },
    }
    with fiona.open(
        path, "w", driver="GPKG", layer="places", crs=CRS.from_epsg(2154), schema=places
    ) as layer:
        for i in range(1, 31):
            layer.write(
                {
                    "geometry": {
                        "type": "Point",
                        "coordinates": (650000 + i * 100, 6860000 + i * 50),
                    },
                    "properties": {
                        "nom": f'Lieu {i} <&">',
                        "limit": i,
                        "secret": "x",
                        "ouvert": f"2020-01-{i:02d}",
                    },
                }
            )
    add_zones(path, "zones")
    add_zones(path, "reserve")


def add_zones(path: Path, layer: str) -> None:
    """Add a layer of polygons to a GeoPackage."""
    schema = {"geometry": "Polygon", "properties": {"code": "str", "nom": "str"}}
    with fiona.open(
        path, "w", driver="GPKG", layer=layer, crs=CRS.from_epsg(2154), schema=schema
    ) as target:
        for i in range(1, 6):
            west = 650000 + i * 1000
            ring = [
                (west, 6860000),
                (west + 900, 6860000),
                (west + 900, 6861000),
                (west, 6861000),
                (west, 6860000),
            ]
            target.write(
                {
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                    "properties": {"code": f"Z{i}", "nom": f"Zone {i}"},
                }
            )


@pytest.fixture
def on_postgis(tmp_path: Path, postgis: str) -> Deployment:
    """A deployment on PostGIS, nothing described yet."""
    fill_database(postgis)
    return deploy(tmp_path, postgis, "public")


@pytest.fixture
def on_geopackage(tmp_path: Path) -> Deployment:
    """A deployment on a folder with one GeoPackage, nothing described yet."""
    return deploy_geopackage(tmp_path)


@pytest.fixture(scope="module")
def module_geopackage(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Like `on_geopackage`, for all tests of one module."""
    return deploy_geopackage(tmp_path_factory.mktemp("deployment"))


@pytest.fixture
def new_geopackage() -> Callable[[Path], Deployment]:
    """Make a deployment on a folder with one GeoPackage, in a folder."""
    return deploy_geopackage


@pytest.fixture(params=["geopackage", "postgis"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """A deployment on each kind of silo."""
    made: Deployment = request.getfixturevalue(f"on_{request.param}")
    return made


def deploy_geopackage(folder: Path) -> Deployment:
    (folder / "silo").mkdir()
    fill_geopackage(folder / "silo" / "base.gpkg")
    return deploy(folder, "./silo", "base.gpkg")


@contextmanager
def running(
    deployment: Deployment, *, headers: dict[str, str] | None = None, **settings: Any
) -> Iterator[httpx.Client]:
    """Run the application in uvicorn on loopback; yield a client of it."""
    settings.setdefault("interval", 0.05)
    app = create_app(read_configuration(deployment.configuration), **settings)
    config = uvicorn.Config(
        app, port=0, http=GatheringProtocol, log_config=None, lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started or not thread.is_alive())
    if not server.started:
        pytest.fail("the service did not start")
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        base = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=base, headers=headers, timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def wait_for(what: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something is so; fail when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.02)
    pytest.fail("it did not come about in time")


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[httpx.Client]]:
    """The server as a context manager: ``with serve(deployment) as client``."""
    return running


@pytest.fixture(scope="session")
def new_deployment() -> Callable[[Path, str, str], Deployment]:
    """Make a deployment in a folder, on a silo that is there already."""
    return deploy


@pytest.fixture(scope="session")
def make_files() -> Callable[[Deployment], None]:
    """Make every file of a deployment, as the command does."""
    return make_every_file


def make_every_file(deployment: Deployment) -> None:
    configuration, now = read_configuration(deployment.configuration), datetime.now(UTC)
    descriptions = read_descriptions(configuration.datasets)
    snapshot = look_around(configuration, descriptions, now=now)
    store = open_store(configuration.store)
    try:
        making = make_everything(snapshot, store, clock=lambda: datetime.now(UTC))
    finally:
        store.close()
        for silo in snapshot.silos.values():
            silo.close()
    assert not making.failed


@pytest.fixture(scope="session")
def filled() -> Callable[[str], None]:
    """Make the tables `places` and `zones` in a database."""
    return fill_database


@pytest.fixture(name="wait_for")
def _wait_for() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is so."""
    return wait_for


@pytest.fixture(scope="session")
def publish() -> Callable[..., None]:
    """Publish all that may go out into the catalogue, as the command does."""
    return publish_catalogue


def publish_catalogue(
    deployment: Deployment, *, now: datetime = PUBLISHED, allow_deletes: int = 1000
) -> None:
    configuration = read_configuration(deployment.configuration)
    store = open_store(configuration.store)
    try:
        found = assemble(configuration, store, now=now)
        today = now.date()
        due = [d for d in found.described.datasets if d.has_record(today)]
        last = store.last_stamps([name for d in due for name in record_identifiers(d)])
        records = [r for d in due for r in dated_records(d, last, today=today)]
        result = publish_records(
            records,
            configuration=configuration,
            store=store,
            now=now,
            allow_deletes=allow_deletes,
        )
    finally:
        store.close()
    assert result.snapshot is not None
    assert result.snapshot.refusal is None


@pytest.fixture
def new_layer() -> Callable[..., None]:
    """Add a layer of polygons to a GeoPackage."""
    return add_zones


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The service on twenty-four datasets: forests and schools, of two layers."""
    deployment = deploy_geopackage(tmp_path_factory.mktemp("many"))
    for number in range(1, 25):
        table = "places" if number % 2 else "zones"
        title = f"Écoles du quartier {number}" if number % 3 else f"Forêt n° {number}"
        deployment.describe(
            f"jeu-{'a' * number}", f"c{number:02d}={table}", title=title
        )
    with running(deployment) as client:
        yield client


@pytest.fixture(scope="module", params=["geopackage", "postgis"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """The service on two datasets and a restricted one; for reading only."""
    folder = tmp_path_factory.mktemp("service")
    if request.param == "postgis":
        address = request.getfixturevalue("module_postgis")
        fill_database(address)
        deployment = deploy(folder, address, "public")
    else:
        deployment = deploy_geopackage(folder)
    deployment.describe("lieux", "places")
    deployment.describe("zonage", "zones")
    deployment.describe("reserve", access="restricted")
    make_every_file(deployment)
    with running(deployment) as client:
        yield client


GML = "http://www.opengis.net/gml/3.2"
GML_SCHEMA = "http://schemas.opengis.net/gml/3.2.1/gml.xsd"
LEVELS_SCHEMA = "http://schemas.opengis.net/gmlsfProfile/2.0/gmlsfLevels.xsd"
SF = "http://www.opengis.net/ogcapi-features-1/1.0/sf"
CONTAINER = f"""\
<schema xmlns="http://www.w3.org/2001/XMLSchema" xmlns:gml="{GML}" xmlns:sf="{SF}"
  targetNamespace="{SF}" elementFormDefault="qualified">
  <import namespace="{GML}" schemaLocation="{GML_SCHEMA}"/>
  <element name="FeatureCollection" type="sf:Collection"
    substitutionGroup="gml:AbstractFeature"/>
  <complexType name="Collection"><complexContent>
    <extension base="gml:AbstractFeatureType">
      <sequence minOccurs="0" maxOccurs="unbounded"><element name="featureMember">
        <complexType><complexContent><extension base="gml:AbstractFeatureMemberType">
          <sequence><element ref="gml:AbstractFeature"/></sequence>
        </extension></complexContent></complexType>
      </element></sequence>
    </extension>
  </complexContent></complexType>
</schema>"""
"""A container as OGC API Features describes it (Part 1, clause 8.4)."""
LEVELS = """\
<schema xmlns="http://www.w3.org/2001/XMLSchema"
  targetNamespace="http://www.opengis.net/gmlsf/2.0">
  <element name="ComplianceLevel" type="integer"/>
</schema>"""


@pytest.fixture(scope="session")
def assert_valid(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[httpx.Client, bytes], None]:
    """Hold a document in GML against the schemas that it names, without network."""
    folder = tmp_path_factory.mktemp("schemas")
    parser = etree.XMLParser(no_network=True, resolve_entities=False, huge_tree=True)
    gml = Path(str(files("pycsw"))) / "core/schemas/ogc/gml/3.2.1/gml.xsd"
    known = {GML_SCHEMA: gml, LEVELS_SCHEMA: folder / "levels.xsd"}
    known[LEVELS_SCHEMA].write_text(LEVELS, encoding="utf-8")

    def place(text: str, name: str) -> str:
        for address, path in known.items():
            text = text.replace(address, path.as_uri())
        (folder / name).write_text(text, encoding="utf-8")
        return (folder / name).as_uri()

    def check(client: httpx.Client, content: bytes) -> None:
        root = etree.fromstring(content, parser)
        named = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
        words = (root.get(named) or "").split()
        pairs = dict(zip(words[::2], words[1::2], strict=True))
        pairs[SF] = place(CONTAINER, "container.xsd")
        for space in pairs.keys() - {GML, SF}:
            answer = client.get(pairs[space].removeprefix(URL))
            assert answer.status_code == 200
            pairs[space] = place(answer.text, "features.xsd")
        pairs.pop(GML)
        driver = etree.Element("{http://www.w3.org/2001/XMLSchema}schema")
        for space, where in pairs.items():
            found = etree.SubElement(driver, "{http://www.w3.org/2001/XMLSchema}import")
            found.set("namespace", space)
            found.set("schemaLocation", where)
        etree.XMLSchema(driver).assertValid(root)

    return check
