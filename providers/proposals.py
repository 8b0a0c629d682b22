"""Proposes the words of a new dataset, and drafts its description.

What a survey shows is proposed; what it does not show stays empty for a person.
Proposals count only once somebody approves them (`metadata.stated.Proposal`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator
from uuid import UUID, uuid4

from metadata.finding import Language
from metadata.measured import Source, Survey
from metadata.stated import (
    CollectionDescription,
    Description,
    Organisation,
    Proposal,
    Status,
)
from providers.proposals_text import (
    abstract,
    first_sentence,
    language_of,
    lineage,
    title,
)
from providers.proposals_words import (
    COMMENT,
    FIELD,
    FIELD_COMMENT,
    NAME,
    SENTENCE,
    Place,
    fold,
    name_parts,
    score,
    words,
)

RESERVED = frozenset({"catalogue"})
"""Collection ids that the service needs itself."""
_LONGEST = 60
"""Letters of an id at most: it is part of addresses and file names."""
_HASHED = 8
_KEYWORDS = 8


def propose(survey: Survey, organisation: Organisation) -> Proposal:
    """Return the words that a survey suggests, in the language of the records.

    Theme and topic are empty when no word speaks for one.
    """
    language = language_of(organisation.language)
    places = tuple(_places(survey))
    columns = [field.name for field in survey.fields]
    themes = score(words("themes"), places, columns)
    topics = score(words("topics"), places, columns)
    return Proposal(
        title=title(survey),
        abstract=abstract(survey, language),
        lineage=lineage(survey, language),
        producer=organisation.name,
        themes=themes.codes,
        topics=topics.codes,
        keywords=_keywords((*themes.keywords, *topics.keywords), language),
    )


def draft(
    survey: Survey,
    organisation: Organisation,
    *,
    taken: Collection[str],
    new_uuid: Callable[[], UUID] = uuid4,
) -> Description:
    """Return the draft of a dataset with one collection of the same id.

    Parameters
    ----------
    taken
        Ids of all datasets and collections there are.
    new_uuid
        Where the identifiers of the records come from.
    """
    identifier = new_id(survey.source, taken=taken)
    prefix = f"{organisation.country.lower()}-{organisation.siren}"
    return Description(
        id=identifier,
        identifier=f"{organisation.identifier_base.rstrip('/')}/{identifier}",
        record_identifier=f"{prefix}-jdd-{new_uuid()}",
        service_identifier=f"{prefix}-srv-{new_uuid()}",
        collections=(CollectionDescription(id=identifier, source=survey.source),),
        status=Status.DRAFT,
        proposed=propose(survey, organisation),
    )


def new_id(source: Source, *, taken: Collection[str]) -> str:
    """Return an id that is free: the table's name, else with schema, else with silo.

    Letters, digits, ``_`` and ``-`` in ASCII, beginning with a letter; the same
    table gives the same id as long as the same ids are taken.
    """
    used = {*taken, *RESERVED}
    return next(name for name in _candidates(source) if name not in used)


def _candidates(source: Source) -> Iterator[str]:
    """Yield ids of a table, the best first, without end."""
    container = re.sub(r"\.\w+$", "", source.container)
    yield _slug((source.table,), source)
    yield _slug((container, source.table), source)
    longest = _slug((source.silo, container, source.table), source)
    yield longest
    number = 2
    while True:
        yield f"{longest}_{number}"
        number += 1


def _slug(parts: tuple[str, ...], source: Source) -> str:
    """Return names as one ASCII word; a hash of the source where too little is left."""
    plain = [re.sub(r"[^a-z0-9-]+", "_", fold(part)).strip("_-") for part in parts]
    text = "_".join(part for part in plain if part)
    mark = hashlib.sha256(str(source).encode()).hexdigest()[:_HASHED]
    if not plain[-1]:
        # A name of emoji or of another alphabet: nothing of it can be written.
        text = "_".join([*filter(None, plain), mark])
    if not text[:1].isalpha():
        text = f"table_{text}"
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - _HASHED - 1].rstrip('_-')}_{mark}"


def _places(survey: Survey) -> Iterator[Place]:
    """Yield the texts of a survey in which words are looked for."""
    comment = survey.comment.strip()
    sentence = first_sentence(comment)
    yield Place(" ".join(name_parts(survey.source.table)), NAME)
    yield Place(sentence, SENTENCE)
    yield Place(comment[len(sentence) :], COMMENT)
    for field in survey.fields:
        yield Place(" ".join(name_parts(field.name)), FIELD)
        yield Place(field.comment, FIELD_COMMENT)


def _keywords(
    found: Collection[tuple[str, str]], language: Language
) -> tuple[str, ...]:
    """Return the words found that are of the language of the records, each once."""
    own = dict.fromkeys(word for said, word in found if said == language.value)
    return tuple(own)[:_KEYWORDS]
