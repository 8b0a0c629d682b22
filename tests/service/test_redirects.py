"""A slash too many or too few leads to the same place, whatever stands in front."""

from __future__ import annotations

from urllib.parse import urljoin

import httpx
import pytest

from service.redirects import nearby

PUBLIC = "https://sig.example/donnees"
"""Where a proxy serves us: another host, another port, below a path."""


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/collections/", "/collections"),
        ("/collections/lieux/?f=html", "/collections/lieux?f=html"),
        ("/datasets/lieux/collections/?limit=1", "/datasets/lieux/collections"),
        ("/collections/%C3%A9t%C3%A9:x/", "/collections/%C3%A9t%C3%A9:x"),
        ("/health/", "/health"),
    ],
)
def test_a_slash_too_many_stays_behind_the_proxy(
    service: httpx.Client, asked: str, meant: str
) -> None:
    answer = service.get(asked, follow_redirects=False)

    assert answer.status_code == 307
    reached = urljoin(PUBLIC + asked, answer.headers["location"])
    query = asked.partition("?")[2]
    wanted = meant if "?" in meant or not query else f"{meant}?{query}"
    assert reached == PUBLIC + wanted


@pytest.mark.parametrize(
    "location", ["http://a/b/c", "http://a:1/b/c?x=/", "https://other//c", "/c"]
)
def test_no_address_leads_to_another_host(location: str) -> None:
    for asked in ("https://sig.example/b/c/", "https://sig.example//evil.example/c/"):
        assert urljoin(asked, nearby(location)).startswith("https://sig.example/")


def test_a_slash_too_few_is_added_beside() -> None:
    assert urljoin(f"{PUBLIC}/b/c", nearby("http://a/b/c/?q=1")) == f"{PUBLIC}/b/c/?q=1"
