"""What keeps collections from being edited is told before somebody wants to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import httpx
import pytest

pytestmark = pytest.mark.postgis
CODES = {
    "service.key-idle",
    "collection.editable.no-key",
    "collection.editable.refused",
}


def told(client: httpx.Client) -> dict[str, dict[str, str]]:
    findings = client.get("/health?lang=en").json()["findings"]
    return {each["code"]: each for each in findings if each["code"] in CODES}


def test_a_key_of_nothing_is_told(on_postgis: Any, editing: Any) -> None:
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        found = told(client)
    assert found.keys() == {"service.key-idle"}
    assert "edit:arbres" in found["service.key-idle"]["reason"]


def test_a_collection_that_no_key_opens_is_told(on_postgis: Any, editing: Any) -> None:
    editing.open(on_postgis, "places")
    with editing.served(on_postgis) as client:
        found = told(client)
    assert found.keys() == {"collection.editable.no-key"}
    assert "edit:places" in found["collection.editable.no-key"]["hint"]


def test_nothing_is_told_where_nothing_is_edited(on_postgis: Any, editing: Any) -> None:
    on_postgis.describe("places")
    with editing.served(on_postgis) as client:
        assert told(client) == {}


def test_rights_that_are_missing_are_told_until_they_are_granted(
    on_postgis: Any,
    editing: Any,
    execute: Callable[..., Any],
    wait_for: Callable[[Callable[[], bool]], None],
) -> None:
    table = "Élus & cie"
    name = f"Rédacteur {uuid4().hex}"
    execute(on_postgis.silo, f'CREATE TABLE "{table}" (id serial PRIMARY KEY, n text)')
    execute(on_postgis.silo, f"CREATE ROLE \"{name}\" LOGIN PASSWORD 'mot'")
    parts = urlsplit(on_postgis.silo)
    login = f"{name.replace(' ', '%20').replace('é', '%C3%A9')}:mot"
    netloc = f"{login}@{parts.hostname}:{parts.port}"
    role = urlunsplit(parts._replace(netloc=netloc))
    editing.open(on_postgis, "elus")
    path = on_postgis.folder / "datasets" / "elus.yml"
    written = path.read_text("utf-8").replace("table: elus", f'table: "{table}"')
    path.write_text(written, encoding="utf-8")
    location = f"\n    location: {on_postgis.silo}\n    editing: {role}"
    editing.configure(on_postgis, f" {on_postgis.silo}", location)
    try:
        execute(on_postgis.silo, f'GRANT SELECT ON "{table}" TO "{name}"')
        with editing.served(on_postgis) as client:
            hint = told(client)["collection.editable.refused"]["hint"]
            assert hint == (
                f'GRANT INSERT, UPDATE, DELETE ON "{table}" TO "{name}";'
                f' GRANT USAGE ON SEQUENCE "{table}_id_seq" TO "{name}";'
            )
            execute(on_postgis.silo, hint)
            wait_for(lambda: "collection.editable.refused" not in told(client))
            body = {"type": "Feature", "geometry": None, "properties": {"n": "x"}}
            answer = client.post(
                "/collections/elus/items",
                json=body,
                headers={"Content-Type": "application/geo+json"},
            )
            assert answer.status_code == 201, answer.text
    finally:
        execute(on_postgis.silo, f'DROP OWNED BY "{name}"; DROP ROLE "{name}"')
