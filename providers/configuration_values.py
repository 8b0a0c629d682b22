"""Values of `passerelle.yml`: secrets filled in, addresses and numbers checked.

Each error names the place in the file, and never shows what may be a password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from metadata.errors import ConfigurationError
from metadata.finding import Text

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, repr=False)
class Secret:
    """A text that never shows itself."""

    value: str

    def __repr__(self) -> str:
        return "Secret('***')" if self.value else "Secret('')"

    def __str__(self) -> str:
        return "***" if self.value else ""

    def __bool__(self) -> bool:
        return bool(self.value)


NO_SECRET: Final = Secret("")


def filled(place: str, text: str, environment: Mapping[str, str]) -> str:
    """Replace each ``${NAME}``.

    Raises
    ------
    ConfigurationError
        The environment does not hold it.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in environment:
            raise ConfigurationError(
                Text(
                    f"{place} : la variable d'environnement {name} n'est pas définie.",
                    f"{place}: the environment variable {name} is not set.",
                ),
                hint=f"export {name}=…",
            )
        return environment[name]

    return _VARIABLE.sub(value, text)


def require_http(place: str, url: str) -> None:
    """Refuse what is not an http address; one that may hold a password is not shown.

    Raises
    ------
    ConfigurationError
        It is not.
    """
    if _is_http(url):
        return
    said = (
        Text("", "") if "@" in url or "?" in url else Text(f" « {url} »,", f" “{url}”,")
    )
    raise ConfigurationError(
        Text(
            f"{place} :{said.fr} ce n'est pas une adresse http(s).",
            f"{place}:{said.en} this is not an http(s) address.",
        ),
        hint=Text(
            "Écrivez-la en entier : https://nom-de-machine/chemin",
            "Write all of it: https://name-of-host/path",
        ),
    )


def _is_http(url: str) -> bool:
    """Tell whether a text is an http address with a host and a port that can be."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0
        )
    except ValueError:  # a bracket that does not close, a port beyond 65535
        return False


def require_positive(place: str, number: float) -> None:
    """Refuse zero and less.

    Raises
    ------
    ConfigurationError
        It is.
    """
    if number > 0:
        return
    raise ConfigurationError(
        Text(
            f"{place} : {number} n'est pas possible ici.",
            f"{place}: {number} is not possible here.",
        ),
        hint=Text(
            "Écrivez un nombre positif, ou retirez la ligne.",
            "Write a positive number, or remove the line.",
        ),
    )
