"""Rows as a zipped Shapefile, with a page that tells what it could not keep.

References
----------
ESRI Shapefile Technical Description, July 1998; PKWARE APPNOTE (ZIP).
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from metadata.finding import Language, Text
from providers.exports.content import FileContent
from providers.exports.dbase import LONGEST_TEXT
from providers.exports.shapefile_fields import ShapefileField, shapefile_fields
from providers.exports.shapefile_layers import LARGEST, write_layers
from providers.exports.spool import Spool

TOLD: Final = "LISEZMOI-README.txt"
_NO_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_FILE_MODE: Final = 0o644 << 16
_CHUNK: Final = 1024 * 1024
_ALWAYS: Final = Text(
    "Un Shapefile ne distingue pas le texte vide de l'absence de valeur. Les dates et "
    "heures y sont des textes (ISO 8601). Les mesures (M) n'y sont pas. GeoPackage, "
    "FlatGeobuf et GeoParquet, à la même adresse, gardent les noms et les textes "
    "entiers.",
    "A Shapefile does not tell an empty text from no value. Moments are texts in it "
    "(ISO 8601). Measures (M) are not in it. GeoPackage, FlatGeobuf and GeoParquet, at "
    "the same address, keep names and texts whole.",
)


def write_shapefile(spool: Spool, path: Path, largest: int = LARGEST) -> None:
    """Write the rows of a spool as one archive.

    Parameters
    ----------
    largest
        Bytes that no file in it may exceed.

    Raises
    ------
    OSError
        It cannot be written.
    """
    found = shapefile_fields(spool)
    kept = [(place, each.field) for place, each in enumerate(found) if each.field]
    folder = path.with_name("shapefile")
    folder.mkdir()
    try:
        places, fields = [p for p, _ in kept], [f for _, f in kept]
        layers = write_layers(folder, spool, fields, places, largest)
        told = "\r\n".join(_told(spool.content, found, layers))
        (folder / TOLD).write_text(told, encoding="utf-8", newline="")
        _pack(folder, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pack(folder: Path, path: Path) -> None:
    """Put all files of a folder into an archive, each removed once it is there."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(each.name, _NO_MOMENT)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _FILE_MODE
            entry.file_size = each.stat().st_size
            with each.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target, _CHUNK)
            each.unlink()


def _told(
    content: FileContent, found: Sequence[ShapefileField], layers: Sequence[str]
) -> Iterator[str]:
    """Yield the lines of the page, in French and then in English."""
    yield content.title
    for language in (Language.FRENCH, Language.ENGLISH):
        yield from ("", "")
        for text in _sentences(found, layers):
            yield text.said_in(language)
        yield ""
        yield Text(
            "champ ; colonne ; description", "field; column; description"
        ).said_in(language)
        for each in found:
            name = each.field.name if each.field else "—"
            description = " ".join(each.description.split())
            yield f"{name} ; {each.column} ; {description}".rstrip(" ;")
    yield ""


def _sentences(
    found: Sequence[ShapefileField], layers: Sequence[str]
) -> Iterator[Text]:
    """Yield what is to be known."""
    names = ", ".join(layers)
    yield Text(f"Couches : {names}.", f"Layers: {names}.")
    cut = ", ".join(f"{f.column} ({f.longest})" for f in found if f.field and f.is_cut)
    yield Text(
        f"Textes coupés à {LONGEST_TEXT} octets, avec la longueur du plus long : "
        f"{cut or 'aucun'}.",
        f"Texts cut at {LONGEST_TEXT} bytes, with the length of the longest: "
        f"{cut or 'none'}.",
    )
    lost = ", ".join(f.column for f in found if not f.field)
    yield Text(
        f"Colonnes absentes (binaires, ou au-delà de 255) : {lost or 'aucune'}.",
        f"Columns left out (binary, or beyond 255): {lost or 'none'}.",
    )
    yield _ALWAYS
