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


def once(value: str, name: str, of_name: str) -> str:
    """SQL of a value that is computed once, under a name, however often the name stands in `of_name`.

    A function of a list, which Spark does not compile: what most rows have stands before it. Compiled into
    one loop with all the rest, the rare spellings of a column make that loop too long for the JVM to optimise
    (measured on two tables of 11 columns: 10.1 and 8.9 CPU s of tasks, 7.6 and 7.3 so).
    """
    return f"transform(array({value}), {name} -> {of_name})[0]"
