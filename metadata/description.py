"""Reads what a person wrote in YAML: descriptions, and any other typed file.

Read strictly, as YAML 1.2: ``no`` and ``01001`` are words, a key
given twice is an error, and so is a key that nobody knows. All problems of a
file are reported at once, each with its line.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from metadata.description_problems import Lines, problem, problems_of, where
from metadata.errors import DescriptionError
from metadata.finding import Finding, Text
from metadata.stated import Description, Proposal, Status

T = TypeVar("T")
RESERVED = frozenset({"catalogue"})
"""Collection ids that belong to the service itself."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE)


class _Loader(yaml.CSafeLoader):
    """The words that have a type, as in YAML 1.2; dates are left to the types."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own form)


for _tag, _pattern, _first in (
    ("bool", r"true|false|True|False", "tfTF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?",
        "-+0123456789",
    ),
    ("null", r"~|null|Null|", "~nN\0"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(f"(?:{_pattern})$"),
        [letter if letter != "\0" else "" for letter in _first],
    )


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
    description, lines = _read(path, Description)
    problems = list(_own_problems(path, description, lines))
    if problems:
        raise DescriptionError(problems)
    return description


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
    return _read(path, kind)[0]


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


def _read(path: Path, kind: type[T]) -> tuple[T, Lines]:
    """Read and validate one file; also say where each key stands."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DescriptionError([_unreadable(path, error)]) from error
    lines: Lines = {}
    repeated: list[Finding] = []
    try:
        node = yaml.compose(text, _Loader)
        loader = _Loader("")
        data = _plain(loader, node, (), lines, repeated, path) if node else {}
    except (yaml.YAMLError, ValueError) as error:
        raise DescriptionError([_not_yaml(path, error)]) from error
    try:
        value = _adapter(kind).validate_python(data)
    except ValidationError as error:
        found = problems_of(path, error, lines)
        raise DescriptionError([*repeated, *found]) from error
    if repeated:
        raise DescriptionError(repeated)
    return value, lines


def _plain(
    loader: _Loader,
    node: yaml.Node,
    place: tuple[str | int, ...],
    lines: Lines,
    repeated: list[Finding],
    path: Path,
) -> Any:
    """Build the value of a node, noting the line of every key on the way."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [
            _plain(loader, child, (*place, index), lines, repeated, path)
            for index, child in enumerate(node.value)
        ]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    value: dict[Hashable, Any] = {}
    for key_node, child in node.value:
        key = str(key_node.value)
        inner = (*place, key)
        if key in value:
            repeated.append(_repeated(path, key_node.start_mark.line + 1, inner))
        lines[inner] = key_node.start_mark.line + 1
        value[key] = _plain(loader, child, inner, lines, repeated, path)
    return value


def _own_problems(
    path: Path, description: Description, lines: Lines
) -> Iterator[Finding]:
    """Find what the types cannot say about one description."""
    subject = where(path, lines.get(("id",), 1))
    if description.id != path.stem:
        yield problem(
            "description.id",
            subject,
            "id",
            Text(
                f"« {description.id} » n'est pas le nom du fichier ({path.stem}).",
                f"“{description.id}” is not the name of the file ({path.stem}).",
            ),
            Text(
                "Rendez son nom au fichier : l'identifiant ne change jamais.",
                "Give the file its name back: the identifier never changes.",
            ),
        )
    if not description.collections:
        yield problem(
            "description.collections",
            subject,
            "collections",
            Text("Aucune collection n'est citée.", "No collection is named."),
            Text("Citez au moins une table.", "Name at least one table."),
        )
    for number, collection in enumerate(description.collections):
        if not _SLUG.fullmatch(collection.id) or collection.id in RESERVED:
            line = lines.get(("collections", number, "id"), 1)
            yield problem(
                "description.collection-id",
                where(path, line),
                f"collections.{number}.id",
                Text(
                    f"« {collection.id} » ne peut pas être un identifiant.",
                    f"“{collection.id}” cannot be an identifier.",
                ),
                Text(
                    "Lettres ASCII, chiffres, - et _ ; « catalogue » est réservé.",
                    "ASCII letters, digits, - and _; “catalogue” is reserved.",
                ),
            )


def _clashes(found: Iterable[Description]) -> Iterator[Finding]:
    """Find identifiers that two descriptions share; the later one is barred."""
    seen: dict[tuple[str, str], str] = {}
    for description in found:
        names: list[tuple[str, str]] = [
            ("identifier", description.identifier),
            ("record_identifier", description.record_identifier),
            ("service_identifier", description.service_identifier),
            *(("collections.id", c.id) for c in description.collections),
        ]
        for name in names:
            first = seen.setdefault(name, description.id)
            if first != description.id or names.count(name) > 1:
                yield _clash(description.id, name, first)
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


def _repeated(path: Path, line: int, place: tuple[str | int, ...]) -> Finding:
    return problem(
        "description.repeated",
        where(path, line),
        ".".join(map(str, place)),
        Text("Cette clé est donnée deux fois.", "This key is given twice."),
        Text("Gardez-en une seule.", "Keep one of them."),
    )


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> Finding:
    said = getattr(error, "strerror", None) or "UTF-8"
    return problem(
        "description.unreadable",
        str(path),
        "",
        Text(f"Le fichier ne peut être lu : {said}.", f"Cannot be read: {said}."),
        Text(
            "Vérifiez le chemin, les droits et l'encodage (UTF-8).",
            "Check the path, the rights and the encoding (UTF-8).",
        ),
    )


def _not_yaml(path: Path, error: yaml.YAMLError | ValueError) -> Finding:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error)
    return problem(
        "description.syntax",
        where(path, mark.line + 1 if mark else 1),
        "",
        Text(f"Ce n'est pas du YAML : {said}.", f"This is not YAML: {said}."),
        Text(
            "Vérifiez les retraits, les guillemets et les deux-points.",
            "Check indentation, quotes and colons.",
        ),
    )
