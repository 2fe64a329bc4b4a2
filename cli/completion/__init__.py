"""Completion of shells. What `python -m cli.completion` imports is little, for it runs at each press of a
key: `verbs.json` holds what the parsers take, and the project's files are asked for names.
"""
