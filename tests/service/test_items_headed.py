"""What all forms have in common whose numbers and links are headers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from service.csv_form import CONTENT_TYPE
from service.negotiation import CSV, GML

ITEMS = "/collections/places/items"
FORMS = {"csv": (CSV.media_type, CONTENT_TYPE), "gml": (GML.media_type,) * 2}


@pytest.mark.parametrize("limit", [3, 1001])
@pytest.mark.parametrize("form", FORMS)
def test_its_copy_is_confirmed_and_told_from_geojson(
    service: httpx.Client, form: str, limit: int
) -> None:
    accepted, _ = FORMS[form]
    for path in (ITEMS, f"{ITEMS}/3"):
        asked: Any = {"limit": limit} if path == ITEMS else {}
        first = service.get(path, params=asked, headers={"accept": accepted})
        held = {"accept": accepted, "if-none-match": first.headers["etag"]}
        confirmed = service.get(path, params=asked, headers=held)
        assert (confirmed.status_code, confirmed.content) == (304, b"")
        held["accept"] = "application/geo+json"
        assert service.get(path, params=asked, headers=held).status_code == 200


@pytest.mark.parametrize("limit", [3, 1001])
@pytest.mark.parametrize("form", FORMS)
def test_head_says_the_same_and_sends_nothing(
    service: httpx.Client, form: str, limit: int
) -> None:
    asked: Any = {"f": form, "limit": limit}
    head, whole = (service.request(m, ITEMS, params=asked) for m in ("HEAD", "GET"))
    assert (head.status_code, head.content) == (200, b"")
    assert whole.headers["content-type"] == FORMS[form][1]
    for name in ("etag", "link", "ogc-numbermatched", "content-type"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("limit", [30, 1001])
@pytest.mark.parametrize("form", FORMS)
def test_it_is_compressed(service: httpx.Client, form: str, limit: int) -> None:
    asked: Any = {"f": form, "limit": limit}
    packed, plain = (
        service.get(ITEMS, params=asked, headers={"accept-encoding": encoding})
        for encoding in ("gzip", "identity")
    )
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["ogc-numberreturned"] == "30"
    assert packed.content == plain.content
