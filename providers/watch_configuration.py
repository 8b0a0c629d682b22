"""What `passerelle.yml` says of watching: how often to look, when to publish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, ClassVar, Final

from metadata.errors import ConfigurationError
from metadata.finding import Text

LEAST: Final = 1.0
"""Seconds at least between two looks, and of quiet."""
_STRICT: Mapping[str, Any] = {"extra": "forbid", "coerce_numbers_to_str": True}
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class WatchConfiguration:
    """How `passerelle watch` goes about it."""

    __pydantic_config__: ClassVar = _STRICT

    quiet: float = 60.0
    """Seconds without a further change after which is published."""
    every: float = 30.0
    """Seconds between two looks at what does not ring."""
    at: tuple[str, ...] = ()
    """Local times of day (``06:30``) to publish at; empty: after each quiet time."""
    drafts: bool = True
    """Whether a draft is written for each new table."""

    @property
    def times(self) -> tuple[time, ...]:
        """The times of day, in order."""
        found = (_TIME.fullmatch(text) for text in self.at)
        return tuple(sorted(time(int(m[1]), int(m[2])) for m in found if m))


def checked_watch(written: WatchConfiguration) -> WatchConfiguration:
    """Return what was written, if it makes sense.

    Raises
    ------
    metadata.errors.ConfigurationError
        A time of day that is none, or an interval that would never rest.
    """
    for name, seconds in (("quiet", written.quiet), ("every", written.every)):
        if not LEAST <= seconds < float("inf"):
            raise _too_busy(name, seconds)
    _require_times(written.at)
    return written


def _require_times(texts: Sequence[str]) -> None:
    for text in texts:
        if not _TIME.fullmatch(text):
            raise ConfigurationError(
                Text(
                    f"watch.at : « {text} » n'est pas une heure.",
                    f"watch.at: “{text}” is no time of day.",
                ),
                hint=Text(
                    'Écrivez-la ainsi : at: ["06:30", "18:00"]',
                    'Write it like this: at: ["06:30", "18:00"]',
                ),
            )


def _too_busy(name: str, seconds: float) -> ConfigurationError:
    return ConfigurationError(
        Text(
            f"watch.{name} : {seconds:g} secondes n'est pas possible ici.",
            f"watch.{name}: {seconds:g} seconds is not possible here.",
        ),
        hint=Text(
            "Écrivez une seconde au moins, ou retirez la ligne.",
            "Write one second at least, or remove the line.",
        ),
    )
