"""Contacts that name a person where a role is asked for, and columns about persons.

A name is told by how the address is made and by lists of words
(``codelists/contact_words.toml``): what cannot be told, such as ``jdupont@``, is let
pass.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from metadata.checks.model.judged import Judged, Requirement
from metadata.checks.rules import Flaw, flaw
from metadata.dataset import published_columns
from metadata.stated import Access

_SEPARATORS: Final = re.compile(r"[._-]+")
_WORD: Final = re.compile(r"[a-z]+")
_LONG: Final = 6
"""Letters from which on a role is seen at the beginning of a word, too."""
_MOBILE: Final = re.compile(r"(?:\+33|0033|0)(?:0)?[67]\d{8}")
_TITLE: Final = re.compile(r"(?:m|mme|mlle|mr|mrs|ms|monsieur|madame)\.?\s+\S", re.I)


def emails_of_roles(judged: Judged) -> Iterator[Flaw]:
    """Check that a contact is a role that outlives the person who holds it."""
    for number, contact in enumerate(judged.stated.contacts):
        if names_person(contact.email, of=contact.organisation):
            element = f"contacts.{number}.email"
            yield flaw("personal", element, found=contact.email)


def organisation_email_of_role(judged: Judged) -> Iterator[Flaw]:
    """Check that the organisation's contact is a role."""
    stated = judged.organisation
    if names_person(stated.email, of=stated.name):
        yield flaw("personal", "organisation.email", found=stated.email)


def phones_of_roles(judged: Judged) -> Iterator[Flaw]:
    """Check that a contact's telephone is on a desk, not in a pocket."""
    for number, contact in enumerate(judged.stated.contacts):
        if is_mobile(contact.phone):
            yield flaw("mobile", f"contacts.{number}.phone", found=contact.phone)


def organisation_phone_of_role(judged: Judged) -> Iterator[Flaw]:
    """Check that the organisation's telephone is none in a pocket."""
    if is_mobile(judged.organisation.phone):
        found = judged.organisation.phone
        yield flaw("mobile", "organisation.phone", found=found)


def names_of_roles(judged: Judged) -> Iterator[Flaw]:
    """Check that the name of a contact is that of a service or a function."""
    for number, contact in enumerate(judged.stated.contacts):
        if _TITLE.match(contact.name.strip()):
            yield flaw("person", f"contacts.{number}.name", found=contact.name)


def columns_of_things(judged: Judged) -> Iterator[Flaw]:
    """Check that open data have no column about persons that nobody looked at.

    Whoever describes such a column in ``columns.describe`` has looked at it.
    """
    if judged.stated.access is not Access.OPEN:
        return
    for collection in judged.dataset.collections:
        described = collection.description.columns.describe
        for column in published_columns(collection):
            name = column.field.name
            if name not in described and _of_persons(name):
                element = f"collections.{collection.id}.columns"
                yield flaw("persons", element, found=name)


def _of_persons(column: str) -> bool:
    """Tell whether a column is called like something that persons have."""
    words = _WORD.findall(_folded(column))
    return any(word.removesuffix("s") in _words("columns_of_persons") for word in words)


def names_person(email: str, *, of: str = "") -> bool:
    """Tell whether an address reads like that of a person.

    ``first.last``, ``f.last`` and ``first_last`` do, and whatever holds a common
    given name beside another name or alone; no address with a word of a service.

    Parameters
    ----------
    of
        Name of the organisation; its words name nobody.
    """
    local = _folded(email.partition("@")[0].partition("+")[0])
    words = [_letters(part) for part in _SEPARATORS.split(local)]
    if not all(words) or _names_role(words):
        return False
    if any(word in _words("given_names") for word in words):
        return True
    parts = [part for part in re.split(r"[._]", local) if part]
    is_pair = len(parts) == 2 and local.replace(".", "").replace("-", "").isalpha()  # noqa: PLR2004
    return is_pair and not _names_organisation(words, of)


def _names_role(words: Iterable[str]) -> bool:
    roles = _words("roles")
    return any(
        word in roles
        or word.removesuffix("s") in roles
        or any(word.startswith(role) for role in roles if len(role) >= _LONG)
        for word in words
    )


def _names_organisation(words: Iterable[str], name: str) -> bool:
    """Tell whether a word is of an organisation's name, or its initials."""
    known = _WORD.findall(_folded(name))
    initials = "".join(word[0] for word in known)
    return any(word in known or (len(word) > 1 and word == initials) for word in words)


def _letters(part: str) -> str:
    """Return a part of an address without digits around it."""
    return part.strip("0123456789")


def is_mobile(phone: str) -> bool:
    """Tell whether a number is one of the French mobile networks."""
    digits = re.sub(r"[^\d+]", "", phone.replace("(0)", ""))
    return bool(_MOBILE.fullmatch(digits))


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@cache
def _words(name: str) -> frozenset[str]:
    path = files("metadata").joinpath("codelists", "contact_words.toml")
    return frozenset(tomllib.loads(path.read_text(encoding="utf-8"))[name])


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "dataset.email.personal": emails_of_roles,
        "dataset.phone.mobile": phones_of_roles,
        "dataset.contact.person": names_of_roles,
        "organisation.email.personal": organisation_email_of_role,
        "organisation.phone.mobile": organisation_phone_of_role,
        "collection.column.personal": columns_of_things,
    }
)
