"""Whom we tell: outlets, ledger, publishing, and the command line."""
