"""Varied datasets behind the real service, and the real udata that harvests it."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
import uvicorn

from metadata.codelists import (
    HVD_CATEGORIES,
    LICENCES,
    SPATIAL_SCOPES,
    THEMES,
    TOPICS,
)
from metadata.dataset import Collection, Dataset
from metadata.dcat import NO_FACTS, Facts, Form, resource_node, write
from metadata.description_file import write_draft
from metadata.finding import Language
from metadata.iso19139 import (
    dataset_content,
    encode_dataset_record,
    encode_service_record,
)
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
    Access,
    CollectionDescription,
    Contact,
    Dates,
    Description,
    Frequency,
    Link,
    Organisation,
    Role,
    StatedPeriod,
    Status,
)
from providers.configuration import read_configuration
from providers.store import open_store
from service.app import create_app

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MANY = 366
PATIENCE = 240
"""Seconds for udata to start, and as much again for its harvests."""
KEYWORDS = (
    "arbre",
    "cœur",
    "eau & gaz",
    "a",
    "x" * 120,
    "Été 2024",
    "L'Île-d’Yeu",
    "−5 °C à 12 €",
    "100 m²",
    "n° 3 / Nº 4",
    "PLU(i)",
    "Straße – Øst",
)
ABSTRACTS = (
    "Bref.",
    "Contours relevés à la main, ligne à ligne, et tenus à jour.",
    "Ce que contient la table.\n\nEt une suite : " + "des mots " * 40,
    "Altitudes < 100 m et > 20 m & « relevées » par l'agence ; 3 < 5, a<b non plus.",
    "Texte avec <b>balises</b> dedans, et <une autre>.",
)
NAMES = (
    "Arbres d'alignement",
    "Zones humides & mares",
    "Établissements « d'accueil » n° 3",
    "Écoles – œuvres, cœur de ville",
    "Carrières 100 % remises en état",
    "Bornes\u00a0: l’état <des>  lieux\n(à jour) \x07 🌳",
)
ORGANISATION = {
    "name": "Département de la Seine-Saint-Denis",
    "siren": "229300082",
    "email": "sig@example.org",
    "url": "https://www.example.org/",
    "phone": "+33 1 00 00 00 00",
    "identifier_base": "https://data.example.org/id",
    "licence": "etalab-2.0",
}
ORGANISATIONS = (
    ORGANISATION["name"],
    "Agence de l'eau",
    "Syndicat\n de\u00a0l’eau & <co>",
)
CONFIGURATION = """\
organisation: {organisation}
service: {{url: "{url}", title: Données ouvertes}}
silos: {{sig: ./silo}}
store: ./state.sqlite
"""
OUTLETS: Mapping[str, Mapping[str, Any]] = {
    "iso": {"backend": "csw-iso-19139", "path": "/csw"},
    "csw-dcat": {"backend": "csw-dcat", "path": "/csw"},
    "csw-geodcat": {
        "backend": "csw-dcat",
        "path": "/csw",
        "features": {"geodcatap": True},
    },
    "rdf": {"backend": "dcat", "path": "/dcat/catalog.rdf"},
    "jsonld": {"backend": "dcat", "path": "/dcat/catalog.jsonld"},
    "ttl": {"backend": "dcat", "path": "/dcat/catalog.ttl"},
}


def varied(number: int, service_url: str) -> Dataset:
    """Make a dataset whose facts are drawn at random, the same ones each time."""
    draw = random.Random(number)  # noqa: S311
    name = f"jeu-{number:04d}"
    collections = tuple(
        _collection(draw, f"{name}-{part}") for part in range(draw.choice((1, 1, 2)))
    )
    facts = _facts(draw, name)
    key = uuid5(NAMESPACE_URL, name)
    return Dataset(
        description=Description(
            id=name,
            identifier=f"{ORGANISATION['identifier_base']}/{name}",
            record_identifier=f"fr-229300082-jdd-{key}",
            service_identifier=f"fr-229300082-srv-{key}",
            collections=tuple(each.description for each in collections),
            status=Status.PUBLISHED,
            title=f"{draw.choice(NAMES)} ({number})",
            **facts,
        ),
        collections=collections,
        organisation=Organisation(**ORGANISATION),
        service_url=service_url,
    )


def _collection(draw: random.Random, name: str) -> Collection:
    source = Source(silo="sig", container="base.gpkg", table=name)
    west, south = draw.uniform(-4, 7), draw.uniform(42, 50)
    has_geometry = draw.random() < 0.8
    geometry = GeometryColumn(name="geom", type=GeometryType.MULTI_POLYGON, srid=2154)
    extent = Extent(west, south, west + draw.uniform(0, 1), south + draw.uniform(0, 1))
    return Collection(
        description=CollectionDescription(id=name, source=source),
        survey=Survey(
            source=source,
            kind=RelationKind.TABLE,
            surveyed_at=NOW,
            geometries=(geometry,) if has_geometry else (),
            extent=extent if has_geometry else None,
        ),
    )


def _facts(draw: random.Random, name: str) -> dict[str, Any]:
    """Draw what a person states; every fact is absent now and then."""
    access = draw.choice((Access.OPEN,) * 4 + (Access.RESTRICTED,))
    chance = draw.random
    some: Callable[..., Any] = draw.choice
    return {
        "access": access,
        "access_limitation": some("abcdefgh") if access is not Access.OPEN else "",
        "abstract": some(ABSTRACTS),
        "lineage": some(("", "Levé sur place, au 1/200.", "Levé.\n\n  Puis <repris>.")),
        "purpose": some(("", "Gérer les arbres.")),
        "limitations": some(("", "Ne vaut pas limite cadastrale.")),
        "producer": some((ORGANISATION["name"], "Commune de Bobigny")),
        "licence": some((*sorted(LICENCES), "")),
        "themes": tuple(draw.sample(sorted(THEMES), some((0, 1, 2)))),
        "topics": tuple(draw.sample(sorted(TOPICS), some((0, 1)))),
        "keywords": tuple(draw.sample(KEYWORDS, 3)),
        "hvd": tuple(draw.sample(sorted(HVD_CATEGORIES), some((0, 0, 1, 2)))),
        "spatial_scope": some(("", *sorted(SPATIAL_SCOPES))),
        "scale": some((None, 5_000, 25_000)),
        "resolution": some((None, 0.5, 10.0)),
        "frequency": some(tuple(Frequency)),
        "dates": Dates(
            created=date(2019, 2, 28) if chance() < 0.5 else None,
            published=date(2020, 2, 29) if chance() < 0.5 else None,
            revised=NOW.date() - timedelta(draw.randrange(900))
            if chance() < 0.7
            else None,
        ),
        "period": some(
            (
                None,
                StatedPeriod(start=date(2019, 1, 1), end=date(2025, 12, 31)),
                StatedPeriod(start=date(2021, 7, 1)),
                StatedPeriod(end=date(1999, 12, 31)),
                StatedPeriod(start=date(2025, 1, 1), end=date(1950, 1, 1)),
            )
        ),
        "contacts": _contacts(draw),
        "links": _links(draw, name),
    }


def _contacts(draw: random.Random) -> tuple[Contact, ...]:
    roles = draw.sample(list(Role), draw.choice((0, 1, 2, 3)))
    return tuple(
        Contact(
            organisation=draw.choice(
                (
                    str(ORGANISATION["name"]),
                    "Agence de l'eau",
                    "Syndicat\n de\u00a0l’eau & <co>",
                )
            ),
            email=f"{role.lower()}@example.org",
            role=role,
            name=draw.choice(("", "Service de l'eau")),
            phone=draw.choice(("", "+33 1 43 93 93 93")),
            url=draw.choice(("", "https://www.example.org/contact")),
        )
        for role in roles
    )


def _links(draw: random.Random, name: str) -> tuple[Link, ...]:
    notice = Link(
        url=f"https://docs.example.org/{name}.pdf",
        title="Notice",
        description=draw.choice(("", "Comment les données ont été faites.")),
    )
    page = Link(url="https://docs.example.org/page", title="Page du projet")
    return draw.choice(((), (notice,), (notice, page)))


def records(datasets: Sequence[Dataset]) -> list[Record]:
    """Return the records that `publish` would send."""
    day = NOW.date()
    made = [encode_dataset_record(each, date_stamp=day) for each in datasets]
    served = (each for each in datasets if each.serves_data(day))
    return made + [encode_service_record(each, date_stamp=day) for each in served]


@contextmanager
def serving(
    folder: Path,
    address: str,
    datasets: Sequence[Dataset],
    *,
    left: Sequence[Dataset] | None = None,
) -> Iterator[None]:
    """Run the real service on a catalogue of these datasets.

    Parameters
    ----------
    left
        What there is of them since yesterday; `None`: all.
    """
    (folder / "silo").mkdir(parents=True)
    (folder / "datasets").mkdir()
    for each in datasets:
        write_draft(folder / "datasets", each.description, Language.FRENCH)
    configuration = folder / "passerelle.yml"
    text = CONFIGURATION.format(organisation=json.dumps(ORGANISATION), url=address)
    configuration.write_text(text, encoding="utf-8")
    read = read_configuration(configuration)
    store = open_store(read.store)
    store.keep_surveys([c.survey for each in datasets for c in each.collections])
    store.apply_snapshot(records(datasets), now=NOW - timedelta(days=30))
    if left is not None:
        store.apply_snapshot(records(left), now=NOW - timedelta(days=1))
    store.close()
    host, _, port = address.removeprefix("http://").partition(":")
    app = create_app(read, clock=lambda: NOW, interval=5)
    server = uvicorn.Server(
        uvicorn.Config(app, host=host, port=int(port), log_config=None, lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + PATIENCE
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        assert time.monotonic() < end, "the service did not start in time"
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(20)


@dataclass(frozen=True)
class Portal:
    """Harvests with the real udata."""

    python: Path
    folder: Path

    def harvest(
        self, address: str, *outlets: str, passes: int = 1
    ) -> dict[str, dict[str, Any]]:
        """Harvest outlets of a service, each into an empty portal of its own."""
        sources = {
            name: {**OUTLETS[name], "url": address + OUTLETS[name]["path"]}
            for name in outlets
        }
        return self.harvest_all(sources, passes=passes)

    def harvest_all(
        self, sources: Mapping[str, Mapping[str, Any]], *, passes: int = 1
    ) -> dict[str, dict[str, Any]]:
        """Harvest sources, each into an empty portal of its own."""
        order = {
            "folder": str(self.folder / "files"),
            "licences": json.loads((HERE / "licences.json").read_text("utf-8")),
            "sources": {n: {**row, "passes": passes} for n, row in sources.items()},
        }
        (self.folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
        answer = self.folder / "answer.json"
        answer.unlink(missing_ok=True)
        done = subprocess.run(
            [self.python, HERE / "harvester.py", "order.json", "answer.json"],
            check=False,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE * (1 + len(sources)),
        )
        assert done.returncode == 0, done.stderr[-4000:]
        found: dict[str, dict[str, Any]] = json.loads(answer.read_text("utf-8"))
        return found


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """udata in an environment of its own; skip where that could not be made."""
    given = os.environ.get("PASSERELLE_TEST_UDATA")
    python = Path(given) if given else ROOT / ".venv-udata" / "bin" / "python"
    unfinished = python.parent.parent / ".unfinished"
    if python.is_file() and not unfinished.exists():
        return Portal(python, tmp_path_factory.mktemp("udata"))
    pytest.skip("udata could not be installed (PASSERELLE_TEST_UDATA, .venv-udata)")


@dataclass(frozen=True)
class Harvest:
    """Datasets, and what udata holds of them, outlet by outlet."""

    datasets: tuple[Dataset, ...]
    found: Mapping[str, Mapping[str, Any]]

    today = NOW.date()


@pytest.fixture(scope="session")
def harvest(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> Harvest:
    """A dozen varied datasets, harvested twice from each outlet."""
    return _harvest(portal, tmp_path_factory.mktemp("portal"), 12, tuple(OUTLETS))


@pytest.fixture(scope="session")
def great_harvest(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> Harvest:
    """A whole catalogue, harvested twice from CSW (ISO 19139) and from the feed."""
    outlets = ("iso", "rdf")
    return _harvest(portal, tmp_path_factory.mktemp("great"), MANY, outlets)


@pytest.fixture(scope="session")
def shrunk_harvest(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> Harvest:
    """A dozen, then the same service after ten of them got lost in a day."""
    folder = tmp_path_factory.mktemp("shrunk")
    whole, shrunk = (f"http://127.0.0.1:{_free_port()}" for _ in range(2))
    datasets = tuple(varied(number, whole) for number in range(12))
    with (
        serving(folder / "whole", whole, datasets),
        serving(folder / "shrunk", shrunk, datasets, left=datasets[10:]),
    ):
        sources = {
            name: {
                "backend": OUTLETS[name]["backend"],
                "url": whole + OUTLETS[name]["path"],
                "then": [shrunk + OUTLETS[name]["path"]],
            }
            for name in ("iso", "rdf")
        }
        return Harvest(datasets, portal.harvest_all(sources))


def _harvest(
    portal: Portal, folder: Path, count: int, outlets: tuple[str, ...]
) -> Harvest:
    address = f"http://127.0.0.1:{_free_port()}"
    datasets = tuple(varied(number, address) for number in range(count))
    with serving(folder / "site", address, datasets):
        return Harvest(datasets, portal.harvest(address, *outlets, passes=2))


@contextmanager
def serving_folder(folder: Path) -> Iterator[str]:
    """Serve the files of a folder, whoever asks."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    """Feeds of whatever datasets, written as the service writes them."""
    with serving_folder(tmp_path) as address:
        yield Feed(tmp_path, address)


@dataclass(frozen=True)
class Feed:
    """A folder of feeds that is served."""

    folder: Path
    address: str

    def add(
        self, name: str, datasets: Sequence[Dataset], facts: Facts = NO_FACTS
    ) -> str:
        """Write a feed; return its address."""
        nodes = [resource_node(dataset_content(each), facts) for each in datasets]
        (self.folder / f"{name}.rdf").write_bytes(write(nodes, Form.RDF_XML))
        return f"{self.address}/{name}.rdf"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
