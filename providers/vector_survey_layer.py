"""What every file format hands to the survey: layers, and why one cannot be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from metadata.errors import SourceError
from metadata.finding import Finding, Text
from metadata.measured import (
    Bounds,
    GeometryColumn,
    GeometryType,
    Period,
    Survey,
)
from providers.survey_extent import finite_bounds, locate
from providers.survey_findings import survey_finding

GEOMETRY_TYPES: dict[str, GeometryType] = {
    kind.value.upper(): kind for kind in GeometryType
}


class FileUnreadable(SourceError):
    """A file, or one layer of it, that cannot be read.

    Parameters
    ----------
    said
        What is wrong with it, in both languages.
    """

    def __init__(self, said: Text) -> None:
        super().__init__(said.en)
        self.said = said


@dataclass(frozen=True)
class Layer:
    """One layer as the head of its file describes it."""

    path: Path
    survey: Survey
    """Without any measure."""
    findings: tuple[Finding, ...] = ()


class Shape(NamedTuple):
    """What some geometries of a layer have in common."""

    type_name: str
    """In capitals."""
    has_height: bool = False
    has_measure: bool = False


@dataclass
class Tally:
    """What is added up while the features of a layer pass by."""

    shapes: Counter[Shape] = field(default_factory=Counter)
    absent: int = 0
    """Features without geometry, or with an empty one."""
    broken: int = 0
    """Geometries that cannot be decoded."""
    box: tuple[float, float, float, float] | None = None
    """xmin, ymin, xmax, ymax."""

    @property
    def located(self) -> int:
        """Geometries that are somewhere."""
        return sum(self.shapes.values())

    def add(self, shape: Shape, box: tuple[float, float, float, float]) -> None:
        """Count one geometry and widen the box."""
        self.shapes[shape] += 1
        if self.box is None:
            self.box = box
            return
        xmin, ymin, xmax, ymax = self.box
        if box[0] < xmin or box[1] < ymin or box[2] > xmax or box[3] > ymax:
            self.box = (
                min(xmin, box[0]),
                min(ymin, box[1]),
                max(xmax, box[2]),
                max(ymax, box[3]),
            )


@dataclass(frozen=True, kw_only=True)
class LayerMeasures:
    """All that reading a layer told."""

    total: int
    tally: Tally
    periods: tuple[Period, ...]
    size: int | None
    findings: Sequence[Finding] = ()


def measured(layer: Layer, measures: LayerMeasures) -> tuple[Survey, list[Finding]]:
    """Join what the head of the file says and what was measured."""
    survey = replace(
        layer.survey,
        feature_count=measures.total,
        periods=measures.periods,
        size=measures.size,
    )
    findings = [*layer.findings, *measures.findings]
    column = survey.geometry
    if column is None:
        return survey, findings
    box = measures.tally.box
    boxes = [Bounds(*box, column.srid)] if box else []
    extent, found = locate(boxes, survey.source, column=column.name)
    findings.extend(found)
    findings.extend(_geometry_findings(survey, column, measures))
    survey = replace(
        survey,
        geometries=(_as_found(column, measures.tally),),
        native_extent=finite_bounds(boxes),
        extent=extent,
    )
    return survey, findings


def _as_found(column: GeometryColumn, tally: Tally) -> GeometryColumn:
    """Return the geometry column as its features show it."""
    if not tally.shapes:
        return column
    types = {
        GEOMETRY_TYPES.get(shape.type_name, GeometryType.GEOMETRY)
        for shape in tally.shapes
    }
    has_measure = any(shape.has_measure for shape in tally.shapes)
    has_height = any(shape.has_height for shape in tally.shapes)
    return replace(
        column,
        type=types.pop() if len(types) == 1 else GeometryType.GEOMETRY,
        dimension=(4 if has_measure else 3) if has_height else 2,
        has_measure=has_measure,
    )


def _geometry_findings(
    survey: Survey, column: GeometryColumn, measures: LayerMeasures
) -> list[Finding]:
    """Return what is wrong with the geometries as a whole."""
    source, tally = survey.source, measures.tally
    found: list[Finding] = []
    if tally.broken:
        found.append(survey_finding("geometry-broken", source, count=tally.broken))
    if not tally.located:
        found.append(survey_finding("nothing-located", source, column=column.name))
    elif tally.absent:
        found.append(
            survey_finding(
                "geometry-missing",
                source,
                count=tally.absent,
                total=measures.total,
                column=column.name,
            )
        )
    names = sorted({shape.type_name for shape in tally.shapes})
    curved = [name for name in names if name not in GEOMETRY_TYPES]
    if curved:
        found.append(_types("geometry-curved", survey, column, curved))
    elif len(names) > 1:
        found.append(_types("geometry-mixed", survey, column, names))
    return found


def _types(
    code: str, survey: Survey, column: GeometryColumn, names: Sequence[str]
) -> Finding:
    return survey_finding(
        code, survey.source, column=column.name, types=", ".join(names)
    )
