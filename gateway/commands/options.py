"""What the commands of the command line have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Say = Callable[[str, str], str]
"""Picks the French or the English of two texts."""


def format_option(text: Say) -> Callable[[Any], Any]:
    """Return the option of commands that programs read too."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        help=text("Pour des gens, ou des programmes.", "For people, or for programs."),
    )
