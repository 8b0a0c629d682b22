"""Items over HTTP, on both silos: links, headers, forms, refusals."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest

ITEMS = "/collections/places/items"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


def get(service: httpx.Client, **parameters: Any) -> dict[str, Any]:
    answer = service.get(ITEMS, params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(document: dict[str, Any]) -> list[int]:
    return [feature["properties"]["limit"] for feature in document["features"]]


def link(document: dict[str, Any], rel: str) -> str | None:
    found = [each["href"] for each in document["links"] if each["rel"] == rel]
    return found[0] if found else None


def local(address: str) -> str:
    """Return an address without the public host and path of the service."""
    split = urlsplit(address)
    return split.path.removeprefix("/geo") + (f"?{split.query}" if split.query else "")


class TestPages:
    def test_a_whole_page_comes_unasked(self, service: httpx.Client) -> None:
        document = get(service)
        assert names(document) == list(range(1, 31))
        assert document["type"] == "FeatureCollection"
        assert document["numberReturned"] == 30
        assert document["numberMatched"] == 30
        assert document == get(service)

    def test_people_are_shown_ten_features_unasked(self, service: httpx.Client) -> None:
        page = service.get(ITEMS, headers={"accept": "text/html"}).text
        assert [
            f"/places/items/{i}?" in page or f'/places/items/{i}"' in page
            for i in (1, 10, 11, 30)
        ] == [True, True, False, False]

    def test_next_links_lead_through_everything_once(
        self, service: httpx.Client
    ) -> None:
        found: list[int] = []
        address: str | None = f"{ITEMS}?limit=7&sortby=-limit"
        while address:
            document = service.get(local(address)).json()
            assert document["numberMatched"] == 30
            found += names(document)
            address = link(document, "next")
        assert found == list(range(30, 0, -1))

    def test_a_full_last_page_links_nowhere(self, service: httpx.Client) -> None:
        assert link(get(service, limit=30), "next") is None
        assert link(get(service, limit=15, offset=15), "next") is None

    def test_previous_pages_are_linked_by_offset(self, service: httpx.Client) -> None:
        before = link(get(service, limit=5, offset=12), "prev")
        assert before is not None
        assert names(service.get(local(before)).json()) == [8, 9, 10, 11, 12]

    def test_a_larger_limit_is_taken_for_the_largest(
        self, service: httpx.Client
    ) -> None:
        assert len(get(service, limit=1_000_000)["features"]) == 30

    def test_a_streamed_page_is_the_same_page(self, service: httpx.Client) -> None:
        small, large = get(service, limit=1000), get(service, limit=1001)
        assert small["features"] == large["features"]
        for name in ("numberMatched", "numberReturned"):
            assert small[name] == large[name]
        assert [each["rel"] for each in small["links"]] == [
            each["rel"] for each in large["links"]
        ]

    def test_hits_are_counted_and_none_is_sent(self, service: httpx.Client) -> None:
        document = get(service, resulttype="hits", filter='"limit" > 20')
        assert document["features"] == []
        assert document["numberMatched"] == 10
        assert document["numberReturned"] == 0

    def test_self_and_alternate_keep_the_question(self, service: httpx.Client) -> None:
        document = get(service, limit=3, filter="nom LIKE '%7%'")
        for rel in ("self", "alternate"):
            query = dict(parse_qsl(urlsplit(link(document, rel) or "").query))
            assert query["filter"] == "nom LIKE '%7%'"
            assert query["limit"] == "3"

    def test_the_root_of_a_dataset_links_within_itself(
        self, service: httpx.Client
    ) -> None:
        document = service.get(f"/datasets/lieux{ITEMS}?limit=2").json()
        for each in document["links"]:
            assert "/geo/datasets/lieux/collections/places" in each["href"]


class TestContent:
    def test_text_comes_back_byte_for_byte(self, service: httpx.Client) -> None:
        assert (
            get(service, limit=1)["features"][0]["properties"]["nom"] == 'Lieu 1 <&">'
        )

    def test_the_media_type_is_geojson(self, service: httpx.Client) -> None:
        for limit in (1, 2000):
            answer = service.get(ITEMS, params={"limit": limit})
            assert answer.headers["content-type"] == "application/geo+json"

    @pytest.mark.parametrize(
        ("crs", "place"),
        [
            (CRS84, (2.3, 48.8)),
            (f"{EPSG}4326", (48.8, 2.3)),
            (f"{EPSG}4258", (48.8, 2.3)),
            (f"{EPSG}2154", (650_100, 6_860_050)),
            (f"{EPSG}3857", (256_500, 6_250_000)),
            (f"{EPSG}3035", (2_889_000, 3_758_000)),
        ],
    )
    def test_coordinates_follow_the_authority(
        self, service: httpx.Client, crs: str, place: tuple[float, float]
    ) -> None:
        answer = service.get(ITEMS, params={"limit": 1, "crs": crs})
        assert answer.headers["content-crs"] == f"<{crs}>"
        found = answer.json()["features"][0]["geometry"]["coordinates"]
        assert found == pytest.approx(place, rel=0.05)

    def test_without_crs_it_is_crs84(self, service: httpx.Client) -> None:
        assert service.get(ITEMS).headers["content-crs"] == f"<{CRS84}>"

    def test_precision_is_that_of_the_data(self, service: httpx.Client) -> None:
        degrees = get(service, limit=1)["features"][0]["geometry"]["coordinates"]
        assert all(7 <= len(str(value).split(".")[1]) <= 9 for value in degrees)
        metres = get(service, limit=1, crs=f"{EPSG}2154")
        assert metres["features"][0]["geometry"]["coordinates"] == [650_100, 6_860_050]

    def test_a_page_for_people_shows_the_same(self, service: httpx.Client) -> None:
        answer = service.get(ITEMS, params={"f": "html", "limit": 3})
        assert answer.headers["content-type"].startswith("text/html")
        assert "Lieu 3 &lt;&amp;" in answer.text
        browser = service.get(ITEMS, headers={"Accept": "text/html,*/*;q=0.8"})
        assert browser.headers["content-type"].startswith("text/html")

    def test_languages_have_their_titles(self, service: httpx.Client) -> None:
        for language, title in (("fr", "Ce document"), ("en", "This document")):
            answer = service.get(ITEMS, params={"lang": language})
            assert answer.headers["content-language"] == language
            assert answer.json()["links"][0]["title"] == title


class TestSelection:
    @pytest.mark.parametrize(
        ("parameters", "wanted"),
        [
            ({"filter": '"limit" = 7'}, [7]),
            ({"filter": '"limit" = 7', "filter-lang": "cql2-text"}, [7]),
            ({"filter": '"limit" = 7', "filter-lang": "cql-text"}, [7]),
            (
                {
                    "filter": '{"op":"=","args":[{"property":"limit"},7]}',
                    "filter-lang": "cql2-json",
                },
                [7],
            ),
            ({"nom": 'Lieu 7 <&">'}, [7]),
            ({"ouvert": "2020-01-08"}, None),
            ({"datetime": "2020-01-05/2020-01-06"}, None),
            ({"datetime": "../2020-01-03"}, None),
            ({"datetime": "/2020-01-03T12:00:00Z"}, None),
            ({"datetime": "2020-01-29T00:00:00Z/.."}, None),
            ({"datetime": "2020-01-05/P2D"}, None),
            ({"datetime": "P1M/2020-02-05T12:00:00Z", "offset": 24}, None),
            ({"nom": 'Lieu 7 <&">', "filter": '"limit" > 7'}, []),
            ({"sortby": "-limit", "limit": 2}, [30, 29]),
            ({"sortby": "+limit", "limit": 2}, [1, 2]),
            ({"sortby": "-ouvert,nom", "limit": 1}, [30]),
            (
                {"bbox": "650650,6860300,650850,6860450", "bbox-crs": f"{EPSG}2154"},
                [7, 8],
            ),
            ({"bbox": "2,48,3,49", "offset": 28}, [29, 30]),
            ({"bbox": "2,48,-100,3,49,100", "offset": 29}, [30]),
            ({"bbox": "48,2,49,3", "bbox-crs": f"{EPSG}4326", "offset": 29}, [30]),
            ({"bbox": "170,-20,-170,-10"}, []),
        ],
        ids=str,
    )
    def test_what_is_asked_is_found(
        self,
        service: httpx.Client,
        parameters: dict[str, Any],
        wanted: list[int] | None,
    ) -> None:
        found = names(get(service, **parameters))
        if wanted is None:
            assert 0 < len(found) < 8
        else:
            assert found == wanted

    def test_properties_and_geometry_can_be_chosen(self, service: httpx.Client) -> None:
        feature = get(service, properties="nom", skipGeometry="true", limit=1)[
            "features"
        ][0]
        assert feature["properties"] == {"nom": 'Lieu 1 <&">'}
        assert feature["geometry"] is None


REFUSED = {
    "unknown": "nowhere=1",
    "bbox": "bbox=1,2,3",
    "bbox words": "bbox=a,b,c,d",
    "bbox empty": "bbox=",
    "bbox upside down": "bbox=1,5,2,3",
    "bbox-crs": "bbox=1,2,3,4&bbox-crs=EPSG:99999",
    "bbox-crs alone": f"bbox-crs={EPSG}2154",
    "crs": f"crs={EPSG}32631",
    "crs empty": "crs=",
    "datetime": "datetime=yesterday",
    "datetime empty": "datetime=",
    "datetime three": "datetime=2020-01-01/2020-01-02/2020-01-03",
    "datetime backwards": "datetime=2021-01-01/2020-01-01",
    "datetime local": "datetime=2020-01-01T00:00:00",
    "datetime 32nd": "datetime=2020-01-32",
    "datetime without duration": "datetime=2020-01-01/P",
    "datetime two durations": "datetime=P1D/P2D",
    "datetime duration alone": "datetime=P1D",
    "datetime open with duration": "datetime=../P1D",
    "datetime too far": "datetime=2020-01-01/P9999Y",
    "limit": "limit=0",
    "limit negative": "limit=-1",
    "limit words": "limit=ten",
    "limit decimal": "limit=1.5",
    "limit empty": "limit=",
    "limit Arabic": "limit=" + quote("١"),
    "limit twice": "limit=1&limit=2",
    "offset": "offset=-1",
    "offset words": "offset=x",
    "properties": "properties=nom,nowhere",
    "properties empty": "properties=",
    "sortby": "sortby=nowhere",
    "sortby twice": "sortby=nom,-nom",
    "sortby empty": "sortby=",
    "skipGeometry": "skipGeometry=yes",
    "filter": "filter=nowhere=1",
    "filter empty": "filter=",
    "filter-lang": "filter=true&filter-lang=sql",
    "filter-crs": "filter=true&filter-crs=x",
    "resulttype": "resulttype=all",
    "cursor": "cursor=abc",
    "cursor empty": "cursor=",
    "f": "f=xml",
    "lang": "lang=de",
    "ouvert": "ouvert=x",
    "not UTF-8": "nom=%FF",
    "NUL": "nom=%00",
}


class TestRefusals:
    @pytest.mark.parametrize("case", REFUSED)
    def test_it_is_refused_with_the_parameter_and_a_reason(
        self, service: httpx.Client, case: str
    ) -> None:
        answer = service.get(f"{ITEMS}?{REFUSED[case]}")
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["detail"]
        assert problem["code"] == "InvalidParameterValue"
        name = REFUSED[case].split("&")[-1].split("=")[0]
        if case not in {"not UTF-8", "bbox-crs", "filter-crs"}:
            assert problem["parameter"] == name

    def test_too_many_parameters_are_refused(self, service: httpx.Client) -> None:
        many = "&".join(f"p{n}=1" for n in range(200))
        assert service.get(f"{ITEMS}?{many}").status_code == 400

    def test_a_cursor_with_other_parameters_is_refused(
        self, service: httpx.Client
    ) -> None:
        following = link(get(service, limit=3), "next") or ""
        for more in ("&sortby=nom", "&bbox=1,2,3,4", "&filter=true", "&offset=3"):
            answer = service.get(local(following) + more)
            assert answer.status_code == 400
            assert answer.json()["parameter"] == "cursor"

    def test_an_encoded_plus_sign_is_a_zone(self, service: httpx.Client) -> None:
        assert (
            service.get(f"{ITEMS}?datetime=2020-01-01T00:00:00%2B01:00").status_code
            == 200
        )
        assert (
            service.get(f"{ITEMS}?datetime=2020-01-01T00:00:00+01:00").status_code
            == 400
        )


class TestOneItem:
    def test_each_feature_is_found_by_its_id(self, service: httpx.Client) -> None:
        for feature in get(service, limit=3)["features"]:
            answer = service.get(f"{ITEMS}/{feature['id']}")
            assert answer.headers["content-type"] == "application/geo+json"
            document = answer.json()
            links = document.pop("links")
            assert document == feature
            assert {each["rel"] for each in links} == {
                "self",
                "alternate",
                "collection",
            }

    def test_its_coordinates_follow_the_crs(self, service: httpx.Client) -> None:
        answer = service.get(f"{ITEMS}/1", params={"crs": f"{EPSG}2154"})
        assert answer.headers["content-crs"] == f"<{EPSG}2154>"
        assert answer.json()["geometry"]["coordinates"] == [650_100, 6_860_050]

    @pytest.mark.parametrize(
        "key",
        [
            "0",
            "abc",
            "1.0",
            "99999999999999999999",
            "1%2F2",
            "1,2",
            "%FF",
            "a/b",
            "%00",
        ],
    )
    def test_what_is_not_there_is_404(self, service: httpx.Client, key: str) -> None:
        answer = service.get(f"{ITEMS}/{key}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"

    def test_unknown_parameters_are_refused(self, service: httpx.Client) -> None:
        assert service.get(f"{ITEMS}/1?limit=3").status_code == 400

    def test_it_has_a_page(self, service: httpx.Client) -> None:
        assert "Lieu 1 " in service.get(f"{ITEMS}/1", params={"f": "html"}).text


class TestDownload:
    def test_everything_is_one_valid_file(self, service: httpx.Client) -> None:
        answer = service.get("/collections/places/download/places.geojson")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/geo+json"
        assert "places.geojson" in answer.headers["content-disposition"]
        assert names(json.loads(answer.content)) == list(range(1, 31))

    @pytest.mark.parametrize(
        "file", ["zones.geojson", "places.json", "..%2Fplaces.geojson"]
    )
    def test_other_names_are_404(self, service: httpx.Client, file: str) -> None:
        assert service.get(f"/collections/places/download/{file}").status_code == 404

    def test_a_head_has_the_headers_and_no_body(self, service: httpx.Client) -> None:
        for path in (
            ITEMS,
            f"{ITEMS}?limit=5000",
            "/collections/places/download/places.geojson",
        ):
            answer = service.head(path)
            assert answer.status_code == 200
            assert answer.content == b""
            assert answer.headers["content-type"] == "application/geo+json"
