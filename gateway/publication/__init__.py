"""Planned, sent, read back, compared: how records get where they are meant to be."""
