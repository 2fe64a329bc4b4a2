"""Answers as Athena writes and types them, for clients that expect Athena.

Texts of values: "Work with query results" of the Athena User Guide, and Trino's casts to varchar.
"""

from __future__ import annotations

import csv
import ctypes
import datetime as dt
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.athena import Answer
from local.dialect import QueryError

TEXT = "varchar"
# DuckDB's names of types where Athena's are others, without what stands in brackets.
TYPES = {
    "FLOAT": "real",
    "BLOB": "varbinary",
    "HUGEINT": "bigint",  # of a sum of integers
    "UBIGINT": "decimal(20,0)",
    "UINTEGER": "bigint",
    "USMALLINT": "integer",
    "UTINYINT": "smallint",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "STRUCT": "row",
    "INTERVAL": "interval day to second",
    "UUID": TEXT,
    "JSON": TEXT,
    "ENUM": TEXT,
    '"NULL"': TEXT,
}


@dataclass(frozen=True)
class Result:
    """Names and Athena's types of the columns, and the rows as texts; None: no value."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[list[str | None]]

    @classmethod
    def of(cls, answer: Answer) -> Result:
        types = tuple(athena_type(t) for t in answer.types) or ("string",) * len(answer.columns)
        kinds = answer.types or ("",) * len(answer.columns)
        for place, kind in enumerate(kinds):
            if kind == "HUGEINT" and any(_too_large(row[place]) for row in answer.rows):
                raise overflow(answer.columns[place])
        rows = [[text(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in answer.rows]
        return cls(answer.columns, types, rows)


def overflow(column: str) -> QueryError:
    """Of a sum of integers, as Athena fails, too."""
    return QueryError(
        f"{column} is a bigint, and a value is beyond its 64 bits: overflow",
        "sum decimals: CAST(… AS decimal(38,0))",
    )


def _too_large(value: int | None) -> bool:
    return value is not None and not -(2**63) <= value < 2**63


def athena_type(duckdb: str) -> str:
    """Athena's name of a DuckDB type."""
    if duckdb.endswith("[]"):
        return "array"
    if duckdb.startswith("DECIMAL"):
        return duckdb.lower()
    name = duckdb.partition("(")[0]
    return TYPES.get(name, name.lower())


def decimal_size(kind: str) -> tuple[int, int] | None:
    """Precision and scale of `decimal(10,2)`."""
    found = re.fullmatch(r"decimal\((\d+),(\d+)\)", kind)
    return (int(found[1]), int(found[2])) if found else None


def text(value: Any, kind: str = "") -> str | None:
    """A value as Athena writes it. `kind`: DuckDB's type, which tells a real and a list of them; inside of
    rows and maps a real has a double's digits.
    """
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case float():
            return _float_text(value, real=kind == "FLOAT")
        case Decimal():
            return format(value, "f")
        case dt.datetime() if value.tzinfo:
            # strftime writes years before 1000 with less than four digits.
            return f"{value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(' ', 'microseconds')} UTC"
        case dt.datetime():
            return value.isoformat(" ", "microseconds" if value.microsecond % 1000 else "milliseconds")
        case bytes():
            return value.hex(" ")
        case list():
            return f"[{', '.join(_inner(v, kind.removesuffix('[]')) for v in value)}]"
        case dict():
            return "{" + ", ".join(f"{_inner(k)}={_inner(v)}" for k, v in value.items()) + "}"
    return str(value)


def _inner(value: Any, kind: str = "") -> str:
    return "null" if (inner := text(value, kind)) is None else inner


def _float_text(value: float, *, real: bool) -> str:
    """Java's: the fewest digits that mean the value, with an exponent below 1E-3 and from 1E7 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    digits = _fewest_digits(value) if real else repr(value)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = format(Decimal(digits), "f")
        return plain if "." in plain else f"{plain}.0"
    mantissa, _, exponent = f"{Decimal(digits).normalize():e}".partition("e")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def _fewest_digits(value: float) -> str:
    """Of 32 bits; 9 digits are enough for each."""
    shorter = (f"{value:.{digits}g}" for digits in range(1, 9))
    return next((s for s in shorter if ctypes.c_float(float(s)).value == value), f"{value:.9g}")


def written(result: Result, *, header: bool) -> bytes:
    """The object that Athena leaves: of a SELECT a CSV with every value in quotes and none where there is
    none, of other statements lines of cells.
    """
    if not header:
        return "".join("\t".join(cell or "" for cell in row) + "\n" for row in result.rows).encode()
    out = io.StringIO()
    _write_lines(out, [result.columns, *result.rows])
    return out.getvalue().encode()


def _write_lines(out: io.StringIO, rows: Sequence[Sequence[str | None]]) -> None:
    # QUOTE_NOTNULL came with Python 3.12.
    cells = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="")
    for row in rows:
        for n, cell in enumerate(row):
            out.write("," if n else "")
            if cell is not None:
                cells.writerow([cell])
        out.write("\n")
