"""What GeoNetwork makes of a record in storing it is known, undone, and no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.outlets.geonetwork.spelling import in_our_spelling
from metadata.record import canonical, fingerprint
from metadata.xml import NAMESPACES, parse

GOLDEN = sorted(
    (Path(__file__).resolve().parents[2] / "golden" / "iso19139").glob("*.xml")
)
TITLE = "gmd:identificationInfo//gmd:citation//gmd:title/gco:CharacterString"


def stored(geonetwork: Any, content: bytes, **how: Any) -> etree._Element:
    root = parse(content)
    geonetwork.fix(root, **how)
    return root


def test_there_are_records_to_try() -> None:
    assert len(GOLDEN) >= 5


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("keeps_location", [True, False])
def test_a_record_updated_there_reads_as_ours(
    geonetwork: Any, path: Path, keeps_location: bool
) -> None:
    content = path.read_bytes()
    root = stored(geonetwork, content, keeps_location=keeps_location)
    assert fingerprint(etree.tostring(root)) != fingerprint(content)
    assert canonical(in_our_spelling(root)) == canonical(content)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_record_that_was_not_touched_reads_as_ours(path: Path) -> None:
    content = path.read_bytes()
    assert canonical(in_our_spelling(parse(content))) == canonical(content)


def edit_title(root: etree._Element) -> None:
    (title,) = root.findall(TITLE, NAMESPACES)[:1]
    title.text = "Autre titre"


def edit_code(root: etree._Element) -> None:
    (role,) = root.findall(".//gmd:CI_RoleCode", NAMESPACES)[:1]
    role.set("codeListValue", "owner")


def edit_list(root: etree._Element) -> None:
    (role,) = root.findall(".//gmd:CI_RoleCode", NAMESPACES)[:1]
    role.set("codeList", "https://elsewhere.example/list#CI_RoleCode")


def edit_words_of_code(root: etree._Element) -> None:
    (role,) = root.findall(".//gmd:CI_RoleCode", NAMESPACES)[:1]
    role.text = "autre"


def edit_link(root: etree._Element) -> None:
    (url,) = root.findall(".//gmd:onLine//gmd:URL", NAMESPACES)[:1]
    url.text = "https://elsewhere.example/"


def edit_file_name(root: etree._Element) -> None:
    (name,) = root.findall(".//gmd:onLine//gmx:MimeFileType", NAMESPACES)[:1]
    name.text = "autre.gpkg"


def lose_lineage(root: etree._Element) -> None:
    (quality,) = root.findall("gmd:dataQualityInfo", NAMESPACES)
    root.remove(quality)


def edit_date(root: etree._Element) -> None:
    (date,) = root.findall(".//gmd:citation//gco:Date", NAMESPACES)[:1]
    date.text = "1999-01-01"


@pytest.mark.parametrize(
    "edit",
    [
        edit_title,
        edit_code,
        edit_list,
        edit_words_of_code,
        edit_link,
        edit_file_name,
        lose_lineage,
        edit_date,
    ],
)
def test_what_a_person_changed_there_stays_changed(
    geonetwork: Any, edit: Callable[[etree._Element], None]
) -> None:
    content = next(p for p in GOLDEN if p.stem == "points").read_bytes()
    root = stored(geonetwork, content)
    edit(root)
    assert canonical(in_our_spelling(root)) != canonical(content)


def test_what_is_no_iso_19139_is_left_alone() -> None:
    other = b'<m:MD_Metadata xmlns:m="http://standards.iso.org/iso/19115/-3/mdb/2.0"/>'
    assert canonical(in_our_spelling(parse(other))) == canonical(other)
