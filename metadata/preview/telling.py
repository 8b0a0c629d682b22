"""A preview in words, for people, and as plain data, for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from metadata.codelists import ACCESS_LIMITATIONS
from metadata.finding import Finding, Text
from metadata.measured import Extent, TemporalExtent
from metadata.preview.guessing import category_tags
from metadata.preview.platform import Platform
from metadata.preview.preview import Preview, View
from metadata.preview.shown import Channel, Shown, ShownContact, ShownResource

CHANNELS: Final = {
    Channel.DCAT: Text(
        "Moissonné par le flux DCAT (recommandé)",
        "Harvested through the DCAT feed (recommended)",
    ),
    Channel.ISO: Text(
        "Moissonné par CSW, fiches ISO 19139",
        "Harvested through CSW, ISO 19139 records",
    ),
}
"""What each way is called, the better one first."""
NOTHING: Final = Text("—", "—")
_KINDS: Final = {
    "main": Text("fichier principal", "main file"),
    "api": Text("API", "API"),
    "other": Text("autre", "other"),
}


@dataclass(frozen=True)
class Row:
    """One fact of a page, named."""

    label: Text
    value: Text


def rows(shown: Shown, known: Platform) -> tuple[Row, ...]:
    """Return what the page of a dataset says, in the order one reads it."""
    return tuple(Row(label, value) for label, value in _rows(shown, known))


def _rows(shown: Shown, known: Platform) -> Iterator[tuple[Text, Text]]:
    yield Text("Titre", "Title"), _same(shown.title)
    yield Text("Description", "Description"), _same(shown.description)
    yield Text("Licence", "Licence"), _licence(shown, known)
    yield Text("Accès", "Access"), _access(shown, known)
    yield from (
        (Text("Contact", "Contact"), _contact(each))
        for each in shown.contacts or (ShownContact(name=""),)
    )
    yield Text("Fréquence", "Frequency"), _frequency(shown, known)
    yield Text("Couverture spatiale", "Spatial coverage"), _box(shown.spatial)
    yield Text("Couverture temporelle", "Temporal coverage"), _period(shown.temporal)
    yield Text("Créé", "Created"), _same(shown.created)
    yield Text("Publié", "Issued"), _same(shown.issued)
    yield Text("Révisé", "Modified"), _same(shown.modified)
    yield Text("Mots-clés", "Tags"), _same(", ".join(shown.tags))
    yield Text("Données de forte valeur (HVD)", "High-value (HVD)"), _hvd(shown, known)
    yield Text("Généalogie", "Lineage"), _same(shown.lineage)
    yield Text("Résolution", "Resolution"), _same(shown.resolution)
    yield Text("Voir l'original", "See the original"), _same(shown.page)


def resource_row(found: ShownResource) -> Row:
    """Return a resource: its title, then kind, format, size and address."""
    kind = _KINDS.get(found.kind, _same(found.kind))
    size = f"{found.size:,} B".replace(",", " ") if found.size is not None else ""
    rest = tuple(filter(None, (found.format, size, found.url)))
    value = Text(" · ".join((kind.fr, *rest)), " · ".join((kind.en, *rest)))
    return Row(_same(found.title), value)


def score_text(shown: Shown, known: Platform) -> Text:
    """Return the quality score, and the criteria that are not met."""
    missing = [known.criteria[each.name] for each in shown.quality if not each.met]
    total = len(shown.quality)
    fr, en = f"{shown.score} sur {total}", f"{shown.score} of {total}"
    if not missing:
        return Text(fr, en)
    return Text(
        f"{fr} ; manque : {', '.join(each.fr for each in missing)}",
        f"{en}; missing: {', '.join(each.en for each in missing)}",
    )


def document(found: Preview, known: Platform) -> dict[str, Any]:
    """Return a preview as plain data, messages in both languages."""
    return {
        "dataset": found.dataset_id,
        "platform": {
            "name": known.rules.name,
            "version": known.rules.version,
            "source": known.rules.source,
        },
        "views": {
            str(channel): _view_document(found.views[channel]) for channel in CHANNELS
        },
        "checks": _findings(found.checks),
        "inspire": _findings(found.inspire),
        "google": {
            "seen": dict(found.google),
            "findings": _findings(found.google_findings),
        },
    }


def _view_document(view: View) -> dict[str, Any]:
    page = asdict(view.shown)
    quality = {each.name: each.met for each in view.shown.quality}
    expected = view.shown.expected
    return {
        **page,
        "expected": expected.isoformat() if expected else None,
        "quality": {"score": view.shown.score, "of": len(quality), "criteria": quality},
        "losses": _findings(view.losses),
    }


def _findings(found: Iterable[Finding]) -> list[dict[str, Any]]:
    return [{**asdict(each), "severity": str(each.severity)} for each in found]


def _same(words: str) -> Text:
    return Text(words, words) if words else NOTHING


def _licence(shown: Shown, known: Platform) -> Text:
    return _same(known.licence_title(shown.licence) if shown.licence else "")


def _access(shown: Shown, known: Platform) -> Text:
    if not shown.is_restricted:
        return Text("ouvert", "open")
    letters = {reason: letter for letter, reason in known.reasons.items()}
    label = ACCESS_LIMITATIONS[letters[shown.access_reason]].label
    return Text(f"restreint : {label.fr}", f"restricted: {label.en}")


def _contact(found: ShownContact) -> Text:
    parts = (found.name, found.email, found.form, found.role if found.name else "")
    return _same(" · ".join(filter(None, parts)))


def _frequency(shown: Shown, known: Platform) -> Text:
    if not shown.frequency:
        return NOTHING
    label, due = known.frequency_label(shown.frequency), shown.expected
    if due is None:
        return label
    return Text(
        f"{label.fr} ; mise à jour attendue avant le {due:%d/%m/%Y}",
        f"{label.en}; an update expected before {due.isoformat()}",
    )


def _box(extent: Extent | None) -> Text:
    if extent is None:
        return NOTHING
    sides = (extent.west, extent.south, extent.east, extent.north)
    west, south, east, north = (format(side, "g") for side in sides)
    french = f"{west} à {east} de longitude, {south} à {north} de latitude"
    return Text(
        french.replace(", ", " ; ").replace(".", ","),
        f"longitude {west} to {east}, latitude {south} to {north}",
    )


def _period(found: TemporalExtent | None) -> Text:
    if found is None:
        return NOTHING
    return _same(f"{found.start or '…'} – {found.end or '…'}")


def _hvd(shown: Shown, known: Platform) -> Text:
    """Say which category it counts for; the portal goes by the tags."""
    if "hvd" not in shown.tags:
        return Text("non", "no")
    slugs = category_tags(known)
    return _same(", ".join(slugs[each] for each in shown.tags if each in slugs))
