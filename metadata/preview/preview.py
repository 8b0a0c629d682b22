"""One dataset as the nation will see it, by both ways, with what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from metadata.checks import check_dataset, check_record
from metadata.content import RecordContent
from metadata.dataset import Dataset
from metadata.dcat import NO_FACTS, Facts
from metadata.finding import Finding
from metadata.iso19139 import (
    dataset_content,
    encode_dataset_record,
    encode_service_record,
)
from metadata.preview.from_dcat import read_dcat
from metadata.preview.from_iso import read_iso
from metadata.preview.google import google_findings
from metadata.preview.losses import Seen, losses
from metadata.preview.making import shown
from metadata.preview.platform import Platform, platform
from metadata.preview.shown import Channel, Shown
from metadata.schemaorg import schema_org_dataset
from metadata.stated import Access


@dataclass(frozen=True, kw_only=True)
class View:
    """What the portal shows of a dataset harvested in one way, and what it loses."""

    channel: Channel
    shown: Shown
    losses: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What others will make of a dataset."""

    dataset_id: str
    views: Mapping[Channel, View]
    checks: tuple[Finding, ...]
    """What is wrong with the description."""
    inspire: tuple[Finding, ...]
    """What the INSPIRE validator would say of its records."""
    google: Mapping[str, Any]
    """The dataset in the words of schema.org, as its page holds it."""
    google_findings: tuple[Finding, ...]


def preview(dataset: Dataset, *, today: date, facts: Facts | None = None) -> Preview:
    """Return what will be shown of a dataset if it is published on that day.

    Parameters
    ----------
    today
        The day in UTC.
    facts
        What is known of its files; without it, who made the data is all.
    """
    known = platform()
    told = facts or Facts(producer=dataset.description.producer)
    content = dataset_content(dataset)
    document = schema_org_dataset(content, dataset.service_url, told)
    seen = {
        channel: view(content, channel, dataset.id, today=today, facts=told)
        for channel in Channel
    }
    return Preview(
        dataset_id=dataset.id,
        views=MappingProxyType(seen),
        checks=tuple(check_dataset(dataset, today=today)),
        inspire=tuple(_inspire(dataset, today)),
        google=MappingProxyType(document),
        google_findings=tuple(google_findings(document, dataset.id, known)),
    )


def view(
    content: RecordContent,
    channel: Channel,
    subject: str,
    *,
    today: date,
    facts: Facts = NO_FACTS,
    known: Platform | None = None,
) -> View:
    """Return what the portal shows of a record harvested in one way.

    Parameters
    ----------
    subject
        Identifier of the dataset that findings name.
    known
        The platform to judge by; without, the one that counts today.
    """
    chosen = known or platform()
    is_iso = channel is Channel.ISO
    reading = read_iso(content, chosen) if is_iso else read_dcat(content, facts, chosen)
    page = shown(reading, chosen, today)
    seen = Seen(
        content=content,
        reading=reading,
        shown=page,
        channel=channel,
        today=today,
        known=chosen,
    )
    return View(channel=channel, shown=page, losses=tuple(losses(seen, subject)))


def _inspire(dataset: Dataset, today: date) -> tuple[Finding, ...]:
    """Return what the validator says of the record, and of the service's if any."""
    made = [encode_dataset_record(dataset, date_stamp=today)]
    if dataset.description.access is Access.OPEN:
        made.append(encode_service_record(dataset, date_stamp=today))
    return tuple(found for record in made for found in check_record(record))
