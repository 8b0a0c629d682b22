"""The overview as one file for a director: nothing in it comes from elsewhere."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup

from metadata.finding import Language
from metadata.overview import WRONG, Overview, State, failures_first
from metadata.overview_words import tasks
from service.admin import telling
from service.messages import say
from service.pages import environment

_TASKS = 25
_DATASETS = 40
"""Datasets that are named because something is wrong with them."""
_MOVES = 12
"""Datasets that are named because their score is another."""


def report_page(overview: Overview, language: Language) -> bytes:
    """Return the report, UTF-8; it prints on A4."""

    def translated(key: str, **places: object) -> str:
        return say(language, key, **places)

    style = files("service").joinpath("static", "report.css").read_text("utf-8")
    wrong = [d for d in failures_first(overview.datasets) if d.state in WRONG]
    every = tasks(overview)
    counts = overview.by_outlet.values()
    page = environment().get_template("report.html")
    return page.render(
        shown_states=[state for state in State if any(c[state] for c in counts)],
        overview=overview,
        gains=overview.gains,
        language=language,
        t=translated,
        style=Markup(style),  # noqa: S704  (our own file)
        tasks=every[:_TASKS],
        more_tasks=max(len(every) - _TASKS, 0),
        wrong=wrong[:_DATASETS],
        more_wrong=max(len(wrong) - _DATASETS, 0),
        moves_shown=_MOVES,
        **telling(overview, language),
    ).encode()
