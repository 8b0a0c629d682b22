"""The real CKAN with its API, organisations on it, and datasets to push."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from gateway.outlets.ckan.outlet import CkanOutlet
from gateway.outlets.pacing import Pacing
from gateway.publication.result import OutletResult
from metadata.ckan import encode_ckan, package_name
from metadata.dataset import Collection, Dataset
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
from providers.configuration import OutletConfiguration, Secret

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS = "https://geo.example.org"
IMPATIENT = Pacing(sleep=lambda _: None, jitter=lambda a, b: 0.0)
ORGANISATION = Organisation(
    name="Département de la Seine-Saint-Denis",
    siren="229300082",
    email="sig@example.org",
    identifier_base="https://data.example.org/id",
    licence="etalab-2.0",
)


@dataclass(frozen=True)
class Portal:
    """A real CKAN, seen by a client that is not ours."""

    url: str
    key: str
    stranger: str
    formats: dict[str, str]
    organisation: str = ""
    base: str = ORGANISATION.identifier_base

    def act(self, action: str, key: str = "", **what: Any) -> Any:
        """Have an action done as an editor would; return its result."""
        answer = requests.post(
            f"{self.url}/api/3/action/{action}",
            json=what,
            headers={"Authorization": key or self.key},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def datasets(self) -> list[dict[str, Any]]:
        """Return the datasets of the organisation that are not deleted."""
        found: list[dict[str, Any]] = self.act(
            "package_search",
            fq=f'owner_org:"{self.organisation}"',
            include_private=True,
            rows=1000,
        )["results"]
        return found

    def named(self, name: str) -> str:
        return package_name(f"{self.base}/{name}")

    def one(self, name: str) -> dict[str, Any]:
        """Return the one dataset that is ours of that name, deleted or not."""
        found: dict[str, Any] = self.act("package_show", id=self.named(name))
        return found

    def edit(self, dataset: str, **fields: Any) -> None:
        """Change fields of a dataset, as an editor would on its page."""
        self.act("package_update", **{**self.one(dataset), **fields})

    def behind(self, path: str, **what: Any) -> dict[str, str]:
        """Use one of the server's back doors."""
        answer = requests.post(f"{self.url}/testing/{path}", json=what, timeout=60)
        assert answer.status_code == 200, answer.text
        found: dict[str, str] = answer.json()
        return found


@pytest.fixture(scope="session")
def ckan_environment() -> Path:
    """The python of CKAN's environment; without one, skip (fail under CI)."""
    given = os.environ.get("PASSERELLE_TEST_CKAN")
    python = Path(given) if given else ROOT / ".venv-ckan" / "bin" / "python"
    if not python.is_file():
        message = "there is no CKAN (PASSERELLE_TEST_CKAN, .venv-ckan)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return python


@pytest.fixture(scope="session")
def database(postgis_server: str) -> Iterator[str]:
    """An empty database for the portal."""
    name = f"passerelle_ckan_{os.getpid()}"
    with closing(psycopg2.connect(postgis_server)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        yield postgis_server.rsplit("/", 1)[0] + f"/{name}"
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def ckan(
    ckan_environment: Path, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    """The real CKAN in a process of its own."""
    folder = tmp_path_factory.mktemp("ckan")
    (folder / "licences.json").write_bytes((HERE / "licences.json").read_bytes())
    with subprocess.Popen(
        [ckan_environment, HERE / "server.py", folder, database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "CKAN did not start: run server.py by hand to see why"
        facts = json.loads(line)
        try:
            yield Portal(**facts)
        finally:
            assert process.stdin is not None
            process.stdin.close()


@pytest.fixture
def portal(ckan: Portal, request: pytest.FixtureRequest) -> Portal:
    """The portal, with an organisation and an address of identifiers for one test."""
    digits = sha256(request.node.nodeid.encode()).hexdigest()[:12]
    made = ckan.behind("group", name=f"org-{digits}", title=f"Organisation {digits}")
    base = f"https://data.example.org/{digits}"
    return replace(ckan, organisation=made["id"], base=base)


@pytest.fixture
def settings(portal: Portal) -> OutletConfiguration:
    return OutletConfiguration(
        name="portail",
        type="ckan",
        url=portal.url,
        organisation=portal.organisation,
        key=Secret(portal.key),
        service_url=OURS,
        timeout=20,
    )


def make_dataset(name: str, base: str, **stated: Any) -> Dataset:
    source = Source(silo="sig", container="public", table=name)
    collection = CollectionDescription(id=name, source=source)
    complete = {
        "title": f"Communes : « {name} » <&> \N{PARTY POPPER}",
        "abstract": "Contours des quarante communes.\n\n* un\n* deux  \n\nFin & suite.",
        "lineage": "Contours tirés d'Admin Express.",
        "purpose": "Servir de fond.",
        "limitations": "Ne vaut pas limite cadastrale.",
        "producer": ORGANISATION.name,
        "themes": ("au", "hy"),
        "topics": ("boundaries",),
        "keywords": ("Cœur d'îlot", "eau & gaz", "a", "x" * 120, "Été 2024"),
        "hvd": ("geospatial",),
        "frequency": Frequency.ANNUALLY,
        "resolution": 2.5,
        "period": StatedPeriod(start=date(2019, 1, 1), end=date(2025, 12, 31)),
        "contacts": (
            Contact(
                organisation=ORGANISATION.name,
                email="sig@example.org",
                name="Service de l'eau",
                url="https://www.example.org/contact",
            ),
            Contact(organisation="Agence", email="a@example.org", role=Role.AUTHOR),
        ),
        "links": (
            Link(url="https://docs.example.org/notice.pdf", title="Notice"),
            Link(url="https://docs.example.org/p", title="Page", description="Suite."),
        ),
        "dates": Dates(published=date(2020, 2, 29), revised=date(2026, 1, 15)),
        "status": Status.PUBLISHED,
    }
    description = Description(
        id=name,
        identifier=f"{base}/{name}",
        record_identifier=f"fr-229300082-jdd-{name}",
        service_identifier=f"fr-229300082-srv-{name}",
        collections=(collection,),
        **{**complete, **stated},
    )
    survey = Survey(
        source=source,
        kind=RelationKind.TABLE,
        surveyed_at=NOW,
        geometries=(
            GeometryColumn(name="geom", type=GeometryType.MULTI_POLYGON, srid=2154),
        ),
        extent=Extent(2.28, 48.8, 2.61, 49.02),
    )
    return Dataset(
        description=description,
        collections=(Collection(description=collection, survey=survey),),
        organisation=ORGANISATION,
        service_url=OURS,
    )


@pytest.fixture
def record(portal: Portal) -> Callable[..., Record]:
    """Make the record of a dataset with all there is: `record(name, title=…)`."""

    def make(name: str = "communes", **stated: Any) -> Record:
        return encode_ckan(make_dataset(name, portal.base, **stated))

    return make


Publish = Callable[..., OutletResult]


@pytest.fixture
def publish(
    publishing_by: Callable[..., Publish], settings: OutletConfiguration
) -> Publish:
    return publishing_by(CkanOutlet, settings)
