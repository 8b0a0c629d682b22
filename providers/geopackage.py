"""The pygeoapi plugin for GeoPackage, ``providers.geopackage.GeopackageProvider``."""

from __future__ import annotations

from pathlib import Path

from providers.pygeoapi_plugin import Definition, FeatureProvider


class GeopackageProvider(FeatureProvider):
    """Features of a layer in a GeoPackage; ``data`` is the path of the file."""

    def place(self, provider_def: Definition) -> tuple[str, str]:
        """Return the path of the file, and its name."""
        path = Path(str(provider_def["data"])).resolve()
        return str(path), path.name
