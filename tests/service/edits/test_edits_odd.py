"""Edits where the table, the role or the connection has its own mind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner

from gateway.cli import command_line
from metadata.finding import Language

pytestmark = pytest.mark.postgis
Execute = Callable[..., list[Any]]
HERE = {"type": "Point", "coordinates": [2.45, 48.9]}
GEOJSON = {"Content-Type": "application/geo+json"}
MERGE = {"Content-Type": "application/merge-patch+json"}
NEW = "/collections/places/items"
ONE = f"{NEW}/1"
BODY = {"type": "Feature", "geometry": HERE, "properties": {"id": 900, "nom": "x"}}
PATCH = {"properties": {"nom": "y"}}


def tag(client: httpx.Client, path: str = ONE) -> dict[str, str]:
    return {"If-Match": client.get(path).headers["etag"]}


@pytest.mark.parametrize(
    ("granted", "statuses"),
    [
        ("SELECT", {"POST": 403, "PATCH": 403, "DELETE": 403}),
        ("SELECT, INSERT", {"POST": 201, "PATCH": 403, "DELETE": 403}),
        ("SELECT, UPDATE", {"POST": 403, "PATCH": 204, "DELETE": 403}),
        ("SELECT, UPDATE, DELETE", {"POST": 403, "PATCH": 204, "DELETE": 204}),
        ("INSERT, UPDATE, DELETE", {"POST": 403, "PATCH": 403, "DELETE": 403}),
    ],
)
def test_a_role_edits_what_it_was_granted(
    on_postgis: Any,
    editing: Any,
    execute: Execute,
    granted: str,
    statuses: dict[str, int],
) -> None:
    """The role that reads is another one, which may write nowhere."""
    parts = urlsplit(on_postgis.silo)
    name = f"redacteur_{uuid4().hex}"
    login = f"{name}:mot@{parts.hostname}:{parts.port}"
    role = urlunsplit(parts._replace(netloc=login))
    editing.open(on_postgis, "places")
    written = f"\n    location: {on_postgis.silo}\n    editing: {role}"
    editing.configure(on_postgis, f" {on_postgis.silo}", written)
    execute(on_postgis.silo, f"CREATE ROLE {name} LOGIN PASSWORD 'mot'")
    try:
        execute(on_postgis.silo, f"GRANT {granted} ON places TO {name}")
        with editing.served(on_postgis) as client:
            answers = {
                "POST": client.post(NEW, json=BODY, headers=GEOJSON),
                "PATCH": client.patch(
                    ONE, json=PATCH, headers={**MERGE, **tag(client)}
                ),
                "DELETE": client.delete(ONE, headers=tag(client)),
            }
        found = {method: answer.status_code for method, answer in answers.items()}
        assert found == statuses
        for answer in answers.values():
            if answer.status_code == 403:
                assert "GRANT SELECT, INSERT, UPDATE, DELETE" in answer.json()["hint"]
                assert name not in answer.text
    finally:
        execute(on_postgis.silo, f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_a_database_that_is_read_only_says_so(
    on_postgis: Any, editing: Any, execute: Execute
) -> None:
    """What a role or database has for a default is no obstacle; row policies are."""
    name = urlsplit(on_postgis.silo).path.removeprefix("/")
    execute(
        on_postgis.silo,
        f'ALTER DATABASE "{name}" SET default_transaction_read_only = on',
    )
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        assert client.post(NEW, json=BODY, headers=GEOJSON).status_code == 201


TRIGGER = """
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$;
CREATE TRIGGER guard {} ON places FOR EACH ROW EXECUTE FUNCTION guard();
"""


@pytest.mark.parametrize(
    ("body", "when", "status"),
    [
        ("RETURN NULL;", "BEFORE INSERT OR UPDATE OR DELETE", 409),
        ("RAISE 'le mot secret';", "BEFORE INSERT OR UPDATE OR DELETE", 422),
        ("RAISE 'le mot secret';", "AFTER INSERT OR UPDATE OR DELETE", 422),
    ],
)
def test_a_trigger_may_refuse(
    on_postgis: Any,
    editing: Any,
    execute: Execute,
    body: str,
    when: str,
    status: int,
) -> None:
    execute(on_postgis.silo, TRIGGER.format(body, when))
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        before = client.get(NEW).content
        for answer in (
            client.post(NEW, json=BODY, headers=GEOJSON),
            client.patch(ONE, json=PATCH, headers={**MERGE, **tag(client)}),
            client.delete(ONE, headers=tag(client)),
        ):
            assert answer.status_code == status, answer.text
            assert "secret" not in answer.text
        assert client.get(NEW).content == before


def test_the_tag_is_that_of_what_a_trigger_made_of_it(
    on_postgis: Any, editing: Any, execute: Execute
) -> None:
    later = "UPDATE places SET nom = upper(nom) WHERE id = NEW.id; RETURN NULL;"
    statement = TRIGGER.format(later, "AFTER INSERT")
    execute(on_postgis.silo, statement)
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        answer = client.post(NEW, json=BODY, headers=GEOJSON)
        found = client.get(f"{NEW}/900")
    assert found.json()["properties"]["nom"] == "X"
    assert found.headers["etag"] == answer.headers["etag"]


def test_a_rule_that_is_looked_at_last_of_all_refuses_too(
    on_postgis: Any, editing: Any, execute: Execute
) -> None:
    execute(
        on_postgis.silo,
        "ALTER TABLE places ADD CONSTRAINT un_seul UNIQUE (nom)"
        " DEFERRABLE INITIALLY DEFERRED",
    )
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        name = client.get(f"{NEW}/2").json()["properties"]["nom"]
        patch = {"properties": {"nom": name}}
        answer = client.patch(ONE, json=patch, headers={**MERGE, **tag(client)})
        assert answer.status_code == 409, answer.text
        assert answer.json()["parameter"] == "properties.nom"
        assert client.get(ONE).json()["properties"]["nom"] != name


def test_what_is_referred_to_is_not_deleted(
    on_postgis: Any, editing: Any, execute: Execute
) -> None:
    execute(
        on_postgis.silo,
        "CREATE TABLE cites (nom integer REFERENCES places);"
        " INSERT INTO cites VALUES (1)",
    )
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        answer = client.delete(ONE, headers=tag(client))
        assert answer.status_code == 409
        assert "parameter" not in answer.json()
        assert client.get(ONE).status_code == 200


def test_a_hidden_column_that_has_to_have_a_value_is_the_operators(
    on_postgis: Any, editing: Any, execute: Execute
) -> None:
    execute(on_postgis.silo, "ALTER TABLE places ALTER secret SET NOT NULL")
    columns = {"places": "{exclude: [secret]}"}
    editing.open(on_postgis, "places", columns=columns)
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        answer = client.post(NEW, json=BODY, headers=GEOJSON)
        assert answer.status_code == 409
        assert "secret" not in answer.text
        headers = {**GEOJSON, **tag(client)}
        whole = {**BODY, "properties": {"nom": "z"}}
        assert client.put(ONE, json=whole, headers=headers).status_code == 204


def test_whoever_opens_a_collection_so_far_need_not_say_which_state_they_mean(
    on_postgis: Any, editing: Any
) -> None:
    editing.open(on_postgis, "places", how="unconditional")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        stale = {**MERGE, **tag(client)}
        assert client.patch(ONE, json=PATCH, headers=MERGE).status_code == 204
        refused = client.patch(ONE, json={"properties": {"nom": "z"}}, headers=stale)
        assert refused.status_code == 412, "one that is said is held to"
        assert client.get(ONE).json()["properties"]["nom"] == "y"
        whole = {**BODY, "properties": {"nom": "z"}}
        assert client.put(ONE, json=whole, headers=GEOJSON).status_code == 204
        assert client.delete(ONE).status_code == 204
        assert client.get(ONE).status_code == 404


def test_any_state_may_be_meant(on_postgis: Any, editing: Any) -> None:
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        headers = {**MERGE, "If-Match": "*"}
        assert client.patch(ONE, json=PATCH, headers=headers).status_code == 204
        missing = client.patch(f"{NEW}/999", json=PATCH, headers=headers)
        assert missing.status_code == 404


def test_sessions_that_the_server_ended_are_replaced(
    on_postgis: Any, editing: Any, execute: Execute
) -> None:
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        for _ in range(3):
            headers = {**MERGE, **tag(client)}
            assert client.patch(ONE, json=PATCH, headers=headers).status_code == 204
            execute(
                on_postgis.silo,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'passerelle'"
                " AND datname = current_database()",
            )


def test_an_edit_whose_session_is_ended_halfway_is_not_made(
    on_postgis: Any, editing: Any, execute: Execute
) -> None:
    ends = "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW;"
    statement = TRIGGER.format(ends, "AFTER UPDATE")
    execute(on_postgis.silo, statement)
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        before = client.get(ONE)
        answer = client.patch(ONE, json=PATCH, headers={**MERGE, **tag(client)})
        assert answer.status_code == 503
        assert client.get(ONE).content == before.content
        assert client.delete(ONE, headers=tag(client)).status_code == 204


def test_nobody_knows_of_an_edit_that_was_being_kept_when_the_session_ended(
    on_postgis: Any,
    editing: Any,
    execute: Execute,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", logger="service.edits")
    ends = "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW;"
    statement = TRIGGER.format(ends, "AFTER UPDATE").replace(
        "CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER"
    )
    late = "ON places DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
    execute(on_postgis.silo, statement.replace("ON places FOR EACH ROW", late))
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        answer = client.patch(ONE, json=PATCH, headers={**MERGE, **tag(client)})
        assert answer.status_code == 503
        assert answer.json()["code"] == "OutcomeUnknown"
    assert caplog.messages == [
        "Edit: key=tout operation=update collection=places id=1 (outcome unknown)"
    ]


def test_a_table_whose_changes_are_counted_is_edited_by_a_role_of_its_own(
    on_postgis: Any, editing: Any, execute: Execute
) -> None:
    """The role has no right on the log of changes, which counts all the same."""
    on_postgis.describe("places")
    printed = CliRunner().invoke(
        command_line(Language.ENGLISH),
        ["--config", str(on_postgis.configuration), "triggers"],
        standalone_mode=False,
    )
    execute(on_postgis.silo, printed.stdout)
    name, parts = f"redacteur_{uuid4().hex}", urlsplit(on_postgis.silo)
    login = f"{name}:mot@{parts.hostname}:{parts.port}"
    role = urlunsplit(parts._replace(netloc=login))
    written = f"\n    location: {on_postgis.silo}\n    editing: {role}"
    editing.open(on_postgis, "places")
    editing.configure(on_postgis, f" {on_postgis.silo}", written)
    execute(on_postgis.silo, f"CREATE ROLE {name} LOGIN PASSWORD 'mot'")
    try:
        grant = f"GRANT SELECT, INSERT, UPDATE, DELETE ON places TO {name}"
        execute(on_postgis.silo, grant)
        with editing.served(on_postgis) as client:
            page = client.get(NEW, headers=tag(client, NEW)).headers["etag"]
            held = {"If-None-Match": page}
            execute(on_postgis.silo, "UPDATE zones SET nom = nom || '!'")
            assert client.get(NEW, headers=held).status_code == 304
            headers = {**MERGE, **tag(client)}
            assert client.patch(ONE, json=PATCH, headers=headers).status_code == 204
            assert client.get(NEW, headers=held).status_code == 200
    finally:
        execute(on_postgis.silo, f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_rows_of_a_partitioned_table_are_edited(
    on_postgis: Any, editing: Any, execute: Execute
) -> None:
    execute(
        on_postgis.silo,
        """
        CREATE TABLE cadastre (id integer PRIMARY KEY, nom text)
            PARTITION BY RANGE (id);
        CREATE TABLE cadastre_1 PARTITION OF cadastre FOR VALUES FROM (0) TO (100);
        CREATE TABLE cadastre_2 PARTITION OF cadastre FOR VALUES FROM (100) TO (200);
        """,
    )
    editing.open(on_postgis, "cadastre")
    editing.configure(on_postgis)
    path = "/collections/cadastre/items"
    with editing.served(on_postgis) as client:
        for key in (5, 150):
            properties = {"id": key, "nom": "x"}
            body = {**BODY, "geometry": None, "properties": properties}
            answer = client.post(path, json=body, headers=GEOJSON)
            assert answer.status_code == 201, answer.text
            one = f"{path}/{key}"
            headers = {**MERGE, **tag(client, one)}
            assert client.patch(one, json=PATCH, headers=headers).status_code == 204
            assert client.get(one).json()["properties"]["nom"] == "y"
        body["properties"] = {"id": 500}
        assert client.post(path, json=body, headers=GEOJSON).status_code == 422


def test_the_columns_may_change_while_it_serves(
    on_postgis: Any,
    editing: Any,
    execute: Execute,
    wait_for: Callable[[Callable[[], bool]], None],
) -> None:
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        body = {**BODY, "properties": {"id": 901, "neuve": 5}}
        assert client.post(NEW, json=body, headers=GEOJSON).status_code == 422
        execute(on_postgis.silo, "ALTER TABLE places ADD neuve integer")
        wait_for(
            lambda: client.post(NEW, json=body, headers=GEOJSON).status_code == 201
        )
        assert client.get(f"{NEW}/901").json()["properties"]["neuve"] == 5


def test_what_is_closed_again_is_not_edited_any_more(
    on_postgis: Any, editing: Any, wait_for: Callable[[Callable[[], bool]], None]
) -> None:
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        assert client.delete(f"{NEW}/2", headers=tag(client, f"{NEW}/2")).is_success
        on_postgis.describe("places")
        wait_for(lambda: client.delete(ONE).status_code == 405)


def test_a_file_is_never_edited(on_geopackage: Any, editing: Any) -> None:
    editing.open(on_geopackage, "places")
    editing.configure(on_geopackage)
    with editing.served(on_geopackage) as client:
        answer = client.delete(ONE, headers={"If-Match": "*"})
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
        assert client.get(ONE).status_code == 200


def test_a_place_that_the_storage_has_not_is_refused(
    on_postgis: Any, editing: Any
) -> None:
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    pole = {"type": "Point", "coordinates": [0, -90]}
    with editing.served(on_postgis) as client:
        body = {**BODY, "geometry": pole}
        answer = client.post(NEW, json=body, headers=GEOJSON)
        assert answer.status_code == 422, answer.text
        assert answer.json()["parameter"] == "geometry"


def test_a_feature_beyond_all_bounds_is_cut_off(on_postgis: Any, editing: Any) -> None:
    editing.open(on_postgis, "places")
    editing.configure(on_postgis)
    with editing.served(on_postgis) as client:
        content = b" " * (2**20 + 1)
        answer = client.post(NEW, content=content, headers=GEOJSON)
        assert answer.status_code == 413
