"""The DCAT feed of the real service: what was published, all of it, once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, FOAF

pytestmark = [  # of rdflib's JSON-LD reader
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is:DeprecationWarning"),
    pytest.mark.filterwarnings(r"ignore:Dataset\.:DeprecationWarning"),
]
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
FORMS = {
    "ttl": ("text/turtle", "turtle"),
    "jsonld": ("application/ld+json", "json-ld"),
    "rdf": ("application/rdf+xml", "xml"),
}
SILO = "/oai?verb=ListIdentifiers&metadataPrefix=oai_dc&set=silo:sig"
FIRST = datetime(2026, 5, 4, 12, tzinfo=UTC)
CATALOGUE = URIRef("http://service.example/geo/dcat/catalog")


@pytest.fixture
def published(
    deployment: Any, publish: Any, make_files: Any, serve: Any
) -> Iterator[httpx.Client]:
    """The service on four published datasets, one of them restricted."""
    deployment.describe("lieux", "places")
    deployment.describe("zonage", "zones", more="hvd: [geospatial]")
    deployment.describe("doubles", "reserve", title="Des zones encore")
    publish(deployment)
    make_files(deployment)
    with serve(deployment) as client:
        yield client


def parse(answer: httpx.Response, form: str = "ttl") -> Graph:
    assert answer.status_code == 200, answer.text
    return Graph().parse(data=answer.text, format=FORMS[form][1])


def pages(client: httpx.Client, path: str) -> Iterator[Graph]:
    """Walk as data.gouv.fr does: one page after the other, by hydra:next."""
    while path:
        graph = parse(client.get(path))
        (view,) = graph.subjects(RDF.type, HYDRA.PartialCollectionView)
        yield graph
        following = str(graph.value(view, HYDRA.next) or "")
        parts = urlsplit(following)
        path = f"{parts.path.removeprefix('/geo')}?{parts.query}" if following else ""


def identifiers(graph: Graph) -> list[str]:
    return [
        str(graph.value(node, DCTERMS.identifier))
        for node in graph.subjects(RDF.type, DCAT.Dataset)
    ]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_holds_every_published_dataset(
    published: httpx.Client, form: str
) -> None:
    answer = published.get(f"/dcat/catalog.{form}")
    graph = parse(answer, form)
    assert answer.headers["content-type"] == f"{FORMS[form][0]}; charset=utf-8"
    assert sorted(identifiers(graph)) == [
        "https://data.example/id/doubles",
        "https://data.example/id/lieux",
        "https://data.example/id/zonage",
    ]
    assert graph.value(CATALOGUE, HYDRA.totalItems) == Literal(3)


def test_the_three_forms_say_the_same(published: httpx.Client) -> None:
    graphs = []
    for form in FORMS:
        graph = parse(published.get(f"/dcat/catalog.{form}"), form)
        for view in list(graph.subjects(RDF.type, HYDRA.PartialCollectionView)):
            graph.remove((view, None, None))
            graph.remove((None, None, view))
        graphs.append(graph)
    assert isomorphic(graphs[0], graphs[1])
    assert isomorphic(graphs[0], graphs[2])


@pytest.mark.parametrize("form", FORMS)
def test_the_catalogue_itself_answers_in_the_form_asked_for(
    published: httpx.Client, form: str
) -> None:
    answer = published.get("/dcat/catalog", headers={"Accept": FORMS[form][0]})
    assert answer.headers["content-type"].startswith(FORMS[form][0])
    assert len(identifiers(parse(answer, form))) == 3


def test_each_dataset_has_its_record(published: httpx.Client) -> None:
    graph = parse(published.get("/dcat/catalog.ttl"))
    records = list(graph.objects(CATALOGUE, DCAT.record))
    assert len(records) == 3
    for record in records:
        path = urlsplit(str(record)).path.removeprefix("/geo")
        assert published.get(path).headers["content-type"] == "application/xml"
        assert (graph.value(record, FOAF.primaryTopic), RDF.type, DCAT.Dataset) in graph


def test_a_file_that_lies_ready_has_size_digest_and_date(
    published: httpx.Client,
) -> None:
    graph = parse(published.get("/dcat/catalog.ttl"))
    path = "/collections/places/download/places.gpkg"
    head = published.head(path).headers
    address = URIRef(f"http://service.example/geo{path}")
    (file,) = graph.subjects(DCAT.downloadURL, address)
    assert int(str(graph.value(file, DCAT.byteSize))) == int(head["content-length"])
    spdx = Namespace("http://spdx.org/rdf/terms#")
    checksum = graph.value(file, spdx.checksum)
    digest = str(graph.value(checksum, spdx.checksumValue))
    assert f'"{digest}"' == head["etag"]
    modified = parsedate_to_datetime(head["last-modified"]).date()
    assert str(graph.value(file, DCTERMS.modified)) == modified.isoformat()


def test_every_address_of_a_file_or_an_api_answers(published: httpx.Client) -> None:
    graph = parse(published.get("/dcat/catalog.ttl"))
    addresses = {
        str(address)
        for predicate in (
            DCAT.accessURL,
            DCAT.downloadURL,
            DCAT.landingPage,
            DCAT.endpointURL,
            DCAT.endpointDescription,
            FOAF.page,
        )
        for address in graph.objects(None, predicate)
    }
    assert len(addresses) >= 12
    for address in addresses:
        path = address.removeprefix("http://service.example/geo")
        assert published.get(path).status_code == 200, address


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_hold_each_dataset_once(published: httpx.Client, limit: int) -> None:
    walked = list(pages(published, f"/dcat/catalog.ttl?limit={limit}"))
    found = [i for graph in walked for i in identifiers(graph)]
    assert len(found) == len(set(found)) == 3
    assert [len(identifiers(graph)) for graph in walked] == {
        1: [1, 1, 1],
        2: [2, 1],
        3: [3],
        4: [3],
    }[limit]


def test_a_walk_survives_a_catalogue_that_changes(
    on_geopackage: Any, publish: Any, serve: Any, wait_for: Any, new_layer: Any
) -> None:
    for name in ("aa", "bb", "cc", "dd"):
        new_layer(on_geopackage.folder / "silo" / "base.gpkg", name)
        on_geopackage.describe(name)
    publish(on_geopackage)
    with serve(on_geopackage) as client:
        walk = pages(client, "/dcat/catalog.ttl?limit=2")
        first = identifiers(next(walk))
        gone = first[0].rpartition("/")[2]
        on_geopackage.withdraw(gone)
        publish(on_geopackage, now=FIRST + timedelta(days=1))
        wait_for(lambda: total(client) == 3)
        found = first + [i for graph in walk for i in identifiers(graph)]
    assert len(found) == len(set(found)) == 4


def total(client: httpx.Client) -> int:
    graph = parse(client.get("/dcat/catalog.ttl?limit=1"))
    return int(str(graph.value(CATALOGUE, HYDRA.totalItems)))


def test_only_what_was_published_is_said(
    on_geopackage: Any, publish: Any, serve: Any, wait_for: Any
) -> None:
    on_geopackage.describe("places", title="Publié")
    publish(on_geopackage)
    with serve(on_geopackage) as client:
        on_geopackage.describe("places", title="Pas encore publié")
        on_geopackage.describe("zones")
        wait_for(lambda: "zones" in client.get("/datasets/").text)
        titles = published_titles(client)
        assert titles == {"Publié"}
        publish(on_geopackage)
        wait_for(lambda: published_titles(client) == {"Pas encore publié", "Jeu zones"})


def published_titles(client: httpx.Client) -> set[str]:
    graph = parse(client.get("/dcat/catalog.ttl"))
    return {
        str(graph.value(node, DCTERMS.title))
        for node in graph.subjects(RDF.type, DCAT.Dataset)
    }


def test_nothing_published_yet_is_no_empty_catalogue(
    on_geopackage: Any, serve: Any
) -> None:
    on_geopackage.describe("places")
    with serve(on_geopackage) as client:
        answer = client.get("/dcat/catalog.ttl")
    assert answer.status_code == 503
    assert "passerelle publish" in answer.json()["hint"]


@pytest.mark.parametrize("path", ["/dcat/catalog.ttl", "/records/"])
def test_a_catalogue_from_which_all_went_answers_nothing(
    on_geopackage: Any, publish: Any, serve: Any, path: str
) -> None:
    on_geopackage.describe("places")
    publish(on_geopackage)
    on_geopackage.withdraw("places")
    publish(on_geopackage, now=FIRST + timedelta(days=1))
    with serve(on_geopackage) as client:
        answer = client.get(path, headers={"Accept": "text/turtle, */*"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "3600"


@pytest.mark.parametrize(
    "path",
    [
        "/dcat/catalog.rdf",
        "/records/",
        "/oai?verb=ListRecords&metadataPrefix=oai_dc",
        "/oai?verb=ListIdentifiers&metadataPrefix=dcat",
        "/collections/catalogue/items",
    ],
)
@pytest.mark.parametrize(("days", "status"), [(6, 503), (8, 200)])
def test_a_catalogue_that_lost_too_much_waits_a_week(
    on_geopackage: Any,
    publish: Any,
    serve: Any,
    new_layer: Any,
    path: str,
    days: int,
    status: int,
) -> None:
    names = [f"couche_{number}" for number in range(5)]
    for name in names:
        new_layer(on_geopackage.folder / "silo" / "base.gpkg", name)
        on_geopackage.describe(name)
    publish(on_geopackage)
    for name in names[:-1]:
        on_geopackage.withdraw(name)
    publish(on_geopackage)
    now = FIRST + timedelta(days=days)
    with serve(on_geopackage, clock=lambda: now) as client:
        assert client.get(path).status_code == status


def test_a_restricted_dataset_is_there_without_its_data(
    on_geopackage: Any, publish: Any, serve: Any
) -> None:
    on_geopackage.describe("reserve", access="restricted", more="access_limitation: h")
    publish(on_geopackage)
    with serve(on_geopackage) as client:
        graph = parse(client.get("/dcat/catalog.ttl"))
    assert identifiers(graph) == ["https://data.example/id/reserve"]
    assert list(graph.subjects(DCAT.downloadURL)) == []
    assert list(graph.subjects(DCAT.accessService)) == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=dix", "limit"),
        ("limit=" + "9" * 100_000, "limit"),
        ("page=2", "page"),
        ("after=a&after=b", "after"),
    ],
)
def test_a_wrong_parameter_is_named(
    on_geopackage: Any, publish: Any, serve: Any, query: str, parameter: str
) -> None:
    on_geopackage.describe("places")
    publish(on_geopackage)
    with serve(on_geopackage) as client:
        if len(query) > 60_000:
            query = "limit=" + "9" * 5_000
        answer = client.get(f"/dcat/catalog.ttl?{query}")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == parameter


@pytest.mark.parametrize("path", ["/dcat/catalog.xml", "/dcat/", "/dcat/catalogue.ttl"])
def test_another_form_is_404(service: httpx.Client, path: str) -> None:
    assert service.get(path).status_code == 404


def test_whoever_made_the_data_is_named_and_still_is_when_the_description_vanished(
    on_geopackage: Any, publish: Any, serve: Any, wait_for: Any
) -> None:
    on_geopackage.describe("places", more="")
    path = on_geopackage.folder / "datasets" / "places.yml"
    words = path.read_text("utf-8").replace(
        "producer: Service des essais", "producer: Agence de l'eau\nlicence: etalab-2.0"
    )
    path.write_text(words, "utf-8")
    publish(on_geopackage)
    with serve(on_geopackage) as client:
        graph = parse(client.get("/dcat/catalog.ttl"))
        members = client.get(SILO).text
        path.unlink()
        wait_for(lambda: client.get("/collections/places").status_code == 404)
        assert isomorphic(parse(client.get("/dcat/catalog.ttl")), graph)
        assert "<identifier>" in members
        assert listed_in(client.get(SILO).text) == listed_in(members)
    names = {
        str(graph.value(node, FOAF.name))
        for node in graph.objects(None, DCTERMS.creator)
    }
    assert names == {"Agence de l'eau"}


def listed_in(listed: str) -> list[str]:
    """Return the identifiers that OAI-PMH lists."""
    return re.findall("<identifier>(.*?)</identifier>", listed)


def test_many_at_once_get_the_same(published: httpx.Client) -> None:
    answers: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(published.get("/dcat/catalog.rdf").content)
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
