"""Turns ISO 19139 into DCAT by the stylesheet of udata.

Run by the python of udata's own environment, never imported::

    python stylesheet.py < records.json > graphs.json
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

from saxonche import PySaxonProcessor

PLACE = Path("harvest", "tests", "csw_dcat", "iso-19139-to-dcat-ap.xsl")


def main() -> None:
    """Read a list of documents, write what each becomes."""
    spec = find_spec("udata")
    (package,) = spec.submodule_search_locations
    with PySaxonProcessor(license=False) as saxon:
        strip = "http://saxon.sf.net/feature/strip-whitespace"
        saxon.set_configuration_property(strip, "all")
        made = saxon.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=str(Path(package) / PLACE)
        )
        graphs = [
            made.transform_to_string(xdm_node=saxon.parse_xml(xml_text=record))
            for record in json.load(sys.stdin)
        ]
    json.dump(graphs, sys.stdout)


if __name__ == "__main__":
    main()
