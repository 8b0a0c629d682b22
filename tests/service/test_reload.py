"""Changes outside show without a restart and without a failed request."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

KEY = {"X-Passerelle-Key": "ouvre-toi"}


def ids(client: httpx.Client, path: str = "/collections") -> list[str]:
    return [c["id"] for c in client.get(path).json()["collections"]]


def health(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/health", headers=KEY).json()
    return found


class Hammer:
    """Asks for the same addresses again and again, and notes what went wrong."""

    def __init__(self, client: httpx.Client, *paths: str) -> None:
        self._base = client.base_url
        self._paths = paths
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.asked = 0
        self.wrong: list[str] = []

    def __enter__(self) -> Hammer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(base_url=self._base, timeout=30) as client:
            while not self._stop.is_set():
                for path in self._paths:
                    answer = client.get(path)
                    self.asked += 1
                    if answer.status_code != 200:
                        self.wrong.append(f"{path}: {answer.text}")


def test_an_approved_table_appears_without_a_failed_request(
    deployment, serve, wait_for
) -> None:
    deployment.describe("places")
    deployment.describe("zones", status="draft")
    with serve(deployment) as client:
        assert ids(client) == ["places"]
        with Hammer(client, "/collections/places/items", "/collections") as hammer:
            deployment.describe("zones", status="published")
            wait_for(lambda: ids(client) == ["places", "zones"])
            assert client.get("/collections/zones/items").status_code == 200
            wait_for(lambda: hammer.asked > 20)
        assert hammer.wrong == []


def test_a_withdrawn_dataset_disappears_everywhere(deployment, serve, wait_for) -> None:
    deployment.describe("places")
    deployment.describe("zones")
    with serve(deployment) as client:
        deployment.describe("zones", status="withdrawn")
        wait_for(lambda: ids(client) == ["places"])
        for path in (
            "/collections/zones",
            "/collections/zones/items",
            "/datasets/zones/",
            "/records/zones.xml",
        ):
            assert client.get(path).status_code == 404


def test_a_changed_title_shows_and_the_generation_grows(
    deployment, serve, wait_for
) -> None:
    deployment.describe("places")
    with serve(deployment) as client:
        before = client.get("/health").json()["generation"]
        deployment.describe("places", title="Un autre titre")
        wait_for(
            lambda: (
                client.get("/collections/places").json()["title"] == "Un autre titre"
            )
        )
        assert client.get("/health").json()["generation"] > before


@pytest.mark.postgis
def test_a_new_column_and_a_dropped_table_show(on_postgis, serve, wait_for) -> None:
    on_postgis.describe("places")
    on_postgis.describe("zones")
    with serve(on_postgis) as client:
        on_postgis.execute("ALTER TABLE places ADD COLUMN altitude double precision")
        wait_for(
            lambda: (
                "altitude"
                in client.get("/collections/places/schema").json()["properties"]
            )
        )
        with Hammer(client, "/collections/places/items", "/collections") as hammer:
            on_postgis.execute("DROP TABLE zones")
            wait_for(lambda: ids(client) == ["places"])
            wait_for(lambda: hammer.asked > 20)
        assert hammer.wrong == []
        assert client.get("/collections/zones/items").status_code == 404
        assert client.get("/datasets/zones/").status_code == 404


@pytest.mark.postgis
def test_an_excluded_column_that_is_renamed_is_not_shown_under_its_new_name(
    on_postgis, serve, wait_for
) -> None:
    on_postgis.execute("ALTER TABLE places ADD COLUMN salary integer DEFAULT 424242")
    on_postgis.describe("places")
    path = on_postgis.folder / "datasets" / "places.yml"
    text = path.read_text(encoding="utf-8").rstrip("\n")
    path.write_text(f"{text}\n    columns: {{exclude: [salary]}}\n", encoding="utf-8")
    with serve(on_postgis) as client:
        assert client.get("/collections/places/items").status_code == 200
        on_postgis.execute("ALTER TABLE places RENAME salary TO pay")
        wait_for(lambda: health(client)["broken"].keys() == {"places"})
        assert "salary" in health(client)["broken"]["places"]["reason"]
        for part in ("items", "schema", "queryables", "download/places.geojson"):
            answer = client.get(f"/collections/places/{part}")
            assert answer.status_code == 503
            assert "pay" not in answer.text
        on_postgis.execute("ALTER TABLE places RENAME pay TO salary")
        wait_for(lambda: client.get("/collections/places/items").status_code == 200)


@pytest.mark.postgis
def test_a_table_without_rights_degrades_alone_and_comes_back(
    on_postgis, serve, wait_for
) -> None:
    on_postgis.describe("places")
    on_postgis.describe("zones")
    on_postgis.execute(
        "DROP ROLE IF EXISTS passerelle_reader; CREATE ROLE passerelle_reader LOGIN;"
        "GRANT USAGE ON SCHEMA public TO passerelle_reader;"
        "GRANT SELECT ON places, spatial_ref_sys TO passerelle_reader"
    )
    text = on_postgis.configuration.read_text(encoding="utf-8")
    reader = text.replace("postgres@", "passerelle_reader@")
    on_postgis.configuration.write_text(reader, encoding="utf-8")
    try:
        with serve(on_postgis) as client:
            assert client.get("/collections/places/items").status_code == 200
            answer = client.get("/collections/zones/items")
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"]
            assert answer.json()["code"] == "Unavailable"
            assert "passerelle_reader" not in answer.text
            assert list(health(client)["broken"]) == ["zones"]
            assert health(client)["status"] == "degraded"
            on_postgis.execute("GRANT SELECT ON zones TO passerelle_reader")
            wait_for(lambda: client.get("/collections/zones/items").status_code == 200)
            wait_for(lambda: health(client)["broken"] == {})
    finally:
        on_postgis.execute(
            "DROP OWNED BY passerelle_reader; DROP ROLE passerelle_reader"
        )


@pytest.mark.postgis
def test_inserted_rows_are_measured_again(
    on_postgis, serve, wait_for, monkeypatch
) -> None:
    monkeypatch.setattr("service.watching.DATA_INTERVAL", timedelta(0))
    on_postgis.describe("places")
    with serve(on_postgis) as client:
        before = client.get("/collections/places").json()["extent"]["spatial"]["bbox"]
        on_postgis.execute(
            "INSERT INTO places (id, geom) VALUES"
            " (99, ST_SetSRID(ST_MakePoint(700000, 6900000), 2154))"
        )
        wait_for(
            lambda: (
                client.get("/collections/places").json()["extent"]["spatial"]["bbox"]
                != before
            )
        )


def test_a_new_layer_shows(on_geopackage, serve, wait_for, new_layer) -> None:
    on_geopackage.describe("places")
    on_geopackage.describe("later")
    with serve(on_geopackage) as client:
        assert ids(client) == ["places"]
        new_layer(on_geopackage.folder / "silo" / "base.gpkg", "later")
        wait_for(lambda: ids(client) == ["later", "places"])
        assert client.get("/collections/later/items").status_code == 200


def test_a_file_that_vanishes_degrades_alone_and_comes_back(
    on_geopackage, serve, wait_for, new_layer
) -> None:
    on_geopackage.describe("places")
    second = on_geopackage.folder / "silo" / "second.gpkg"
    new_layer(second, "autre")
    on_geopackage.describe("autre")
    described = on_geopackage.folder / "datasets" / "autre.yml"
    text = described.read_text(encoding="utf-8")
    described.write_text(text.replace("base.gpkg", "second.gpkg"), encoding="utf-8")
    with serve(on_geopackage) as client:
        assert ids(client) == ["autre", "places"]
        away = second.with_suffix(".away")
        with Hammer(client, "/collections/places/items") as hammer:
            second.rename(away)
            wait_for(lambda: ids(client) == ["places"])
            away.rename(second)
            wait_for(lambda: ids(client) == ["autre", "places"])
        assert hammer.wrong == []


def test_a_malformed_description_touches_no_other(deployment, serve, wait_for) -> None:
    deployment.describe("places")
    with serve(deployment) as client:
        broken = deployment.folder / "datasets" / "zones.yml"
        broken.write_text("id: zones\ntitel: faute\n", encoding="utf-8")
        wait_for(
            lambda: any("zones" in f["subject"] for f in health(client)["findings"])
        )
        assert ids(client) == ["places"]
        broken.unlink()
        wait_for(lambda: health(client)["findings"] == [])


def test_a_slip_in_a_description_says_unavailable_and_not_gone(
    deployment, serve, wait_for
) -> None:
    deployment.describe("places")
    deployment.describe("zones")
    file = deployment.folder / "datasets" / "places.yml"
    good = file.read_text(encoding="utf-8")
    paths = ("/collections/places", "/collections/places/items", "/datasets/places/")
    with serve(deployment) as client:
        file.write_text(f"{good}\ntitel: faute\n", encoding="utf-8")
        wait_for(lambda: client.get(paths[0]).status_code == 503)
        assert [client.get(path).status_code for path in paths] == [503, 503, 503]
        assert ids(client) == ["zones"]
        assert health(client)["status"] == "degraded"
        generation = health(client)["generation"]
        deployment.describe("zones", title="Un autre titre")
        wait_for(lambda: health(client)["generation"] > generation)
        assert client.get(paths[1]).status_code == 503
        file.write_text(good, encoding="utf-8")
        wait_for(lambda: client.get(paths[1]).status_code == 200)
        assert health(client)["status"] == "ok"
        file.unlink()
        wait_for(lambda: client.get(paths[1]).status_code == 404)


def test_a_slip_made_before_the_start_says_unavailable_too(
    deployment, serve, wait_for, publish
) -> None:
    """The collection has another name than its dataset: the record knows it."""
    deployment.describe("lieux", "adresses=places", "surfaces=zones")
    deployment.describe("reserve")
    publish(deployment)
    file = deployment.folder / "datasets" / "lieux.yml"
    good = file.read_text(encoding="utf-8")
    file.write_text(f"{good}\ntitel: faute\n", encoding="utf-8")
    paths = ("/collections/adresses/items", "/collections/surfaces", "/datasets/lieux/")
    with serve(deployment) as client:
        assert [client.get(path).status_code for path in paths] == [503, 503, 503]
        assert client.get("/collections/autre").status_code == 404
        assert ids(client) == ["reserve"]
        assert health(client)["status"] == "degraded"
        assert {"adresses", "surfaces", "lieux"} == health(client)["broken"].keys()
        file.write_text(good, encoding="utf-8")
        wait_for(lambda: client.get(paths[0]).status_code == 200)
        assert health(client)["broken"] == {}


def test_a_misspelt_table_degrades_alone_and_health_names_it(
    deployment, serve, wait_for
) -> None:
    deployment.describe("lieux", "adresses=plaçes")
    deployment.describe("ensemble", "surfaces=zones", "bornes=zonnes")
    deployment.describe("reserve")
    paths = ("/collections/adresses/items", "/collections/bornes", "/datasets/lieux/")
    with serve(deployment) as client:
        assert [client.get(path).status_code for path in paths] == [503, 503, 200]
        assert sorted(ids(client)) == ["reserve", "surfaces"]
        broken = health(client)["broken"]
        assert broken.keys() == {"adresses", "bornes"}
        assert "plaçes" in broken["adresses"]["subject"]
        assert health(client)["status"] == "degraded"
        deployment.describe("lieux", "adresses=places")
        wait_for(lambda: client.get(paths[0]).status_code == 200)
        deployment.describe("lieux", "adresses=plases")
        wait_for(lambda: client.get(paths[0]).status_code == 503)
        assert health(client)["broken"].keys() == {"adresses", "bornes"}


@pytest.mark.postgis
def test_a_table_that_was_dropped_while_the_service_was_down_is_gone(
    on_postgis, serve, publish
) -> None:
    on_postgis.describe("places")
    on_postgis.describe("zones")
    publish(on_postgis)
    on_postgis.execute("DROP TABLE zones")
    with serve(on_postgis) as client:
        assert client.get("/collections/zones/items").status_code == 404
        assert health(client)["status"] == "ok"


def test_a_malformed_configuration_leaves_the_former_in_force(
    deployment, serve, wait_for
) -> None:
    deployment.describe("places")
    good = deployment.configuration.read_text(encoding="utf-8")
    with serve(deployment) as client:
        deployment.configuration.write_text("silos: [", encoding="utf-8")
        wait_for(
            lambda: (
                "configuration.unusable"
                in {f["code"] for f in health(client)["findings"]}
            )
        )
        assert client.get("/collections/places/items").status_code == 200
        changed = good.replace("Données d'essai", "Un autre nom")
        deployment.configuration.write_text(changed, encoding="utf-8")
        wait_for(lambda: client.get("/").json()["title"] == "Un autre nom")
        assert health(client)["findings"] == []


def test_a_silo_that_moves_is_opened_anew(
    on_geopackage, serve, wait_for, new_layer
) -> None:
    on_geopackage.describe("places")
    on_geopackage.describe("ailleurs")
    (on_geopackage.folder / "silo2").mkdir()
    with serve(on_geopackage) as client:
        new_layer(on_geopackage.folder / "silo2" / "base.gpkg", "ailleurs")
        text = on_geopackage.configuration.read_text(encoding="utf-8")
        on_geopackage.configuration.write_text(
            text.replace("./silo", "./silo2"), encoding="utf-8"
        )
        wait_for(lambda: ids(client) == ["ailleurs"])
        assert client.get("/collections/ailleurs/items").status_code == 200


@pytest.mark.postgis
def test_a_silo_that_does_not_answer_leaves_the_others_served(
    on_geopackage, serve, wait_for
) -> None:
    on_geopackage.describe("places")
    text = on_geopackage.configuration.read_text(encoding="utf-8")
    away = "  loin: postgresql://nobody@127.0.0.1:1/none\n"
    text = text.replace("store:", f"{away}store:")
    on_geopackage.configuration.write_text(text, encoding="utf-8")
    far = on_geopackage.folder / "datasets" / "loin.yml"
    on_geopackage.describe("loin")
    written = far.read_text(encoding="utf-8").replace("silo: sig", "silo: loin")
    far.write_text(written, encoding="utf-8")
    with serve(on_geopackage) as client:
        assert ids(client) == ["places"]
        assert client.get("/collections/places/items").status_code == 200
        assert client.get("/collections/loin").status_code == 503
        assert client.get("/datasets/loin/collections/loin/items").status_code == 503
        assert client.get("/records/loin.xml").status_code == 503
        assert health(client)["silos"] == {"sig": "ok", "loin": "unreachable"}


def test_the_day_of_publication_comes_while_serving(
    deployment, serve, wait_for
) -> None:
    now = [datetime(2026, 3, 1, 23, 59, tzinfo=UTC)]

    def clock() -> datetime:
        return now[0]

    deployment.describe("places", more="publish_from: 2026-03-02")
    with serve(deployment, clock=clock) as client:
        assert ids(client) == []
        assert client.get("/records/places.xml").status_code == 404
        now[0] = datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC)
        wait_for(lambda: ids(client) == ["places"])
        assert client.get("/records/places.xml").status_code == 200


def test_requests_keep_the_snapshot_they_began_with() -> None:
    closed: list[str] = []
    stage = make_stage(closed)
    with stage.held() as first:
        stage.show(make_snapshot(2, {"sig": make_silo("new", closed)}))
        assert first is not None
        assert first.generation == 1
        assert stage.current is not None
        assert stage.current.generation == 2
        assert closed == []
    assert closed == ["old"]
    stage.clear()
    assert closed == ["old", "new"]


def test_a_silo_that_stays_is_not_closed_with_a_former_snapshot() -> None:
    closed: list[str] = []
    stage = make_stage(closed)
    assert stage.current is not None
    stage.show(make_snapshot(2, stage.current.silos))
    assert closed == []


def make_silo(name: str, closed: list[str]) -> Any:
    class Silo:
        def features(self, collection: object) -> object:
            raise NotImplementedError

        def close(self) -> None:
            closed.append(name)

    return Silo()


def make_snapshot(generation: int, silos: Any) -> Any:
    from service.snapshot import Snapshot

    return Snapshot(
        generation=generation,
        built_at=datetime(2026, 3, 1, tzinfo=UTC),
        configuration=None,  # type: ignore[arg-type]
        datasets={},
        collections={},
        broken={},
        findings=(),
        silos=silos,
    )


def make_stage(closed: list[str]) -> Any:
    from service.snapshot import Stage

    stage = Stage()
    stage.show(make_snapshot(1, {"sig": make_silo("old", closed)}))
    return stage
