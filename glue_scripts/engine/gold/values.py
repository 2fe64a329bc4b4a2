"""What a computed value must fit: its column's type, and what a warehouse can hold of it.

Looked at while Spark computes the rows that are written, so nothing is computed twice; a value that does not
fit ends the table's commit before it is made.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.errors import PySparkException

from glue_scripts.engine.read.sql import literal, quoted
from glue_scripts.engine.read.texts_sql import Test, in_any, too_long, unloadable
from shared.contracts import Column
from shared.values.texts import MOST_BYTES, varchar

MARK = "lakehouse.unfit"
RAISED = "USER_RAISED_EXCEPTION"  # Spark's condition for raise_error

TOO_LARGE = (
    "the type cannot hold. Give the column a wider one in the contract, and in the casts of the transform:"
    " decimal(38, s) for totals of decimals, bigint for those of whole numbers"
)
OTHER_TYPE = "the type cannot hold. Compute one that it can, or change the type in the contract"
NOT_FINITE = "is NaN or infinite. Have the transform leave it out, or make it null"
LONG = (
    f"is too long for it. Cut it in the transform, or say a greater maxLength in the contract; {MOST_BYTES:,}"
    " bytes of UTF-8 are the most that a warehouse takes"
)
HAS_NUL = "has a NUL character. Remove it in the transform: no warehouse keeps one in a text"


def fitted(column: Column, found: str) -> str:
    """SQL for a computed value, of the type that was found, as one of the column's type; where it does not
    fit, it raises what `misfit` knows.
    """
    name, kind = quoted(column.name), column.type
    value, cases = name, []
    if found != kind:
        # Of a list try_cast would make a null of a single element.
        value = f"CAST({name} AS {kind})" if "<" in kind else f"try_cast({name} AS {kind})"
        lost = TOO_LARGE if kind.startswith(("decimal", "int", "bigint")) else OTHER_TYPE
        cases += [] if "<" in kind else [(f"{name} IS NOT NULL AND {value} IS NULL", lost)]
    cases += [(in_any(value, test, kind), said) for test, said in _tests(column)]
    raised = " ".join(
        f"WHEN {test} THEN raise_error({literal(f'{MARK}:{column.name}:{said}')})" for test, said in cases
    )
    return f"{f'CASE {raised} ELSE {value} END' if raised else value} AS {name}"


def misfit(error: PySparkException) -> tuple[str, str] | None:
    """The column that a value does not fit, and what is said of the value; None for any other error."""
    if error.getCondition() != RAISED:
        return None
    mark, _, rest = (error.getMessageParameters() or {}).get("errorMessage", "").partition(":")
    column, _, said = rest.partition(":")
    return (column, said) if mark == MARK else None


def _tests(column: Column) -> Iterator[tuple[Test, str]]:
    """Of a value that has the column's type, or of one of those that it holds."""
    kind = column.element or column.type
    if kind == "double":
        # NaN is greater than all others, to Spark.
        yield lambda value: f"NOT (abs({value}) < double('Infinity'))", NOT_FINITE
    if kind in ("string", "map<string,bigint>"):
        yield lambda value: too_long(value, column.max_length), LONG
        yield unloadable, HAS_NUL
    if column.max_length is not None and varchar(column.max_length) == MOST_BYTES:
        yield lambda value: too_long(value, None), LONG
