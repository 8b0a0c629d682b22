"""What only some kinds of outlet know is read from `passerelle.yml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from metadata.errors import ConfigurationError, DescriptionError
from providers.configuration import OutletConfiguration, read_configuration

WRITTEN = """
organisation:
  name: Département
  siren: "229300082"
  email: sig@example.org
  identifier_base: https://data.example.org/id
service:
  url: https://geo.example.org
silos:
  sig: postgresql:///sig
outlets:
  geopf:
    type: geoplateforme
    url: https://data.example.org/api
    datastore: ${GEOPF_DATASTORE}
    client: passerelle
    key: ${GEOPF_SECRET}
    open_data: true
  departement:
    type: geonetwork
    url: https://catalogue.example.org/geonetwork
    user: passerelle
    password: ${GEOPF_SECRET}
    group: 12
"""
SECRETS = {"GEOPF_SECRET": "secret", "GEOPF_DATASTORE": "5cb4fdb0"}


def read(folder: Path, text: str = WRITTEN) -> dict[str, OutletConfiguration]:
    path = folder / "passerelle.yml"
    path.write_text(text, "utf-8")
    return dict(read_configuration(path, environment=SECRETS).outlets)


def test_settings_of_the_geoplateforme_are_read_and_filled_in(tmp_path: Path) -> None:
    outlet = read(tmp_path)["geopf"]
    assert (outlet.datastore, outlet.client) == ("5cb4fdb0", "passerelle")
    assert (outlet.open_data, outlet.inspire, outlet.endpoint) == (True, False, "")
    assert outlet.key.value == "secret"
    assert outlet.token_url.startswith("https://sso.geopf.fr/realms/geoplateforme/")
    assert "secret" not in repr(outlet)


def test_the_group_of_a_geonetwork_may_be_written_as_a_number(tmp_path: Path) -> None:
    assert read(tmp_path)["departement"].group == "12"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("open_data: true", "open_data: parfois", "open_data"),
        ("${GEOPF_DATASTORE}", "${AUTRE}", "AUTRE"),
        ("client:", "clients:", "clients"),
        ("group: 12", "groups: 12", "groups"),
    ],
)
def test_what_cannot_be_meant_names_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises((ConfigurationError, DescriptionError), match=said):
        read(tmp_path, WRITTEN.replace(old, new))
