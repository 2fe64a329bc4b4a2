"""What a table that is computed promises: exactly its columns, values that fit them, and keys that are
neither null nor double.

A transform that breaks this is found before the commit, and named.
"""

from __future__ import annotations

import traceback

from pyspark.errors import PySparkException, PythonException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold.lake import Lake, Transform
from glue_scripts.engine.gold.sql_file import SqlTransform
from glue_scripts.engine.gold.values import fitted, misfit
from glue_scripts.engine.lineage.recorder import kinds
from glue_scripts.engine.read.sql import quoted
from shared.contracts import Table

DATA_EXCEPTION = "22"  # the class of SQLSTATE
OVERFLOWS = ("NUMERIC_VALUE_OUT_OF_RANGE", "ARITHMETIC_OVERFLOW", "CAST_OVERFLOW")  # Spark's conditions
CODE = "domains/"  # where transforms are, in whatever archive


class TransformError(RuntimeError):
    """A transform fails, or returns other columns than its table has. Nothing of the table was committed.

    `told`: what is said of it where no value of a row may be: its sentence may quote one.
    """

    def __init__(self, sentence: str, told: str = "") -> None:
        super().__init__(sentence)
        self.told = told


class UnfitValueError(RuntimeError):
    """A transform computes a value that its column cannot hold. Nothing of the table was committed.

    `told`: its sentence, which has the column and never the value, whatever Spark says of it in the cause.
    """

    @property
    def told(self) -> str:
        return str(self)


class BrokenKeyError(RuntimeError):
    """Rows of a computed table have no key, or share one. Nothing of the table was committed."""


def transformed_rows(transform: Transform, lake: Lake, table: Table) -> DataFrame:
    """The transform's rows, which have the table's columns. Raises TransformError."""
    try:
        rows = transform(lake)
    except Exception as error:  # code of a domain may raise anything; it goes on as the cause
        said = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        where = _named(transform, lake, table, error)
        raise TransformError(f"{where}: {said}", f"{where}: {kinds(error)}") from error
    extra, missing = set(rows.columns) - {*table.column_names}, {*table.column_names} - set(rows.columns)
    double = {c for c in rows.columns if rows.columns.count(c) > 1}
    if extra or missing or double:
        found = {"not in the contract": extra, "missing": missing, "twice": double}
        listed = "; ".join(f"{what}: {', '.join(sorted(names))}" for what, names in found.items() if names)
        fault = f"{_named(transform, lake, table)} returns other columns than the table has"
        raise TransformError(  # names of columns that a pivot made are values
            f"{fault}: {listed}. Select the table's columns at its end, or change the contract.", fault
        )
    return rows


def in_columns(rows: DataFrame, table: Table) -> DataFrame:
    """Transformed rows in the table's columns and types; one with a value that does not fit its column raises
    what `unfit_value` knows when it is computed.
    """
    kinds = {f.name: f.dataType.simpleString() for f in rows.schema}
    return rows.selectExpr(*(fitted(c, kinds[c.name]) for c in table.columns))


def check_keys(transform: Transform, lake: Lake, table: Table, rows: DataFrame) -> None:
    """Raises BrokenKeyError.

    Rows of a table with `appendedBy` may be double, in every run: `unseen` and `all_once` take each once.
    """
    key = [quoted(k) for k in table.primary_key]
    empty = " OR ".join(f"{k} IS NULL" for k in key)
    per_key = rows.groupBy(*key).agg(F.count(F.lit(1)).alias("_rows"))
    counts = per_key.agg(
        F.expr(f"coalesce(sum(CASE WHEN {empty} THEN _rows END), 0) AS empty"),
        F.expr(f"count_if(_rows > 1 AND NOT ({empty})) AS double"),
    )
    [found] = counts.collect()
    empties, doubles = found["empty"], 0 if table.appended_by else found["double"]
    if empties or doubles:
        raise BrokenKeyError(
            f"{_named(transform, lake, table)} breaks the key ({', '.join(table.primary_key)}): {empties}"
            f" rows without it, {doubles} keys of several rows; nothing of {table.name} was committed."
            " Filter, group or join by the whole key there, or change the key in the contract."
        )


def is_of_a_row(error: PySparkException) -> bool:
    """Whether Spark met a value that it could not compute with, and not a store that failed."""
    return isinstance(error, PythonException) or (error.getSqlState() or "").startswith(DATA_EXCEPTION)


def failed_row(transform: Transform, lake: Lake, table: Table, error: PySparkException) -> TransformError:
    """What to raise for an error that `is_of_a_row`."""
    overflows = (error.getCondition() or "").startswith(OVERFLOWS)
    advice = ". Give totals a wider type in the transform: decimal(38, s), or bigint" if overflows else ""
    fault = f"{_named(transform, lake, table, error)} fails on a row"
    return TransformError(f"{fault}: {_condition(error)}{advice}", f"{fault}: {kinds(error)}")


def unfit_value(
    transform: Transform, lake: Lake, table: Table, error: PySparkException
) -> UnfitValueError | None:
    """What to raise for a value that does not fit its column; None where the error is another."""
    if (found := misfit(error)) is None:
        return None
    column, said = found
    return UnfitValueError(
        f"{_named(transform, lake, table)} computes a value of {column}, {table.column(column).type}, that"
        f" {said}; nothing of {table.name} was committed, its rows are as they were."
    )


def _condition(error: PySparkException) -> str:
    """Spark's name for what went wrong, and where it was called. Its message would quote the row's values."""
    condition = error.getCondition() or type(error).__name__
    for context in error.getQueryContext():
        if context.contextType().name == "SQL":
            return f"{condition}, in {context.fragment()!r}"
        return f"{condition}, called from {_shown(context.summary().splitlines()[-1])}"
    return condition


def _named(transform: Transform, lake: Lake, table: Table, error: Exception | None = None) -> str:
    """Table, and file and line: the line at which an error was raised, else that of the function."""
    if isinstance(transform, SqlTransform):
        return f"{lake.job.domain}.{table.name}: {transform.place(error)}"
    code = getattr(transform, "__code__", None)
    file, line = (code.co_filename, code.co_firstlineno) if code else ("", 0)
    frames = traceback.extract_tb(error.__traceback__) if error else []
    for frame in frames:  # the last one: the deepest of the same file
        file, line = (file, frame.lineno or line) if frame.filename == file else (file, line)
    function = getattr(transform, "__name__", type(transform).__name__)
    return f"{lake.job.domain}.{table.name}: transform {function} ({_shown(file)}, line {line})"


def _shown(place: str) -> str:
    return place[place.rfind(CODE) :] if CODE in place else place
