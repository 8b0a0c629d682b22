"""Sentences about a table, made of what was measured and of nothing else."""

from __future__ import annotations

import re

from metadata.crs import UnknownCrs, crs_name
from metadata.finding import Language
from metadata.measured import GeometryType, RelationKind, Survey
from providers.proposals_words import name_parts

_LONG_TITLE = 150
"""Letters beyond which a first sentence is a sentence and no title."""
_MANY_FIELDS = 20
# A full stop ends a sentence before white space and a capital, digit or nothing;
# so "env. 40 communes" and "v1.2" stay whole.
_SENTENCE = re.compile(r"(?:[.!?…](?=\s+[A-ZÀ-ÖØ-Þ0-9«“\"]|\s*$))|\n")
_FRENCH = frozenset({"fre", "fra"})
_SHAPES = {
    GeometryType.POINT: ("points", "points"),
    GeometryType.MULTI_POINT: ("multipoints", "multipoints"),
    GeometryType.LINE_STRING: ("lignes", "lines"),
    GeometryType.MULTI_LINE_STRING: ("multilignes", "multilines"),
    GeometryType.POLYGON: ("polygones", "polygons"),
    GeometryType.MULTI_POLYGON: ("multipolygones", "multipolygons"),
}
_ROWS = ("lignes", "rows")
_OBJECTS = ("objets géographiques", "features")


def language_of(code: str) -> Language:
    """Return the language that texts are written in, from its ISO 639-2 code."""
    return Language.FRENCH if code in _FRENCH else Language.ENGLISH


def first_sentence(comment: str) -> str:
    """Return the first sentence of a comment, without its full stop."""
    return _SENTENCE.split(comment.strip(), maxsplit=1)[0].strip().rstrip(".")


def title(survey: Survey) -> str:
    """Return the first sentence of the comment, else the table's name as words."""
    sentence = first_sentence(survey.comment)
    if sentence and len(sentence) <= _LONG_TITLE:
        return sentence[0].upper() + sentence[1:]
    return humanised(survey.source.table)


def humanised(name: str) -> str:
    """Return a table's name as words: ``t_troncons_route`` → ``Troncons route``."""
    parts = [
        part if _is_acronym(part, name) else part.lower() for part in name_parts(name)
    ]
    text = " ".join(parts) or name.strip()
    return text[:1].upper() + text[1:]


def abstract(survey: Survey, language: Language) -> str:
    """Return a sentence on what was measured; nothing where a comment speaks.

    The comment itself serves as the abstract for as long as nobody states one, so
    it is not copied: a copy would go stale. Numbers, dates and columns are left out
    for the same reason, and because a column may be excluded later.
    """
    if survey.comment.strip():
        return ""
    return _what(survey, french=language is Language.FRENCH)


def lineage(survey: Survey, language: Language) -> str:
    """Return where the data were taken from."""
    source = survey.source
    if survey.kind is RelationKind.LAYER:
        if language is Language.FRENCH:
            return (
                "Données extraites des fichiers du producteur"
                f" (silo « {source.silo} », fichier « {source.container} »,"
                f" couche « {source.table} »)."
            )
        return (
            f"Data extracted from the producer's files (silo “{source.silo}”,"
            f" file “{source.container}”, layer “{source.table}”)."
        )
    if language is Language.FRENCH:
        return (
            "Données extraites de la base de données du producteur"
            f" (silo « {source.silo} », schéma « {source.container} »,"
            f" table « {source.table} »)."
        )
    return (
        f"Data extracted from the producer's database (silo “{source.silo}”,"
        f" schema “{source.container}”, table “{source.table}”)."
    )


def _is_acronym(part: str, name: str) -> bool:
    """Tell whether capitals mean something: not where the whole name is in them."""
    return part.isupper() and len(part) > 1 and not name.isupper()


def _what(survey: Survey, *, french: bool) -> str:
    """Say what the table holds, and in which CRS."""
    column, table = survey.geometry, survey.source.table
    if column is None:
        if french:
            return f"Table « {table} », sans géométrie."
        return f"Table “{table}”, without geometry."
    shapes = _SHAPES.get(column.type, _OBJECTS)
    crs = _crs(column.srid)
    if not french:
        return f"Layer of {shapes[1]} “{table}”{crs}."
    of = "d'" if shapes[0].startswith("o") else "de "
    return f"Couche {of}{shapes[0]} « {table} »{crs}."


def _crs(srid: int) -> str:
    if not srid:
        return ""
    try:
        return f" ({crs_name(srid)}, EPSG:{srid})"
    except UnknownCrs:
        return ""
