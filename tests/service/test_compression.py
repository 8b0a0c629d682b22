"""Answers in the coding that a client takes: the same bytes, errors too."""

from __future__ import annotations

import json

import cramjam
import httpx
import pytest

PAGE = "/collections/places/items"
CODECS = {"gzip": cramjam.gzip, "br": cramjam.brotli, "zstd": cramjam.zstd}


def raw(client: httpx.Client, path: str, accepted: str) -> tuple[httpx.Response, bytes]:
    """Return an answer and its bytes as they were sent."""
    headers = {"Accept-Encoding": accepted}
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def plain(client: httpx.Client, path: str) -> bytes:
    return raw(client, path, "identity")[1]


@pytest.mark.parametrize("coding", CODECS)
@pytest.mark.parametrize("path", [PAGE, f"{PAGE}?limit=5000", "/", "/?f=html", "/api"])
def test_what_arrives_is_what_was_meant(
    service: httpx.Client, coding: str, path: str
) -> None:
    answer, sent = raw(service, path, coding)
    assert answer.headers["content-encoding"] == coding
    assert answer.headers["etag"].endswith(f'-{coding}"')
    assert "Accept-Encoding" in answer.headers["vary"]
    assert bytes(CODECS[coding].decompress(sent)) == plain(service, path)
    if "content-length" in answer.headers:
        assert int(answer.headers["content-length"]) == len(sent)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("zstd;q=0.1, gzip", "gzip"),
        ("*", "zstd"),
        ("*, zstd;q=0", "br"),
        ("*;q=0.5, gzip", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("deflate", None),
        ("", None),
    ],
)
def test_the_client_chooses(
    service: httpx.Client, accepted: str, coding: str | None
) -> None:
    answer, _ = raw(service, PAGE, accepted)
    assert answer.headers.get("content-encoding") == coding
    assert "Accept-Encoding" in answer.headers["vary"]


@pytest.mark.parametrize("coding", CODECS)
def test_a_compressed_copy_is_confirmed(service: httpx.Client, coding: str) -> None:
    answer, _ = raw(service, PAGE, coding)
    tag = answer.headers["etag"]
    for accepted in (coding, "identity"):
        headers = {"Accept-Encoding": accepted, "If-None-Match": tag}
        confirmed = service.get(PAGE, headers=headers)
        assert confirmed.status_code == 304
        assert confirmed.headers["etag"] == tag
        assert "content-encoding" not in confirmed.headers


@pytest.mark.parametrize("coding", CODECS)
def test_errors_arrive_whole(service: httpx.Client, coding: str) -> None:
    answer, sent = raw(service, f"{PAGE}?{'x' * 700}=1", coding)
    assert answer.status_code == 400
    named = answer.headers.get("content-encoding")
    content = bytes(CODECS[named].decompress(sent)) if named else sent
    assert json.loads(content)["code"] == "InvalidParameterValue"


def test_small_answers_go_out_as_they_are(service: httpx.Client) -> None:
    answer, sent = raw(service, "/health", "gzip, br, zstd")
    assert "content-encoding" not in answer.headers
    assert json.loads(sent)["status"] == "ok"
