"""The words that only a person can give: title, abstract, lineage, producer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Final

from metadata.checks.model.judged import Judged, Requirement
from metadata.checks.rules import Flaw, flaw
from metadata.stated import Proposal

_NOT_IN_XML: Final = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_NO_LETTER: Final = re.compile(r"[\W_]+")


def title_stated(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset has a title."""
    yield from _stated(judged, "title")


def abstract_stated(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset has an abstract, stated or from the tables' comments."""
    if not judged.dataset.abstract.strip() and not judged.offered.abstract:
        yield flaw("missing", "abstract")


def lineage_stated(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset says how the data came to be."""
    yield from _stated(judged, "lineage")


def producer_stated(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset says who made the data."""
    yield from _stated(judged, "producer")


def _stated(judged: Judged, name: str) -> Iterator[Flaw]:
    said: str = getattr(judged.stated, name)
    if not said.strip() and not getattr(judged.offered, name):
        yield flaw("missing", name)


def words_approved(judged: Judged) -> Iterator[Flaw]:
    """Check that no word is only proposed: such words do not count."""
    for part in fields(Proposal):
        offered = getattr(judged.offered, part.name)
        if offered and not getattr(judged.stated, part.name):
            found = offered if isinstance(offered, str) else ", ".join(offered)
            yield flaw("proposed", part.name, name=part.name, found=found)


def abstract_long_enough(judged: Judged) -> Iterator[Flaw]:
    """Check that an abstract is at least a sentence."""
    length = len(judged.dataset.abstract.strip())
    least = int(judged.rules.limits["abstract_characters"])
    if 0 < length < least:
        yield flaw("short", "abstract", count=str(length), least=str(least))


def title_not_table_name(judged: Judged) -> Iterator[Flaw]:
    """Check that a title is for people: not the name of the table."""
    title = judged.stated.title
    names = [c.survey.source.table for c in judged.dataset.collections]
    names += [c.source.table for c in judged.stated.collections]
    if title.strip() and _plain(title) in {_plain(name) for name in names}:
        yield flaw("same", "title", found=title)


def _plain(name: str) -> str:
    return _NO_LETTER.sub(" ", name).strip().casefold()


def characters_legal(judged: Judged) -> Iterator[Flaw]:
    """Check that a stated text holds only characters that XML can hold."""
    for element, said in _texts(judged.stated, ""):
        yield from _illegal(element, said)


def organisation_characters_legal(judged: Judged) -> Iterator[Flaw]:
    """Check that the organisation's texts hold only characters of XML."""
    for element, said in _texts(judged.organisation, "organisation"):
        yield from _illegal(element, said)


def _illegal(element: str, said: str) -> Iterator[Flaw]:
    match = _NOT_IN_XML.search(said)
    if match:
        yield flaw("illegal", element, found=f"U+{ord(match[0]):04X}")


def _texts(held: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield every text inside, with the path of keys that leads to it."""
    if isinstance(held, str):
        yield place, held
    elif isinstance(held, Mapping):
        for key, part in held.items():
            yield from _texts(key, f"{place}.{key}")
            yield from _texts(part, f"{place}.{key}")
    elif isinstance(held, tuple):
        for number, part in enumerate(held):
            yield from _texts(part, f"{place}.{number}")
    elif is_dataclass(held):
        for part in fields(held):
            inner = f"{place}.{part.name}" if place else part.name
            yield from _texts(getattr(held, part.name), inner)


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "dataset.title.missing": title_stated,
        "dataset.abstract.missing": abstract_stated,
        "dataset.lineage.missing": lineage_stated,
        "dataset.producer.missing": producer_stated,
        "dataset.words.proposed": words_approved,
        "dataset.abstract.short": abstract_long_enough,
        "dataset.title.table-name": title_not_table_name,
        "dataset.text.illegal": characters_legal,
        "organisation.text.illegal": organisation_characters_legal,
    }
)
