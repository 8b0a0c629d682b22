"""A catalogue of real records in a real store, behind the real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from lxml import etree

from metadata.dataset import Collection, Dataset
from metadata.iso19139 import encode_dataset_record, encode_service_record
from metadata.measured import (
    Extent,
    GeometryColumn,
    GeometryType,
    RelationKind,
    Source,
    Survey,
)
from metadata.record import Record
from metadata.stated import (
    CollectionDescription,
    Conformity,
    Dates,
    Description,
    Organisation,
    StatedPeriod,
    Status,
)
from providers.configuration import read_configuration
from providers.store import Store, open_store
from service.app import create_app

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SPACES = {
    "csw": "http://www.opengis.net/cat/csw/2.0.2",
    "ows": "http://www.opengis.net/ows",
    "ogc": "http://www.opengis.net/ogc",
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gco": "http://www.isotc211.org/2005/gco",
    "srv": "http://www.isotc211.org/2005/srv",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dct": "http://purl.org/dc/terms/",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "inspire_ds": "http://inspire.ec.europa.eu/schemas/inspire_ds/1.0",
    "inspire_common": "http://inspire.ec.europa.eu/schemas/common/1.0",
}
ORGANISATION = Organisation(
    name="Département de la Seine-Saint-Denis",
    siren="229300082",
    email="sig@example.org",
    identifier_base="https://data.example.org/id",
    licence="etalab-2.0",
)
CONFIGURATION = """\
organisation:
  name: Département de la Seine-Saint-Denis
  siren: "229300082"
  email: sig@example.org
  url: https://www.example.org
  phone: "+33 1 00 00 00 00"
  identifier_base: https://data.example.org/id
  licence: etalab-2.0
service:
  url: {url}
  title: Données ouvertes
  {more}
silos:
  sig: ./silo
store: ./state.sqlite
"""
SHAPES = {
    "communes": Extent(2.28, 48.8, 2.61, 49.02),
    "arbres": Extent(2.5, 48.9, 2.55, 48.95),
    "ailleurs": Extent(-1.6, 43.3, -1.4, 43.5),
}


def dataset(number: int, **stated: Any) -> Dataset:
    """Make a dataset whose facts follow from its number."""
    name = f"jeu-{number:05d}"
    extent = list(SHAPES.values())[number % 3]
    source = Source(silo="sig", container="public", table=name)
    collection = CollectionDescription(id=name, source=source)
    kinds = (Conformity.CONFORMANT, Conformity.NOT_CONFORMANT, Conformity.NOT_EVALUATED)
    facts: dict[str, Any] = {
        "title": f"{list(SHAPES)[number % 3].title()} n° {number:05d} <&> « é »",
        "abstract": f"Contours numéro {number} du département, relevés à la main.",
        "lineage": "Levé sur place par le service.",
        "producer": ORGANISATION.name,
        "themes": ("au",),
        "topics": ("boundaries",),
        "keywords": ("limite administrative", f"lot {number % 7}"),
        "scale": 5000 * (1 + number % 4),
        "dates": Dates(
            created=date(2020, 1, 1), revised=date(2026, 1, 1) + timedelta(number % 100)
        ),
        "period": StatedPeriod(start=date(2019, 1, 1), end=date(2025, 12, 31)),
        "conformity": kinds[number % 3],
        "limitations": "Ne vaut pas limite cadastrale.",
        "status": Status.PUBLISHED,
        **stated,
    }
    return Dataset(
        description=Description(
            id=name,
            identifier=f"{ORGANISATION.identifier_base}/{name}",
            record_identifier=f"fr-229300082-jdd-{number:05d}",
            service_identifier=f"fr-229300082-srv-{number:05d}",
            collections=(collection,),
            **facts,
        ),
        collections=(
            Collection(
                description=collection,
                survey=Survey(
                    source=source,
                    kind=RelationKind.TABLE,
                    surveyed_at=NOW,
                    extent=extent,
                    geometries=(
                        GeometryColumn(
                            name="geom", type=GeometryType.MULTI_POLYGON, srid=2154
                        ),
                    ),
                ),
            ),
        ),
        organisation=ORGANISATION,
        service_url="https://geo.example.org",
    )


def record(number: int, *, day: date | None = None, **stated: Any) -> Record:
    """Make the record of a dataset; its date stamp follows from its number."""
    stamp = day or date(2026, 3, 1) + timedelta(number % 50)
    return encode_dataset_record(dataset(number, **stated), date_stamp=stamp)


def service_record(number: int) -> Record:
    """Make the record of a dataset's download service."""
    return encode_service_record(dataset(number), date_stamp=date(2026, 3, 1))


@dataclass(frozen=True)
class Served:
    """A catalogue that answers."""

    address: str
    client: httpx.Client
    store: Store

    def get(self, **parameters: str) -> httpx.Response:
        """Ask by keywords; `service` and `version` are added."""
        given = {"service": "CSW", "version": "2.0.2", **parameters}
        return self.client.get(
            "/csw", params={name.rstrip("_"): value for name, value in given.items()}
        )

    def post(self, document: str | bytes, **headers: str) -> httpx.Response:
        """Ask by a document."""
        content = document.encode() if isinstance(document, str) else document
        sent = {"content-type": "application/xml", **headers}
        return self.client.post("/csw", content=content, headers=sent)

    def identifiers(self, constraint: str, **parameters: str) -> list[str]:
        """Return the identifiers of all records that a CQL constraint finds."""
        answer = self.get(
            request="GetRecords",
            typeNames="csw:Record",
            resultType="results",
            elementSetName="brief",
            maxRecords="500",
            constraintLanguage="CQL_TEXT",
            constraint=constraint,
            **parameters,
        )
        assert answer.status_code == 200, answer.text
        return texts(answer, "//dc:identifier")


def parsed(answer: httpx.Response | bytes) -> etree._Element:
    """Return the root of an answer."""
    content = answer if isinstance(answer, bytes) else answer.content
    return etree.fromstring(content)


def texts(answer: httpx.Response | bytes, path: str) -> list[str]:
    """Return texts or attributes at a path of an answer."""
    found = parsed(answer).xpath(path, namespaces=SPACES)
    return [str(getattr(one, "text", one)) for one in found]


def numbers(answer: httpx.Response) -> tuple[int, int, int]:
    """Return records matched, records returned, next record."""
    (results,) = parsed(answer).iterfind("csw:SearchResults", SPACES)
    names = ("numberOfRecordsMatched", "numberOfRecordsReturned", "nextRecord")
    matched, returned, following = (int(results.attrib[name]) for name in names)
    return matched, returned, following


def exception(answer: httpx.Response) -> tuple[int, str, str]:
    """Return HTTP status, code and locator of an exception report; valid always."""
    assert schema_errors(answer.content) == []
    (found,) = parsed(answer).iterfind("ows:Exception", SPACES)
    return answer.status_code, found.attrib["exceptionCode"], found.get("locator", "")


@lru_cache(maxsize=1)
def schema() -> etree.XMLSchema:
    """Compile CSW 2.0.2 and ISO 19139 together; from pycsw's wheel, offline."""
    core, profile = "core/schemas/ogc", "plugins/profiles/apiso/schemas/ogc/iso/19139"
    imports = {
        SPACES["csw"]: f"{core}/csw/2.0.2/CSW-discovery.xsd",
        SPACES["ows"]: f"{core}/ows/1.0.0/owsAll.xsd",
        SPACES["gmd"]: f"{profile}/20070417/gmd/gmd.xsd",
        "http://www.isotc211.org/2005/gmx": f"{profile}/20070417/gmx/gmx.xsd",
        SPACES["srv"]: f"{profile}/20060504/srv/srv.xsd",
    }
    xsd = "http://www.w3.org/2001/XMLSchema"
    driver = etree.Element(f"{{{xsd}}}schema", nsmap={"xs": xsd})
    for space, path in imports.items():
        place = Path(str(files("pycsw").joinpath(*path.split("/"))))
        etree.SubElement(
            driver,
            f"{{{xsd}}}import",
            {"namespace": space, "schemaLocation": place.as_uri()},
        )
    return etree.XMLSchema(driver)


def schema_errors(content: bytes) -> list[str]:
    """Return what the schemas find wrong with an answer."""
    document = etree.fromstring(content)
    checked = schema()
    if checked.validate(document):
        return []
    return [f"{error.line}: {error.message}" for error in checked.error_log]


@contextmanager
def serving(
    folder: Path,
    records: Sequence[Record],
    *,
    more: str = "",
    now: Callable[[], datetime] = lambda: NOW,
) -> Iterator[Served]:
    """Publish records and serve them; the catalogue is what was published last."""
    (folder / "silo").mkdir(parents=True)
    (folder / "datasets").mkdir()
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    configuration = folder / "passerelle.yml"
    configuration.write_text(
        CONFIGURATION.format(url=address, more=more), encoding="utf-8"
    )
    read = read_configuration(configuration)
    store = open_store(read.store)
    if records:
        store.apply_snapshot(records, now=now() - timedelta(days=30))
    app = create_app(read, clock=now, interval=0.05)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        assert time.monotonic() < end, "the service did not start in time"
        time.sleep(0.02)
    try:
        with httpx.Client(base_url=address, timeout=60) as client:
            yield Served(f"{address}/csw", client, store)
    finally:
        server.should_exit = True
        thread.join(20)
        store.close()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Tools:
    """What tests of the catalogue have in common."""

    record = staticmethod(record)
    service_record = staticmethod(service_record)
    dataset = staticmethod(dataset)
    serving = staticmethod(serving)
    parsed = staticmethod(parsed)
    texts = staticmethod(texts)
    numbers = staticmethod(numbers)
    exception = staticmethod(exception)
    schema_errors = staticmethod(schema_errors)
    replace = staticmethod(replace)
    spaces = SPACES
    now = NOW


@pytest.fixture(scope="session")
def csw() -> Tools:
    """Makers of records and readers of answers."""
    return Tools()


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Sixty datasets and six download services; for reading only."""
    records = [record(n) for n in range(60)] + [service_record(n) for n in range(6)]
    with serving(tmp_path_factory.mktemp("csw") / "deployment", records) as served:
        yield served
