"""`passerelle links` against the real service, and servers of others."""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fiona
import pytest
import uvicorn
from click.testing import CliRunner

from gateway.cli import command_line
from gateway.commands.links import check_dataset_links
from gateway.desk import Desk, UnknownDataset
from gateway.links.following import Follower
from metadata.finding import Language
from metadata.links import is_broken
from providers.configuration import read_configuration
from providers.store import open_store
from service.app import create_app

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
CONFIGURATION = """\
organisation:
  name: Département de la Seine-Saint-Denis
  siren: "229300082"
  email: sig@example.org
  url: {home}
  identifier_base: https://data.example.org/id
  licence: etalab-2.0
service: {{url: "{service}"}}
silos: {{sig: ./silo}}
"""
DESCRIPTION = """\
id: {name}
identifier: https://data.example.org/id/{name}
record_identifier: fr-229300082-jdd-00000000-0000-4000-8000-00000000000{number}
service_identifier: fr-229300082-srv-00000000-0000-4000-8000-00000000000{number}
status: {status}
title: Arbres d'alignement
abstract: Arbres du département, relevés un à un sur place, avec leur essence.
lineage: Relevé de terrain.
producer: Département de la Seine-Saint-Denis
themes: [ef]
topics: [environment]
links: [{links}]
collections:
  - id: {name}
    source: {{silo: sig, container: sig.gpkg, table: {name}}}
"""
TABLES = ("arbres", "étangs")


@dataclass
class House:
    """A configuration with two datasets, and the service that serves it."""

    folder: Path
    service_url: str
    make_follower: Callable[..., Follower]

    @property
    def path(self) -> Path:
        return self.folder / "passerelle.yml"

    def describe(self, name: str, *urls: str, status: str = "published") -> None:
        links = ", ".join(f'{{url: "{url}", title: Notice}}' for url in urls)
        number = TABLES.index(name)
        words = {"name": name, "number": number, "status": status, "links": links}
        content = DESCRIPTION.format(**words)
        path = self.folder / "datasets" / f"{name}.yml"
        path.write_text(content.replace("id: étangs", "id: etangs"), encoding="utf-8")
        if name == "étangs":
            path.rename(path.with_name("etangs.yml"))

    def run(self, *words: str) -> str:
        result = CliRunner(env={"COLUMNS": "200"}).invoke(
            command_line(Language.ENGLISH),
            ("--config", str(self.path), *words),
            standalone_mode=False,
        )
        if result.exception is not None:
            raise result.exception
        return result.output

    @contextmanager
    def served(self) -> Iterator[None]:
        port = int(self.service_url.rpartition(":")[2])
        app = create_app(read_configuration(self.path), interval=0.2)
        settings = uvicorn.Config(
            app, host="127.0.0.1", port=port, log_config=None, lifespan="on"
        )
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the service did not start"
                time.sleep(0.02)
            yield
        finally:
            server.should_exit = True
            thread.join(20)

    def check(self, *ids: str, days: int = 0) -> tuple[int, dict[str, Any]]:
        """Check links some days later, as a program reads it."""
        said = io.StringIO()
        desk = Desk(Language.ENGLISH, self.path, now=NOW + timedelta(days=days))
        try:
            with redirect_stdout(said):
                follower = self.make_follower(self.service_url)
                code = check_dataset_links(desk, ids, "json", follower)
        finally:
            desk.close()
        return code, json.loads(said.getvalue())


@pytest.fixture
def house(tmp_path: Path, make_follower, server, acts) -> House:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        service = f"http://127.0.0.1:{probe.getsockname()[1]}"
    (tmp_path / "silo").mkdir()
    (tmp_path / "datasets").mkdir()
    for name in TABLES:
        schema = {"geometry": "Point", "properties": {"nom": "str"}}
        path = tmp_path / "silo" / "sig.gpkg"
        options = {"driver": "GPKG", "layer": name, "crs": "EPSG:2154"}
        with fiona.open(path, "w", schema=schema, **options) as target:
            geometry = {"type": "Point", "coordinates": (655000.0, 6867000.0)}
            target.write({"geometry": geometry, "properties": {"nom": "Tilleul"}})
    server.acts["/home"] = acts.answer(200, b"<html>", Content_Type="text/html")
    server.acts["/notice.pdf"] = acts.answer(
        200, b"%PDF", Content_Type="application/pdf"
    )
    home = server.url("/home", host="other.example")
    words = CONFIGURATION.format(home=home, service=service)
    (tmp_path / "passerelle.yml").write_text(words, encoding="utf-8")
    return House(tmp_path, service, make_follower)


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {row["url"]: row["state"] for row in answer["links"]}


def codes(answer: dict[str, Any]) -> list[str]:
    return sorted(finding["code"] for finding in answer["findings"])


def test_every_link_of_the_running_service_is_as_our_records_say(house, server) -> None:
    house.describe("arbres", server.url("/notice.pdf"))
    house.describe("étangs")
    house.run("survey")
    house.run("files")
    with house.served():
        code, answer = house.check()
    assert codes(answer) == []
    assert code == 0
    own = [row for row in answer["links"] if row["own"]]
    assert len(own) >= 12
    files = {row["url"]: row for row in own if row["url"].endswith(".gpkg")}
    assert len(files) == 2
    assert all(row["length"] > 1000 for row in files.values())
    assert {row["state"] for row in answer["links"]} == {"good"}
    assert all(row["good_at"] == NOW.isoformat() for row in answer["links"])


def test_a_file_that_is_not_made_yet_may_pass(house) -> None:
    house.describe("arbres")
    house.run("survey")
    with house.served():
        code, answer = house.check()
    failing = {
        row["url"].rpartition(".")[2]: row["status"]
        for row in answer["links"]
        if row["state"] == "link.failing"
    }
    assert failing["gpkg"] == 503
    assert set(codes(answer)) == {"link.failing"}
    assert code == 0


def test_what_is_broken_is_said_with_the_field_and_exits_1(house, server, acts) -> None:
    server.acts["/moved"] = acts.redirect("/notice.pdf", 301)
    server.acts["/data.gpkg"] = acts.answer(200, b"<html>", Content_Type="text/html")
    paths = ("/gone", "/moved", "/data.gpkg", "/notice.pdf")
    house.describe("arbres", *map(server.url, paths), "http://10.0.0.1/private")
    house.run("survey")
    with house.served():
        code, answer = house.check()
    found = {
        f["element"]: f["code"]
        for f in answer["findings"]
        if f["code"] != "link.failing"
    }
    assert found == {
        "links.0.url": "link.broken",
        "links.1.url": "link.redirected",
        "links.2.url": "link.type",
        "links.4.url": "link.private",
    }
    assert code == 1
    assert all(f["hint"]["fr"] and f["hint"]["en"] for f in answer["findings"])


def test_what_fails_on_three_days_is_broken_and_its_history_is_told(
    house, server, acts
) -> None:
    server.acts["/notice.pdf"] = acts.answer(503)
    url = server.url("/notice.pdf")
    house.describe("arbres", url, status="draft")
    house.run("survey")
    ends = [house.check("arbres", days=day) for day in range(3)]
    assert [code for code, _ in ends] == [0, 0, 1]
    assert [codes(answer) for _, answer in ends] == [
        ["link.failing"],
        ["link.failing"],
        ["link.broken"],
    ]
    (row,) = [row for row in ends[-1][1]["links"] if row["url"] == url]
    assert (row["failures"], row["broken_since"]) == (3, NOW.isoformat())


def test_of_a_draft_the_stated_links_are_looked_at_when_it_is_named(
    house, server
) -> None:
    house.describe("arbres", server.url("/gone"), status="draft")
    house.run("survey")
    code, answer = house.check()
    assert (code, answer["links"]) == (0, [])
    code, answer = house.check("arbres")
    assert code == 1
    assert set(states(answer)) == {
        server.url("/gone"),
        server.url("/home", host="other.example"),
    }


def test_a_service_that_does_not_answer_is_said_once_and_not_held_against_links(
    house, server
) -> None:
    house.describe("arbres", server.url("/notice.pdf"))
    house.run("survey")
    code, answer = house.check()
    assert code == 2
    assert codes(answer) == ["links.offline"]
    assert states(answer)[server.url("/notice.pdf")] == "good"
    assert not any(row["own"] for row in answer["links"])


def test_without_a_network_nothing_is_held_against_the_others(house, server) -> None:
    house.describe(
        "arbres", "http://gone.example/a", "http://lost.example/b", status="draft"
    )
    text = house.path.read_text(encoding="utf-8")
    home = server.url("/home", host="other.example")
    house.path.write_text(text.replace(home, "http://away.example/"), encoding="utf-8")
    house.run("survey")
    code, answer = house.check("arbres")
    assert code == 2
    assert (codes(answer), answer["links"]) == (["links.offline"], [])


def test_an_unknown_name_is_refused(house) -> None:
    house.describe("arbres")
    with pytest.raises(UnknownDataset, match="nowhere"):
        house.check("nowhere")


def test_people_read_it_in_their_language(house, server, capsys) -> None:
    house.describe("arbres", server.url("/gone"), status="draft")
    house.run("survey")
    desk = Desk(Language.FRENCH, house.path, now=NOW)
    follower = house.make_follower(house.service_url)
    code = check_dataset_links(desk, ["arbres"], "text", follower)
    desk.close()
    said = " ".join(capsys.readouterr().out.split())
    assert code == 1
    assert "ne mène plus à rien (HTTP 404)" in said
    assert "Corrigez ou retirez « links.0.url » dans datasets/arbres.yml." in said
    assert "2 liens, 1 à revoir" in said


def test_a_broken_link_costs_a_point_at_the_next_publish(house, server, acts) -> None:
    house.describe("arbres", server.url("/notice.pdf"))
    house.run("survey")
    house.run("publish")
    desk = Desk(Language.ENGLISH, house.path)
    before = desk.store.last_scores()["arbres"]
    server.acts["/notice.pdf"] = acts.answer(410)
    house.check()
    house.run("publish")
    after = desk.store.last_scores()["arbres"]
    desk.close()
    assert after.points == before.points - 1
    assert set(after.missing) - set(before.missing) == {"all_resources_available"}


def test_a_file_that_is_made_anew_during_the_check_is_as_it_should_be(
    house, server, acts
) -> None:
    house.describe("arbres")
    text = house.path.read_text(encoding="utf-8")
    own = server.url("", host="127.0.0.1")
    house.path.write_text(text.replace(house.service_url, own), encoding="utf-8")
    house.service_url = own
    house.run("survey")
    house.run("files")
    path = "/collections/arbres/download/arbres.gpkg"

    def made_anew(handler) -> None:
        store = open_store(read_configuration(house.path).store)
        fresh = [replace(file, length=4) for file in store.files()]
        store.keep_files(fresh)
        store.close()
        handler.answer(200, b"1234", Content_Type="application/geopackage+sqlite3")

    server.acts[path] = made_anew
    _, answer = house.check()
    assert states(answer)[f"{own}{path}"] == "good"
    server.acts[path] = acts.answer(200, b"12345")
    _, answer = house.check()
    assert states(answer)[f"{own}{path}"] == "link.length"


def test_what_was_found_is_remembered_for_those_who_ask_nobody(house, server) -> None:
    house.describe("arbres", server.url("/gone"), server.url("/notice.pdf"))
    house.run("survey")
    house.check()
    desk = Desk(Language.ENGLISH, house.path, now=NOW)
    asked = len(server.seen)
    found = desk.store.links()
    desk.close()
    assert is_broken(found[server.url("/gone")])
    assert not is_broken(found[server.url("/notice.pdf")])
    assert len(server.seen) == asked


def test_a_plan_alone_keeps_no_score_and_a_second_publish_no_second_line(
    house,
) -> None:
    house.describe("arbres")
    house.run("survey")
    desk = Desk(Language.ENGLISH, house.path)
    house.run("publish", "--dry-run")
    assert desk.store.score_trend() == ()
    house.run("publish")
    house.run("publish")
    (kept,) = desk.store.scores("arbres")
    assert (kept.day, kept.points) == (desk.now.date(), 9 - len(kept.missing))
    house.describe("arbres", status="withdrawn")
    house.run("publish", "--allow-deletes", "5")
    assert dict(desk.store.last_scores()) == {}
    desk.close()


def test_before_the_first_survey_the_stated_links_are_followed(house, server) -> None:
    house.describe("arbres", server.url("/gone"), server.url("/notice.pdf"))
    code, answer = house.check()
    assert codes(answer) == ["link.broken", "links.unmeasured"]
    assert states(answer)[server.url("/notice.pdf")] == "good"
    assert not any(row["own"] for row in answer["links"])
    assert code == 1
