"""The preview refuses the addresses that the real udata refuses, and no other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from metadata.checks.hosts import leads_inside
from metadata.dcat import Form, resource_node, write
from metadata.iso19139 import dataset_content
from metadata.preview import Channel, preview
from metadata.preview.addresses import refusal
from metadata.stated import Link

pytestmark = [pytest.mark.udata, pytest.mark.timeout(1200)]

ASK = """
import json, sys
from udata import uris
def taken(address):
    try:
        uris.validate(address, resolve=False)
    except uris.ValidationError:
        return False
    return True
print(json.dumps([taken(each) for each in json.load(sys.stdin)]))
"""
"""Asks with the defaults of production; no name is looked up."""
HOSTS = [
    "geo.cd93.fr",
    "geo.cd93.fr.",
    "geo.cd93.FR",
    "GEO.cd93.fr",
    "cd93.fr",
    "fr",
    "geo_x.fr",
    "_geo.fr",
    "geo_.fr",
    "geo-.fr",
    "-geo.fr",
    "geo--x.fr",
    "a-b-c.d-e.fr",
    "été.fr",
    "ville.рф",
    "ville.xn--p1ai",
    "xn--t-9fab.fr",
    "été.paris",
    "geo..fr",
    ".fr",
    "geo.f",
    "geo.museum",
    "localhost",
    "localhost.localdomain",
    "LOCALHOST",
    "x.localhost",
    "localhost.fr",
    "serveur",
    "serveur-sig",
    "sig.local",
    "sig.lan",
    "sig.internal",
    "sig.test",
    "sig.invalid",
    "sig.example",
    "example.org",
    "sig.intranet",
    "sig.corp",
    "sig.cg93",
    "sig.onion",
    "x.home.arpa",
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.3",
    "172.16.0.1",
    "192.168.1.2",
    "169.254.1.1",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104  (an address to be refused)
    "8.8.8.8",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "255.255.0.0",
    "128.0.0.0",
    "63.255.255.255",
    "203.0.113.5",
    "999.1.1.1",
    "1.2",
    "1.2.3.com",
    "2130706433",
    "[::1]",
    "[2001:db8::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[2001:4860:4860::8888]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::808:808]",
    "[fec0::1]",
    "[64:ff9b::a00:1]",
    "[2002:a00:1::]",
    "[ff02::1]",
    "[::]",
    "[zz]",
    "geo.cd93.fr@sig.lan",
    "sig.lan@geo.cd93.fr",
    "u:p@geo.cd93.fr",
]
SCHEMES = ("http://", "https://", "HTTPS://", "ftp://", "gopher://", "//", "", "http:/")
TAILS = (
    "",
    "/",
    "/id/a?f=html#b",
    "?a=b",
    "#b",
    ":8080/",
    ":8",
    ":123456",
    "/a b",
    "/é?x=«»",
    "/a@b.fr",
)


@pytest.fixture(scope="module")
def taken(portal: Any) -> Callable[[list[str]], list[bool]]:
    def ask(addresses: list[str]) -> list[bool]:
        done = subprocess.run(
            [portal.python, "-c", ASK],
            check=True,
            input=json.dumps(addresses),
            capture_output=True,
            text=True,
            timeout=120,
        )
        found: list[bool] = json.loads(done.stdout)
        return found

    return ask


def test_the_preview_refuses_what_udata_refuses(taken: Any) -> None:
    addresses = ["".join(parts) for parts in product(SCHEMES, HOSTS, TAILS)]
    told = zip(addresses, taken(addresses), strict=True)
    wrong = [(each, said) for each, said in told if said != (refusal(each) == "")]
    assert wrong == []


def test_what_we_call_an_inner_address_udata_refuses(taken: Any) -> None:
    inner = [a for host in HOSTS if leads_inside(a := f"https://{host}/x")]
    assert len(inner) > len(HOSTS) / 3
    assert not any(taken(inner))


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://geo.cd93.fr", "https://docs.example.org/a.pdf"),
        ("https://geo.cd93.lan", "https://docs.example.org/a.pdf"),
        ("http://serveur-sig", "https://docs.example.org/a.pdf"),
        ("https://geo.cd93.fr", "https://intranet.cg93/a.pdf"),
    ],
)
def test_one_address_of_a_dataset_decides_on_all_of_it(
    portal: Any, feed: Any, harvest: Any, address: str, link: str
) -> None:
    """udata harvests the dataset if the preview has nothing against an address."""
    some = next(d for d in harvest.datasets if d.serves_data(harvest.today))
    stated = replace(some.description, links=(Link(url=link, title="Notice"),))
    dataset = replace(some, service_url=address, description=stated)
    seen = preview(dataset, today=harvest.today).views[Channel.DCAT]
    refused = [f for f in seen.losses if f.code == "portal.address.refused"]
    node = resource_node(dataset_content(dataset))
    (feed.folder / "one.rdf").write_bytes(write([node], Form.RDF_XML))
    source = {"backend": "dcat", "url": f"{feed.address}/one.rdf"}
    found = portal.harvest_all({"one": source})["one"]
    assert bool(found["datasets"]) == (not refused)
    assert len(refused) == (".fr" not in address or "cg93" in link)
