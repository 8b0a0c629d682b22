"""The command `survey`: measures silos and drafts what is new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from gateway.assembly import keep
from gateway.commands.counting import counted
from gateway.commands.drafting import Drafted, draft_new_tables
from gateway.commands.findings_json import findings_json
from gateway.commands.options import Say, format_option
from gateway.desk import Desk
from gateway.publication.result import ExitCode
from metadata.description import Descriptions, read_descriptions
from metadata.errors import SourceUnreachable
from metadata.finding import Finding, Text, has_errors
from metadata.measured import Source
from providers.survey import Surveyed, survey_silo


def survey_silos(desk: Desk, names: Iterable[str], form: str) -> int:
    """Measure the silos named, draft their new tables; return the exit code.

    Each silo stands for itself: one that does not answer does not keep the tables
    of the others from being drafted.
    """
    wanted = tuple(names)
    parts = dict(_measured(desk, wanted))
    findings = [finding for part in parts.values() for finding in part.findings]
    descriptions = read_descriptions(desk.configuration.datasets)
    drafted = draft_new_tables(
        desk.configuration,
        descriptions,
        [survey for part in parts.values() for survey in part.surveys],
        desk.language,
    )
    forgotten = _forget(desk, parts, descriptions)
    if form == "json":
        answer = _answer(parts, drafted, forgotten, findings)
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _tell(desk, parts, drafted, forgotten, findings)
    if len(parts) < len(wanted):
        return ExitCode.UNREACHABLE
    return ExitCode.REFUSED if has_errors(findings) else ExitCode.AS_MEANT


def _measured(desk: Desk, names: Iterable[str]) -> Iterator[tuple[str, Surveyed]]:
    """Measure each silo behind a progress bar; complain of those that are away."""
    for name in names:
        try:
            yield name, _measure(desk, name)
        except SourceUnreachable as error:
            desk.complain(error.text, error.remedy)


def _measure(desk: Desk, name: str) -> Surveyed:
    """Measure one silo, and keep what was measured."""
    silo = desk.configuration.silos[name]
    with desk.progress() as told:
        surveyed = survey_silo(
            silo, now=desk.now, progress=lambda done, total: told(name, done, total)
        )
    keep(desk.store, surveyed.surveys)
    return surveyed


def _forget(
    desk: Desk, parts: Mapping[str, Surveyed], descriptions: Descriptions
) -> tuple[Source, ...]:
    """Forget the measures of tables that are no more and that nobody describes.

    A silo that is away, or that was seen in part, forgets nothing of what was not
    seen; while a description cannot be read, nobody knows what it describes.
    """
    if descriptions.unusable:
        return ()
    stated = {c.source for d in descriptions.found for c in d.collections}
    kept = (survey.source for survey in desk.store.surveys())
    gone = tuple(
        source
        for source in kept
        if source.silo in parts
        and source not in stated
        and parts[source.silo].disproves(source)
    )
    if gone:
        desk.store.forget_surveys(gone)
    return gone


def _tell(
    desk: Desk,
    parts: dict[str, Surveyed],
    drafted: Sequence[Drafted],
    forgotten: Sequence[Source],
    findings: Iterable[Finding],
) -> None:
    """Say it to a person."""
    for name, part in parts.items():
        tables = counted(
            len(part.surveys), "table mesurée", "tables mesurées", "measured"
        )
        desk.say(Text(f"{name} : {tables.fr}.", f"{name}: {tables.en}."))
    if forgotten:
        names = ", ".join(map(str, forgotten))
        desk.say(
            Text(
                f"Mesures oubliées, la table n'existe plus : {names}.",
                f"Measures forgotten, the table is no more: {names}.",
            )
        )
    desk.show(findings, everywhere="passerelle survey --format json")
    for new in drafted:
        desk.say(Text(f"Brouillon : {new.path}", f"Draft: {new.path}"))
    drafts = counted(
        len(drafted),
        "brouillon nouveau",
        "brouillons nouveaux",
        "new draft",
        "new drafts",
    )
    then = Text("passerelle check, puis approve", "passerelle check, then approve")
    desk.say(
        Text(f"{drafts.fr}. Ensuite : {then.fr}.", f"{drafts.en}. Next: {then.en}.")
    )


def _answer(
    parts: dict[str, Surveyed],
    drafted: Sequence[Drafted],
    forgotten: Iterable[Source],
    findings: Iterable[Finding],
) -> dict[str, object]:
    """Say it to a program."""
    return {
        "measured": {name: len(part.surveys) for name, part in parts.items()},
        "drafts": [str(new.path) for new in drafted],
        "forgotten": list(map(str, forgotten)),
        "findings": findings_json(findings),
    }


def add_survey(group: click.Group, text: Say) -> None:
    """Add the command `survey` to the command line."""

    @group.command(
        help=text(
            "Mesure les silos ; rédige un brouillon par table nouvelle.",
            "Measure the silos; write a draft for each new table.",
        )
    )
    @click.option(
        "--silo",
        "names",
        metavar="NAME",
        multiple=True,
        help=text("Ce silo seulement (répétable).", "This silo only (repeatable)."),
    )
    @format_option(text)
    @click.pass_obj
    def survey(desk: Desk, names: tuple[str, ...], form: str) -> int:
        silos = desk.configuration.silos
        unknown = [name for name in names if name not in silos]
        if unknown:
            raise click.BadParameter(
                text(
                    f"{unknown[0]} n'est pas un silo de passerelle.yml "
                    f"({', '.join(silos)}).",
                    f"{unknown[0]} is no silo of passerelle.yml ({', '.join(silos)}).",
                ),
                param_hint="--silo",
            )
        return survey_silos(desk, names or tuple(silos), form)
