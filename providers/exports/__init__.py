"""Whole collections written into files of known length, date and hash."""
