"""What is proposed for a new table: only what its own words say."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metadata.codelists import THEMES, TOPICS
from metadata.measured import (
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    Period,
    RelationKind,
    Source,
    Survey,
)
from metadata.stated import Organisation, Proposal, Status
from providers.proposals import draft, new_id, propose
from providers.proposals_text import first_sentence, humanised
from providers.proposals_words import stems, words

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SEINE_SAINT_DENIS = Organisation(
    name="Département de la Seine-Saint-Denis",
    siren="229300082",
    email="sig@example.org",
    identifier_base="https://data.example.org/id",
)


def survey(table: str, comment: str = "", fields: str = "", **values: object) -> Survey:
    """A survey; `fields` are names, each perhaps with ``=comment``."""
    parts = [field.partition("=") for field in fields.split(";") if field]
    whole = Survey(
        source=Source(silo="sig", container="ref", table=table),
        kind=RelationKind.TABLE,
        surveyed_at=NOW,
        comment=comment,
        fields=tuple(
            Field(name=name, type=FieldType.STRING, native_type="text", comment=said)
            for name, _, said in parts
        ),
    )
    return replace(whole, **values)  # type: ignore[arg-type]


def proposed(table: str, comment: str = "", fields: str = "") -> Proposal:
    return propose(survey(table, comment, fields), SEINE_SAINT_DENIS)


@pytest.mark.parametrize(
    ("table", "comment", "fields", "theme", "topic"),
    [
        ("communes", "", "code;nom", "au", "boundaries"),
        ("COMMUNE_93", "", "", "au", "boundaries"),
        ("departement", "Limites du département", "", "au", "boundaries"),
        ("cantons", "", "", "au", "boundaries"),
        ("municipalities", "", "", "au", "boundaries"),
        ("t_adresses", "", "", "ad", "location"),
        ("export_12", "", "id;numero;rue;code_postal", "ad", "location"),
        ("parcelles", "", "section;numero", "cp", "planningCadastre"),
        ("land_parcels", "", "", "cp", "planningCadastre"),
        ("cours_d_eau", "", "", "hy", "inlandWaters"),
        ("TronconHydrographique", "", "", "hy", "inlandWaters"),
        ("sig_routes_departementales", "", "", "tn", "transportation"),
        ("arrets_bus", "", "commune;nom", "tn", "transportation"),
        ("transports_en_commun", "", "", "tn", "transportation"),
        ("stationnement_velo", "", "", "tn", "transportation"),
        ("batiments", "", "", "bu", "structure"),
        ("buildings", "", "", "bu", "structure"),
        ("colleges", "Collèges publics par commune", "", "us", "society"),
        ("t_001", "Écoles maternelles.", "", "us", "society"),
        ("hopitaux", "", "", "us", "health"),
        ("population_communes", "", "commune;population", "pd", "society"),
        ("plu_zonage", "", "", "lu", "planningCadastre"),
        ("zones_inondables", "", "", "nz", "inlandWaters"),
        ("arbres", "", "essence;hauteur", "lc", "biota"),
        ("forets", "", "", "lc", "biota"),
        ("occupation_du_sol", "", "", "lc", "imageryBaseMapsEarthCover"),
        ("natura_2000", "", "", "ps", "environment"),
        ("courbes_de_niveau", "", "", "el", "elevation"),
        ("forages", "", "", "ge", "geoscientificInformation"),
        ("orthophotos", "", "", "oi", "imageryBaseMapsEarthCover"),
        ("exploitations_agricoles", "", "", "af", "farming"),
        ("eoliennes", "", "", "er", "utilitiesCommunication"),
        ("especes_protegees", "", "", "sd", "biota"),
        ("stations_meteo", "", "", "mf", "climatologyMeteorologyAtmosphere"),
        ("lieux_dits", "", "", "gn", "location"),
        ("carrieres", "", "", "mr", "geoscientificInformation"),
        ("iris", "", "", "su", "boundaries"),
        ("trait_de_cote", "", "", "sr", "oceans"),
        ("terrains_militaires", "", "", None, "intelligenceMilitary"),
        ("installations_classees", "", "", "pf", None),
        ("accidents_corporels", "", "", "hh", "transportation"),
    ],
)
def test_theme_and_topic_come_from_the_words(
    table: str, comment: str, fields: str, theme: str | None, topic: str | None
) -> None:
    found = proposed(table, comment, fields)
    if theme:
        assert found.themes[0] == theme
    if topic:
        assert topic in found.topics


@pytest.mark.parametrize(
    ("table", "comment", "fields"),
    [
        ("t_001", "", ""),
        ("export", "Table temporaire", "id;nom;code"),
        ("points", "", "commune;code_postal"),
        ("zone", "", "site;limite"),
        ("communalisation", "", ""),
        ("données", "", "geom;fid"),
        ("solde_2024", "", ""),
        ("source", "", ""),
        ("source_donnees", "", ""),
        ("ports_usb", "", ""),
        ("canal_tv", "", ""),
        ("bus_informatique", "", ""),
        ("arrets_maladie", "Arrêts de travail des agents", ""),
        ("marches_publics", "", ""),
        ("failles_securite", "", ""),
        ("voie_hierarchique", "", ""),
        ("chemin_fichier", "", ""),
        ("carrieres_agents", "", ""),
        ("route_api", "", ""),
        ("decision_tree", "", ""),
        ("data_lake", "", ""),
    ],
)
def test_without_evidence_nothing_is_proposed(
    table: str, comment: str, fields: str
) -> None:
    found = proposed(table, comment, fields)
    assert (found.themes, found.topics) == ((), ())


@pytest.mark.parametrize(
    ("table", "theme"),
    [
        ("pluies_2024", "mf"),
        ("plui_zonage", "lu"),
        ("gypse_alea", "nz"),
        ("giratoires", "tn"),
        ("ouvrages_art", "tn"),
        ("ortho_2023", "oi"),
        ("mos_2021", "lu"),
        ("clc", "lc"),
        ("captages", "am"),
        ("tribunaux", "us"),
        ("aires_jeux", "us"),
        ("poste_source", "us"),
        ("water_pipes", "us"),
    ],
)
def test_a_name_has_one_theme(table: str, theme: str) -> None:
    assert proposed(table).themes == (theme,)


def test_what_a_thing_is_of_does_not_outweigh_what_it_is() -> None:
    assert proposed("ecoles", "Écoles de la commune et du département").themes == (
        "us",
    )
    assert proposed("soil_map").themes == ("so",)
    assert "so" not in proposed("occupation_du_sol").themes


@pytest.mark.parametrize("name", ["themes", "topics"])
def test_word_lists_cover_the_code_lists_and_nothing_else(name: str) -> None:
    known = THEMES if name == "themes" else TOPICS
    listed = {code for found in words(name).terms.values() for code, _, _ in found}
    assert listed == set(known)


@pytest.mark.parametrize("name", ["themes", "topics"])
def test_each_word_alone_speaks_for_its_code(name: str) -> None:
    for key, entries in words(name).terms.items():
        for code, _, word in entries:
            assert tuple(stems(word)) == key
            assert key, f"{code}: “{word}” is made of silent words"
            found = proposed("x1", f"{word}")
            of = found.themes if name == "themes" else found.topics
            assert of, f"{code}: {word}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("commune", "COMMUNES"),
        ("canal", "canaux"),
        ("cours d'eau", "Cours  d’eau"),
        ("boundary", "boundaries"),
        ("church", "churches"),
        ("roche", "roches"),
        ("voie", "voies"),
        ("réseau", "RESEAUX"),
        ("forêt", "forets"),
        ("address", "addresses"),
        ("œuvre", "oeuvres"),
        ("bus", "bus"),
    ],
)
def test_plural_accents_and_case_do_not_matter(one: str, other: str) -> None:
    assert stems(one) == stems(other)


@pytest.mark.parametrize(
    ("one", "other"), [("commune", "communal"), ("sol", "solde"), ("port", "portail")]
)
def test_other_words_stay_other_words(one: str, other: str) -> None:
    assert stems(one) != stems(other)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("t_communes_93", "Communes 93"),
        ("v_sig_routes", "Routes"),
        ("TronconsRoute", "Troncons route"),
        ("ARRETS_BUS", "Arrets bus"),
        ("zones_PLU", "Zones PLU"),
        ("Été 100%", "Été 100"),
        ("t", "T"),
        ("___", "___"),
        ("🌳", "🌳"),
    ],
)
def test_names_become_titles(name: str, said: str) -> None:
    assert humanised(name) == said


@pytest.mark.parametrize(
    ("comment", "sentence"),
    [
        ("Communes. Limites de 2024.", "Communes"),
        ("Communes de l'env. de Paris, v1.2 du réseau", None),
        ("Communes\nSource : IGN", "Communes"),
        ("Communes 2024.", "Communes 2024"),
        ("", ""),
    ],
)
def test_the_first_sentence(comment: str, sentence: str | None) -> None:
    assert first_sentence(comment) == (comment if sentence is None else sentence)


def test_a_comment_gives_the_title_and_is_itself_the_abstract() -> None:
    found = proposed("communes", "les communes du département. Limites de 2024.")
    assert found.title == "Les communes du département"
    assert found.abstract == ""


def test_a_first_sentence_without_end_is_no_title() -> None:
    assert proposed("communes", "Les communes " * 20).title == "Communes"


MEASURED = survey(
    "communes",
    "",
    "code=Code INSEE. Cinq caractères.;nom",
    feature_count=35357,
    geometries=(GeometryColumn(name="geom", type=GeometryType.POLYGON, srid=2154),),
    periods=(Period(field="vu", start="2001-05-06", end="2021-12-31"),),
)


@pytest.mark.parametrize(
    ("language", "abstract"),
    [
        (
            "fre",
            "Couche de polygones « communes » (RGF93 v1 / Lambert-93, EPSG:2154).",
        ),
        (
            "eng",
            "Layer of polygons “communes” (RGF93 v1 / Lambert-93, EPSG:2154).",
        ),
    ],
)
def test_without_comment_the_abstract_says_what_was_measured(
    language: str, abstract: str
) -> None:
    found = propose(MEASURED, replace(SEINE_SAINT_DENIS, language=language))
    assert found.abstract == abstract


def test_an_abstract_claims_nothing_that_was_not_measured() -> None:
    bare = survey(
        "x", geometries=(GeometryColumn(name="g", type=GeometryType.GEOMETRY, srid=0),)
    )
    assert propose(bare, SEINE_SAINT_DENIS).abstract == (
        "Couche d'objets géographiques « x »."
    )
    rows = replace(survey("x"), feature_count=0)
    assert propose(rows, SEINE_SAINT_DENIS).abstract == "Table « x », sans géométrie."


def test_an_abstract_names_no_column_and_no_number_that_will_change() -> None:
    said = propose(MEASURED, SEINE_SAINT_DENIS).abstract
    assert not any(word in said for word in ("code", "nom", "35", "2001", "2021-12"))


def test_lineage_names_where_the_data_stand() -> None:
    found = propose(MEASURED, SEINE_SAINT_DENIS)
    for word in ("« sig »", "« ref »", "« communes »", "base de données"):
        assert word in found.lineage
    layer = replace(MEASURED, kind=RelationKind.LAYER)
    assert "fichier « ref »" in propose(layer, SEINE_SAINT_DENIS).lineage
    english = propose(layer, replace(SEINE_SAINT_DENIS, language="eng"))
    assert "file “ref”" in english.lineage
    assert found.producer == SEINE_SAINT_DENIS.name


def test_keywords_are_words_of_the_list_in_the_language_of_the_records() -> None:
    found = proposed("arrets_bus", "Arrêts de bus et stations Vélib")
    assert "arrêt de bus" in found.keywords
    assert all(word not in found.keywords for word in ("bus stop", "parking"))
    english = replace(SEINE_SAINT_DENIS, language="eng")
    assert propose(survey("bus_stops"), english).keywords == ("bus stop",)


def test_a_draft_holds_all_identifiers_and_no_word_of_a_person() -> None:
    numbers = iter([UUID(int=1), UUID(int=2)])
    drafted = draft(
        MEASURED, SEINE_SAINT_DENIS, taken=(), new_uuid=lambda: next(numbers)
    )
    assert drafted.id == "communes"
    assert drafted.identifier == "https://data.example.org/id/communes"
    assert drafted.record_identifier == f"fr-229300082-jdd-{UUID(int=1)}"
    assert drafted.service_identifier == f"fr-229300082-srv-{UUID(int=2)}"
    assert drafted.status is Status.DRAFT
    assert [(c.id, c.source) for c in drafted.collections] == [
        ("communes", MEASURED.source)
    ]
    assert (drafted.title, drafted.abstract, drafted.themes) == ("", "", ())
    assert drafted.proposed.title == "Communes"


def test_two_drafts_never_share_an_identifier() -> None:
    first = draft(MEASURED, SEINE_SAINT_DENIS, taken=())
    second = draft(MEASURED, SEINE_SAINT_DENIS, taken={first.id})
    assert first.record_identifier != second.record_identifier
    assert first.service_identifier != second.service_identifier


@pytest.mark.parametrize(
    ("table", "taken", "expected"),
    [
        ("communes", (), "communes"),
        ("Été à l'Île_d'Œuf", (), "ete_a_l_ile_d_oeuf"),
        ("Straße", (), "strasse"),
        ("93_communes", (), "table_93_communes"),
        ("catalogue", (), "ref_catalogue"),
        ("communes", ("communes",), "ref_communes"),
        ("communes", ("communes", "ref_communes"), "sig_ref_communes"),
        (
            "communes",
            ("communes", "ref_communes", "sig_ref_communes"),
            "sig_ref_communes_2",
        ),
        ("order by 100%", (), "order_by_100"),
        ("a/b?c=d&e", (), "a_b_c_d_e"),
        ("tram-train", (), "tram-train"),
    ],
)
def test_ids(table: str, taken: tuple[str, ...], expected: str) -> None:
    source = Source(silo="sig", container="ref", table=table)
    assert new_id(source, taken=taken) == expected


def test_the_id_of_a_file_has_no_ending_in_it() -> None:
    source = Source(silo="sig", container="voirie/routes.gpkg", table="troncons")
    assert new_id(source, taken={"troncons"}) == "voirie_routes_troncons"


@pytest.mark.parametrize("table", ["🌳🌲", "Дороги", "道路", "___", "a" * 300])
def test_names_that_cannot_be_written_still_have_an_id_of_their_own(
    table: str,
) -> None:
    source = Source(silo="sig", container="ref", table=table)
    other = Source(silo="sig", container="ref", table=table + "🌳" * 2 + "x" * 70)
    assert new_id(source, taken=()) == new_id(source, taken=())
    assert new_id(source, taken=()) != new_id(other, taken=())


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=8, unique=True),
    st.text(max_size=40),
)
def test_any_name_gives_an_id_that_is_safe_and_free(
    tables: list[str], schema: str
) -> None:
    taken: set[str] = {"communes"}
    for table in tables:
        found = new_id(Source(silo="s", container=schema, table=table), taken=taken)
        assert found not in taken
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", found)
        assert len(found) <= 63
        taken.add(found)


@settings(deadline=None, max_examples=100)
@given(
    st.text(min_size=1, max_size=60),
    st.text(max_size=200),
    st.lists(st.text(alphabet=string.printable, min_size=1, max_size=20), max_size=5),
)
def test_any_table_can_be_proposed(table: str, comment: str, fields: list[str]) -> None:
    found = proposed(table, comment, ";".join(fields))
    assert set(found.themes) <= set(THEMES)
    assert set(found.topics) <= set(TOPICS)
    assert len(found.themes) <= 2
