"""The configuration is read strictly, and shows no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from metadata.errors import ConfigurationError, DescriptionError
from providers.configuration import read_configuration

GOOD = """\
organisation:
  name: Département
  siren: "229300082"
  email: sig@example.org
  identifier_base: https://data.example.org/id
service:
  url: http://127.0.0.1:8080/
silos:
  sig: postgresql://reader:${SIG_PASSWORD}@127.0.0.1/sig
  fichiers: ./silo
  strict:
    location: postgresql://127.0.0.1/x
    schemas: [public]
    exclude: ["tmp_*"]
outlets:
  geo:
    url: https://geo.example.org/csw
    user: me
    password: ${GEO_PASSWORD}
"""
SECRETS = {"SIG_PASSWORD": "silo-secret", "GEO_PASSWORD": "outlet-secret"}


def read(folder: Path, text: str = GOOD, environment=SECRETS):
    path = folder / "passerelle.yml"
    path.write_text(text, encoding="utf-8")
    return read_configuration(path, environment)


def test_secrets_come_from_the_environment(tmp_path):
    configuration = read(tmp_path)

    assert configuration.silos["sig"].location.startswith(
        "postgresql://reader:silo-secret@"
    )
    assert configuration.outlets["geo"].password.value == "outlet-secret"


def test_no_secret_is_ever_shown(tmp_path):
    shown = repr(read(tmp_path)) + str(read(tmp_path).outlets["geo"].password)

    assert "silo-secret" not in shown
    assert "outlet-secret" not in shown


def test_paths_start_from_the_configuration(tmp_path):
    configuration = read(tmp_path)

    assert configuration.silos["fichiers"].location == str(tmp_path / "silo")
    assert not configuration.silos["fichiers"].is_database
    assert configuration.silos["strict"].exclude == ("tmp_*",)
    assert configuration.datasets == tmp_path / "datasets"
    assert configuration.store.startswith(f"sqlite:///{tmp_path}")


def test_the_public_address_has_no_final_slash(tmp_path):
    assert read(tmp_path).service.url == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("http://127.0.0.1:8080/", "8080", "service.url"),
        ("https://geo.example.org/csw", "geo", "outlets.geo.url"),
        ("./silo", "mysql://x/y", "silos.fichiers"),
        ("https://data.example.org/id", "data", "organisation.identifier_base"),
    ],
)
def test_an_address_that_is_none_is_named(tmp_path, old, new, named):
    with pytest.raises(ConfigurationError, match=named):
        read(tmp_path, GOOD.replace(old, new))


@pytest.mark.parametrize(
    "address",
    [
        "ftp://me:geheim@geo.example.org/csw",
        "http://me:geheim@[::1/csw",
        "http://me:geheim@geo.example.org:99999/csw",
        "http:///csw?key=geheim",
    ],
)
def test_an_address_that_is_none_is_named_without_its_secrets(tmp_path, address):
    with pytest.raises(ConfigurationError, match=r"outlets\.geo\.url") as caught:
        read(tmp_path, GOOD.replace("https://geo.example.org/csw", address))

    said = caught.value.text
    assert "geheim" not in said.fr + said.en
    assert said.fr != said.en
    assert caught.value.remedy.fr != caught.value.remedy.en


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("    timeout: 0", "outlets.geo.timeout"),
        ("    timeout: -3", "outlets.geo.timeout"),
        ("    batch: 0", "outlets.geo.batch"),
        ("    rate: 0", "outlets.geo.rate"),
    ],
)
def test_a_number_that_makes_no_sense_is_named(tmp_path, line, named):
    user = "    user: me"
    with pytest.raises(ConfigurationError, match=named) as caught:
        read(tmp_path, GOOD.replace(user, f"{user}\n{line}"))

    assert caught.value.text.fr != caught.value.text.en
    assert caught.value.remedy.en


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        ("", {"voirie", "voirie_2024", "éclairage"}),
        ("    exclude: ['voirie*']", {"éclairage"}),
        ("    datasets: ['voirie*']", {"voirie", "voirie_2024"}),
        ("    datasets: ['voirie*']\n    exclude: ['*_20??']", {"voirie"}),
    ],
)
def test_an_outlet_takes_the_datasets_that_its_patterns_name(tmp_path, lines, taken):
    user = "    user: me"
    outlet = read(tmp_path, GOOD.replace(user, f"{user}\n{lines}")).outlets["geo"]
    assert {d for d in ("voirie", "voirie_2024", "éclairage") if outlet.takes(d)} == (
        taken
    )


def test_so_is_a_number_of_connections(tmp_path):
    wrong = GOOD.replace("  url: http://127", "  connections: 0\n  url: http://127")
    with pytest.raises(ConfigurationError, match=r"service\.connections"):
        read(tmp_path, wrong)


def test_a_secret_that_is_not_set_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="SIG_PASSWORD"):
        read(tmp_path, environment={})


def test_unknown_and_missing_keys_are_all_named(tmp_path):
    wrong = GOOD.replace("  email: sig@example.org\n", "  mail: x\n")

    with pytest.raises(DescriptionError) as caught:
        read(tmp_path, wrong)

    elements = {f.element for f in caught.value.findings}
    assert elements == {"organisation.mail", "organisation.email"}


def test_a_missing_file_says_how_to_name_one(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(tmp_path / "nothing.yml", {})

    assert "--config" in caught.value.hint
    assert "--config" in caught.value.remedy.fr
    assert caught.value.text.fr != caught.value.text.en


KEYS = """\
  keys:
    - {name: bureau, key: "${BUREAU}", scopes: [read:details]}
    - {name: terrain, key: "${TERRAIN}", scopes: ["edit:communes", "edit:voirie"]}
"""
KEYED = {**SECRETS, "BUREAU": "b" * 16, "TERRAIN": "t" * 32}


def keyed(folder: Path, old: str = "", new: str = "", environment=KEYED):
    return read(folder, GOOD.replace("silos:\n", f"{KEYS}silos:\n").replace(old, new),
                environment)  # fmt: skip


def test_keys_have_names_and_scopes_and_hide_themselves(tmp_path):
    service = keyed(tmp_path, "http://127.0.0.1:8080/", "http://a/\n  key: old").service

    assert [key.name for key in service.every_key] == [
        "service.key",
        "bureau",
        "terrain",
    ]
    old, bureau, terrain = service.every_key
    assert old.opens("read:details")
    assert not old.edits
    assert bureau.opens("read:details")
    assert not bureau.opens("edit:communes")
    assert terrain.opens("edit:voirie")
    assert not terrain.opens("edit:autre")
    assert not terrain.opens("read:details")
    assert "bbbb" not in repr(service)
    assert "tttt" not in repr(service)


def test_one_scope_is_for_every_collection(tmp_path):
    (key,) = keyed(tmp_path, '"edit:communes", "edit:voirie"', '"edit:*"').service.keys[
        1:
    ]

    assert key.opens("edit:n-importe")
    assert not key.opens("read:details")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("${BUREAU}", "en-clair-dans-le-fichier", "service.keys[1].key"),
        ("${BUREAU}", "x${BUREAU}", "service.keys[1].key"),
        ("${BUREAU}", "${ABSENTE}", "ABSENTE"),
        ("[read:details]", "[]", "service.keys[1].scopes"),
        ("[read:details]", "[write]", "service.keys[1].scopes"),
        ("[read:details]", '["edit:"]', "service.keys[1].scopes"),
        ("[read:details]", '["edit:a b"]', "service.keys[1].scopes"),
        ("bureau", "un nom", "service.keys[1].name"),
        ("bureau", "terrain", "service.keys.name"),
        ("${BUREAU}", "${TERRAIN}", "service.keys.key"),
    ],
)
def test_a_key_that_cannot_be_one_is_named(tmp_path, old, new, named):
    with pytest.raises(ConfigurationError) as caught:
        keyed(tmp_path, old, new)

    assert named in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "secret", ["", "court", "é" * 32, " " * 20, "a b\n" + "c" * 20]
)
def test_a_key_that_is_weak_or_fits_no_header_is_refused_unseen(tmp_path, secret):
    with pytest.raises(ConfigurationError) as caught:
        keyed(tmp_path, environment={**KEYED, "TERRAIN": secret})

    assert "service.keys[2].key" in caught.value.message
    assert not secret.strip() or secret not in str(caught.value)
