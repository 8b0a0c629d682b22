"""An overview says of each record at each outlet how it stands, since when, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from metadata.finding import Text
from metadata.judging import encoders
from metadata.links import Link, Observation, Outcome
from metadata.measured import (
    Extent,
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    RelationKind,
    Source,
    Survey,
)
from metadata.overview import (
    OWN,
    DatasetOverview,
    Overview,
    State,
    failures_first,
    month_before,
)
from metadata.overview_words import tasks
from metadata.record import RecordKind
from metadata.scores import Score
from providers.configuration import Configuration, read_configuration
from providers.overview import overview_of, read_basis, read_overview
from providers.overview_judging import Judgements, judge
from providers.store import Store, open_store
from providers.store_concessions import Concession
from providers.store_model import Entry, EntryState, Operation

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
TODAY = NOW.date()
EARLIER = NOW - timedelta(days=40)
CONFIGURATION = """\
organisation:
  name: Département de la Seine-Saint-Denis
  siren: "229300082"
  email: sig@example.org
  identifier_base: https://data.example.org/id
  licence: etalab-2.0
service: {url: "https://geo.example.org"}
silos: {sig: ./silo}
outlets:
  geo-ide: {url: "https://geo-ide.example/csw"}
  portail: {url: "https://ckan.example", type: ckan, organisation: x, key: k}
  moisson: {url: "https://m.example/csw", route: harvest}
"""
DESCRIPTION = """\
id: {name}
identifier: https://data.example.org/id/{name}
record_identifier: fr-229300082-jdd-00000000-0000-4000-8000-{number:012}
service_identifier: fr-229300082-srv-00000000-0000-4000-8000-{number:012}
status: {status}
access: {access}
title: {title}
abstract: Ce que contient ce jeu, mesuré et décrit, avec une phrase assez longue.
lineage: {lineage}
producer: Direction de l'eau
licence: etalab-2.0
themes: [au]
topics: [boundaries]
keywords: [essai]
{more}
collections:
  - id: {name}
    source: {{silo: sig, container: sig.gpkg, table: {name}}}
"""


class House:
    """A configuration, its descriptions and its store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "datasets").mkdir()
        (folder / "silo").mkdir()
        (folder / "passerelle.yml").write_text(CONFIGURATION, encoding="utf-8")
        self.configuration: Configuration = read_configuration(
            folder / "passerelle.yml", {}
        )
        self.store: Store = open_store(f"sqlite:///{folder}/registre.sqlite")

    def describe(self, name: str = "eau", **stated: Any) -> None:
        measured = stated.pop("measured", True)
        values = {
            "name": name,
            "number": sum(map(ord, name)),
            "status": "published",
            "access": "open",
            "title": f"Les cours d'eau « {name} »",
            "lineage": "Levé sur place.",
            "more": "",
            **stated,
        }
        path = self.folder / "datasets" / f"{name}.yml"
        path.write_text(DESCRIPTION.format(**values), encoding="utf-8")
        if measured:
            self.store.keep_surveys([_survey(name)])

    def publish(self, *states: tuple[str, EntryState], **entry: Any) -> None:
        """Have every due dataset in our catalogue, and sent to outlets so."""
        basis = read_basis(self.configuration, self.store.surveys())
        due = basis.due(TODAY)
        made = [r for d in due for r in _records(d)]
        self.store.apply_snapshot(made, now=EARLIER)
        for dataset in due:
            found = judge(dataset, today=TODAY, forms=["ckan"]).fingerprints
            for outlet, state in states:
                form = "ckan" if outlet == "portail" else "iso19139"
                identifier = (
                    dataset.description.identifier
                    if form == "ckan"
                    else dataset.description.record_identifier
                )
                mark = found[form, identifier]
                line = Entry(
                    outlet=outlet,
                    record_identifier=identifier,
                    dataset_id=dataset.id,
                    kind=RecordKind.DATASET,
                    operation=Operation.CREATE,
                    state=state,
                    fingerprint=mark,
                    published_fingerprint=mark if state is EntryState.DONE else "",
                    intended_at=EARLIER,
                    settled_at=None if state is EntryState.INTENT else EARLIER,
                )
                self.store.keep_entries([replace(line, **entry)])

    def overview(self, **options: Any) -> Overview:
        return read_overview(self.configuration, self.store, now=NOW, **options)

    def dataset(self, name: str = "eau") -> DatasetOverview:
        return next(d for d in self.overview().datasets if d.id == name)


def _survey(name: str) -> Survey:
    geometry = GeometryColumn(name="geom", type=GeometryType.POINT, srid=2154)
    return Survey(
        source=Source(silo="sig", container="sig.gpkg", table=name),
        kind=RelationKind.TABLE,
        surveyed_at=EARLIER,
        fields=(Field(name="nom", type=FieldType.STRING, native_type="TEXT"),),
        key=("fid",),
        geometries=(geometry,),
        extent=Extent(2.28, 48.8, 2.61, 49.02),
    )


def _records(dataset: Any) -> Iterator[Any]:
    for encode in encoders(dataset):
        yield encode(dataset, date_stamp=TODAY)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


BOTH = (("geo-ide", EntryState.DONE), ("portail", EntryState.DONE))


def test_what_is_published_everywhere_says_since_when(house: House) -> None:
    house.describe()
    house.publish(*BOTH)
    dataset = house.dataset()
    assert dataset.state is State.PUBLISHED
    assert [(p.outlet, p.kind, p.state, p.since) for p in dataset.places] == [
        (OWN, RecordKind.DATASET, State.PUBLISHED, EARLIER),
        (OWN, RecordKind.SERVICE, State.PUBLISHED, EARLIER),
        ("geo-ide", RecordKind.DATASET, State.PUBLISHED, EARLIER),
        ("portail", RecordKind.DATASET, State.PUBLISHED, EARLIER),
    ]


def test_a_change_with_us_is_seen_in_every_form(house: House) -> None:
    house.describe()
    house.publish(*BOTH)
    house.describe(title="Les rivières et les fleuves")
    dataset = house.dataset()
    assert {p.state for p in dataset.places} == {State.CHANGED}
    assert all("publish" in p.remedy.en for p in dataset.places)


def test_a_refusal_is_told_in_the_outlets_words_with_a_remedy(house: House) -> None:
    house.describe()
    words = Text("organisation inconnue", "unknown organisation")
    house.publish(("portail", EntryState.FAILED), message=words)
    dataset = house.dataset()
    place = next(p for p in dataset.places if p.outlet == "portail")
    assert (dataset.state, place.state, place.reason) == (
        State.FAILED,
        State.FAILED,
        words,
    )
    assert place.remedy.fr


def test_an_order_without_an_outcome_is_unsettled(house: House) -> None:
    house.describe()
    house.publish(("geo-ide", EntryState.INTENT))
    assert house.dataset().at("geo-ide") is State.UNSETTLED


def test_what_was_never_sent_is_absent_and_what_harvests_is_sent_nothing(
    house: House,
) -> None:
    house.describe()
    dataset = house.dataset()
    assert dataset.state is State.ABSENT
    assert [p.outlet for p in dataset.places] == [OWN, OWN, "geo-ide", "portail"]


def test_an_error_holds_a_change_back_and_is_named(house: House) -> None:
    house.describe()
    house.publish(*BOTH)
    house.describe(lineage='""')
    dataset = house.dataset()
    assert dataset.state is State.HELD
    assert dataset.errors
    assert dataset.findings[0].severity == "error"


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"more": "publish_from: 2027-01-01"}, "2027-01-01"),
        ({"access": "internal"}, "Internal"),
    ],
)
def test_what_is_not_due_says_why(
    house: House, stated: dict[str, str], said: str
) -> None:
    house.describe(**stated)
    (place,) = house.dataset().places
    assert place.state is State.NOT_DUE
    assert said in place.reason.en


def test_a_table_that_was_never_measured_holds_its_dataset(house: House) -> None:
    house.describe(measured=False)
    dataset = house.dataset()
    assert dataset.state is State.HELD
    assert dataset.errors
    assert "survey" in dataset.places[0].remedy.en


def test_a_description_that_cannot_be_read_leaves_what_is_published(
    house: House,
) -> None:
    house.describe()
    house.publish(*BOTH)
    (house.folder / "datasets" / "eau.yml").write_text("id: [", encoding="utf-8")
    dataset = house.dataset()
    assert {p.state for p in dataset.places} == {State.PUBLISHED}
    assert dataset.status is None
    assert dataset.errors


def test_an_unreadable_description_of_what_is_nowhere_is_held(house: House) -> None:
    (house.folder / "datasets" / "eau.yml").write_text("id: [", encoding="utf-8")
    assert house.dataset().state is State.HELD


def test_what_is_not_published_any_more_is_to_be_taken_back(house: House) -> None:
    house.describe()
    house.publish(*BOTH)
    house.describe(status="withdrawn")
    dataset = house.dataset()
    assert {p.state for p in dataset.places} == {State.CHANGED}
    house.store.apply_snapshot([], now=NOW)
    gone = {"operation": Operation.DELETE, "published_fingerprint": ""}
    for entry in house.store.entries():
        house.store.keep_entries([replace(entry, **gone, settled_at=NOW)])
    dataset = house.dataset()
    assert dataset.state is State.WITHDRAWN
    assert {(p.state, p.since) for p in dataset.places} == {(State.ABSENT, NOW)}


def test_a_draft_is_a_draft_and_nowhere(house: House) -> None:
    house.describe(status="draft")
    assert (house.dataset().state, house.dataset().places) == (State.DRAFT, ())


def test_an_outlet_that_is_not_configured_any_more_is_said_to_be_so(
    house: House,
) -> None:
    house.describe()
    house.publish(*BOTH)
    house.configuration = replace(house.configuration, outlets={})
    place = house.dataset().places[-1]
    assert (place.outlet, place.state) == ("portail", State.PUBLISHED)
    assert "passerelle.yml" in place.reason.en
    assert house.overview().outlets == ("geo-ide", "portail")


def test_what_was_not_judged_yet_is_said_not_to_be_compared(house: House) -> None:
    house.describe()
    house.publish(*BOTH)
    house.describe(title="Autrement")
    basis = read_basis(house.configuration, house.store.surveys())
    judgements = Judgements()
    first = overview_of(basis, house.store, judgements, now=NOW)
    assert (first.pending, first.datasets[0].state) == (1, State.PUBLISHED)
    judgements.judge(basis.due(TODAY)[0], today=TODAY, forms=basis.forms)
    second = overview_of(basis, house.store, judgements, now=NOW)
    assert (second.pending, second.datasets[0].state) == (0, State.CHANGED)


def test_a_judgement_is_forgotten_with_the_day_and_the_dataset(house: House) -> None:
    house.describe()
    basis = read_basis(house.configuration, house.store.surveys())
    (dataset,) = basis.due(TODAY)
    judgements = Judgements()
    judgements.judge(dataset, today=TODAY, forms=basis.forms)
    same: dict[str, Any] = {"today": TODAY, "forms": basis.forms}
    tomorrow = {**same, "today": TODAY + timedelta(days=1)}
    other = replace(dataset, service_url="https://elsewhere.example")
    assert judgements.known(dataset, **same) is not None
    assert judgements.known(replace(dataset), **same) is not None
    assert judgements.known(dataset, **tomorrow) is None
    assert judgements.known(other, **same) is None
    judgements.keep_to([])
    assert judgements.known(dataset, **same) is None


def test_broken_links_are_named_with_their_remedy(house: House) -> None:
    url = "https://ailleurs.example/doc"
    house.describe(more=f"links: [{{url: {url}, title: Notice}}]")
    link = Link(dataset_id="eau", element="links.0.url", url=url)
    gone = Observation(outcome=Outcome.ANSWERED, final=url, status=404)
    house.store.record_links([(link, gone)], now=EARLIER)
    overview = house.overview()
    (known,) = overview.datasets[0].broken
    assert (known.url, known.history.status) == (url, 404)
    assert "links.0.url" in known.findings[0].hint.en
    assert overview.broken_links == 1
    assert any(t.who.fr == "Direction de l'eau" for t in tasks(overview))


def scored(points: int, *names: str) -> list[Score]:
    missing = tuple("abcdefghi"[: 9 - points])
    return [Score(dataset_id=n, points=points, missing=missing) for n in names]


def test_the_score_is_compared_with_a_month_ago(house: House) -> None:
    for name in ("a", "b", "c"):
        house.describe(name)
    house.store.keep_scores(scored(6, "a", "b"), day=date(2026, 5, 1))
    better = [*scored(8, "a"), *scored(5, "b"), *scored(7, "c")]
    house.store.keep_scores(better, day=date(2026, 6, 1))
    overview = house.overview()
    gains = overview.gains
    assert overview.since == date(2026, 5, 15)
    assert (gains.mean_before, gains.mean_now) == (6.0, pytest.approx(20 / 3))
    assert (gains.datasets_before, gains.datasets_now) == (2, 3)
    assert [(m.id, m.before, m.now) for m in gains.better] == [("a", 6, 8)]
    assert [(m.id, m.before, m.now) for m in gains.worse] == [("b", 6, 5)]
    assert gains.new == ("Les cours d'eau « c »",)
    assert overview.most == 9


def test_a_dataset_that_left_is_among_those_gone(house: House) -> None:
    house.describe()
    house.publish(*BOTH)
    house.store.keep_scores(scored(6, "eau"), day=date(2026, 5, 1))
    house.store.keep_scores([], day=date(2026, 6, 1))
    (house.folder / "datasets" / "eau.yml").unlink()
    gains = house.overview().gains
    assert gains.gone == ("eau",)
    assert gains.mean_now is None


def test_without_an_earlier_score_nothing_is_compared(house: House) -> None:
    house.describe()
    house.store.keep_scores(scored(6, "eau"), day=TODAY)
    gains = house.overview().gains
    assert (gains.mean_before, gains.datasets_before) == (None, None)


def test_deliveries_since_then_are_counted_by_outlet(house: House) -> None:
    house.describe()
    house.publish(*BOTH, intended_at=NOW - timedelta(days=1))
    house.publish(("geo-ide", EntryState.FAILED), intended_at=NOW)
    delivered = house.overview().delivered
    assert delivered == {"geo-ide": 1, "portail": 1}


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 3, 31), date(2026, 2, 28)),
        (date(2028, 3, 30), date(2028, 2, 29)),
        (date(2026, 1, 5), date(2025, 12, 5)),
    ],
)
def test_a_month_ago_is_a_day_that_there_was(day: date, before: date) -> None:
    assert month_before(day) == before


def test_failures_come_first_then_errors(house: House) -> None:
    for name in ("a", "b", "c"):
        house.describe(name)
    house.publish(*BOTH)
    refused = next(e for e in house.store.entries() if e.dataset_id == "c")
    house.store.keep_entries([replace(refused, state=EntryState.FAILED)])
    house.describe("b", lineage='""')
    found = failures_first(house.overview().datasets)
    assert [d.id for d in found] == ["c", "b", "a"]


def test_every_dataset_is_in_one_state(house: House) -> None:
    for name, status in (("a", "published"), ("b", "draft"), ("c", "withdrawn")):
        house.describe(name, status=status)
    counts = house.overview().counts
    assert sum(counts.values()) == 3
    assert set(counts) == set(State)


def conceded(house: House, outlet: str, **changes: Any) -> None:
    """Have what somebody else wrote at an outlet let stand, in the place of ours."""
    entry = next(e for e in house.store.entries(outlet))
    made = Concession(
        outlet=outlet,
        record_identifier=entry.record_identifier,
        dataset_id=entry.dataset_id,
        theirs="f" * 64,
        ours=entry.fingerprint,
        decided_at=NOW,
    )
    house.store.keep_concessions([replace(made, **changes)])


def states(house: House) -> dict[str, State]:
    return {place.outlet: place.state for place in house.dataset().places}


@pytest.mark.parametrize("before", [EntryState.DONE, EntryState.FAILED])
def test_what_is_let_stand_as_others_wrote_it_is_said(
    house: House, before: EntryState
) -> None:
    house.describe()
    house.publish(("geo-ide", before), ("portail", EntryState.DONE))
    conceded(house, "geo-ide")
    assert states(house)["geo-ide"] is State.CONCEDED
    assert states(house)["portail"] is State.PUBLISHED
    place = next(p for p in house.dataset().places if p.outlet == "geo-ide")
    assert place.since == NOW
    assert "--overwrite" in place.remedy.fr
    assert house.dataset().state is State.CONCEDED
    assert house.overview().counts[State.CONCEDED] == 1
    assert tasks(house.overview()) == ()


def test_a_concession_ends_when_ours_changes_or_something_is_sent(
    house: House,
) -> None:
    house.describe()
    house.publish(*BOTH)
    conceded(house, "geo-ide", decided_at=EARLIER - timedelta(days=1))
    assert states(house)["geo-ide"] is State.PUBLISHED
    conceded(house, "geo-ide")
    assert states(house)["geo-ide"] is State.CONCEDED
    house.describe(title="Autrement")
    assert states(house)["geo-ide"] is State.CHANGED


def test_a_delete_that_was_given_up_is_a_concession_too(house: House) -> None:
    house.describe()
    house.publish(*BOTH)
    conceded(house, "geo-ide", ours="")
    assert states(house)["geo-ide"] is State.PUBLISHED
    house.describe(status="draft")
    assert states(house)["geo-ide"] is State.CONCEDED
    assert states(house)["portail"] is State.CHANGED


def test_datasets_that_look_like_one_are_told(house: House) -> None:
    house.describe("eau", title="Cours d'eau du département")
    house.describe("eaux", title="COURS D'EAU du departement")
    found = {d.id: {f.code for f in d.findings} for d in house.overview().datasets}
    twice = {name for name, codes in found.items() if any("duplic" in c for c in codes)}
    assert twice == {"eaux"}
    assert any("eau" in str(task.what) for task in tasks(house.overview()))
