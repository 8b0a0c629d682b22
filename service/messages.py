"""Every word of the service's pages and documents, in each language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from metadata.finding import Language, Text


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Text]:
    """Return every message by its key, of all word files."""
    folder = files("service").joinpath("locale")
    rows: dict[str, dict[str, str]] = {}
    for file in folder.iterdir():
        if file.name.endswith(".toml"):
            rows |= tomllib.loads(file.read_text("utf-8"))
    return {key: Text(**row) for key, row in rows.items()}


def text(key: str, **values: object) -> Text:
    """Return one message in every language, its places filled.

    Raises
    ------
    KeyError
        There is no such message: a mistake in the program.
    """
    message = catalogue()[key]
    return Text(message.fr.format(**values), message.en.format(**values))


def say(language: Language, key: str, **values: object) -> str:
    """Return one message in one language, its places filled."""
    return catalogue()[key].said_in(language).format(**values)
