"""A client's copy is confirmed for as long as it is the answer, and no longer."""

from __future__ import annotations

from typing import Any

import fiona
import httpx
import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.memory import PageMemory
from service.validators import held_tag

PAGES = (
    "/collections/places/items?limit=5",
    "/collections/places/items?limit=5&offset=5",
    "/collections/places/items?limit=2000",
    "/collections/places/items?resulttype=hits",
    "/collections/places/items/3",
    "/collections/places/download/places.geojson",
    "/datasets/places/collections/places/items?limit=5",
)
DOCUMENTS = (
    "/",
    "/?f=html",
    "/conformance",
    "/api",
    "/collections",
    "/collections/places",
    "/collections/places?f=html",
    "/collections/places/schema",
    "/collections/places/queryables",
    "/collections/places/items?f=html",
    "/datasets/",
    "/records/places.xml",
    "/static/style.css",
)


def change(deployment: Any) -> None:
    """Change one row of `places` from outside."""
    if deployment.is_database:
        deployment.execute("UPDATE places SET nom = nom || '!' WHERE id = 3")
        return
    with fiona.open(deployment.folder / "silo" / "base.gpkg", "a", layer="places") as f:
        f.write({**f[3], "properties": {**f[3]["properties"], "nom": "!"}})


def conditional(client: httpx.Client, path: str, tag: str) -> httpx.Response:
    return client.get(path, headers={"If-None-Match": tag})


def test_a_copy_is_confirmed_until_a_row_changes(deployment: Any, serve: Any) -> None:
    deployment.describe("places")
    with serve(deployment) as client:
        first = {path: client.get(path) for path in PAGES}
        tags = {path: answer.headers["etag"] for path, answer in first.items()}
        assert len(set(tags.values())) == len(PAGES)
        for path, tag in tags.items():
            again = client.get(path)
            assert again.headers["etag"] == tag
            assert again.content == first[path].content
            confirmed = conditional(client, path, tag)
            assert confirmed.status_code == 304
            assert confirmed.content == b""
            assert confirmed.headers["etag"] == tag
            assert "Accept" in confirmed.headers["vary"]
        change(deployment)
        for path, tag in tags.items():
            fresh = conditional(client, path, tag)
            assert fresh.status_code == 200
            assert fresh.headers["etag"] != tag


def test_the_language_and_the_parameters_make_another_answer(
    service: httpx.Client,
) -> None:
    path = "/collections/places/items?limit=5"
    french = client_tag(service, path, "fr")
    assert client_tag(service, path, "en") != french
    assert client_tag(service, f"{path}&crs={L93}", "fr") != french
    assert conditional(service, f"{path}&lang=en", french).status_code == 200


L93 = "http://www.opengis.net/def/crs/EPSG/0/2154"


def client_tag(client: httpx.Client, path: str, language: str) -> str:
    answer = client.get(path, headers={"Accept-Language": language})
    return str(answer.headers["etag"])


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_and_pages_are_confirmed(
    deployment: Any, serve: Any, path: str
) -> None:
    deployment.describe("places")
    with serve(deployment) as client:
        tag = client.get(path).headers["etag"]
        assert conditional(client, path, tag).status_code == 304
        assert conditional(client, path, f'"other", W/{tag}').status_code == 304
        assert conditional(client, path, '"other"').status_code == 200
        head = client.head(path, headers={"If-None-Match": tag})
        assert head.status_code == 304


def test_errors_are_never_confirmed(service: httpx.Client) -> None:
    for path in ("/collections/none", "/collections/places/items?limit=none"):
        answer = conditional(service, path, "*")
        assert answer.status_code in {400, 404}
        assert "etag" not in answer.headers


@pytest.mark.postgis
def test_a_page_asked_again_reads_no_row(on_postgis: Any, serve: Any) -> None:
    on_postgis.describe("places")
    path = "/collections/places/items?limit=5"
    with serve(on_postgis) as client:
        first = client.get(path)
        other = psycopg2.connect(on_postgis.silo)
        with other, other.cursor() as cursor:
            cursor.execute("LOCK TABLE places IN ACCESS EXCLUSIVE MODE")
            assert client.get(path).content == first.content
            tag = first.headers["etag"]
            assert conditional(client, path, tag).status_code == 304
        other.close()


@pytest.mark.postgis
def test_a_view_that_moves_is_told_by_its_bytes(on_postgis: Any, serve: Any) -> None:
    on_postgis.execute(
        "CREATE VIEW moving AS SELECT id, random() AS chance, geom FROM places"
    )
    on_postgis.describe("moving")
    with serve(on_postgis) as client:
        path = "/collections/moving/items?limit=5"
        first, second = client.get(path), client.get(path)
        assert first.content != second.content
        assert first.headers["etag"] != second.headers["etag"]
        assert conditional(client, path, second.headers["etag"]).status_code == 200


@pytest.mark.postgis
def test_a_changed_description_makes_another_answer(
    on_postgis: Any, serve: Any, wait_for: Any
) -> None:
    on_postgis.describe("places")
    path = "/collections/places/items?limit=5"
    with serve(on_postgis) as client:
        tag = client.get(path).headers["etag"]
        described = on_postgis.folder / "datasets" / "places.yml"
        text = described.read_text(encoding="utf-8").rstrip("\n")
        described.write_text(f"{text}\n    columns: {{exclude: [secret]}}\n", "utf-8")
        wait_for(lambda: "secret" not in client.get(path).text)
        assert conditional(client, path, tag).status_code == 200


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        (['"a"'], '"a"'),
        (['W/"a"'], '"a"'),
        (['"b", "a"'], '"a"'),
        (['"b"', '"a"'], '"a"'),
        (['"a-gzip"'], '"a-gzip"'),
        (['W/"a-br" , "b"'], '"a-br"'),
        (["*"], '"a"'),
        (['"b"'], ""),
        ([""], ""),
        ([], ""),
    ],
)
def test_under_which_tag_a_copy_is_held(sent: list[str], held: str) -> None:
    assert held_tag('"a"', sent) == held
    assert not held_tag("", sent)


@given(
    pages=st.lists(
        st.tuples(
            st.sampled_from("abcdef"), st.sampled_from("xy"), st.integers(0, 900)
        ),
        max_size=60,
    ),
    limit=st.sampled_from([0, 4_000, 20_000]),
)
def test_the_memory_is_bounded_and_never_mistaken(
    pages: list[tuple[str, str, int]], limit: int
) -> None:
    memory = PageMemory(limit)
    last: dict[str, tuple[str, bytes]] = {}
    for question, tag, size in pages:
        page = f"{question}{tag}".encode() * size
        memory.put(question, tag, page)
        last[question] = tag, page
        assert memory.size <= limit
        for asked, (held, content) in last.items():
            assert memory.get(asked, held) in {None, content}
            assert memory.get(asked, "other") is None
