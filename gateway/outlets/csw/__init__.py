"""Catalogues that take CSW transactions."""
