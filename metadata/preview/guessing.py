"""How the platform reads words: tags, licences, markup, addresses.

Each function does what udata does, with its mistakes: a licence is known by its
address, by its title, or by a title that differs in at most two letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final

from metadata.preview.platform import NOT_SPECIFIED, Platform, PlatformLicence

_WORDS: Final = re.compile(r"[^0-9A-Za-z]+")
_ADDRESS: Final = re.compile(r"(https?://\S+)")
_MAIL: Final = re.compile(r"[^\s@,;<>()\[\]\"]+@[^\s@.]+(\.[^\s@.]+)+")
_WEB: Final = re.compile(r"https?://[^\s/?#]+\.[^\s/?#]+\S*", re.IGNORECASE)
_BARE: Final = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)


class _Markup(HTMLParser):
    """Collects the tags that a text seems to hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.words: list[str] = []

    def handle_starttag(  # the name and the arguments are those of its base
        self,
        tag: str,
        attrs: list[tuple[str, str | None]],  # noqa: ARG002
    ) -> None:
        self.found.append(self.get_starttag_text() or f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def markup(text: str) -> str:
    """Return the first tag that a text seems to hold; empty without any."""
    found = _parsed(text).found
    return found[0] if found else ""


def written(text: str) -> str:
    """Return a text as the platform keeps it.

    One that seems to hold tags is taken for HTML: tags go, line breaks too. (Bold and
    lists come back as Markdown, which is not followed here.)
    """
    parser = _parsed(text)
    return " ".join("".join(parser.words).split()) if parser.found else text.strip()


def _parsed(text: str) -> _Markup:
    parser = _Markup()
    parser.feed(text)
    tags = list(parser.found)
    parser.close()  # gives what is left as words; a tag that never ends is none
    parser.found = tags
    return parser


def slug(text: str, known: Platform) -> str:
    """Return a text as small ASCII letters and digits with hyphens between."""
    plain = "".join(known.letters.get(letter, letter) for letter in text)
    bare = unicodedata.normalize("NFKD", plain)
    letters = "".join(each for each in bare if not unicodedata.combining(each))
    return "-".join(filter(None, _WORDS.split(letters.replace("'", ""))))


def tag(word: str, known: Platform) -> str:
    """Return a keyword as the platform keeps it; empty when it drops it."""
    made = slug(word.lower(), known)
    if len(made) < known.limit("tag_shortest"):
        return ""
    return made[: known.limit("tag_longest")].lower()


def tags(words: Iterable[str], known: Platform) -> tuple[str, ...]:
    """Return keywords as the platform keeps them, in order, each once."""
    return tuple(sorted({made for word in words if (made := tag(word, known))}))


def licence(texts: Iterable[str], known: Platform) -> str:
    """Return the licence that the platform sees in texts; ``notspecified`` if none."""
    for text in texts:
        for part in _parts(text):
            found = _remembered(part, _Known(known))
            if found:
                return found
    return NOT_SPECIFIED


def _parts(text: str) -> tuple[str, ...]:
    """Return the first address in a text, then what stands around it."""
    match = _ADDRESS.search(text.rstrip("."))
    if match is None:
        return (text,)
    return match[1], text.replace(match[1], "").strip()


class _Known:
    """A platform that is equal to itself only, so that answers are kept for it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def __hash__(self) -> int:
        return id(self.platform)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and other.platform is self.platform


@lru_cache(maxsize=1024)
def _remembered(text: str, known: _Known) -> str:
    """Compare a text with every licence once: a thousand datasets share a few."""
    return _one_licence(text, known.platform)


def _one_licence(text: str, known: Platform) -> str:
    wanted = text.strip().lower()
    if not wanted:
        return ""
    made = slug(wanted, known).lower()
    near = known.limit("licence_distance")

    def close(one: str, other: str) -> bool:
        return distance_within(one, other, near)

    ways: tuple[Callable[[PlatformLicence], bool], ...] = (
        lambda each: (
            each.name == wanted
            or slug(each.title, known).lower() == made
            or wanted in {url.lower() for url in (each.url, *each.urls) if url}
        ),
        lambda each: _same_address(wanted, each),
        lambda each: close(slug(each.title, known).lower(), made),
        lambda each: close(each.title.lower(), wanted),
        lambda each: any(close(slug(t, known).lower(), made) for t in each.titles),
    )
    for way in ways:
        found = [each.name for each in known.licences if way(each)]
        if len(found) == 1 or (found and way in ways[:2]):
            return found[0]
    return ""


def _same_address(wanted: str, each: PlatformLicence) -> bool:
    """Tell whether an address is a licence's but for scheme and final slash."""
    match = re.fullmatch(r"https?://([^/?#]+)([^?#]*).*", wanted)
    if match is None:
        return False
    query = f"{match[1]}{match[2].rstrip('/')}"
    return query in each.url.lower() or any(query in url for url in each.urls)


def distance_within(one: str, other: str, most: int) -> bool:
    """Tell whether at most so many letters have to change (Levenshtein)."""
    if abs(len(one) - len(other)) > most:
        return False
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, against in enumerate(other, start=1):
            cost = min(row[j] + 1, row[j - 1] + 1, before + (letter != against))
            before, row[j] = row[j], cost
    return row[-1] <= most


def is_mail(address: str) -> bool:
    """Tell whether the platform accepts a mail address."""
    return _MAIL.fullmatch(address) is not None


def is_web(address: str) -> bool:
    """Tell whether the platform accepts the address of a page."""
    return _WEB.fullmatch(address) is not None


def holds_address(text: str) -> bool:
    """Tell whether a text holds a web address, which no name may."""
    return _BARE.search(text) is not None


def category_tags(known: Platform) -> dict[str, str]:
    """Return the tag of each high-value category, with the platform's words for it."""
    return {tag(words, known): words for words in known.categories.values()}
