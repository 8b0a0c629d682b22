"""Surveys files: one vector file, or a folder of them and of folders.

A layer's container is the path of its file below the folder (its name, for a
silo that is one file). A file that cannot be read is a finding about the file,
or about each of its tables that was asked for: nobody may take them for gone.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path

from metadata.errors import SourceUnreachable
from metadata.finding import Finding, Text
from metadata.measured import Source, Survey
from providers import vector_survey_formats, vector_survey_geopackage
from providers.change import file_marks, marked
from providers.configuration import SiloConfiguration
from providers.survey_findings import survey_finding
from providers.surveyed import Progress, Surveyed, in_order, is_wanted
from providers.vector_survey_geopackage_measure import measure_layer
from providers.vector_survey_layer import FileUnreadable, Layer

_GEOPACKAGE = ".gpkg"


@dataclass
class _Found:
    """Layers and findings, file by file."""

    layers: list[Layer] = field(default_factory=list)
    """Those wanted."""
    alone: set[Path] = field(default_factory=set)
    """Files that hold a single layer."""
    findings: list[Finding] = field(default_factory=list)


def survey_structure(silo: SiloConfiguration, *, now: datetime) -> Surveyed:
    """Read the heads of all files.

    Raises
    ------
    metadata.errors.SourceUnreachable
        There is nothing at the address, or it may not be read.
    """
    _require(silo)
    found = _find(silo, None, now)
    findings = [*found.findings, *(f for x in found.layers for f in x.findings)]
    return in_order([layer.survey for layer in found.layers], findings, silo=silo.name)


def survey_silo(
    silo: SiloConfiguration,
    *,
    now: datetime,
    sources: Collection[Source] | None,
    progress: Progress | None,
) -> Surveyed:
    """Read the heads of all files, then every geometry.

    Raises
    ------
    metadata.errors.SourceUnreachable
        There is nothing at the address, or it may not be read.
    """
    _require(silo)
    marks = file_marks(silo)
    found = _find(silo, sources, now)
    surveys: list[Survey] = []
    findings = list(found.findings)
    total = len(found.layers)
    if progress is not None:
        progress(0, total)
    for done, layer in enumerate(found.layers, start=1):
        try:
            survey, wrong = _measure(layer, is_alone=layer.path in found.alone)
        except FileUnreadable as error:
            findings.append(_layer_finding(layer.survey.source, error))
        else:
            surveys.append(survey)
            findings.extend(wrong)
        if progress is not None:
            progress(done, total)
    return marked(in_order(surveys, findings, silo=silo.name), marks)


def _measure(layer: Layer, *, is_alone: bool) -> tuple[Survey, list[Finding]]:
    if layer.path.suffix.lower() == _GEOPACKAGE:
        return measure_layer(layer, is_alone=is_alone)
    return vector_survey_formats.measure_layer(layer, is_alone=is_alone)


def _find(
    silo: SiloConfiguration, sources: Collection[Source] | None, now: datetime
) -> _Found:
    """Read the head of every file that may hold something wanted."""
    found = _Found()
    for path, container in _files(silo, found.findings):
        if not _may_hold(silo, container, sources):
            continue
        try:
            layers = _read_layers(path, silo.name, container, now)
        except FileUnreadable as error:
            found.findings.extend(_file_findings(silo, container, sources, error))
            continue
        found.layers.extend(
            layer for layer in layers if is_wanted(silo, layer.survey.source, sources)
        )
        if len(layers) == 1:
            found.alone.add(path)
    if sources is None and not found.layers and not found.findings:
        found.findings.append(survey_finding("empty", silo.name))
    return found


def _read_layers(
    path: Path, silo: str, container: str, now: datetime
) -> tuple[Layer, ...]:
    if path.suffix.lower() == _GEOPACKAGE:
        return vector_survey_geopackage.read_layers(
            path, silo=silo, container=container, now=now
        )
    return vector_survey_formats.read_layers(
        path, silo=silo, container=container, now=now
    )


def _may_hold(
    silo: SiloConfiguration, container: str, sources: Collection[Source] | None
) -> bool:
    """Tell whether a file is worth opening."""
    if sources is not None:
        return any(source.container == container for source in sources)
    return not any(
        fnmatchcase(container, pattern) or pattern == f"{container}.*"
        for pattern in silo.exclude
    )


def _files(
    silo: SiloConfiguration, findings: list[Finding]
) -> Iterator[tuple[Path, str]]:
    """Yield each vector file with its container; folders that fail are findings."""
    root = Path(silo.location)
    if _is_vector(root):
        yield root, root.name
        return

    def failed(error: OSError) -> None:
        folder = Path(error.filename).relative_to(root).as_posix()
        findings.append(survey_finding("folder-unreadable", silo.name, folder=folder))

    for folder, folders, files in os.walk(root, onerror=failed):
        here = Path(folder)
        geodatabases = sorted(name for name in folders if _is_vector(here / name))
        # Hidden folders hold versions and caches; a geodatabase is no folder.
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in geodatabases
        )
        for name in sorted([*files, *geodatabases]):
            path = here / name
            if _is_vector(path) and not name.startswith("."):
                yield path, path.relative_to(root).as_posix()


def _is_vector(path: Path) -> bool:
    """Tell by its ending whether a file is read at all."""
    ending = path.suffix.lower()
    if ending == ".gdb":
        return path.is_dir()
    return (
        ending in vector_survey_formats.FORMATS or ending == _GEOPACKAGE
    ) and path.is_file()


def _require(silo: SiloConfiguration) -> None:
    """Refuse a silo that is not there.

    Raises
    ------
    metadata.errors.SourceUnreachable
        It is not there, of a kind that is not read, or not readable.
    """
    root, name = Path(silo.location), silo.name
    if not root.exists():
        raise SourceUnreachable(
            Text(
                f"Silo « {name} » : il n'y a ni fichier ni dossier {root}.",
                f"Silo “{name}”: there is no file or folder {root}.",
            ),
            hint=Text(
                "Corrigez son chemin dans passerelle.yml.",
                "Correct its path in passerelle.yml.",
            ),
        )
    if not os.access(root, os.R_OK):
        raise SourceUnreachable(
            Text(
                f"Silo « {name} » : {root} n'est pas lisible.",
                f"Silo “{name}”: {root} may not be read.",
            ),
            hint=Text(
                "Donnez à l'utilisateur de Passerelle le droit de le lire.",
                "Give Passerelle's user the right to read it.",
            ),
        )
    if not root.is_dir() and not _is_vector(root):
        known = ", ".join([_GEOPACKAGE, *vector_survey_formats.FORMATS])
        raise SourceUnreachable(
            Text(
                f"Silo « {name} » : {root.name} n'est pas un format vectoriel connu.",
                f"Silo “{name}”: {root.name} is no vector file that is known.",
            ),
            hint=Text(f"Extensions connues : {known}.", f"Known endings: {known}."),
        )


def _file_findings(
    silo: SiloConfiguration,
    container: str,
    sources: Collection[Source] | None,
    error: FileUnreadable,
) -> Iterator[Finding]:
    """Yield that a file fails, for each table of it that was asked for."""
    subjects: list[str] = [f"{silo.name}:{container}"]
    if sources is not None:
        subjects = [str(source) for source in sources if source.container == container]
    for subject in subjects:
        yield survey_finding(
            "file-unreadable",
            subject,
            element="source",
            file=container,
            said_fr=error.said.fr,
            said_en=error.said.en,
        )


def _layer_finding(source: Source, error: FileUnreadable) -> Finding:
    return survey_finding(
        "layer-unreadable",
        source,
        element="source",
        said_fr=error.said.fr,
        said_en=error.said.en,
    )
