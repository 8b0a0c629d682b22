"""The command `schema`: what a description may hold, for editors."""

from __future__ import annotations

import json

import click

from gateway.commands.options import Say
from metadata.description import description_schema


def add_schema(group: click.Group, text: Say) -> None:
    """Add the command `schema` to the command line."""

    @group.command(
        help=text(
            "Imprime le schéma JSON d'une description, pour les éditeurs.",
            "Print the JSON Schema of a description, for editors.",
        )
    )
    def schema() -> int:
        click.echo(json.dumps(description_schema(), ensure_ascii=False, indent=1))
        return 0
