"""GeoPackage copies of other vector files, so that their features can be queried.

GeoJSON, Shapefile and the like have neither an index nor a way to ask. The first
reader of such a file makes a copy of it as GeoPackage, below the system's folder
of temporary files; a file that changes is copied anew, and its old copy removed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import fiona

from metadata.errors import SourceRefused
from providers.vector_survey_formats import FORMATS, GEOMETRY, translated

_KEY = "passerelle_fid"
"""Column of the copy's own key, which is no column of the file."""


def is_copied(path: Path) -> bool:
    """Tell whether a file of this name is read through a copy."""
    return path.suffix.lower() in FORMATS


def geopackage_copy(path: Path) -> Path:
    """Return the copy of a file as it is now, made first where there is none.

    Raises
    ------
    providers.vector_survey_layer.FileUnreadable
        GDAL cannot read the file, or the copy cannot be written.
    OSError
        There is no such file.
    """
    name, version = _name(path), _version(path)
    folder = _folder()
    copy = folder / f"{name}-{version}.gpkg"
    if copy.exists():
        return copy
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        unfinished = Path(aside) / copy.name
        _write(path, unfinished)
        unfinished.replace(copy)
    for older in folder.glob(f"{name}-*.gpkg"):
        if older != copy:
            older.unlink(missing_ok=True)
    return copy


def _write(path: Path, target: Path) -> None:
    """Copy every layer of a file."""
    driver = FORMATS[path.suffix.lower()].driver
    with translated():
        layers = fiona.listlayers(path) if path.is_dir() else [None]
        for layer in layers:
            with fiona.open(path, layer=layer, enabled_drivers=[driver]) as source:
                schema = {**source.schema}
                if schema["geometry"] != "None":
                    schema["geometry"] = "Unknown"
                with fiona.open(
                    target,
                    "w",
                    driver="GPKG",
                    layer=source.name,
                    schema=schema,
                    crs=source.crs,
                    FID=_KEY,
                    GEOMETRY_NAME=GEOMETRY,
                ) as copy:
                    copy.writerecords(source)


def _name(path: Path) -> str:
    """Return what all copies of one file have in common."""
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:24]


def _version(path: Path) -> str:
    """Return what tells the present content of a file from an earlier one."""
    parts = sorted(path.iterdir()) if path.is_dir() else _parts(path)
    marks = ((p.name, s.st_mtime_ns, s.st_size) for p in parts for s in [p.stat()])
    return hashlib.sha256(repr(tuple(marks)).encode()).hexdigest()[:16]


def _parts(path: Path) -> list[Path]:
    """Return a file and those that belong to it (``.dbf`` and so on)."""
    path.stat()
    if FORMATS[path.suffix.lower()].driver not in {"ESRI Shapefile", "MapInfo File"}:
        return [path]
    return sorted(p for p in path.parent.iterdir() if p.stem == path.stem)


def _folder() -> Path:
    """Return the folder of copies, which belongs to this account alone.

    Raises
    ------
    SourceRefused
        Somebody else made a folder of that name.
    """
    folder = Path(tempfile.gettempdir()) / f"passerelle-copies-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        message = f"{folder} belongs to somebody else."
        raise SourceRefused(message)
    return folder
