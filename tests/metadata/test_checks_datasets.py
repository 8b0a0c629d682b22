"""What Passerelle itself demands of a dataset, one good case and one bad per way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metadata.checks import check_dataset, rule_set
from metadata.checks.rules import HOUSE_RULES
from metadata.dataset import Collection
from metadata.finding import Severity
from metadata.measured import (
    Bounds,
    Extent,
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    RelationKind,
)
from metadata.stated import (
    Access,
    Columns,
    Contact,
    Dates,
    Frequency,
    Link,
    Proposal,
    StatedExtent,
    StatedPeriod,
    Status,
    TableSchema,
)

TODAY = date(2026, 6, 1)
ELSEWHERE = "Commune d'ailleurs"


def fields(*names: str) -> tuple[Field, ...]:
    return tuple(
        Field(name=name, type=FieldType.STRING, native_type="text") for name in names
    )


def column(srid: int, name: str = "geom") -> GeometryColumn:
    return GeometryColumn(name=name, type=GeometryType.POINT, srid=srid)


def with_survey(collection: Collection, **surveyed: Any) -> Collection:
    return replace(collection, survey=replace(collection.survey, **surveyed))


@dataclass(frozen=True)
class Case:
    """A complete dataset, spoilt in one way."""

    code: str
    case: str
    stated: dict[str, Any] = field(default_factory=dict)
    organisation: dict[str, Any] = field(default_factory=dict)
    collection: dict[str, Any] = field(default_factory=dict)
    service_url: str = "https://geo.example.org"
    says: str = ""
    """What the remedy or the reason holds, in French."""
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code}-{self.case}-{self.says}".rstrip("-")


def opened(**surveyed: Any) -> dict[str, Any]:
    """Return a collection that is opened for editing, measured in some way."""
    return {"editable": True, "surveyed": surveyed}


UNEDITABLE: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
    ("file", opened(kind=RelationKind.LAYER), ()),
    ("relation", opened(kind=RelationKind.VIEW), ()),
    ("relation", opened(kind=RelationKind.FOREIGN_TABLE), ()),
    ("relation", opened(kind=RelationKind.MATERIALIZED_VIEW), ()),
    ("keyless", {**opened(key=()), "key": ("id",)}, ()),
    ("composite", opened(key=("id", "nom")), ()),
    (
        "hidden",
        {**opened(key=("id",)), "columns": Columns(exclude=("id",))},
        ("collection.key.excluded",),
    ),
    (
        "kind",
        opened(
            key=("jour",),
            fields=(
                Field(
                    name="jour", type=FieldType.DATE, native_type="date", nullable=False
                ),
                Field(name="nom", type=FieldType.STRING, native_type="text"),
            ),
        ),
        (),
    ),
    ("crs", opened(geometries=(column(0),)), ("collection.crs.unknown",)),
    ("measure", opened(geometries=(replace(column(2154), has_measure=True),)), ()),
)
SAID = {
    "file": "dans un fichier",
    "relation": "pas une table de la base",
    "keyless": "pas de clé primaire",
    "composite": "plusieurs colonnes",
    "hidden": "est exclue",
    "kind": "ni un UUID",
    "crs": "rien ne dit où écrire",
    "measure": "mesures (M)",
}
ABROAD = {"producer": ELSEWHERE}
DRAFT = {"status": Status.DRAFT}
INSIDE = (
    ("local", "http://localhost:8080"),
    ("local", "http://127.0.0.1:8080"),
    ("local", "http://[::1]:8080"),
    ("address", "https://10.0.0.3"),
    ("single", "http://serveur-sig"),
    ("domain", "https://sig.cg93"),
    ("domain", "https://passerelle.example"),
)
CASES = [
    Case(
        "dataset.title.missing",
        "missing",
        {"title": "  "},
        says="datasets/communes.yml",
    ),
    Case("dataset.abstract.missing", "missing", {"abstract": ""}, says="« abstract »"),
    Case("dataset.lineage.missing", "missing", {"lineage": ""}, says="« lineage »"),
    Case(
        "dataset.producer.missing", "missing", {"producer": "", "licence": "etalab-2.0"}
    ),
    Case("dataset.abstract.short", "short", {"abstract": "Des communes."}, says="13"),
    Case("dataset.title.table-name", "same", {"title": "communes"}),
    Case("dataset.title.table-name", "same", {"title": "COMMUNES_"}),
    Case(
        "dataset.words.proposed",
        "proposed",
        {**DRAFT, "title": "", "proposed": Proposal(title="Communes du 93")},
        says="passerelle approve communes",
    ),
    Case(
        "dataset.words.proposed",
        "proposed",
        {**DRAFT, "themes": (), "proposed": Proposal(themes=("au", "su"))},
        says="au, su",
    ),
    Case(
        "dataset.text.illegal", "illegal", {"lineage": "Fait\x0b main."}, says="U+000B"
    ),
    Case(
        "dataset.text.illegal", "illegal", {"keywords": ("ok", "\ud800")}, says="U+D800"
    ),
    Case(
        "dataset.text.illegal",
        "illegal",
        collection={"columns": Columns(describe={"nom": "\x00"})},
        says="U+0000",
    ),
    Case(
        "organisation.text.illegal",
        "illegal",
        organisation={"phone": "01\x1f"},
        says="passerelle.yml",
    ),
    Case("dataset.themes.missing", "missing", {"themes": ()}, says="themes: [au]"),
    Case("dataset.topics.missing", "missing", {"topics": ()}, says="topics:"),
    Case(
        "dataset.themes.unknown",
        "unknown",
        {"themes": ("au", "hydrographie")},
        says="hy (Hydrographie)",
    ),
    Case(
        "dataset.themes.unknown",
        "unknown",
        {"themes": ("AU",)},
        says="au (Unités administratives)",
    ),
    Case(
        "dataset.topics.unknown",
        "unknown",
        {"topics": ("boundary",)},
        says="boundaries",
    ),
    Case(
        "dataset.licence.unknown",
        "unknown",
        {"licence": "etalob-2"},
        says="etalab-2.0",
    ),
    Case(
        "dataset.licence.named",
        "named",
        {"licence": "lov2"},
        says="Écrivez « licence: etalab-2.0 » dans datasets/communes.yml",
    ),
    Case(
        "dataset.licence.named",
        "unversioned",
        {"licence": "Etalab"},
        says="« licence: etalab-2.0 »",
    ),
    Case(
        "dataset.licence.unknown",
        "several",
        {"licence": "Licence Ouverte ou ODbL"},
        says="odbl-1.0",
    ),
    Case(
        "dataset.licence.unknown",
        "version",
        {"licence": "CC BY 3.0"},
        says="cc-by-4.0",
    ),
    Case(
        "dataset.licence.unknown",
        "vague",
        {"licence": "Creative Commons"},
        says="cc-by-sa-4.0",
    ),
    Case("dataset.licence.unknown", "other", {"licence": "PDDL"}, says="cc0-1.0"),
    Case(
        "dataset.licence.closed",
        "closed",
        {"licence": "CC BY-NC 4.0"},
        says="« access: restricted »",
    ),
    *(
        Case(
            f"organisation.licence.{code}",
            case,
            {"licence": "odbl-1.0"},
            organisation={"licence": said},
            says="passerelle.yml",
        )
        for code, case, said in (
            ("named", "named", "lov2"),
            ("named", "unversioned", "CC-BY"),
            ("unknown", "unknown", "la nôtre"),
            ("unknown", "several", "Licence Ouverte ou ODbL"),
            ("unknown", "version", "CC BY 3.0"),
            ("unknown", "vague", "domaine public"),
            ("unknown", "other", "PDDL"),
            ("closed", "closed", "CC BY-NC 4.0"),
        )
    ),
    Case("dataset.hvd.unknown", "unknown", {"hvd": ("géospatial",)}, says="geospatial"),
    Case(
        "dataset.spatial-scope.unknown",
        "unknown",
        {"spatial_scope": "locale"},
        says="local",
    ),
    Case("dataset.access-limitation.unknown", "unknown", {"access_limitation": "z"}),
    Case("dataset.language.unknown", "unknown", {"language": "fra"}, says="fre"),
    Case(
        "dataset.access-limitation.missing",
        "missing",
        {"access": Access.RESTRICTED, "licence": "conditions-unknown"},
        says="access_limitation",
    ),
    Case("dataset.licence.missing", "missing", organisation={"licence": ""}),
    Case("dataset.licence.missing", "not_applied", ABROAD, says=ELSEWHERE),
    Case(
        "dataset.licence.missing",
        "no_producer",
        {"producer": ""},
        says="« producer »",
        also=("dataset.producer.missing",),
    ),
    Case(
        "dataset.licence.none",
        "none",
        {"licence": "conditions-unknown"},
        says="restricted",
    ),
    Case(
        "dataset.licence.restricted",
        "default",
        {"access": Access.RESTRICTED, "access_limitation": "e"},
        says="etalab-2.0",
    ),
    Case(
        "dataset.licence.restricted",
        "stated",
        {
            "access": Access.RESTRICTED,
            "access_limitation": "e",
            "licence": "odbl-1.0",
        },
        says="conditions-unknown",
    ),
    Case(
        "dataset.hvd.licence",
        "closed",
        {"hvd": ("geospatial",), "licence": "odbl-1.0"},
        says="etalab-2.0",
    ),
    Case("dataset.frequency.unknown", "unknown", {"frequency": Frequency.UNKNOWN}),
    Case(
        "dataset.dates.future",
        "changed",
        {"dates": Dates(published=date(2020, 5, 4))},
        collection={"changed_at": datetime(2126, 1, 1, tzinfo=UTC)},
        says="dates.revised",
    ),
    Case(
        "dataset.dates.future",
        "future",
        {"dates": Dates(created=date(2026, 6, 2))},
        says="dates.created",
    ),
    Case(
        "dataset.dates.future",
        "future",
        {"dates": Dates(revised=date(2027, 1, 1))},
        says="dates.revised",
    ),
    Case(
        "dataset.dates.future",
        "future",
        {"dates": Dates(published=date(2026, 7, 1))},
        says="dates.published",
    ),
    Case(
        "dataset.dates.order",
        "order",
        {"dates": Dates(created=date(2026, 2, 1), revised=date(2026, 1, 1))},
    ),
    Case(
        "dataset.publish-from",
        "future",
        {"publish_from": date(2026, 6, 2)},
        says="2026-06-02",
    ),
    Case("dataset.publish-from", "past", {"publish_from": date(2026, 6, 1)}),
    Case(
        "dataset.period.order",
        "order",
        {"period": StatedPeriod(start=date(2021, 1, 1), end=date(2020, 1, 1))},
    ),
    Case("dataset.identifier.not-http", "not_http", {"identifier": "urn:uuid:1"}),
    Case("dataset.identifier.not-http", "not_http", {"identifier": "http:///id"}),
    Case("dataset.identifier.not-http", "not_http", {"identifier": "http://[::1/id"}),
    Case(
        "dataset.link.not-web",
        "not_web",
        {"links": (Link(url="/notice.pdf", title="Notice"),)},
        says="links.0.url",
    ),
    Case(
        "dataset.link.not-web",
        "not_web",
        {"links": (Link(url="http://serveur-sig/x", title="Notice"),)},
        says="serveur-sig",
    ),
    Case("dataset.zone.invalid", "invalid", {"zones": ("93",)}, says="fr:departement"),
    *(
        Case(
            "dataset.schema.invalid",
            reason,
            collection={"schema": said},
            says="collections.0.schema",
        )
        for reason, said in (
            ("either", TableSchema()),
            ("either", TableSchema(name="etalab/irve", url="https://example.org/s")),
            ("not_name", TableSchema(name="irve")),
            ("not_web", TableSchema(url="irve.json")),
        )
    ),
    Case(
        "dataset.email.invalid",
        "invalid",
        {"contacts": (Contact(organisation="X", email="sig.example.org"),)},
        says="contacts.0.email",
    ),
    Case(
        "dataset.email.personal",
        "personal",
        {"contacts": (Contact(organisation="X", email="anne-lise.du-pré@x.fr"),)},
        says="sig@",
    ),
    Case(
        "dataset.phone.mobile",
        "mobile",
        {
            "contacts": (
                Contact(organisation="X", email="sig@x.fr", phone="06 12 34 56 78"),
            )
        },
    ),
    Case(
        "dataset.contact.person",
        "person",
        {"contacts": (Contact(organisation="X", email="sig@x.fr", name="Mme Roy"),)},
    ),
    Case(
        "organisation.phone.mobile",
        "mobile",
        organisation={"phone": "+33 (0)7 12 34 56 78"},
    ),
    Case("organisation.siren.invalid", "form", organisation={"siren": "22930008"}),
    Case("organisation.siren.invalid", "checksum", organisation={"siren": "229300083"}),
    Case("organisation.email.invalid", "invalid", organisation={"email": ""}),
    Case(
        "organisation.email.personal",
        "personal",
        organisation={"email": "j.dupont@x.fr"},
    ),
    Case(
        "organisation.identifier-base.not-http",
        "not_http",
        organisation={"identifier_base": "data.example.org"},
        also=("dataset.identifier.not-http",),
    ),
    *(
        Case(
            "organisation.identifier-base.inside",
            case,
            organisation={"identifier_base": f"{address}/id"},
            says="« identifier_base »",
        )
        for case, address in INSIDE
    ),
    *(
        Case("service.url.inside", case, service_url=address, says="adresse publique")
        for case, address in INSIDE
    ),
    Case(
        "organisation.codes.unknown",
        "unknown",
        organisation={"topics": ("x",)},
        says="organisation.topics",
    ),
    Case(
        "organisation.codes.unknown",
        "unknown",
        organisation={"language": "fr"},
        says="fre",
    ),
    Case(
        "dataset.extent.range",
        "range",
        {
            "extent": StatedExtent(
                west=652381, south=6862305, east=652382, north=6862306
            )
        },
    ),
    Case(
        "dataset.extent.range",
        "range",
        {"extent": StatedExtent(west=2, south=49, east=3, north=48)},
    ),
    Case(
        "dataset.extent.disjoint",
        "disjoint",
        {"extent": StatedExtent(west=-61.9, south=15.8, east=-61.0, north=16.6)},
        says="-61.9000",
    ),
    Case(
        "dataset.extent.differs",
        "differs",
        {"extent": StatedExtent(west=-5.2, south=41.3, east=9.6, north=51.1)},
    ),
    Case(
        "collection.crs.differs", "differs", collection={"crs": 3857}, says="EPSG:2154"
    ),
    Case(
        "collection.crs.unknown",
        "none",
        collection={"geometries": (column(0),)},
        says="'public', 'communes', 'geom'",
    ),
    Case(
        "collection.crs.unknown",
        "unknown",
        collection={"geometries": (column(999999),)},
    ),
    Case(
        "collection.extent.range",
        "range",
        collection={
            "geometries": (column(4326),),
            "native_extent": Bounds(652381.0, 6862305.0, 652382.0, 6862306.0, 4326),
            "extent": None,
        },
        says="652381",
    ),
    Case(
        "collection.extent.range",
        "range",
        collection={"extent": Extent(2.0, float("nan"), 3.0, 49.0)},
    ),
    Case(
        "collection.extent.area",
        "outside",
        collection={"extent": Extent(-61.9, 15.8, -61.0, 16.6)},
    ),
    Case(
        "collection.geometry.none",
        "none",
        collection={"geometries": (), "extent": None},
    ),
    Case("collection.table.empty", "empty", collection={"feature_count": 0}),
    Case(
        "collection.column.unindexed",
        "none",
        collection={
            "feature_count": 1_000_000,
            "unindexed": ("nom",),
            "unsorted": ("nom",),
        },
        says='CREATE INDEX ON "public"."communes" ("nom" COLLATE "C"); '
        'CREATE INDEX ON "public"."communes" ("nom");',
    ),
    Case("collection.key.none", "none", collection={"surveyed": {"key": ()}}),
    Case(
        "collection.key.excluded",
        "excluded",
        collection={"columns": Columns(exclude=("id",))},
    ),
    *(
        Case(
            "collection.editable.impossible",
            case,
            collection=changes,
            says=SAID[case],
            also=also,
        )
        for case, changes, also in UNEDITABLE
    ),
    Case(
        "collection.editable.text-key",
        "text",
        collection={**opened(key=("nom",)), "editable": "unconditional"},
        says="CHECK (\"nom\" !~ '[#?%]')",
    ),
    Case(
        "collection.column.unknown",
        "unknown",
        collection={"columns": Columns(exclude=("nmo",))},
        says="nom",
    ),
    Case(
        "collection.column.unknown",
        "unknown",
        collection={"columns": Columns(rename={"Nom": "name"})},
        says="columns.rename",
    ),
    Case(
        "collection.column.unknown",
        "unknown",
        collection={"columns": Columns(describe={"x": "y"})},
        says="columns.describe",
    ),
    Case(
        "collection.column.unknown",
        "unknown",
        collection={"time": "date_maj"},
        says="time",
    ),
    Case(
        "collection.column.unknown",
        "unknown",
        collection={"geometry": "the_geom"},
        says="geom",
    ),
    Case(
        "collection.column.taken",
        "taken",
        collection={"columns": Columns(rename={"nom": "id"})},
    ),
    Case(
        "collection.column.taken",
        "taken",
        collection={"columns": Columns(rename={"nom": "geom"})},
    ),
    Case(
        "collection.column.taken",
        "taken",
        collection={"columns": Columns(rename={"nom": "x", "id": "x"})},
    ),
    Case(
        "collection.column.taken",
        "empty",
        collection={"columns": Columns(rename={"nom": " "})},
    ),
    Case(
        "collection.column.parameter",
        "parameter",
        collection={"fields": fields("id", "limit")},
        says="filter",
    ),
    Case(
        "collection.column.parameter",
        "parameter",
        collection={"columns": Columns(rename={"nom": "bbox"})},
    ),
    *(
        Case(
            "collection.column.personal",
            "persons",
            collection={"fields": fields("id", name)},
            says=f"« {name} »",
        )
        for name in ("EMAIL", "Prénoms", "tel_fixe", "date_naissance")
    ),
]


@pytest.fixture
def dataset_of(make_dataset, make_collection):
    def build(stated=(), organisation=(), collection=(), service_url=None):
        complete = {"frequency": Frequency.ANNUALLY, **dict(stated)}
        changes = dict(collection)
        surveyed = changes.pop("surveyed", {})
        made = with_survey(make_collection(**changes), **surveyed)
        made = make_dataset(collections=(made,), **complete)
        changed = replace(made.organisation, **dict(organisation))
        base = dict(organisation).get("identifier_base")
        if base:
            identifier = f"{base}/communes"
            description = replace(made.description, identifier=identifier)
            made = replace(made, description=description)
        address = service_url or made.service_url
        return replace(made, organisation=changed, service_url=address)

    return build


def judge(dataset):
    return list(check_dataset(dataset, today=TODAY))


def test_a_complete_and_honest_dataset_has_no_finding(dataset_of):
    assert judge(dataset_of()) == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_spoilt_dataset_has_exactly_that_finding(dataset_of, case):
    findings = judge(
        dataset_of(case.stated, case.organisation, case.collection, case.service_url)
    )

    assert {f.code for f in findings} == {case.code, *case.also}
    words = rule_set(HOUSE_RULES).rules[case.code].reasons[case.case].fr
    mine = [f for f in findings if f.code == case.code]
    assert any(f.reason.fr.startswith(words.partition("{")[0]) for f in mine)
    assert any(case.says in f.reason.fr + f.hint.fr for f in mine)


def test_every_way_of_failing_is_tried():
    rules = rule_set(HOUSE_RULES).rules.values()
    ways = {
        (rule.code, case)
        for rule in rules
        for case in rule.reasons
        if not rule.code.startswith(("records.", "duplicates."))
    }

    tried = {(case.code, case.case) for case in CASES}

    assert tried | {("dataset.collections.none", "none")} == ways


def test_a_dataset_without_any_table_is_told_so(make_dataset):
    bare = make_dataset(collections=(), frequency=Frequency.DAILY)

    assert [f.code for f in judge(bare)] == ["dataset.collections.none"]


@pytest.mark.parametrize("name", ["title", "lineage", "themes", "topics", "producer"])
def test_a_proposal_stands_in_for_a_draft_only(dataset_of, name):
    empty = () if name in {"themes", "topics"} else ""
    offered = {"themes": ("au",), "topics": ("boundaries",)}.get(
        name, "Département de la Seine-Saint-Denis"
    )
    stated = {name: empty, "proposed": Proposal(**{name: offered})}

    draft = judge(dataset_of({**stated, **DRAFT}))
    published = judge(dataset_of(stated))

    assert [f.code for f in draft] == ["dataset.words.proposed"]
    assert f"dataset.{name}.missing" in {f.code for f in published}


def test_the_comment_of_the_table_serves_as_abstract(dataset_of):
    comment = "Contours des communes, levés au dix-millième en 2019."

    assert judge(dataset_of({"abstract": ""}, (), {"comment": comment})) == []


def test_the_organisations_themes_serve_for_all(dataset_of):
    usual = {"themes": ("au",), "topics": ("boundaries",)}

    assert judge(dataset_of({"themes": (), "topics": ()}, usual)) == []


def test_a_licence_of_its_own_serves_what_others_made(dataset_of):
    assert judge(dataset_of({**ABROAD, "licence": "odbl-1.0"})) == []


def test_restricted_data_with_their_letter_are_fine(dataset_of):
    stated = {"access": Access.RESTRICTED, "access_limitation": "f"}

    assert judge(dataset_of({**stated, "licence": "conditions-unknown"})) == []


def test_high_value_data_under_an_open_licence_are_fine(dataset_of):
    assert judge(dataset_of({"hvd": ("geospatial",)})) == []


def test_data_may_be_dated_by_the_day_they_wait_for(dataset_of):
    day = date(2026, 7, 1)
    stated = {"dates": Dates(published=day), "publish_from": day}

    assert [f.code for f in judge(dataset_of(stated))] == ["dataset.publish-from"]


def test_an_extent_rounded_by_hand_is_fine(dataset_of):
    stated = StatedExtent(west=2.29, south=48.81, east=2.6, north=49.01)

    assert judge(dataset_of({"extent": stated})) == []


@pytest.mark.parametrize(
    "email",
    ["sig@example.org", "service.sig@example.org", "donnees.ouvertes@x.fr", "a_b@x.fr"],
)
def test_the_address_of_a_role_is_fine(dataset_of, email):
    contact = Contact(organisation="X", email=email)

    assert judge(dataset_of({"contacts": (contact,)})) == []


def test_columns_may_change_places(dataset_of):
    swapped = Columns(rename={"id": "nom", "nom": "id"})

    assert judge(dataset_of(collection={"columns": swapped})) == []


def test_an_excluded_column_is_no_parameter(dataset_of):
    collection = {
        "fields": fields("id", "limit"),
        "columns": Columns(exclude=("limit",)),
    }

    assert judge(dataset_of(collection=collection)) == []


def test_a_geometry_may_be_excluded(dataset_of):
    collection = {
        "geometries": (column(2154), column(2154, "centre")),
        "columns": Columns(exclude=("centre",)),
    }

    assert judge(dataset_of(collection=collection)) == []


def test_every_problem_is_told_in_one_pass(dataset_of):
    stated = {"title": "", "lineage": "", "themes": ("x",), "licence": "y"}

    codes = [f.code for f in judge(dataset_of(stated))]

    assert codes == [
        "dataset.title.missing",
        "dataset.lineage.missing",
        "dataset.themes.unknown",
        "dataset.licence.unknown",
    ]


def test_what_is_wrong_with_the_organisation_is_about_its_file(dataset_of):
    (finding,) = judge(dataset_of(organisation={"siren": "123456789"}))

    assert (finding.subject, finding.element) == (
        "passerelle.yml",
        "organisation.siren",
    )
    assert finding.severity is Severity.WARNING


def test_collections_are_named_by_their_id(make_dataset, make_collection):
    cantons = with_survey(make_collection("cantons"), key=())
    two = (make_collection("communes"), cantons)

    (finding,) = judge(make_dataset(collections=two, frequency=Frequency.DAILY))

    assert finding.element == "collections.cantons.key"
    assert finding.severity is Severity.WARNING


@settings(deadline=None)
@given(data=st.data())
def test_no_dataset_makes_the_judge_raise_and_each_finding_is_whole(data, datasets):
    for finding in judge(data.draw(datasets)):
        said = [finding.reason, finding.hint]
        assert finding.element
        assert all(text.fr and text.en for text in said)
        assert not any("{" + name + "}" in f"{said}" for name in ("found", "element"))


@pytest.mark.parametrize("editable", [True, "unconditional"])
def test_a_table_with_a_key_may_be_opened_for_editing(dataset_of, editable):
    assert judge(dataset_of(collection={"editable": editable})) == []
