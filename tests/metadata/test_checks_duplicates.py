"""What looks like one dataset described twice, and what is a series and does not."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count

import pytest

from metadata.checks import check_duplicates
from metadata.dataset import Dataset
from metadata.finding import Severity
from metadata.measured import (
    Bounds,
    Extent,
    Field,
    FieldType,
    GeometryColumn,
    GeometryType,
    Period,
)
from metadata.stated import Access, Status

_numbers = count()
HERE = Bounds(652_000.0, 6_862_000.0, 675_000.0, 6_884_000.0, 2154)
THERE = Bounds(752_000.0, 6_762_000.0, 775_000.0, 6_784_000.0, 2154)
LONG = (
    "Relevé des objets du territoire par photo-interprétation, mis à jour chaque année."
)


@pytest.fixture
def made(make_dataset, make_collection):
    """Make a dataset unlike any other, but for what is given."""

    def make(name: str, *, table: str = "", measured=None, **stated) -> Dataset:
        number = next(_numbers)
        west = -170 + number % 3000 / 10
        found = {
            "feature_count": 100 + number,
            "extent": Extent(west, 48.0, west + 1, 49.0),
            **(measured or {}),
        }
        collection = make_collection(table or name)
        collection = replace(collection, survey=replace(collection.survey, **found))
        words = {
            "title": f"Objets de {name}",
            "abstract": f"Tout ce qu'il y a à dire au sujet de {name}, et pas plus.",
            "identifier": f"https://data.example.org/id/{name}",
            **stated,
        }
        return make_dataset(name, collections=(collection,), **words)

    return make


def told(*datasets: Dataset) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in check_duplicates(datasets)]


def columns(number: int) -> tuple[Field, ...]:
    return tuple(
        Field(name=f"c{n}", type=FieldType.STRING, native_type="text")
        for n in range(number)
    )


class TestFound:
    def test_a_table_in_two_datasets(self, made) -> None:
        two = made("a", table="routes"), made("b", table="routes")
        (finding,) = check_duplicates(two)
        assert (finding.code, finding.subject) == ("duplicates.table", "b")
        assert finding.severity is Severity.WARNING
        assert "sig:public.routes" in finding.reason.fr
        assert "jeu a" in finding.reason.fr
        assert "passerelle withdraw b" in finding.hint.en

    @pytest.mark.parametrize(
        "other",
        [
            "ROUTES départementales",
            "Routes, departementales.",
            "routes-départementales",
        ],
    )
    def test_a_title_but_for_case_accents_and_punctuation(self, made, other) -> None:
        one = made("a", title="Routes départementales")
        assert told(one, made("b", title=other)) == [("duplicates.title", "b")]

    def test_an_abstract_of_the_same_place(self, made) -> None:
        here = {"extent": Extent(2.0, 48.0, 3.0, 49.0)}
        two = (
            made("a", abstract=LONG, measured=here),
            made("b", abstract=LONG.upper(), measured=here),
        )
        assert told(*two) == [("duplicates.abstract", "b")]

    @pytest.mark.parametrize(
        "other",
        [
            "http://data.example.org/id/a",
            "https://www.data.example.org/id/a/",
            "https://data.example.org/id/A",
        ],
    )
    def test_an_identifier_in_another_spelling(self, made, other) -> None:
        two = made("a"), made("b", identifier=other)
        assert told(*two) == [("duplicates.identifier", "b")]

    @pytest.mark.parametrize(
        "name", ["routes_old", "ROUTES_2", "v_routes", "tmp_routes_copie", "routes-bak"]
    )
    def test_a_copy_under_such_a_name(self, made, name: str) -> None:
        measured = {"feature_count": 812, "native_extent": HERE}
        one = made("a", table="routes", measured=measured)
        (finding,) = check_duplicates([one, made("b", table=name, measured=measured)])
        assert (finding.code, finding.subject) == ("duplicates.measured", "b")
        assert "812" in finding.reason.fr

    def test_a_copy_of_one_name_in_another_schema(self, made) -> None:
        measured = {"feature_count": 812, "native_extent": HERE}
        one = made("a", table="routes", measured=measured)
        other = made("b", table="routes", measured=measured)
        (collection,) = other.collections
        source = replace(collection.survey.source, container="archive")
        survey = replace(collection.survey, source=source)
        other = replace(other, collections=(replace(collection, survey=survey),))
        assert told(one, other) == [("duplicates.measured", "b")]

    def test_a_copy_of_any_name_with_columns_of_its_own(self, made) -> None:
        measured = {"feature_count": 812, "native_extent": HERE, "fields": columns(6)}
        two = made("a", measured=measured), made("b", measured=measured)
        assert told(*two) == [("duplicates.measured", "b")]

    def test_a_copy_of_a_plain_table(self, made) -> None:
        measured = {
            "feature_count": 335,
            "geometries": (),
            "extent": None,
            "fields": columns(3),
        }
        one = made("a", table="budget", measured=measured)
        other = made("b", table="budget_sauvegarde", measured=measured)
        assert told(one, other) == [("duplicates.measured", "b")]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Arrêt de bus", "Arrêts de bus"),
            ("Pistes cyclables du département", "Piste cyclable du département"),
            ("Bus : arrêts", "Arrêts des bus"),
            ("Équipements sportifs", "Équipement sportif"),
            ("Zones humides inventoriées", "Zones humides inventoriés"),
            ("Bornes de rechargement", "Bornes de rechargment"),
            ("Assainissement collectif", "Assaimissement collectif"),
        ],
    )
    def test_nearly_equal_titles_of_one_kind_and_place(self, made, one, other) -> None:
        here = {"extent": Extent(2.0, 48.0, 3.0, 49.0)}
        near = {"extent": Extent(2.001, 48.0, 3.0, 49.001)}
        two = made("a", title=one, measured=here), made("b", title=other, measured=near)
        (finding,) = check_duplicates(two)
        assert finding.code == "duplicates.title-near"
        assert one in finding.reason.en
        assert other in finding.reason.en

    def test_drafts_and_restricted_datasets_too(self, made) -> None:
        one = made("a", table="t", status=Status.DRAFT)
        other = made("b", table="t", access=Access.RESTRICTED)
        assert told(one, other) == [("duplicates.table", "b")]


class TestTold:
    def test_the_strongest_likeness_once(self, made) -> None:
        same = {"title": "Routes", "abstract": LONG, "table": "routes"}
        measured = {"feature_count": 5, "extent": Extent(2, 48, 3, 49)}
        two = made("a", measured=measured, **same), made("b", measured=measured, **same)
        assert told(*two) == [("duplicates.table", "b")]

    def test_of_many_alike_each_is_told_of_once(self, made) -> None:
        many = [made(f"d{n}", title="Routes") for n in range(5)]
        found = told(*many)
        assert found == [("duplicates.title", f"d{n}") for n in range(1, 5)]

    def test_the_order_of_datasets_does_not_matter(self, made) -> None:
        one, other = made("a", title="Routes"), made("b", title="Routes")
        assert told(other, one) == told(one, other) == [("duplicates.title", "b")]


class TestSeries:
    """What is alike and must not be told."""

    def test_datasets_that_have_nothing_in_common(self, made) -> None:
        assert told(*(made(f"d{n}") for n in range(50))) == []

    def test_editions_of_several_years(self, made) -> None:
        same = {
            "feature_count": 335,
            "native_extent": HERE,
            "extent": Extent(2, 48, 3, 49),
        }
        editions = [
            made(f"c{year}", title=f"Cadastre {year}", abstract=LONG, measured=same)
            for year in range(2015, 2026)
        ]
        assert told(*editions) == []

    def test_editions_whose_year_is_in_the_table_only(self, made) -> None:
        same = {"feature_count": 335, "native_extent": HERE}
        editions = [made(f"pop_{year}", measured=same) for year in (2023, 2024, 2025)]
        assert told(*editions) == []

    def test_indicators_of_the_same_communes(self, made) -> None:
        same = {"feature_count": 335, "native_extent": HERE}
        names = ("revenus", "chomage", "logements", "commerces", "ecoles")
        for width in (3, 8):
            measured = {**same, "fields": columns(width)}
            tables = [made(name, measured=measured) for name in names]
            assert told(*tables) == []

    def test_two_indicators_of_the_same_communes(self, made) -> None:
        same = {"feature_count": 335, "native_extent": HERE, "fields": columns(4)}
        two = made("revenus", measured=same), made("chomage", measured=same)
        assert told(*two) == []

    def test_editions_told_apart_by_their_periods(self, made) -> None:
        same = {"feature_count": 335, "native_extent": HERE}

        def period(year: int) -> tuple[Period, ...]:
            return (Period(field="jour", start=f"{year}-01-01", end=f"{year}-12-31"),)

        two = (
            made("a", measured={**same, "periods": period(2023)}),
            made("b", measured={**same, "periods": period(2024)}),
        )
        assert told(*two) == []

    def test_one_plan_for_each_commune(self, made) -> None:
        places = ("Ambert", "Arlanc", "Cunlhat", "Olliergues", "Thiers")
        plans = [
            made(
                f"plu_{place.casefold()}",
                title=f"Zonage du PLU de {place}",
                abstract=LONG,
            )
            for place in places
        ]
        assert told(*plans) == []

    def test_numbered_sheets(self, made) -> None:
        here = {"extent": Extent(2.0, 48.0, 3.0, 49.0)}
        sheets = [
            made(f"f{n}", title=f"Feuille {n}", abstract=LONG, measured=here)
            for n in range(20)
        ]
        assert told(*sheets) == []

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Axe N", "Axe S"),
            ("Aléa fort", "Aléa faible"),
            ("Routes nationales", "Routes départementales"),
            ("Points d'eau", "Points de vue"),
        ],
    )
    def test_short_words_that_differ(self, made, one, other) -> None:
        here = {"extent": Extent(2.0, 48.0, 3.0, 49.0)}
        two = made("a", title=one, measured=here), made("b", title=other, measured=here)
        assert told(*two) == []

    @pytest.mark.parametrize(
        "apart",
        [
            {"extent": Extent(4.0, 44.0, 5.0, 45.0)},
            {"extent": Extent(2.0, 48.0, 2.5, 49.0)},
            {
                "extent": Extent(2.0, 48.0, 3.0, 49.0),
                "geometries": (
                    GeometryColumn(name="geom", type=GeometryType.POINT, srid=2154),
                ),
            },
        ],
    )
    def test_nearly_equal_titles_of_another_place_or_kind(self, made, apart) -> None:
        one = made(
            "a", title="Arrêts de bus", measured={"extent": Extent(2, 48, 3, 49)}
        )
        assert told(one, made("b", title="Arrêt de bus", measured=apart)) == []

    def test_empty_tables_and_missing_words(self, made) -> None:
        empty = {"feature_count": 0, "extent": None, "native_extent": None}
        blank = {"title": "", "abstract": ""}
        assert (
            told(made("a", measured=empty, **blank), made("b", measured=empty, **blank))
            == []
        )

    def test_small_lists_of_codes(self, made) -> None:
        code = (Field(name="code", type=FieldType.STRING, native_type="text"),)
        measured = {
            "feature_count": 30,
            "geometries": (),
            "extent": None,
            "fields": code,
        }
        assert told(made("a", measured=measured), made("b", measured=measured)) == []

    def test_other_columns_or_another_place(self, made) -> None:
        columns = (Field(name="x", type=FieldType.STRING, native_type="text"),)
        same = {"feature_count": 335, "native_extent": HERE}
        three = (
            made("a", measured=same),
            made("b", measured={**same, "fields": columns}),
            made("c", measured={**same, "native_extent": THERE}),
        )
        assert told(*three) == []


def test_a_thousand_alike_take_no_longer_each_than_a_hundred(made) -> None:
    """The worst case: all of one title, abstract and place, so every group is full."""
    here = {"feature_count": 40, "native_extent": HERE, "extent": Extent(2, 48, 3, 49)}

    def cost(number: int) -> float:
        many = [
            made(
                f"d{n:04}",
                title="Réseaux d'assainissement communautaires",
                abstract=LONG,
                measured=here,
            )
            for n in range(number)
        ]
        before = time.process_time()
        assert len(told(*many)) == number - 1
        return (time.process_time() - before) / number

    cost(100)
    assert cost(1000) < 4 * cost(100)
