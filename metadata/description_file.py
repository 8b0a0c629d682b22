"""Writes ``datasets/<id>.yml``: drafts, approvals, withdrawals.

A person's words, comments and order of lines are never touched: a file that
exists is changed in place, at the lines that must change and nowhere else.
Every file is written aside and renamed, so that no reader sees half of one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from metadata.description import approved, read_description
from metadata.description_yaml import NOTHING
from metadata.errors import DescriptionError
from metadata.finding import Language, Text
from metadata.stated import Description, Proposal, Status

_HEADER = Text(
    fr=(
        "# Brouillon. Rien ne sort tant que personne ne l'a approuvé :\n"
        "#   passerelle approve {id}\n"
        "# « proposed » contient des propositions ; à l'approbation, elles comblent\n"
        "# ce qui n'est pas écrit ici (title, abstract, lineage, themes…).\n"
    ),
    en=(
        "# A draft. Nothing goes out until a person approves it:\n"
        "#   passerelle approve {id}\n"
        "# “proposed” holds proposals; on approval they fill what is not written\n"
        "# here (title, abstract, lineage, themes…).\n"
    ),
)
_TOP = ("id", "status", "access", "proposed", "title", "abstract", "silo")


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key; words that look like numbers quoted."""

    def increase_indent(
        self,
        flow: bool = False,
        indentless: bool = False,  # noqa: ARG002  (PyYAML's signature)
    ) -> None:
        super().increase_indent(flow, indentless=False)


class _Words(VersionedResolver):
    """Give no plain word a type, as `metadata.description_yaml` does not.

    As a number, ``+33143934567`` would be written back without its sign.
    """

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is not ScalarNode or not implicit[0]:
            return super().resolve(kind, value, implicit)
        if value in NOTHING:
            return Tag(suffix="tag:yaml.org,2002:null")
        return self.DEFAULT_SCALAR_TAG


def write_draft(folder: Path, description: Description, language: Language) -> Path:
    """Write a new description; return its file.

    Raises
    ------
    FileExistsError
        There is one already: a person's words are never overwritten.
    """
    path = folder / f"{description.id}.yml"
    header = _HEADER.said_in(language).format(id=description.id)
    data = plain(description)
    body = yaml.dump(
        data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=88
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_new_aside(path, header + body)
    return path


def approve_file(path: Path) -> Description:
    """Make a draft published, its proposals filling what nobody stated.

    Returns
    -------
    Description
        As it stands in the file now.

    Raises
    ------
    metadata.errors.DescriptionError
        The file cannot be read, or could not once changed.
    """
    before = read_description(path)
    after = approved(before)
    editor, document = _open(path)
    document["status"] = Status.PUBLISHED.value
    position = list(document).index("proposed") if "proposed" in document else 1
    document.pop("proposed", None)
    for part in reversed(fields(Proposal)):
        value = getattr(after, part.name)
        if value != getattr(before, part.name):
            document.pop(part.name, None)
            document.insert(position, part.name, _plain_value(value))
    _save(path, editor, document)
    return read_description(path)


def withdraw_file(path: Path) -> Description:
    """Mark a description as withdrawn, and change nothing else in it.

    Raises
    ------
    metadata.errors.DescriptionError
        The file cannot be read.
    """
    read_description(path)
    editor, document = _open(path)
    document["status"] = Status.WITHDRAWN.value
    _save(path, editor, document)
    return read_description(path)


def plain(value: Any) -> dict[str, Any]:
    """Return a dataclass as YAML would hold it, without what is default."""
    said = {
        part.name: _plain_value(getattr(value, part.name))
        for part in fields(value)
        if not _is_default(part, getattr(value, part.name)) or part.name == "status"
    }
    return {name: said[name] for name in sorted(said, key=_position)}


def _position(name: str) -> int:
    """Put what a person reads first at the top; identifiers go below."""
    return _TOP.index(name) if name in _TOP else len(_TOP)


def _is_default(part: Field[Any], value: Any) -> bool:
    if part.default is not MISSING:
        return bool(value == part.default)
    if part.default_factory is not MISSING:
        return bool(value == part.default_factory())
    return False


def _plain_value(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, list)):
        return [_plain_value(item) for item in value]
    return value


def _open(path: Path) -> tuple[YAML, CommentedMap]:
    """Load a file so that it can be written back as it was."""
    editor = YAML()
    editor.Resolver = _Words
    editor.preserve_quotes = True
    editor.width = 10_000
    editor.indent(mapping=2, sequence=4, offset=2)
    document = editor.load(_without_header(path.read_text(encoding="utf-8")))
    if not isinstance(document, CommentedMap):
        raise DescriptionError([])
    return editor, document


def _without_header(text: str) -> str:
    """Drop what `write_draft` said of drafts, once it is none any more."""
    for language in Language:
        first, *rest = _HEADER.said_in(language).splitlines()
        if text.startswith(first):
            lines = text.splitlines(keepends=True)
            return "".join(lines[len(rest) + 1 :])
    return text


def _save(path: Path, editor: YAML, document: CommentedMap) -> None:
    text = StringIO()
    editor.dump(document, text)
    write_aside(path, text.getvalue())


def write_aside(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half."""
    with _aside(path, text) as aside:
        aside.replace(path)


def write_new_aside(path: Path, text: str) -> None:
    """Write a file that is new so that a reader sees all of it or none.

    Raises
    ------
    FileExistsError
        There is one already, or somebody else was first.
    """
    with _aside(path, text) as aside:
        try:
            os.link(aside, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            _write_exclusively(path, text)


def _write_exclusively(path: Path, text: str) -> None:
    """Write a new file in place; a half of it is not left behind."""
    with path.open("x", encoding="utf-8") as file:
        try:
            file.write(text)
        except OSError:
            path.unlink()
            raise


@contextmanager
def _aside(path: Path, text: str) -> Iterator[Path]:
    """Write a text to the disk, into a file beside another; it is gone afterwards."""
    aside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with aside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield aside
    finally:
        aside.unlink(missing_ok=True)
