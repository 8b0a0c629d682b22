"""Numbers with their noun, as each language wants it."""

from __future__ import annotations

from metadata.finding import Text

_FEW = 2
"""From here on French counts in the plural; English from anything but 1."""


def counted(number: int, one_fr: str, many_fr: str, one: str, many: str = "") -> Text:
    """Return a number and its noun in both languages.

    Parameters
    ----------
    one_fr, many_fr
        French singular, for 0 and 1, and plural.
    one, many
        English singular, for 1 alone, and plural; the same where left out.
    """
    return Text(
        f"{number} {one_fr if number < _FEW else many_fr}",
        f"{number} {one if number == 1 else many or one}",
    )
