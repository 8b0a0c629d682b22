"""Edit as QGIS does, by its own parts; run by the Python that QGIS has.

usage: qgis_editing.py ROOT COLLECTION KEY

QGIS 3.22, which Debian has, does not edit over OGC API Features yet. What later
releases make their requests of is there all the same, and is used here in the order
of `QgsOapifProvider`: fields and values as OGR reads them of GeoJSON, bodies by
`QgsJsonExporter`, addresses by `QUrl`, requests by `QgsNetworkAccessManager`.
"""

import json
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsJsonExporter,
    QgsJsonUtils,
    QgsNetworkAccessManager,
)
from qgis.PyQt.QtCore import QByteArray, QDateTime, QEventLoop, Qt, QTextCodec, QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

CRS = b"http://www.opengis.net/def/crs/EPSG/0/2154"
KIND = b"Content-Type"
FEATURE = (KIND, b"application/geo+json")
PATCH = (KIND, b"application/merge-patch+json")


class Layer:
    """A layer of a connection whose authentication is an API Header."""

    def __init__(self, root: str, collection: str, key: str) -> None:
        self.items = f"{root}/collections/{collection}/items"
        self.key = key.encode()
        self.said: list = []
        accepted = (b"Accept", b"application/geo+json, application/json")
        text = bytes(self.send("GET", "?limit=10", None, accepted)[1]).decode()
        codec = QTextCodec.codecForName("UTF-8")
        self.fields = QgsJsonUtils.stringToFields(text, codec)
        self.first = str(json.loads(text)["features"][0]["id"])

    def send(self, verb: str, path: str, body: object, *headers: tuple) -> tuple:
        """Send a request, wait, and note what was answered."""
        request = QNetworkRequest(QUrl(self.items + path))
        request.setRawHeader(b"X-Passerelle-Key", self.key)
        for name, value in headers:
            request.setRawHeader(name, value)
        manager = QgsNetworkAccessManager.instance()
        data = None if body is None else QByteArray(dumped(body))
        if verb == "POST":
            reply = manager.post(request, data)
        elif data is None:
            reply = manager.sendCustomRequest(request, verb.encode())
        else:
            reply = manager.sendCustomRequest(request, verb.encode(), data)
        loop = QEventLoop()
        reply.finished.connect(loop.quit)
        if not reply.isFinished():
            loop.exec_()
        status = reply.attribute(QNetworkRequest.HttpStatusCodeAttribute)
        content = reply.readAll()
        self.said.append([verb, status, bytes(content).decode()[:300]])
        return reply, content

    def methods(self, path: str) -> list:
        reply, _ = self.send("OPTIONS", path, None)
        return bytes(reply.rawHeader(b"Allow")).decode().split(", ")


def dumped(body: object) -> bytes:
    """Write JSON as nlohmann::json does."""
    return json.dumps(
        body, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def exported(feature: QgsFeature) -> dict:
    """Return a feature as the exporter writes it, as much of it as is sent."""
    body = json.loads(QgsJsonExporter().exportFeature(feature))
    del body["id"]
    body.pop("bbox", None)
    return body


def drawn(layer: Layer) -> QgsFeature:
    """Return a new feature, of which a person filled in three fields."""
    feature = QgsFeature(layer.fields)
    feature.initAttributes(layer.fields.count())
    feature["nom"] = 'Cèdre "bleu" <&>'
    feature["hauteur"] = 12.5
    feature["vu"] = QDateTime.fromString("2024-05-04T12:00:00.500", Qt.ISODateWithMs)
    place = QgsGeometry.fromWkt("Point (652400.123456789 6862300)")
    feature.setGeometry(place)
    return feature


def main(root: str, collection: str, key: str) -> None:
    layer = Layer(root, collection, key)
    options = layer.methods(""), layer.methods(f"/{layer.first}")
    reply, _ = layer.send(
        "POST", "", exported(drawn(layer)), (b"Content-Crs", CRS), FEATURE
    )
    place = bytes(reply.rawHeader(b"Location")).decode()
    made = place[place.rindex("/items/") + len("/items/") :]
    moved = QgsGeometry.fromWkt("Point (652401.123456789 6862301)")
    body = {"geometry": json.loads(moved.asJson(17))}
    layer.send("PATCH", f"/{made}", body, (b"Content-Crs", CRS), PATCH)
    layer.send("PATCH", f"/{made}", {"properties": {"feuilles": 7}}, PATCH)
    _, content = layer.send("GET", f"/{made}", None)
    layer.send("PATCH", f"/{layer.first}", {"properties": {"nom": "Chêne vert"}}, PATCH)
    layer.send("DELETE", f"/{made}", None)
    layer.send("DELETE", f"/{made}", None)
    found = {
        "version": Qgis.QGIS_VERSION,
        "options": options,
        "made": json.loads(bytes(content).decode()),
        "said": layer.said,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main(*sys.argv[1:])
    application.exitQgis()
