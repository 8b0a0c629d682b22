"""Records: what was published; what never was is encoded, and keeps its date."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from metadata.record import Record, RecordKind
from metadata.schemas import schema_errors
from metadata.xml import NAMESPACES, parse
from providers.configuration import read_configuration
from providers.store import open_store

FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 5, 1, 12, tzinfo=UTC)


def stamp(content: bytes) -> str:
    found = parse(content).xpath("string(gmd:dateStamp)", namespaces=dict(NAMESPACES))
    return str(found).strip()[:10]


@pytest.mark.parametrize("name", ["lieux", "service-lieux", "zonage", "reserve"])
def test_a_record_is_valid_xml_of_its_schema(service: httpx.Client, name: str) -> None:
    answer = service.get(f"/records/{name}.xml")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml"
    assert schema_errors(answer.content) == ()


@pytest.mark.parametrize(
    "name", ["nothing", "service-nothing", "service-reserve", "service-", "lieux.xml"]
)
def test_a_record_that_is_not_there_is_404(service: httpx.Client, name: str) -> None:
    assert service.get(f"/records/{name}.xml").status_code == 404


def test_every_language_gets_the_same_record(service: httpx.Client) -> None:
    answers = {
        service.get("/records/lieux.xml", headers={"Accept-Language": each}).content
        for each in ("fr", "en", "de")
    }
    assert len(answers) == 1


def test_a_record_keeps_its_date_until_its_content_changes(
    deployment: Any, serve: Any
) -> None:
    dates = "dates: {created: 2026-01-01, revised: 2026-02-01}"
    deployment.describe("places", more=dates)
    with serve(deployment, clock=lambda: FIRST) as client:
        first = client.get("/records/places.xml").content
    assert stamp(first) == "2026-03-01"
    keep(deployment.configuration, first)
    with serve(deployment, clock=lambda: LATER) as client:
        assert stamp(client.get("/records/places.xml").content) == "2026-03-01"
        deployment.describe("places", title="Tout autre chose", more=dates)
    with serve(deployment, clock=lambda: LATER) as client:
        assert stamp(client.get("/records/places.xml").content) == "2026-05-01"


def test_what_was_published_is_served_until_the_next_publication(
    deployment: Any, serve: Any, wait_for: Any
) -> None:
    deployment.describe("places")
    with serve(deployment) as client:
        fresh = client.get("/records/places.xml").content
        published = fresh.replace(b"Jeu places", b"Comme publi\xc3\xa9")
        store = open_store(read_configuration(deployment.configuration).store)
        store.apply_snapshot([record(published)], now=FIRST)
        wait_for(lambda: client.get("/records/places.xml").content == published)
        deployment.describe("places", title="Pas encore publié")
        wait_for(
            lambda: (
                client.get("/collections/places").json()["title"] == "Pas encore publié"
            )
        )
        assert client.get("/records/places.xml").content == published
        store.apply_snapshot([record(fresh)], now=LATER)
        wait_for(lambda: client.get("/records/places.xml").content == fresh)
        store.close()


def keep(configuration: Path, content: bytes) -> None:
    store = open_store(read_configuration(configuration).store)
    store.keep_revisions([record(content)], now=FIRST)
    store.close()


def record(content: bytes) -> Record:
    found = parse(content).xpath(
        "string(gmd:fileIdentifier)", namespaces=dict(NAMESPACES)
    )
    return Record(
        identifier=str(found).strip(),
        dataset_id="places",
        kind=RecordKind.DATASET,
        content=content,
    )
