"""Follows the silos for as long as it lives: measures, records, files, outlets."""
