"""The real udata with its HTTP API, organisations on it, and datasets to push."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.outlets.http import Pacing
from gateway.outlets.udata.outlet import UdataOutlet
from gateway.publication.result import OutletResult
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
from metadata.udata import encode_udata
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
    """A real udata, seen by a client that is not ours."""

    url: str
    key: str
    stranger: str
    organisation: str

    def datasets(self) -> list[dict[str, Any]]:
        """Return every dataset of the organisation, archived ones too."""
        answer = requests.get(
            f"{self.url}/api/1/datasets/",
            params={"organization": self.organisation, "page_size": "1000"},
            headers={"X-API-KEY": self.key},
            timeout=60,
        )
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    def one(self, name: str) -> dict[str, Any]:
        """Return the one dataset that is ours of that name."""
        identifier = f"{ORGANISATION.identifier_base}/{name}"
        (found,) = (
            each
            for each in self.datasets()
            if each["extras"].get("passerelle:identifier") == identifier
        )
        return found

    def edit(self, name: str, **fields: Any) -> None:
        """Change fields of a dataset, as an editor would on its page."""
        self.change(self.one(name), **fields)

    def archive(self, found: dict[str, Any]) -> None:
        """Archive a dataset, as an editor would on its page."""
        self.change(found, archived="2026-03-01T12:00:00+00:00")

    def change(self, found: dict[str, Any], **fields: Any) -> None:
        """Send a dataset back with some of its fields changed."""
        answer = requests.put(
            f"{self.url}/api/1/datasets/{found['id']}/",
            json={**found, "organization": self.organisation, **fields},
            headers={"X-API-KEY": self.key},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text

    def post(self, path: str, body: bytes) -> None:
        """Send what was sent before once more."""
        answer = requests.post(
            f"{self.url}/api/1{path}",
            data=body,
            headers={"X-API-KEY": self.key, "Content-Type": "application/json"},
            timeout=60,
        )
        assert answer.status_code == 201, answer.text

    def delete(self, name: str) -> None:
        answer = requests.delete(
            f"{self.url}/api/1/datasets/{self.one(name)['id']}/",
            headers={"X-API-KEY": self.key},
            timeout=60,
        )
        assert answer.status_code == 204, answer.text

    def behind(self, path: str, **what: str) -> dict[str, str]:
        """Use one of the server's back doors."""
        answer = requests.post(f"{self.url}/testing/{path}", json=what, timeout=60)
        assert answer.status_code == 200, answer.text
        found: dict[str, str] = answer.json()
        return found


@pytest.fixture(scope="session")
def udata(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The real udata in a process of its own; without one, skip (fail under CI)."""
    given = os.environ.get("PASSERELLE_TEST_UDATA")
    python = Path(given) if given else ROOT / ".venv-udata" / "bin" / "python"
    if not python.is_file():
        message = "there is no udata (PASSERELLE_TEST_UDATA, .venv-udata)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    folder = tmp_path_factory.mktemp("udata-api")
    licences = ROOT / "tests" / "portal" / "licences.json"
    with subprocess.Popen(
        [python, HERE / "server.py", folder, licences],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
        text=True,
    ) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        try:
            yield Portal(
                url=facts["url"],
                key=facts["key"],
                stranger=facts["stranger"],
                organisation=facts["organisation"],
            )
        finally:
            assert process.stdin is not None
            process.stdin.close()


@pytest.fixture
def portal(udata: Portal, request: pytest.FixtureRequest) -> Portal:
    """The portal, with an organisation for one test."""
    made = udata.behind("organisation", name=request.node.name[:80])
    return replace(udata, organisation=made["id"])


@pytest.fixture
def settings(portal: Portal) -> OutletConfiguration:
    return OutletConfiguration(
        name="data.gouv.fr",
        type="udata",
        url=portal.url,
        organisation=portal.organisation,
        key=Secret(portal.key),
        service_url=OURS,
        timeout=20,
    )


def make_dataset(name: str = "communes", **stated: Any) -> Dataset:
    source = Source(silo="sig", container="public", table=name)
    schema = stated.pop("schema", None)
    extent = stated.pop("measured", Extent(2.28, 48.8, 2.61, 49.02))
    collection = CollectionDescription(id=name, source=source, schema=schema)
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
        "period": StatedPeriod(start=date(2019, 1, 1), end=date(2025, 12, 31)),
        "contacts": (
            Contact(
                organisation=ORGANISATION.name,
                email="sig@example.org",
                name="Service de l'eau",
                url="https://www.example.org/contact",
            ),
            Contact(organisation="Agence", email="a@example.org", role=Role.OWNER),
        ),
        "links": (
            Link(url="https://docs.example.org/notice.pdf", title="Notice"),
            Link(url="https://docs.example.org/p", title="Page", description="Suite."),
        ),
        "dates": Dates(revised=date(2026, 1, 15)),
        "status": Status.PUBLISHED,
    }
    description = Description(
        id=name,
        identifier=f"{ORGANISATION.identifier_base}/{name}",
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
        extent=extent,
    )
    return Dataset(
        description=description,
        collections=(Collection(description=collection, survey=survey),),
        organisation=ORGANISATION,
        service_url=OURS,
    )


@pytest.fixture(scope="session")
def record() -> Callable[..., Record]:
    """Make the record of a dataset with all there is: `record(name, title=…)`."""

    def make(name: str = "communes", **stated: Any) -> Record:
        return encode_udata(make_dataset(name, **stated))

    return make


Publish = Callable[..., OutletResult]


@pytest.fixture
def publish(
    publishing_by: Callable[..., Publish], settings: OutletConfiguration
) -> Publish:
    return publishing_by(UdataOutlet, settings)
