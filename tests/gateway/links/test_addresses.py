"""Only addresses that everybody can reach are public, however they are written."""

from __future__ import annotations

import time

import pytest

from gateway.links.addresses import is_public, resolve, some_of

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",  # metadata of clouds
    "168.63.129.16",
    "100.64.0.1",  # carrier-grade NAT
    "100.100.100.200",
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "100::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "no address",
    "",
]
PUBLIC = [
    "8.8.8.8",
    "185.31.40.12",
    "172.32.0.1",
    "100.128.0.1",
    "2a00:1450:4007:80e::2003",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_it_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_it_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "localhost"]
)
def test_another_way_to_write_loopback_is_still_loopback(host: str) -> None:
    assert not any(map(is_public, resolve(host, 5)))


def test_a_name_that_nobody_has_is_no_address() -> None:
    with pytest.raises(OSError, match=r".") as caught:
        resolve("a" * 70 + ".invalid", 5)
    assert not isinstance(caught.value, TimeoutError)


def test_a_resolver_that_takes_too_long_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(1) or [])
    before = time.monotonic()
    with pytest.raises(TimeoutError):
        resolve("slow.example", 0.1)
    assert time.monotonic() - before < 0.9


def test_both_versions_of_ip_are_tried() -> None:
    found = ("2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2")
    assert some_of((*found, "192.0.2.3")) == (*found[:2], *found[3:])
