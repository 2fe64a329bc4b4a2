"""Lint: everything that is wrong with a domain's own files, offline and at once."""
