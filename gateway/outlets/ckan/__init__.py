"""Portals that run CKAN, 2.10 or newer."""
