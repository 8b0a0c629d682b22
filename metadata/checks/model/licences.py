"""The licence: stated, known by its key, and fit for the access and the category."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from metadata.checks.model.codes import nearest
from metadata.checks.model.judged import Judged, Requirement
from metadata.checks.rules import Flaw, flaw
from metadata.codelists import LICENCES
from metadata.finding import Text
from metadata.licences import Recognition, Verdict, recognise
from metadata.stated import Access

_UNKNOWN_CONDITIONS: Final = "conditions-unknown"
_OPEN: Final = tuple(key for key in LICENCES if key != _UNKNOWN_CONDITIONS)
_NAMES: Final = frozenset({Verdict.NAMED, Verdict.UNVERSIONED})
_CLOSED: Final = frozenset({Verdict.CLOSED})
_NO_NAMES: Final = frozenset(Verdict) - _NAMES - _CLOSED - {Verdict.KEY}
_OTHERWISE: Final = Text(
    fr="« access: restricted » et « licence: conditions-unknown »",
    en="“access: restricted” and “licence: conditions-unknown”",
)


def licence_stated(judged: Judged) -> Iterator[Flaw]:
    """Check that a dataset has a licence, its own or the default one."""
    usual, maker = judged.organisation.licence, judged.organisation.name
    producer = judged.stated.producer or judged.offered.producer
    if judged.dataset.licence or (usual and producer == maker):
        return
    if not usual:
        yield flaw("missing", "licence")
    elif not producer:
        yield flaw("no_producer", "licence", licence=usual, organisation=maker)
    else:
        yield flaw(
            "not_applied",
            "licence",
            licence=usual,
            organisation=maker,
            producer=producer,
        )


def open_data_licensed(judged: Judged) -> Iterator[Flaw]:
    """Check that open data have a licence, and not only the lack of one."""
    is_open = judged.stated.access is Access.OPEN
    if is_open and judged.dataset.licence == _UNKNOWN_CONDITIONS:
        yield flaw("none", "licence", found=_UNKNOWN_CONDITIONS)


def restricted_data_not_licensed(judged: Judged) -> Iterator[Flaw]:
    """Tell when an open licence is stated for data that are not open."""
    licence = judged.dataset.licence
    is_restricted = judged.stated.access is Access.RESTRICTED
    if is_restricted and licence in LICENCES and licence != _UNKNOWN_CONDITIONS:
        case = "stated" if judged.stated.licence else "default"
        yield flaw(case, "licence", found=licence)


def hvd_licence_open(judged: Judged) -> Iterator[Flaw]:
    """Check that high-value data are open: CC BY 4.0, CC0, or a licence no stricter."""
    licence = judged.dataset.licence
    allowed = judged.rules.lists["hvd_licences"]
    if judged.stated.hvd and licence in LICENCES and licence not in allowed:
        names = ", ".join(sorted(allowed))
        yield flaw("closed", "licence", found=licence, allowed=names)


def _of_dataset(verdicts: frozenset[Verdict]) -> Requirement:
    """Return a function that tells of a dataset's licence where a verdict is given."""

    def judge(judged: Judged) -> Iterator[Flaw]:
        yield from _flaws("licence", judged.stated.licence, verdicts)

    return judge


def _of_organisation(verdicts: frozenset[Verdict]) -> Requirement:
    """Return the same for the organisation's default."""

    def judge(judged: Judged) -> Iterator[Flaw]:
        said = judged.organisation.licence
        yield from _flaws("organisation.licence", said, verdicts)

    return judge


def _flaws(element: str, said: str, verdicts: frozenset[Verdict]) -> Iterator[Flaw]:
    found = recognise(said) if said else Recognition(verdict=Verdict.KEY)
    if found.verdict not in verdicts:
        return
    first = found.keys[:1]
    yield flaw(
        found.verdict,
        element,
        found=said,
        key=first[0] if first else "",
        label=LICENCES[first[0]].label if first else "",
        listed=_listed(found.keys) if found.keys else _proposed(said, found.verdict),
        otherwise=_OTHERWISE,
    )


def _proposed(said: str, verdict: Verdict) -> Text:
    """Return what to propose where nothing was recognised: what looks alike."""
    if verdict is Verdict.UNKNOWN:
        return nearest(said, LICENCES)
    keys = ", ".join(_OPEN)
    return Text(fr=keys, en=keys)


def _listed(keys: Iterable[str]) -> Text:
    every = [(key, LICENCES[key]) for key in keys]
    return Text(
        fr=", ".join(f"{key} ({licence.fr})" for key, licence in every),
        en=", ".join(f"{key} ({licence.en})" for key, licence in every),
    )


REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {
        "dataset.licence.missing": licence_stated,
        "dataset.licence.named": _of_dataset(_NAMES),
        "dataset.licence.unknown": _of_dataset(_NO_NAMES),
        "dataset.licence.closed": _of_dataset(_CLOSED),
        "dataset.licence.none": open_data_licensed,
        "dataset.licence.restricted": restricted_data_not_licensed,
        "dataset.hvd.licence": hvd_licence_open,
        "organisation.licence.named": _of_organisation(_NAMES),
        "organisation.licence.unknown": _of_organisation(_NO_NAMES),
        "organisation.licence.closed": _of_organisation(_CLOSED),
    }
)
