"""What the portal's stylesheet cannot take from any ISO record, however it is written.

Our record has one format for all of its files, and says so. ISO 19115 has a place for
the format of each: a distributor's. Should one of these tests fail with another udata,
that place has become worth using.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from metadata.schemas import schema_errors
from metadata.xml import NAMESPACES, parse

pytestmark = pytest.mark.udata
HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden" / "iso19139" / "points.xml"
ADDRESS = "https://geo.example.org/file"
RDF = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
}
EU_FILE_TYPE = "http://publications.europa.eu/resource/authority/file-type/"
DISTRIBUTOR = """\
<gmd:distributor {namespaces}>
  <gmd:MD_Distributor>
    <gmd:distributorContact/>
    <gmd:distributorFormat>
      <gmd:MD_Format>
        <gmd:name>{name}</gmd:name>
        <gmd:version gco:nilReason="inapplicable"/>
      </gmd:MD_Format>
    </gmd:distributorFormat>
    <gmd:distributorTransferOptions>
      <gmd:MD_DigitalTransferOptions>
        <gmd:onLine>
          <gmd:CI_OnlineResource>
            <gmd:linkage><gmd:URL>{address}</gmd:URL></gmd:linkage>
            <gmd:function>
              <gmd:CI_OnLineFunctionCode codeList="codelists" codeListValue="download"/>
            </gmd:function>
          </gmd:CI_OnlineResource>
        </gmd:onLine>
      </gmd:MD_DigitalTransferOptions>
    </gmd:distributorTransferOptions>
  </gmd:MD_Distributor>
</gmd:distributor>
"""
TEXT = "<gco:CharacterString>{}</gco:CharacterString>"
ANCHOR = '<gmx:Anchor xlink:href="' + EU_FILE_TYPE + '{0}">{0}</gmx:Anchor>'


def with_distributor(name: str) -> str:
    """Return a record of ours, with one more file at a distributor with a format."""
    root = parse(GOLDEN.read_bytes())
    namespaces = " ".join(f'xmlns:{p}="{u}"' for p, u in NAMESPACES.items())
    text = DISTRIBUTOR.format(namespaces=namespaces, name=name, address=ADDRESS)
    distributor = parse(text.encode())
    contact = distributor.find(".//gmd:distributorContact", NAMESPACES)
    contact.append(root.find("gmd:contact/*", NAMESPACES))
    root = parse(GOLDEN.read_bytes())
    (transfer,) = root.findall(".//gmd:transferOptions", NAMESPACES)
    transfer.addprevious(distributor)
    return etree.tostring(root, encoding="unicode")


def formats(graph: str) -> list[str]:
    """Return the formats of that file in the graph."""
    root = parse(graph.encode())
    (found,) = (
        each
        for each in root.iterfind(".//dcat:Distribution", RDF)
        if each.find("dcat:accessURL", RDF).get(f"{{{RDF['rdf']}}}resource") == ADDRESS
    )
    kinds = found.findall("dct:format/*", RDF)
    about = f"{{{RDF['rdf']}}}about"
    return [k.get(about) or k.findtext("rdfs:label", "", RDF) for k in kinds]


@pytest.fixture(scope="module")
def turned(portal: Any) -> dict[str, list[str]]:
    """The formats that come of each way to write one."""
    ways = {
        "CSV": TEXT.format("CSV"),
        "GPKG": TEXT.format("GPKG"),
        "GPKG by its address": ANCHOR.format("GPKG"),
        "FGB": TEXT.format("FGB"),
    }
    records = [with_distributor(name) for name in ways.values()]
    assert [schema_errors(record.encode()) for record in records] == [()] * len(ways)
    done = subprocess.run(
        [portal.python, HERE / "stylesheet.py"],
        input=json.dumps(records),
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    return dict(zip(ways, map(formats, json.loads(done.stdout)), strict=True))


@pytest.mark.parametrize("way", ["CSV", "GPKG", "GPKG by its address"])
def test_a_format_that_it_knows_is_overlooked_at_a_distributor(
    turned: dict[str, list[str]], way: str
) -> None:
    assert turned[way] == [f"{EU_FILE_TYPE}GEOJSON"]


def test_a_format_that_it_does_not_know_is_not(turned: dict[str, list[str]]) -> None:
    assert turned["FGB"] == ["FGB"]
