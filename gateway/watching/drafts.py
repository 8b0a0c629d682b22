"""A draft for each table that came: written for a person, and going nowhere."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.commands.drafting import draft_new_tables
from gateway.watching.papers import Papers
from gateway.watching.telling import Teller, told_error
from metadata.errors import PasserelleError
from metadata.finding import Language, Text
from metadata.measured import Survey

_TROUBLE = "drafts"


def draft_tables(
    papers: Papers, surveys: Sequence[Survey], language: Language, teller: Teller
) -> None:
    """Write a draft for each of these tables that no description names."""
    if not surveys:
        return
    try:
        drafted = draft_new_tables(
            papers.configuration, papers.descriptions, surveys, language
        )
    except PasserelleError as error:
        told = told_error(error)
        teller.trouble(
            _TROUBLE,
            Text(
                f"aucun brouillon n'est écrit : {told.fr}",
                f"no draft is written: {told.en}",
            ),
        )
        return
    teller.over(_TROUBLE)
    for new in drafted:
        teller.say(
            Text(
                f"brouillon : {new.path} (à relire, puis passerelle approve "
                f"{new.description.id})",
                f"draft: {new.path} (to be read, then passerelle approve "
                f"{new.description.id})",
            )
        )
