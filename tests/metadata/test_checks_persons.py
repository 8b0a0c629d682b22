"""Which contacts name a person: no service is taken for one."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files

import pytest

from metadata.checks import check_dataset
from metadata.checks.model.persons import is_mobile, names_person
from metadata.measured import Field, FieldType
from metadata.stated import Access, Columns

PERSONS = [
    "prenom.nom@dept.fr",
    "jean.dupont@puy-de-dome.fr",
    "Jean.DUPONT@puy-de-dome.fr",
    "j.dupont@ville.fr",
    "jp.martin@ville.fr",
    "dupont.jean@ville.fr",
    "jean_dupont@ville.fr",
    "jean-dupont@ville.fr",
    "jean-pierre.le-goff@ville.fr",
    "jean.dupont2@ville.fr",
    "jean.dupont.ext@ville.fr",
    "jean.dupont+opendata@ville.fr",
    "éléonore.lefèvre@ville.fr",
    "anne-lise.du-pré@x.fr",
    "marie@ville.fr",
    "marc.villeneuve@ville.fr",
]
ROLES = [
    "sig@dept.fr",
    "service-sig@dept.fr",
    "service.sig@dept.fr",
    "direction.urbanisme@dept.fr",
    "open.data@dept.fr",
    "opendata@dept.fr",
    "donnees.ouvertes@dept.fr",
    "données.géographiques@dept.fr",
    "eau.assainissement@dept.fr",
    "parc.naturel@dept.fr",
    "mairie.ambert@orange.fr",
    "mairie-saint-jean@orange.fr",
    "mairiedambert.accueil@orange.fr",
    "commune.de-thiers@wanadoo.fr",
    "cc.ambert@orange.fr",
    "cd63.cartes@dept.fr",
    "systeme.information@dept.fr",
    "contact@x.fr",
    "contact.jean-moulin@x.fr",
    "pole.sig63@dept.fr",
    "servicesig.dept@dept.fr",
    "land.registry@x.uk",
    "customer.services@os.uk",
    "sig63@dept.fr",
    "jdupont@ville.fr",
    "12.34@ville.fr",
    "",
    "@",
    "x",
]


@pytest.mark.parametrize("email", PERSONS)
def test_the_address_of_a_person_is_told(email: str) -> None:
    assert names_person(email)


@pytest.mark.parametrize("email", ROLES)
def test_the_address_of_a_service_is_let_pass(email: str) -> None:
    assert not names_person(email)


@pytest.mark.parametrize(
    ("email", "of"),
    [
        ("ambert.livradois@x.fr", "Communauté de communes Ambert Livradois Forez"),
        ("clermont.auvergne@x.fr", "Clermont Auvergne Métropole"),
        ("cam.habiter@x.fr", "Clermont Auvergne Métropole"),
    ],
)
def test_the_words_of_an_organisation_name_nobody(email: str, of: str) -> None:
    assert names_person(email)
    assert not names_person(email, of=of)


def test_a_given_name_is_one_even_beside_the_organisation() -> None:
    assert names_person("jean.dupont@dupont.fr", of="Cabinet Dupont")


@pytest.mark.parametrize(
    ("phone", "mobile"),
    [
        ("06 12 34 56 78", True),
        ("07.12.34.56.78", True),
        ("+33 6 12 34 56 78", True),
        ("+33 (0)6 12 34 56 78", True),
        ("0033712345678", True),
        ("04 73 42 20 20", False),
        ("+33 1 43 93 93 93", False),
        ("0806 000 000", False),
        ("06", False),
        ("", False),
        ("poste 0612", False),
    ],
)
def test_a_mobile_number_is_told_from_a_desk(phone: str, mobile: bool) -> None:
    assert is_mobile(phone) is mobile


def test_no_word_is_both_a_role_and_a_given_name() -> None:
    path = files("metadata").joinpath("codelists", "contact_words.toml")
    lists = tomllib.loads(path.read_text("utf-8"))
    assert not set(lists["roles"]) & set(lists["given_names"])
    for words in lists.values():
        assert len(words) == len(set(words))
        assert all(word.isascii() and word.islower() for word in words)


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": Columns(exclude=("email",))},
        {"columns": Columns(describe={"email": "Adresse du service"})},
    ],
    ids=["excluded", "described"],
)
def test_a_column_about_persons_that_somebody_looked_at_is_let_pass(
    make_dataset, make_collection, changes
):
    assert "collection.column.personal" in found_of(make_dataset, make_collection)
    assert "collection.column.personal" not in found_of(
        make_dataset, make_collection, **changes
    )


@pytest.mark.parametrize(
    "name", ["hotel", "maille", "telepherique", "nom", "phonolite"]
)
def test_a_word_that_only_begins_alike_is_no_person(
    make_dataset, make_collection, name
):
    found = found_of(make_dataset, make_collection, column=name)
    assert "collection.column.personal" not in found


def test_data_that_do_not_go_out_may_be_about_persons(make_dataset, make_collection):
    found = found_of(make_dataset, make_collection, access=Access.INTERNAL)
    assert "collection.column.personal" not in found


def found_of(make_dataset, make_collection, *, column="email", access=None, **changes):
    field = Field(name=column, type=FieldType.STRING, native_type="text")
    made = make_collection(fields=(field,), **changes)
    dataset = make_dataset(collections=(made,), access=access or Access.OPEN)
    return {f.code for f in check_dataset(dataset, today=date(2026, 3, 1))}
