"""OAI-PMH on the real service, by a real harvester; every answer valid by a schema."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree

from metadata.schemas import schema_errors
from service.oai import listing
from service.oai.protocol import Verb

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("oai-pmh.xsd")))
OAI = "{http://www.openarchives.org/OAI/2.0/}"
ROOTS = {
    "oai_dc": "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc",
    "iso19139": "{http://www.isotc211.org/2005/gmd}MD_Metadata",
    "dcat": "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF",
}
FIRST = datetime(2026, 5, 4, 12, 0, 7, 500_000, tzinfo=UTC)
SECOND = FIRST + timedelta(days=10)
THIRD = FIRST + timedelta(days=20)
# the library's source has escapes that Python warns of when it compiles it
harvested_by_sickle = pytest.mark.filterwarnings(
    "ignore:invalid escape sequence:DeprecationWarning"
)


def ask(client: httpx.Client, **arguments: str) -> etree._Element:
    """Send a request; its answer is valid."""
    named = {name.rstrip("_"): value for name, value in arguments.items()}
    answer = client.get("/oai", params=named)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    return valid(answer.content)


def valid(content: bytes) -> etree._Element:
    root = etree.fromstring(content)
    assert SCHEMA.validate(root), SCHEMA.error_log
    return root


def error(root: etree._Element) -> str:
    codes = [e.get("code", "") for e in root.iterfind(f"{OAI}error")]
    return ",".join(codes)


def names(root: etree._Element) -> list[str]:
    return [
        header.findtext(f"{OAI}identifier", "")
        for header in root.iter(f"{OAI}header")
        if header.get("status") is None
    ]


def deleted(root: etree._Element) -> list[str]:
    return [
        header.findtext(f"{OAI}identifier", "")
        for header in root.iter(f"{OAI}header")
        if header.get("status") == "deleted"
    ]


def fill(deployment: Any, publish: Any) -> None:
    """Publish two datasets, later a third; at last withdraw one of them."""
    deployment.describe("places")
    deployment.describe("zones")
    publish(deployment, now=FIRST)
    deployment.describe("reserve")
    publish(deployment, now=SECOND)
    deployment.withdraw("zones")
    publish(deployment, now=THIRD)


@pytest.fixture
def deployed(on_geopackage: Any, publish: Any) -> Any:
    """A deployment of one's own, to publish more."""
    fill(on_geopackage, publish)
    return on_geopackage


@pytest.fixture(scope="module")
def client(module_geopackage: Any, publish: Any, serve: Any) -> Iterator[httpx.Client]:
    """The service on such a catalogue, for reading only."""
    fill(module_geopackage, publish)
    with serve(module_geopackage) as client:
        yield client


def test_the_repository_says_who_it_is(client: httpx.Client) -> None:
    root = ask(client, verb="Identify")
    said = {child.tag.removeprefix(OAI): child.text for child in root[2]}
    assert said["repositoryName"] == "Données d'essai"
    assert said["baseURL"] == "http://service.example/geo/oai"
    assert said["adminEmail"] == "sig@essais.example"
    assert said["earliestDatestamp"] == "2026-05-04T12:00:07Z"
    assert said["deletedRecord"] == "persistent"
    assert said["granularity"] == "YYYY-MM-DDThh:mm:ssZ"
    assert "oai:data.example:" in etree.tostring(root, encoding="unicode")


def test_an_answer_is_dated_before_it_is_made(deployed: Any, serve: Any) -> None:
    """What is published while a list is made must not fall behind its date."""
    with serve(deployed, clock=lambda: THIRD) as client:
        root = ask(client, verb="Identify")
    assert root.findtext(f"{OAI}responseDate") == "2026-05-24T11:59:07Z"


def test_the_formats_are_three(client: httpx.Client) -> None:
    root = ask(client, verb="ListMetadataFormats")
    prefixes = [e.text for e in root.iter(f"{OAI}metadataPrefix")]
    assert prefixes == ["oai_dc", "iso19139", "dcat"]
    identifier = names(ask(client, verb="ListIdentifiers", metadataPrefix="dcat"))[0]
    same = ask(client, verb="ListMetadataFormats", identifier=identifier)
    assert [e.text for e in same.iter(f"{OAI}metadataPrefix")] == prefixes


def test_the_sets_are_themes_and_silos(client: httpx.Client) -> None:
    root = ask(client, verb="ListSets")
    specs = [e.text for e in root.iter(f"{OAI}setSpec")]
    assert specs == ["silo", "silo:sig", "theme", "theme:au"]
    said = [e.text for e in root.iter(f"{OAI}setName")]
    assert said[-1] == "Thème INSPIRE : Unités administratives"


@pytest.mark.parametrize("prefix", ROOTS)
def test_every_record_is_given_in_every_format(
    client: httpx.Client, prefix: str
) -> None:
    root = ask(client, verb="ListRecords", metadataPrefix=prefix)
    assert len(names(root)) == 4
    assert len(deleted(root)) == 2
    contents = [metadata[0] for metadata in root.iter(f"{OAI}metadata")]
    assert {content.tag for content in contents} == {ROOTS[prefix]}
    assert len(contents) == 4


def test_iso_records_come_out_as_they_were_published(client: httpx.Client) -> None:
    root = ask(client, verb="ListRecords", metadataPrefix="iso19139")
    for metadata in root.iter(f"{OAI}metadata"):
        assert schema_errors(etree.tostring(metadata[0])) == ()


def test_a_deleted_record_keeps_its_header_and_its_sets(client: httpx.Client) -> None:
    root = ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc")
    for identifier in deleted(root):
        one = ask(
            client, verb="GetRecord", identifier=identifier, metadataPrefix="oai_dc"
        )
        assert deleted(one) == [identifier]
        assert one.find(f".//{OAI}metadata") is None
        specs = [e.text for e in one.iter(f"{OAI}setSpec")]
        assert "theme:au" in specs
        assert one.findtext(f".//{OAI}datestamp") == "2026-05-24T12:00:07Z"


@pytest.mark.parametrize(
    ("arguments", "living", "dead"),
    [
        ({"from_": "2026-05-14"}, 2, 2),
        ({"from_": "2026-05-14T12:00:07Z"}, 2, 2),
        ({"from_": "2026-05-14T12:00:08Z"}, 0, 2),
        ({"until": "2026-05-04"}, 2, 0),
        ({"until": "2026-05-04T12:00:07Z"}, 2, 0),
        ({"from_": "2026-05-04", "until": "2026-05-14"}, 4, 0),
        ({"set": "theme:au"}, 4, 2),
        ({"set": "theme"}, 4, 2),
        ({"set": "silo:sig"}, 4, 0),
        ({"set": "theme:au", "from_": "2026-05-20"}, 0, 2),
    ],
)
def test_a_list_is_of_a_time_and_of_a_set(
    client: httpx.Client, arguments: dict[str, str], living: int, dead: int
) -> None:
    root = ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc", **arguments)
    assert error(root) == ""
    assert (len(names(root)), len(deleted(root))) == (living, dead)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "badVerb"),
        ({"verb": "Nothing"}, "badVerb"),
        ({"verb": "identify"}, "badVerb"),
        ({"verb": "Identify", "set": "a"}, "badArgument"),
        ({"verb": "ListRecords"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "oai dc"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": ""}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "mods"}, "cannotDisseminateFormat"),
        ({"verb": "GetRecord", "metadataPrefix": "oai_dc"}, "badArgument"),
        (
            {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:x:1"},
            "idDoesNotExist",
        ),
        ({"verb": "ListMetadataFormats", "identifier": "a\x00<b>"}, "idDoesNotExist"),
        ({"verb": "ListSets", "resumptionToken": "abc"}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": "abc"}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": ""}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": "é" * 9}, "badResumptionToken"),
        ({"verb": "ListRecords", "resumptionToken": "A" * 9999}, "badResumptionToken"),
    ],
)
def test_each_error_has_its_code(
    client: httpx.Client, arguments: dict[str, str], code: str
) -> None:
    root = ask(client, **arguments)
    assert error(root) == code
    request = root.find(f"{OAI}request")
    assert request is not None
    assert request.text == "http://service.example/geo/oai"
    assert bool(request.attrib) is (code not in {"badVerb", "badArgument"})


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"from_": "2026-05-04", "until": "2026-05-04T00:00:00Z"}, "badArgument"),
        ({"from_": "2026-05-05", "until": "2026-05-04"}, "badArgument"),
        ({"from_": "2026-13-05"}, "badArgument"),
        ({"until": "2026-02-30T00:00:00Z"}, "badArgument"),
        ({"from_": "2026-05-04T12:00:07+02:00"}, "badArgument"),
        ({"from_": "2026-05-04T12:00Z"}, "badArgument"),
        ({"from_": "9999-12-31"}, "badArgument"),
        ({"from_": ""}, "badArgument"),
        ({"set": "a b"}, "badArgument"),
        ({"set": "theme:"}, "badArgument"),
        ({"set": "' OR 1=1--"}, "badArgument"),
        ({"set": "nothing"}, "noRecordsMatch"),
        ({"set": "theme:a"}, "noRecordsMatch"),
        ({"until": "2020-01-01"}, "noRecordsMatch"),
        ({"from_": "2100-01-01"}, "noRecordsMatch"),
        ({"resumptionToken": "abc"}, "badArgument"),
    ],
)
def test_a_list_that_cannot_be_made_says_why(
    client: httpx.Client, arguments: dict[str, str], code: str
) -> None:
    root = ask(client, verb="ListRecords", metadataPrefix="oai_dc", **arguments)
    assert error(root) == code


@pytest.mark.parametrize(
    "query",
    [
        "verb=Identify&verb=Identify",
        "verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc",
        "&".join(f"a{i}=1" for i in range(100)),
        "verb=Identify&%00=%FF",
    ],
)
def test_arguments_that_come_twice_or_in_crowds_are_refused(
    client: httpx.Client, query: str
) -> None:
    root = valid(client.get(f"/oai?{query}").content)
    assert error(root) in {"badVerb", "badArgument"}


def test_post_answers_as_get_does(client: httpx.Client) -> None:
    arguments = {"verb": "ListRecords", "metadataPrefix": "dcat"}
    got = ask(client, **arguments)
    posted = valid(client.post("/oai", data=arguments).content)
    for root in (got, posted):
        root.remove(root[0])
    assert etree.tostring(got) == etree.tostring(posted)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"verb=Identify", "application/xml", 415),
        (
            b"verb=Identify&a=" + b"x" * 100_000,
            "application/x-www-form-urlencoded",
            413,
        ),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 200),
    ],
)
def test_a_body_that_is_no_form_is_refused(
    client: httpx.Client, body: bytes, kind: str, status: int
) -> None:
    answer = client.post("/oai", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status


@pytest.mark.parametrize("verb", ["ListRecords", "ListIdentifiers"])
def test_a_list_in_pages_is_whole(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(listing, "PAGE", dict.fromkeys(Verb, 2))
    found, tokens = walk(client, verb)
    assert len(found) == len(set(found)) == 6
    assert [(t.get("completeListSize"), t.get("cursor")) for t in tokens] == [
        ("6", "0"),
        ("6", "2"),
        ("6", "4"),
    ]
    assert tokens[-1].text is None


def walk(client: httpx.Client, verb: str) -> tuple[list[str], list[etree._Element]]:
    found: list[str] = []
    tokens: list[etree._Element] = []
    arguments = {"metadataPrefix": "oai_dc"}
    while True:
        root = ask(client, verb=verb, **arguments)
        found += [*names(root), *deleted(root)]
        (token,) = root.iter(f"{OAI}resumptionToken")
        tokens.append(token)
        if not token.text:
            return found, tokens
        arguments = {"resumptionToken": token.text}


def test_a_list_goes_on_while_the_catalogue_changes(
    deployed: Any,
    serve: Any,
    publish: Any,
    wait_for: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "PAGE", dict.fromkeys(Verb, 2))
    with serve(deployed) as client:
        root = ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc")
        first = names(root)
        token = root.findtext(f".//{OAI}resumptionToken", "")
        deployed.describe("places", title="Changé entre-temps")
        deployed.withdraw("reserve")
        publish(deployed, now=THIRD + timedelta(days=1))
        wait_for(lambda: "deleted" in client.get("/oai", params=LATEST).text)
        states: dict[str, str] = dict.fromkeys(first, "living")
        while token:
            root = ask(client, verb="ListIdentifiers", resumptionToken=token)
            states |= dict.fromkeys(names(root), "living")
            states |= dict.fromkeys(deleted(root), "deleted")
            token = root.findtext(f".//{OAI}resumptionToken", "")
    assert sorted(states.values()) == ["deleted"] * 4 + ["living"] * 2


LATEST = {"verb": "ListIdentifiers", "metadataPrefix": "oai_dc", "from": "2026-05-25"}


@pytest.mark.parametrize(
    "changes",
    [
        {"cursor": -1},
        {"cursor": "many"},
        {"after": ["2026-05-04T00:00:00", "x"]},
        {"after": ["yesterday", "x"]},
        {"after": [1, 2, 3]},
        {"after": None},
        {"prefix": ["oai_dc"]},
        {"verb": "Identify"},
        {"verb": None},
        {"spec": 7},
    ],
)
def test_a_token_that_was_tampered_with_is_refused(
    client: httpx.Client, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", dict.fromkeys(Verb, 2))
    root = ask(client, verb="ListRecords", metadataPrefix="oai_dc")
    token = root.findtext(f".//{OAI}resumptionToken", "")
    fields = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    content = json.dumps({**fields, **changes}).encode()
    forged = base64.urlsafe_b64encode(content).decode().rstrip("=")
    answer = ask(client, verb="ListRecords", resumptionToken=forged)
    assert error(answer) == "badResumptionToken"


def test_a_record_that_comes_back_is_deleted_no_more(
    deployed: Any, serve: Any, publish: Any
) -> None:
    deployed.describe("zones")
    publish(deployed, now=THIRD + timedelta(days=1))
    with serve(deployed) as client:
        root = ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc")
    assert len(names(root)) == 6
    assert deleted(root) == []


def test_nothing_published_yet_is_said_so(on_geopackage: Any, serve: Any) -> None:
    with serve(on_geopackage) as client:
        ask(client, verb="Identify")
        ask(client, verb="ListSets")
        root = ask(client, verb="ListRecords", metadataPrefix="oai_dc")
    assert error(root) == "noRecordsMatch"


@harvested_by_sickle
@pytest.mark.parametrize("prefix", ROOTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sickle_harvests_everything(
    client: httpx.Client, prefix: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sickle import Sickle

    monkeypatch.setattr(listing, "PAGE", dict.fromkeys(Verb, 2))
    harvester = Sickle(f"{client.base_url}/oai", http_method=method, timeout=20)
    records = list(harvester.ListRecords(metadataPrefix=prefix))
    assert len(records) == 6
    assert sum(record.deleted for record in records) == 2
    assert harvester.Identify().deletedRecord == "persistent"
    assert {s.setSpec for s in harvester.ListSets()} >= {"theme:au", "silo:sig"}


@harvested_by_sickle
def test_sickle_harvests_what_changed(client: httpx.Client) -> None:
    from sickle import Sickle

    harvester = Sickle(f"{client.base_url}/oai", timeout=20)
    changed = harvester.ListRecords(
        **{"metadataPrefix": "oai_dc", "from": "2026-05-20", "set": "theme:au"}
    )
    assert [record.deleted for record in changed] == [True, True]
    living = list(harvester.ListRecords(metadataPrefix="oai_dc", ignore_deleted=True))
    assert {record.metadata["title"][0] for record in living} == {
        "Jeu places",
        "Jeu reserve",
        "Service de téléchargement : Jeu places",
        "Service de téléchargement : Jeu reserve",
    }
