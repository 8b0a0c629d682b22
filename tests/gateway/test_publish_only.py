"""Some datasets only: those named are published, nothing of the others is touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import fiona
import pytest
from click.testing import CliRunner

from gateway.cli import command_line
from gateway.desk import UnknownDataset
from gateway.outlets.opening import open_outlet
from gateway.publication.publish import publish_records
from gateway.publication.result import PublishResult
from metadata.finding import Language
from providers.configuration import Configuration
from providers.store_model import EntryState, Operation

Publish = Callable[..., PublishResult]
CONFIGURATION = """\
organisation:
  name: Département de la Seine-Saint-Denis
  siren: "229300082"
  email: sig@example.org
  identifier_base: https://data.example.org/id
  licence: etalab-2.0
service: {url: "http://127.0.0.1:8080"}
silos:
  sig: ./silo
"""


@pytest.fixture
def configuration(configure, catalogue) -> Configuration:
    return configure(geo=catalogue.url)


@pytest.fixture
def publish(configuration, store, now) -> Publish:
    def act(records, **options) -> PublishResult:
        settings = {"configuration": configuration, "store": store, "now": now}
        return publish_records(records, **{**settings, **options})

    return act


def planned(result: PublishResult) -> dict[str, list[str]]:
    """Return the datasets of each action."""
    (outlet,) = result.outlets
    assert outlet.plan is not None, outlet.problem
    found: dict[str, list[str]] = {}
    for change in outlet.plan.changes:
        found.setdefault(str(change.action), []).append(change.dataset_id)
    return found


@pytest.mark.pycsw
class TestTheDatasetsNamed:
    def test_are_sent_and_no_others(
        self, publish, make_record, configuration, store
    ) -> None:
        publish([make_record("a"), make_record("b"), make_record("c")])
        changed = [make_record("a", title="Autre"), make_record("b", title="Autre")]
        result = publish([*changed, make_record("neuf")], only=["a"])
        assert planned(result) == {"update": ["a"]}
        outlet = open_outlet(configuration.outlets["geo"])
        there = outlet.look([make_record(name).identifier for name in "abc"])
        assert {r.fingerprint for r in there.values()} == {
            changed[0].fingerprint,
            make_record("b").fingerprint,
            make_record("c").fingerprint,
        }
        outlet.close()
        assert result.snapshot.change.replaced == (changed[0].identifier,)
        assert [r.record for r in store.applied()] == [
            changed[0],
            make_record("b"),
            make_record("c"),
        ]
        assert len(store.revisions(make_record("b").identifier)) == 1

    def test_are_deleted_when_they_are_not_to_go_out_any_more(
        self, publish, make_record, store
    ) -> None:
        publish([make_record("a"), make_record("b"), make_record("c")])
        result = publish([make_record("c")], only=["a"])
        assert planned(result) == {"delete": ["a"]}
        assert [r.dataset_id for r in store.applied()] == ["b", "c"]
        assert [t.dataset_id for t in store.tombstones()] == ["a"]

    def test_are_guarded_like_all(self, publish, make_record, store) -> None:
        names = [f"jeu-{n}" for n in range(6)]
        publish([make_record(name) for name in [*names, "autre"]])
        refused = publish([make_record("autre")], only=names)
        assert refused.exit_code == 1
        assert len(store.applied()) == 7
        allowed = publish([make_record("autre")], only=names, allow_deletes=6)
        assert allowed.exit_code == 0
        assert [r.dataset_id for r in store.applied()] == ["autre"]

    def test_are_not_sent_when_another_dataset_carries_their_identifier(
        self, publish, make_record
    ) -> None:
        twin = replace(make_record("a"), dataset_id="z")
        result = publish([make_record("a"), twin, make_record("b")], only=["a"])
        assert planned(result) == {"conflict": ["a", "z"]}
        assert result.snapshot.records == 0

    def test_are_planned_alone_too(self, publish, make_record, store) -> None:
        publish([make_record("a"), make_record("b")])
        result = publish([make_record("b")], only=["a"], dry_run=True)
        assert planned(result) == {"delete": ["a"]}
        assert result.snapshot.change.removed == (make_record("a").identifier,)
        assert len(store.applied()) == 2

    def test_leave_what_an_earlier_run_left_open_of_others(
        self, publish, make_record, store, now
    ) -> None:
        publish([make_record("a"), make_record("b")])
        other = next(e for e in store.entries("geo") if e.dataset_id == "b")
        unsettled = replace(
            other,
            operation=Operation.UPDATE,
            state=EntryState.INTENT,
            fingerprint="f" * 64,
            settled_at=None,
            intended_at=now + timedelta(hours=1),
        )
        store.keep_entries([unsettled])
        publish([make_record("a"), make_record("b")], only=["a"])
        assert unsettled in store.entries("geo")
        publish([make_record("a"), make_record("b")])
        assert unsettled not in store.entries("geo")


@pytest.mark.pycsw
class TestADatasetThatOneOutletDoesNotTake:
    def test_leaves_it_and_stays_everywhere_else(
        self, publish, make_record, configuration, store
    ) -> None:
        records = [make_record("voirie"), make_record("voirie-2024")]
        publish(records)
        geo = replace(configuration.outlets["geo"], exclude=("*-2024",))
        narrowed = replace(configuration, outlets=MappingProxyType({"geo": geo}))
        result = publish(records, configuration=narrowed)
        assert planned(result) == {"delete": ["voirie-2024"], "keep": ["voirie"]}
        (gone, _) = result.outlets[0].receipts[::-1]
        assert "not meant for this outlet" in gone.change.reason.en
        assert len(store.applied()) == 2
        assert planned(publish(records, configuration=narrowed)) == {"keep": ["voirie"]}

    def test_leaves_it_even_while_its_table_cannot_be_measured(
        self, publish, make_record, configuration
    ) -> None:
        publish([make_record("a"), make_record("b")])
        geo = replace(configuration.outlets["geo"], datasets=("a",))
        narrowed = replace(configuration, outlets=MappingProxyType({"geo": geo}))
        result = publish([make_record("a")], held=["b"], configuration=narrowed)
        assert planned(result) == {"delete": ["b"], "keep": ["a"]}


class TestTheCommand:
    @pytest.fixture
    def desk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Two datasets approved, of three tables."""
        (tmp_path / "silo").mkdir()
        for layer in ("communes", "écoles", "routes"):
            write_layer(tmp_path / "silo" / "sig.gpkg", layer)
        file = tmp_path / "passerelle.yml"
        file.write_text(CONFIGURATION, encoding="utf-8")
        monkeypatch.setenv("PASSERELLE_CONFIG", str(file))
        run("survey")
        run("approve", "communes", "ecoles")
        return tmp_path

    def test_publishes_what_is_named(self, desk) -> None:
        code, said = run("publish", "--only", "ecoles", "--format", "json")
        assert code == 0
        assert json.loads(said)["snapshot"]["records"] == 2  # it and its service
        code, said = run("publish", "--format", "json")
        assert json.loads(said)["snapshot"]["records"] == 4

    def test_names_what_there_is_where_an_id_is_not_known(self, desk) -> None:
        with pytest.raises(UnknownDataset, match="“ecole”") as caught:
            run("publish", "--only", "communes", "--only", "ecole")
        assert "ecoles" in caught.value.remedy.fr

    def test_says_so_when_nothing_of_it_goes_out(self, desk) -> None:
        code, said = run("publish", "--only", "routes", "--format", "json")
        (finding,) = json.loads(said)["findings"]
        assert (code, finding["code"], finding["subject"]) == (
            0,
            "publish.not-due",
            "routes",
        )

    def test_does_not_speak_of_the_others(self, desk) -> None:
        description = desk / "datasets" / "communes.yml"
        text = description.read_text(encoding="utf-8")
        description.write_text(f"{text}themes: [nulle-part]\n", encoding="utf-8")
        assert run("publish", "--dry-run")[0] == 1
        assert run("publish", "--dry-run", "--only", "ecoles")[0] == 0

    def test_refuses_to_settle_conflicts_both_ways(self, desk) -> None:
        with pytest.raises(Exception, match="exclude each other"):
            run("publish", "--overwrite", "--keep-theirs")


def write_layer(path: Path, layer: str) -> None:
    schema = {"geometry": "Point", "properties": {"nom": "str"}}
    with fiona.open(
        path, "w", driver="GPKG", layer=layer, crs="EPSG:2154", schema=schema
    ) as target:
        geometry = {"type": "Point", "coordinates": (655000.0, 6867000.0)}
        target.write({"geometry": geometry, "properties": {"nom": "Épinay"}})


def run(*arguments: str) -> tuple[int, str]:
    """Run one command in this process; return its exit code and what it printed."""
    result = CliRunner().invoke(
        command_line(Language.ENGLISH), arguments, standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    return result.return_value or 0, result.stdout
