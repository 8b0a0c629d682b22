"""An address that leads nowhere for those outside is told from a public one."""

from __future__ import annotations

import pytest

from metadata.checks.hosts import leads_inside, top_level_domains


@pytest.mark.parametrize(
    ("address", "case"),
    [
        ("https://geo.example.org/", ""),
        ("https://geo.cd93.fr.", ""),
        ("https://GEO.Seine-Saint-Denis.FR", ""),
        ("https://été.paris/id", ""),
        ("https://ville.рф", ""),
        ("https://ville.xn--p1ai", ""),
        ("http://8.8.8.8", ""),
        ("http://[2001:4860:4860::8888]/", ""),
        ("http://[64:ff9b::808:808]/", ""),
        ("urn:uuid:1", ""),
        ("http://[::1", ""),
        ("http://localhost", "local"),
        ("http://LOCALHOST:8080", "local"),
        ("http://sig.localhost", "local"),
        ("http://localhost.localdomain", "local"),
        ("http://127.1.2.3", "local"),
        ("http://0.0.0.0:8080", "local"),
        ("http://[::1]", "local"),
        ("http://[::ffff:127.0.0.1]", "local"),
        ("http://10.1.2.3", "address"),
        ("http://172.31.0.1", "address"),
        ("http://192.168.0.10/a", "address"),
        ("http://169.254.169.254", "address"),
        ("http://100.64.0.1", "address"),
        ("http://203.0.113.7", "address"),
        ("http://224.0.0.1", "address"),
        ("http://[fd00::1]", "address"),
        ("http://[fe80::1]", "address"),
        ("http://[2001:db8::1]", "address"),
        ("http://[64:ff9b::a00:1]/", "address"),
        ("http://serveur", "single"),
        ("http://serveur.", "single"),
        *(
            (f"https://sig.{domain}", "domain")
            for domain in (
                "example",
                "local",
                "lan",
                "internal",
                "test",
                "invalid",
                "intranet",
                "corp",
                "home",
                "onion",
                "cg93",
                "mairie",
            )
        ),
    ],
)
def test_only_those_inside_reach_it(address: str, case: str) -> None:
    assert leads_inside(address) == case


def test_the_root_zone_is_whole_and_spelt_in_ascii() -> None:
    found = top_level_domains()
    assert {"fr", "org", "paris", "re", "xn--p1ai"} <= found
    assert len(found) > 1000
    assert all(each.isascii() and each == each.lower() for each in found)
