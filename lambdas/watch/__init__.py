"""Looks after the pipelines: starts a run when enough waits, tells how fresh tables are, keeps the reasons of
failed runs.
"""
