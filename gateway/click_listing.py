"""How the commands are listed: in the order of the work, each sentence whole."""

from __future__ import annotations

from gettext import gettext

import click

_WHOLE = 1_000
"""Letters of a help that are listed: all of it, where click cuts at the edge."""


class CommandsInOrder(click.Group):
    """A group that lists its commands as they were added, wrapped rather than cut."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order in which a person needs them."""
        return list(self.commands)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list."""
        rows = [
            (name, command.get_short_help_str(_WHOLE))
            for name, command in self.commands.items()
        ]
        with formatter.section(gettext("Commands")):
            formatter.write_dl(rows)
