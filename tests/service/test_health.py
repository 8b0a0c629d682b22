"""Health: alive for everybody, details with the key or from loopback."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request

from providers.configuration import ServiceConfiguration
from providers.configuration_keys import ApiKey
from service.health import may_see_details

DETAILS = {"version", "broken", "silos", "findings", "libraries"}


def request(client: str, **headers: str) -> Request:
    lines = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    lines.append((b"host", b"127.0.0.1:8080"))
    scope = {"type": "http", "client": (client, 1), "headers": lines, "path": "/"}
    return Request(scope)


@pytest.mark.parametrize(
    ("client", "headers", "allowed"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("192.0.2.7", {}, False),
        ("192.0.2.7", {"x_passerelle_key": "ouvre-toi"}, True),
        ("192.0.2.7", {"x_passerelle_key": "ouvre"}, False),
        ("192.0.2.7", {"x_passerelle_key": "clé"}, False),
        ("127.0.0.1", {"x_forwarded_for": "192.0.2.7"}, False),
        ("127.0.0.1", {"x_forwarded_for": "127.0.0.1"}, False),
        ("127.0.0.1", {"forwarded": "for=192.0.2.7"}, False),
        ("testclient", {}, False),
    ],
)
def test_who_may_see_details(
    client: str, headers: dict[str, str], *, allowed: bool
) -> None:
    service = ServiceConfiguration(url="http://a.example", key="ouvre-toi")
    assert may_see_details(service, request(client, **headers)) is allowed


def test_without_a_key_an_empty_header_opens_nothing() -> None:
    service = ServiceConfiguration(url="http://a.example")
    assert not may_see_details(service, request("192.0.2.7", x_passerelle_key=""))


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (("read:details",), True),
        (("edit:*",), False),
        (("edit:a", "read:details"), True),
    ],
)
def test_a_key_with_the_scope_opens_details(
    scopes: tuple[str, ...], *, allowed: bool
) -> None:
    key = ApiKey(name="bureau", key="b" * 16, scopes=scopes)
    service = ServiceConfiguration(url="http://a.example", keys=(key,))
    asked = request("192.0.2.7", x_passerelle_key="b" * 16)
    assert may_see_details(service, asked) is allowed


def test_everybody_hears_that_the_service_is_alive(service: httpx.Client) -> None:
    answer = service.get("/health", headers={"X-Forwarded-For": "192.0.2.7"})
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "generation": 1}
    assert answer.headers["cache-control"] == "no-store"


def test_loopback_hears_the_details(service: httpx.Client) -> None:
    document = service.get("/health").json()
    assert document.keys() >= DETAILS
    assert document["silos"] == {"sig": "ok"}
    assert document["collections"] == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": "donnees.seinesaintdenis.example:8080"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
    ],
)
def test_a_page_of_another_site_is_not_taken_for_somebody_of_this_machine(
    service: httpx.Client, headers: dict[str, str]
) -> None:
    assert "silos" not in service.get("/health", headers=headers).json()
    assert service.get("/metrics", headers=headers).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "[::1]:8080"])
def test_this_machine_has_several_names(service: httpx.Client, host: str) -> None:
    assert "silos" in service.get("/health", headers={"Host": host}).json()
