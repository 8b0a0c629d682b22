"""Nothing of one dataset, language or generation leaks into another, nothing grows."""

from __future__ import annotations

import gc
import json
import tracemalloc
from copy import deepcopy
from typing import Any

import httpx
import pytest
from pygeoapi import api, l10n

HTML = {"Accept": "text/html"}
ROUNDS = 100


def globals_of_pygeoapi() -> dict[str, Any]:
    """Return pygeoapi's state that all of a process shares."""
    return deepcopy(
        {
            "translated": len(l10n._cfg_cache),
            "conformance": list(api.CONFORMANCE_CLASSES),
            "formats": dict(api.FORMAT_TYPES),
            "charset": list(api.CHARSET),
        }
    )


def ask(client: httpx.Client, root: str, language: str) -> tuple[str, ...]:
    """Ask for one page and for conformance; return what came."""
    page = client.get(f"{root}/", headers={**HTML, "Accept-Language": language})
    conformance = client.get(f"{root}/conformance?lang={language}")
    collections = client.get(f"{root}/collections?lang={language}")
    return page.text, conformance.text, collections.text


def test_two_datasets_two_languages_and_a_reload_stay_apart(
    deployment: Any, serve: Any, wait_for: Any
) -> None:
    before = globals_of_pygeoapi()
    deployment.describe("places", title="Premier titre")
    deployment.describe("zones", title="Second titre")
    cases = [
        (f"/datasets/{dataset}", language)
        for dataset in ("places", "zones")
        for language in ("fr", "en")
    ]
    with serve(deployment) as client:
        first = {case: ask(client, *case) for case in cases}
        for _ in range(ROUNDS):
            assert {case: ask(client, *case) for case in cases} == first
        for (root, language), (page, conformance, collections) in first.items():
            own, other = ("Premier titre", "Second titre")
            if root.endswith("zones"):
                own, other = other, own
            assert own in page
            assert other not in page
            assert f'<html lang="{language}">' in page
            assert other not in collections
            classes = json.loads(conformance)["conformsTo"]
            assert len(classes) == len(set(classes))
        deployment.describe("places", title="Troisième titre")
        wait_for(lambda: "Troisième titre" in ask(client, "/datasets/places", "fr")[0])
        for language in ("fr", "en"):
            assert "Premier titre" not in ask(client, "/datasets/places", language)[0]
            after = ask(client, "/datasets/zones", language)
            assert after == first["/datasets/zones", language]
    assert globals_of_pygeoapi() == before


@pytest.mark.parametrize("kind", ["requests", "reloads"])
def test_memory_does_not_grow(
    on_geopackage: Any, serve: Any, wait_for: Any, kind: str
) -> None:
    on_geopackage.describe("places")
    on_geopackage.describe("zones")
    with serve(on_geopackage) as client:

        def title() -> str:
            return str(client.get("/collections/places").json()["title"])

        def work(rounds: int) -> None:
            for number in range(rounds):
                if kind == "reloads":
                    on_geopackage.describe("places", title=f"Titre {number % 7}")
                    wait_for(lambda wanted=number % 7: title() == f"Titre {wanted}")
                for root in ("", "/datasets/places", "/datasets/zones"):
                    for language in ("fr", "en"):
                        ask(client, root, language)

        rounds = ROUNDS if kind == "requests" else 15
        work(15)
        tracemalloc.start()
        try:
            gc.collect()
            base = tracemalloc.get_traced_memory()[0]
            work(rounds)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - base
        finally:
            tracemalloc.stop()
    assert grown < 600_000, f"{grown} bytes more after {rounds} rounds"
