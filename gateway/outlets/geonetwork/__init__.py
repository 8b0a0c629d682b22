"""GeoNetwork 4, by its own API."""
