"""The command `links`: whether what our records link to is there."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import click

from gateway.commands.counting import counted
from gateway.commands.findings_json import findings_json
from gateway.commands.options import Say, format_option
from gateway.desk import Desk, UnknownDataset
from gateway.links.following import Follower
from gateway.links.survey import LinkSurvey, survey_links
from gateway.publication.result import ExitCode
from metadata.dataset import Dataset
from metadata.describing import describe_all
from metadata.description import Descriptions, read_descriptions
from metadata.finding import Finding, Text, has_errors
from metadata.links import Judged
from metadata.links.findings import unmeasured, without_login
from metadata.links.judging import GOOD
from metadata.stated import Status


def check_dataset_links(
    desk: Desk, ids: Collection[str], form: str, follower: Follower | None = None
) -> int:
    """Print what is wrong with links as ``text`` or ``json``; return the exit code.

    Without names: the links of every dataset that may go out. Of a draft that is
    named, those that its description states. No silo is asked.

    Parameters
    ----------
    follower
        Who asks the servers; without one, within the usual limits.

    Raises
    ------
    UnknownDataset
        One of them has no description.
    """
    datasets, findings = _datasets(desk, ids)
    service_url = desk.configuration.service.url
    with desk.progress() as told:
        found = survey_links(
            datasets,
            desk.store,
            follower or Follower(service_url),
            now=desk.now,
            progress=lambda done, total: told("links", done, total),
        )
    everything = (*findings, *found.findings)
    if form == "json":
        answer = {
            "links": [_row(each) for each in found.judged],
            "findings": findings_json(everything),
        }
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        desk.show(everything, "passerelle links --format json")
        desk.say(_summary(found))
    if found.silent:
        return int(ExitCode.UNREACHABLE)
    return int(ExitCode.REFUSED if has_errors(everything) else ExitCode.AS_MEANT)


def _datasets(
    desk: Desk, ids: Collection[str]
) -> tuple[tuple[Dataset, ...], tuple[Finding, ...]]:
    """Return datasets as their tables were last measured, and those that are not."""
    read = read_descriptions(desk.configuration.datasets)
    _require_known(read, ids)
    wanted = [
        each
        for each in read.found
        if (each.id in ids if ids else each.status is Status.PUBLISHED)
    ]
    configuration, today = desk.configuration, desk.now.date()
    described = describe_all(
        wanted,
        desk.store.surveys(),
        (),
        organisation=configuration.organisation,
        service_url=configuration.service.url,
    )
    known = {dataset.id for dataset in described.datasets}
    unknown = [
        Dataset(
            description=each,
            collections=(),
            organisation=configuration.organisation,
            service_url=configuration.service.url,
        )
        for each in wanted
        if each.id not in known
    ]
    every = (*described.datasets, *unknown)
    due = tuple(each for each in every if ids or each.has_record(today))
    return due, tuple(unmeasured(each.id) for each in due if not each.collections)


def _require_known(read: Descriptions, ids: Collection[str]) -> None:
    known = {each.id for each in read.found}
    missing = sorted(set(ids) - known)
    if missing:
        raise UnknownDataset(
            Text(
                f"Aucun jeu ne s'appelle « {missing[0]} ».",
                f"There is no dataset named {missing[0]}.",
            ),
            hint=Text(
                "passerelle status les nomme tous.",
                "passerelle status names them all.",
            ),
        )


def _row(judged: Judged) -> dict[str, Any]:
    """Return a link as programs read it."""
    link, found, history = judged.link, judged.found, judged.history
    return {
        "dataset": link.dataset_id,
        "element": link.element,
        "url": without_login(link.url),
        "own": link.own,
        "state": judged.verdict.code,
        "case": judged.verdict.case,
        "status": found.status or None,
        "final": without_login(found.final),
        "moved": without_login(found.moved) or None,
        "media_type": found.media_type or None,
        "length": found.length,
        "failures": history.failures if history else 0,
        "broken_since": _iso(history.broken_since if history else None),
        "good_at": _iso(history.good_at if history else None),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _summary(found: LinkSurvey) -> Text:
    good = sum(each.verdict.code == GOOD for each in found.judged)
    unknown = sum(not each.verdict.is_known for each in found.judged)
    wrong = len(found.judged) - good - unknown
    return _joined(
        (
            counted(len(found.judged), "lien", "liens", "link", "links"),
            counted(wrong, "à revoir", "à revoir", "to look at", "to look at"),
            counted(
                unknown, "non contrôlé", "non contrôlés", "not checked", "not checked"
            ),
        )
    )


def _joined(parts: Iterable[Text]) -> Text:
    every = tuple(parts)
    return Text(
        f"{', '.join(part.fr for part in every)}.",
        f"{', '.join(part.en for part in every)}.",
    )


def add_links(group: click.Group, text: Say) -> None:
    """Add the command `links` to the command line."""

    @group.command(
        help=text(
            "Suit chaque lien des fiches et dit ceux qui ne mènent plus où il faut.",
            "Follow each link of the records and say which no longer lead there.",
        )
    )
    @click.argument("dataset_ids", nargs=-1, metavar="[ID]...")
    @format_option(text)
    @click.pass_obj
    def links(desk: Desk, dataset_ids: tuple[str, ...], form: str) -> int:
        return check_dataset_links(desk, dataset_ids, form)
