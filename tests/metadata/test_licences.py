"""Which licence a text means: names, labels, addresses and ids as people write them."""

from __future__ import annotations

import json
import time
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metadata.codelists import LICENCES
from metadata.licences import Verdict, recognise
from metadata.udata import WORDS

PORTAL = json.loads(
    (Path(__file__).parent.parent / "portal" / "licences.json").read_text("utf-8")
)
LISTS = files("metadata").joinpath("codelists")
ETALAB = ("etalab-2.0", "etalab-1.0")

NAMED = {
    "etalab-2.0": [
        "lov2",
        "LOV2",
        "Etalab-2.0",
        "Licence Ouverte v2.0",
        "licence ouverte 2",
        "LICENCE OUVERTE, VERSION 2",
        "Licence Ouverte / Open Licence version 2.0",
        "Licence Ouverte v2.0 (Etalab)",
        "Sous Licence Ouverte 2.0 d'Etalab (avril 2017)",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
        "http://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        "https://github.com/etalab/licence-ouverte/blob/master/LO.md",
        "https://spdx.org/licenses/etalab-2.0.html",
        "http://publications.europa.eu/resource/authority/licence/ETALAB_2_0",
    ],
    "etalab-1.0": [
        "fr-lo",
        "Licence Ouverte 1.0",
        "https://www.etalab.gouv.fr/wp-content/uploads/2014/05/Licence_Ouverte.pdf",
    ],
    "odbl-1.0": [
        "ODbL",
        "odbl",
        "ODbL 1.0",
        "odc-odbl",
        "Open Database License",
        "Open Data Commons Open Database License (ODbL) 1.0",
        "https://opendatacommons.org/licenses/odbl/1-0/",
        "http://opendatacommons.org/licenses/odbl/summary/",
        "https://spdx.org/licenses/ODbL-1.0",
        "ODbL (http://opendatacommons.org/licenses/odbl/)",
    ],
    "cc-by-4.0": [
        "CC BY 4.0",
        "CC-BY-4.0",
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/",
        "http://creativecommons.org/licenses/by/4.0/deed.fr",
        "creativecommons.org/licenses/by/4.0",
        "http://publications.europa.eu/resource/authority/licence/CC_BY_4_0",
    ],
    "cc-by-sa-4.0": [
        "CC BY-SA 4.0",
        "Creative Commons Attribution 4.0 Share-Alike",
        "Creative Commons Attribution - Partage dans les mêmes conditions 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/legalcode",
    ],
    "cc0-1.0": [
        "CC0",
        "cc-zero",
        "CC0 1.0",
        "Creative Commons Zero",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ],
    "conditions-unknown": [
        "http://inspire.ec.europa.eu/metadata-codelist/"
        "ConditionsApplyingToAccessAndUse/conditionsUnknown",
    ],
}


@pytest.mark.parametrize(
    ("text", "key"), [(text, key) for key, texts in NAMED.items() for text in texts]
)
def test_a_name_is_recognised(text: str, key: str) -> None:
    found = recognise(text)
    assert (found.verdict, found.keys) == (Verdict.NAMED, (key,))


@pytest.mark.parametrize("key", LICENCES)
def test_a_key_is_a_key(key: str) -> None:
    assert recognise(key).verdict is Verdict.KEY


@pytest.mark.parametrize("key", LICENCES)
def test_what_the_list_says_of_a_licence_is_recognised(key: str) -> None:
    licence = LICENCES[key]
    for text in filter(None, (licence.spdx, licence.uri, licence.page)):
        found = recognise(text)
        assert found.keys == (key,), text
        assert found.verdict in {Verdict.NAMED, Verdict.KEY}, text
    for text in filter(None, (licence.fr, licence.en, licence.text)):
        assert key in recognise(text).keys or key == "conditions-unknown", text


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Etalab", ETALAB),
        ("Licence ouverte / Open Licence", ETALAB),
        ("License Etalab", ETALAB),
        ("CC-BY", ("cc-by-4.0",)),
        ("cc-by-sa", ("cc-by-sa-4.0",)),
        ("https://creativecommons.org/licenses/by/", ("cc-by-4.0",)),
    ],
)
def test_a_name_without_its_version_proposes_the_one_in_force(text, keys) -> None:
    found = recognise(text)
    assert (found.verdict, found.keys) == (Verdict.UNVERSIONED, keys)


@pytest.mark.parametrize(
    "text",
    [
        "CC BY 3.0",
        "CC BY 2.0 FR",
        "Licence Ouverte 3.0",
        "https://creativecommons.org/licenses/by-sa/3.0/fr/",
        "ODbL 2.0",
    ],
)
def test_another_version_is_another_licence(text: str) -> None:
    assert recognise(text).verdict is Verdict.VERSION


@pytest.mark.parametrize(
    "text",
    [
        "CC BY-NC",
        "CC-BY-NC-SA 4.0",
        "CC BY-ND 4.0",
        "Creative Commons Attribution - Pas d\u2019Utilisation Commerciale 4.0",
        "Creative Commons Attribution-NonCommercial",
        "https://creativecommons.org/licenses/by-nc/4.0/deed.fr",
        "Licence Ouverte, usage non commercial",
        "other-nc",
        "Tous droits réservés",
    ],
)
def test_what_is_not_open_is_never_proposed_as_open(text: str) -> None:
    found = recognise(text)
    assert (found.verdict, found.keys) == (Verdict.CLOSED, ())


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Creative Commons", "cc-by-4.0"),
        ("domaine public", "cc0-1.0"),
        ("Open Data", "etalab-2.0"),
        ("libre", "etalab-2.0"),
        ("notspecified", "etalab-2.0"),
        ("other-open", "etalab-2.0"),
    ],
)
def test_vague_words_are_said_to_be_vague(text: str, first: str) -> None:
    found = recognise(text)
    assert (found.verdict, found.keys[0]) == (Verdict.VAGUE, first)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Licence Ouverte / ODbL", ("etalab-2.0", "odbl-1.0")),
        ("CC-BY-4.0, ODbL-1.0", ("odbl-1.0", "cc-by-4.0")),
        ("Licence ouverte 1.0 ou 2.0", ETALAB),
    ],
)
def test_several_licences_are_told_apart(text: str, keys: tuple[str, ...]) -> None:
    found = recognise(text)
    assert (found.verdict, set(found.keys)) == (Verdict.SEVERAL, set(keys))


@pytest.mark.parametrize("text", ["PDDL", "odc-by", "MIT", "OGL 3.0", "uk-ogl"])
def test_a_licence_without_a_key_is_not_taken_for_another(text: str) -> None:
    found = recognise(text)
    assert (found.verdict, found.keys) == (Verdict.OTHER, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "licence maison",
        "🙂",
        "2.0",
        "https://example.org/licence",
        "Commercial",
    ],
)
def test_anything_else_is_unknown(text: str) -> None:
    assert recognise(text).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("licence", PORTAL, ids=lambda each: each["id"])
def test_what_the_national_portal_calls_a_licence_is_understood(licence) -> None:
    ours = {theirs: key for key, theirs in WORDS["licences"].items()}
    texts = [licence["id"], licence["title"], licence["url"]]
    texts += [*licence["alternate_titles"], *licence["alternate_urls"]]
    for text in filter(None, texts):
        found = recognise(text)
        key = ours.get(licence["id"])
        if key:
            assert key in found.keys, text
        else:
            assert found.verdict in {Verdict.VAGUE, Verdict.OTHER}, text


def test_what_names_propose_is_in_the_list() -> None:
    data = tomllib.loads(LISTS.joinpath("licence_names.toml").read_text("utf-8"))
    keys = {*data["ids"].values(), *data["pages"].values()}
    keys |= {
        key for row in data["families"].values() for key in row["versions"].values()
    }
    proposed = {key for row in data["vague"] for key in row["proposes"]}
    assert keys | proposed == set(LICENCES)


@given(st.text())
def test_any_text_gets_a_verdict(text: str) -> None:
    found = recognise(text)
    assert set(found.keys) <= LICENCES.keys()


@pytest.mark.parametrize("part", ["a.", "cc by ", "http://", "9", "1.1.", "é", "www.-"])
def test_an_endless_text_is_judged_at_once(part: str) -> None:
    before = time.process_time()
    recognise(part * 500_000)
    assert time.process_time() - before < 1
