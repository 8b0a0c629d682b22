"""Read a layer as QGIS does, and say what came; run by the Python that QGIS has.

usage: qgis_reading.py ROOT COLLECTION EXPRESSION SUBSET PICTURE
"""

import json
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

SIZE = QSize(400, 300)


def opened(root: str, collection: str) -> QgsVectorLayer:
    address = f"url='{root}' typename='{collection}' version='OGC API - Features'"
    options = "pagingEnabled='true' restrictToRequestBBOX='1'"
    layer = QgsVectorLayer(f"{address} {options}", collection, "OAPIF")
    if not layer.isValid():
        sys.exit(f"{collection}: {layer.error().message()}")
    return layer


def drawn(layer: QgsVectorLayer, picture: str) -> int:
    """Draw a layer on white; return how many pixels are not white."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(layer.extent())
    settings.setOutputSize(SIZE)
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(picture)
    white = QColor("white").rgb()
    places = ((x, y) for x in range(SIZE.width()) for y in range(SIZE.height()))
    return sum(image.pixel(x, y) != white for x, y in places)


def numbers(features: object) -> list:
    return sorted(feature["numero"] for feature in features)


def main(
    root: str, collection: str, expression: str, subset: str, picture: str
) -> None:
    layer = opened(root, collection)
    places = {
        feature["numero"]: [
            feature.geometry().asPoint().x(),
            feature.geometry().asPoint().y(),
        ]
        for feature in layer.getFeatures()
    }
    request = QgsFeatureRequest().setFilterExpression(expression)
    found = {
        "version": Qgis.QGIS_VERSION,
        "crs": layer.crs().authid(),
        "fields": [field.name() for field in layer.fields()],
        "count": layer.featureCount(),
        "places": sorted([number, *place] for number, place in places.items()),
        "expression": numbers(layer.getFeatures(request)),
        "painted": drawn(layer, picture),
    }
    found["accepted"] = layer.setSubsetString(subset)
    found["subset"] = numbers(layer.getFeatures())
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main(*sys.argv[1:])
    application.exitQgis()
