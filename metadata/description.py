"""Reads what a person wrote in YAML: descriptions, and any other typed file.

Read strictly, as `metadata.description_yaml` does: ``no`` and ``01001`` are words, a
key given twice is an error, and so is a key that nobody knows. All problems of a
file are reported at once, each with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from metadata.description_problems import Lines, Place, problem, problems_of, where
from metadata.description_yaml import NotYaml, Value, read_text
from metadata.errors import DescriptionError
from metadata.finding import Finding, Severity, Text
from metadata.stated import Description, Proposal, Status

T = TypeVar("T")
RESERVED = frozenset({"catalogue"})
"""Collection ids that belong to the service itself."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class _File:
    """One YAML file that could be read, before its types are looked at."""

    path: Path
    value: Value
    lines: Lines
    problems: tuple[Finding, ...]
    """Keys given twice."""


@dataclass(frozen=True)
class Descriptions:
    """All descriptions of a folder."""

    found: tuple[Description, ...]
    """Those that can be read, by id."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with the others, and between them."""
    unusable: tuple[str, ...] = ()
    """Ids of the others: what was published of them stays as it is."""


def read_description(path: Path) -> Description:
    """Read one ``datasets/<id>.yml``.

    Raises
    ------
    DescriptionError
        With every problem of the file.
    """
    file = _load(path)
    own = _own_problems(file)
    return _typed(file, Description, own)


def read_descriptions(folder: Path) -> Descriptions:
    """Read every ``*.yml`` of a folder; an unreadable one is a finding."""
    found: list[Description] = []
    findings: list[Finding] = []
    unusable: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        try:
            found.append(read_description(path))
        except DescriptionError as error:
            findings.extend(error.findings)
            unusable.append(path.stem)
    findings.extend(_not_read(path) for path in sorted(folder.glob("*.yaml")))
    clashes = tuple(_clashes(found))
    barred = [finding.subject for finding in clashes]
    return Descriptions(
        found=tuple(d for d in found if d.id not in barred),
        findings=(*findings, *clashes),
        unusable=(*unusable, *barred),
    )


def read_yaml(path: Path, kind: type[T]) -> T:
    """Read a YAML file into a frozen dataclass.

    Raises
    ------
    DescriptionError
        With every problem of the file: not there, not YAML, keys unknown,
        missing or of the wrong type.
    """
    return _typed(_load(path), kind, ())


def approved(description: Description) -> Description:
    """Return the description as it will be once a person approves it.

    What the survey proposed fills what nobody stated, and nothing else.
    """
    proposed = description.proposed
    filled = {
        part.name: getattr(proposed, part.name)
        for part in fields(Proposal)
        if not getattr(description, part.name)
    }
    return replace(description, status=Status.PUBLISHED, proposed=Proposal(), **filled)


def description_schema() -> dict[str, Any]:
    """Return the JSON Schema of a description, for editors that complete it."""
    schema = _adapter(Description).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


_adapters: dict[type, TypeAdapter[Any]] = {}


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    """Return the validator of a type, made once."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def _load(path: Path) -> _File:
    """Read one file as far as it is YAML."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DescriptionError([_unreadable(path, error)]) from error
    try:
        written = read_text(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DescriptionError([_not_utf8(path, line)]) from error
    except NotYaml as error:
        raise DescriptionError([_not_yaml(path, error)]) from error
    return _File(
        path=path,
        value={} if written.value is None else written.value,
        lines=written.lines,
        problems=tuple(_repeated(path, written.lines, p) for p in written.repeated),
    )


def _typed(file: _File, kind: type[T], own: Iterable[Finding]) -> T:
    """Give a file its types; whatever is wrong with it is said at once."""
    problems = [*file.problems, *own]
    try:
        value = _adapter(kind).validate_python(file.value)
    except ValidationError as error:
        problems += problems_of(file.path, error, file.lines)
        raise DescriptionError(sorted(problems, key=_line)) from error
    if problems:
        raise DescriptionError(sorted(problems, key=_line))
    return value


def _line(finding: Finding) -> int:
    """Return the line in a subject that `where` made."""
    return int(finding.subject.rpartition(":")[2])


def _own_problems(file: _File) -> Iterator[Finding]:
    """Find what the types cannot say about one description.

    Looked for in the values as they are written, so that a wrong type elsewhere
    does not hide it.
    """
    if not isinstance(file.value, dict):
        return
    yield from _id_problems(file, file.value.get("id"))
    collections = file.value.get("collections")
    if collections == []:
        yield problem(
            "description.collections",
            where(file.path, file.lines.get(("collections",), 1)),
            "collections",
            Text("Aucune collection n'est citée.", "No collection is named."),
            Text("Citez au moins une table.", "Name at least one table."),
        )
    for number, collection in enumerate(_listed(collections)):
        said = collection.get("id") if isinstance(collection, dict) else None
        if isinstance(said, str) and (not _SLUG.fullmatch(said) or said in RESERVED):
            yield _no_slug(file, ("collections", number, "id"), said)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _id_problems(file: _File, said: Value) -> Iterator[Finding]:
    """Check that the id is the name of the file, and can be part of an address."""
    if not isinstance(said, str):
        return
    if said != file.path.stem:
        yield problem(
            "description.id",
            where(file.path, file.lines.get(("id",), 1)),
            "id",
            Text(
                f"« {said} » n'est pas le nom du fichier ({file.path.stem}).",
                f"“{said}” is not the name of the file ({file.path.stem}).",
            ),
            Text(
                "Rendez son nom au fichier : l'identifiant ne change jamais.",
                "Give the file its name back: the identifier never changes.",
            ),
        )
    if not _SLUG.fullmatch(said):
        yield _no_slug(file, ("id",), said)


def _no_slug(file: _File, place: Place, said: str) -> Finding:
    return problem(
        "description.collection-id" if len(place) > 1 else "description.id-form",
        where(file.path, file.lines.get(place, 1)),
        ".".join(map(str, place)),
        Text(
            f"« {said} » ne peut pas être un identifiant.",
            f"“{said}” cannot be an identifier.",
        ),
        Text(
            "Lettres ASCII, chiffres, - et _ ; « catalogue » est réservé.",
            "ASCII letters, digits, - and _; “catalogue” is reserved.",
        ),
    )


def _clashes(found: Iterable[Description]) -> Iterator[Finding]:
    """Find identifiers that two descriptions share; the later one is barred.

    The identifiers of all records, of data and of services, are of one kind: a
    catalogue holds them side by side.
    """
    seen: dict[tuple[str, str], str] = {}
    for description in found:
        names: list[tuple[str, str, str]] = [
            ("identifier", "identifier", description.identifier),
            ("record", "record_identifier", description.record_identifier),
            ("record", "service_identifier", description.service_identifier),
            *(("collection", "collections.id", c.id) for c in description.collections),
        ]
        keys = [(kind, value) for kind, _, value in names]
        for kind, element, value in names:
            first = seen.setdefault((kind, value), description.id)
            if first != description.id or keys.count((kind, value)) > 1:
                yield _clash(description.id, (element, value), first)
                break


def _clash(dataset_id: str, name: tuple[str, str], first: str) -> Finding:
    element, value = name
    return problem(
        "description.clash",
        dataset_id,
        element,
        Text(
            f"« {value} » est déjà pris par {first}.", f"“{value}” is taken by {first}."
        ),
        Text(
            "Donnez-lui un identifiant à lui, ou retirez l'un des deux fichiers.",
            "Give it one of its own, or remove one of the two files.",
        ),
    )


def _not_read(path: Path) -> Finding:
    """Warn of a file that a person will miss: only ``*.yml`` are descriptions."""
    return replace(
        problem(
            "description.ending",
            f"{path.parent.name}/{path.name}",
            "",
            Text(
                "Ce fichier n'est pas lu : son nom ne finit pas par .yml.",
                "This file is not read: its name does not end in .yml.",
            ),
            Text(
                f"Renommez-le {path.stem}.yml, ou retirez-le.",
                f"Rename it {path.stem}.yml, or remove it.",
            ),
        ),
        severity=Severity.WARNING,
    )


def _repeated(path: Path, lines: Lines, place: Place) -> Finding:
    return problem(
        "description.repeated",
        where(path, lines[place]),
        ".".join(map(str, place)),
        Text("Cette clé est donnée deux fois.", "This key is given twice."),
        Text("Gardez-en une seule.", "Keep one of them."),
    )


def _unreadable(path: Path, error: OSError) -> Finding:
    said = error.strerror or str(error)
    return problem(
        "description.unreadable",
        str(path),
        "",
        Text(f"Le fichier ne peut être lu : {said}.", f"Cannot be read: {said}."),
        Text("Vérifiez le chemin et les droits.", "Check the path and the rights."),
    )


def _not_utf8(path: Path, line: int) -> Finding:
    return problem(
        "description.unreadable",
        where(path, line),
        "",
        Text("Le fichier n'est pas en UTF-8.", "The file is not UTF-8."),
        Text("Enregistrez-le en UTF-8.", "Save it as UTF-8."),
    )


def _not_yaml(path: Path, error: NotYaml) -> Finding:
    return problem(
        "description.syntax",
        where(path, error.line),
        "",
        Text(
            f"Ce n'est pas du YAML lisible : {error.reason.fr}.",
            f"This is no YAML that can be read: {error.reason.en}.",
        ),
        error.hint,
    )
