"""Code lists hold what the registers hold."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from metadata import codelists
from metadata.codelists import (
    ACCESS_LIMITATIONS,
    FREQUENCIES,
    HVD_CATEGORIES,
    LANGUAGES,
    LICENCES,
    SPATIAL_SCOPES,
    THEMES,
    TOPICS,
)
from metadata.finding import Language
from metadata.stated import Frequency

LISTS: dict[str, Mapping[str, codelists.CodedValue]] = {
    "themes": THEMES,
    "topics": TOPICS,
    "licences": LICENCES,
    "frequencies": FREQUENCIES,
    "HVD categories": HVD_CATEGORIES,
    "spatial scopes": SPATIAL_SCOPES,
    "access limitations": ACCESS_LIMITATIONS,
    "languages": LANGUAGES,
}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("themes", 34),
        ("topics", 19),
        ("frequencies", 12),
        ("HVD categories", 6),
        ("spatial scopes", 5),
        ("access limitations", 9),
        ("languages", 26),
    ],
)
def test_a_list_is_complete(name, size):
    assert len(LISTS[name]) == size


@pytest.mark.parametrize("name", LISTS)
def test_every_entry_has_a_code_an_address_and_both_labels(name):
    for code, entry in LISTS[name].items():
        assert entry.code == code
        assert entry.uri.startswith(("http://", "https://"))
        assert entry.label_in(Language.FRENCH) == entry.fr.strip() != ""
        assert entry.label_in(Language.ENGLISH) == entry.en.strip() != ""


@pytest.mark.parametrize("name", LISTS)
def test_no_two_entries_have_the_same_address_or_label(name):
    entries = LISTS[name].values()
    for member in ("uri", "fr", "en"):
        assert len({getattr(entry, member) for entry in entries}) == len(entries)


@pytest.mark.parametrize(
    "name", ["themes", "topics", "spatial scopes", "access limitations"]
)
def test_addresses_of_the_inspire_register_are_http(name):
    """The validator compares them letter by letter; https fails there."""
    for entry in LISTS[name].values():
        assert entry.uri.startswith("http://inspire.ec.europa.eu/")


def test_frequencies_are_those_that_can_be_stated():
    assert set(FREQUENCIES) == set(Frequency)


@pytest.mark.parametrize(
    ("code", "french", "english"),
    [
        ("au", "Unités administratives", "Administrative units"),
        ("lu", "Usage des sols", "Land use"),
        (
            "pd",
            "Répartition de la population — démographie",
            "Population distribution — demography",
        ),
        (
            "am",
            "Zones de gestion, de restriction ou de réglementation et unités de "
            "déclaration",
            "Area management/restriction/regulation zones and reporting units",
        ),
    ],
)
def test_themes_are_labelled_as_in_the_register(code, french, english):
    assert (THEMES[code].fr, THEMES[code].en) == (french, english)


def test_the_open_licence_is_known_by_its_spdx_name():
    licence = LICENCES["etalab-2.0"]
    assert licence.spdx == "etalab-2.0"
    assert licence.uri == "https://spdx.org/licenses/etalab-2.0"
    assert licence.text == "Licence Ouverte version 2.0"


def test_lists_cannot_be_changed():
    with pytest.raises(TypeError):
        THEMES["xx"] = THEMES["au"]
