"""Names and texts as Spark SQL."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A column name as SQL, whatever characters it has."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def whole(regex: str) -> str:
    """A regular expression for the whole of a text: `$` alone would let a line end follow."""
    return literal(rf"^(?:{regex})\z")
