"""Tests of gold tables beside their SQL, `domains/<domain>/gold/<table>.test.yaml`: rows that are given, rows
that are expected.

A value is read by its column's type and never guessed: what is no such value is refused by its place.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from local.errors import LakeError
from shared.contracts import Contract, Table
from shared.gold_statements import case_files, statement_files
from shared.project import shown

Row = tuple[Any, ...]
KEYS = ("name", "given", "expect")
MAP = "map<string,bigint>"


class CaseError(LakeError):
    """A file of tests is not as it must be."""


@dataclass(frozen=True)
class Case:
    """One test. `given`: by `silver.events` its rows, in the table's columns; tables that are not named are
    empty. `columns`: those of the result that are compared, in which `expected` is.
    """

    table: Table
    name: str
    given: Mapping[str, Sequence[Row]]
    columns: tuple[str, ...]
    expected: Sequence[Row]

    def difference(self, found: Sequence[Row]) -> str | None:
        """What the rows lack and what they have too much, whatever their order; None: nothing."""
        missing, extra = list(self.expected), list[Row]()
        for row in found:
            if row in missing:
                missing.remove(row)
            else:
                extra.append(row)
        if not missing and not extra:
            return None
        lines = [("expected and not there", missing), ("there and not expected", extra)]
        return "\n".join(f"  {what}: {self._shown(row)}" for what, rows in lines for row in rows)

    def _shown(self, row: Row) -> str:
        return ", ".join(f"{c}: {_text(v)}" for c, v in zip(self.columns, row, strict=True)) or "a row"


def cases(contract: Contract) -> list[Case]:
    """All tests of a domain, in the order of their files. Raises CaseError."""
    return [c for name, path in case_files(contract.domain).items() for c in _of_file(contract, name, path)]


def _of_file(contract: Contract, name: str, path: Path) -> Iterator[Case]:
    file = shown(path)
    table = next((t for t in contract.gold if t.name == name), None)
    if table is None or name not in statement_files(contract.domain):
        raise _wrong(file, f"there is no gold/{name}.sql of a gold table {name}")
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _wrong(file, f"is no YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(content, list) or not content:
        raise _wrong(file, "expected a list of tests, each with name, given and expect")
    for number, entry in enumerate(content, 1):
        place = f"{file}: test {number}"
        if not isinstance(entry, dict) or sorted(map(str, entry)) != sorted(KEYS):
            raise _wrong(place, f"expected {', '.join(KEYS)}")
        yield _case(contract, table, entry, f"{file}: {entry['name']}")


def _case(contract: Contract, table: Table, entry: Mapping[str, Any], place: str) -> Case:
    tables = {f"{t.zone}.{t.name}": t for t in contract.tables}
    given = {}
    for name, rows in _mapping(entry["given"], place).items():
        if name not in tables:
            raise _wrong(place, f"given: {name} is not a table of the contract ({', '.join(sorted(tables))})")
        source = tables[name]
        given[name] = _rows(rows, source, source.column_names, f"{place}: given: {name}")
    rows = entry["expect"]
    named = {c for r in (rows if isinstance(rows, list) else ()) if isinstance(r, dict) for c in r}
    columns = tuple(c for c in table.column_names if c in named)
    expected = _rows(rows, table, columns, f"{place}: expect")
    return Case(table, str(entry["name"]), given, columns or table.column_names, expected)


def _rows(rows: Any, table: Table, columns: Sequence[str], place: str) -> list[Row]:
    if not isinstance(rows, list):
        raise _wrong(place, "expected a list of rows, - {column: value, …}; [] for none")
    found = []
    for number, row in enumerate(rows, 1):
        here = f"{place}: row {number}"
        values = _mapping(row, here)
        if unknown := sorted(values.keys() - {*table.column_names}):
            raise _wrong(here, f"{', '.join(unknown)}: no such column ({', '.join(table.column_names)})")
        found.append(tuple(value(values.get(c), table.column(c).type, f"{here}: {c}") for c in columns))
    return found


def value(written: Any, kind: str, place: str) -> Any:
    """A value of a column's type as Python has it. Raises CaseError."""
    if written is None:
        return None
    if kind.startswith("array<"):
        if not isinstance(written, list):
            raise _wrong(place, f"expected a list, {kind}, found {written!r}")
        return [value(each, kind[6:-1], place) for each in written]
    if kind == MAP:
        entries = _mapping(written, place)
        return {value(k, "string", place): value(v, "bigint", place) for k, v in entries.items()}
    try:
        read = _READERS[re.sub(r"\(.*", "", kind)](written)
    except (ValueError, InvalidOperation):
        read = None
    if read is None:
        quotes = "; put it in quotes" if kind == "string" else ""
        raise _wrong(place, f"expected {kind}, found {written!r}{quotes}")
    return _scaled(read, kind, written, place) if isinstance(read, Decimal) else read


def _scaled(read: Decimal, kind: str, written: Any, place: str) -> Decimal:
    digits, scale = (int(n) for n in re.findall(r"\d+", kind))
    scaled = read.quantize(Decimal(1).scaleb(-scale)) if read.is_finite() else read
    if scaled != read or len(scaled.as_tuple().digits) > digits:
        raise _wrong(place, f"expected {kind}, found {written!r}")
    return scaled


def _time(written: Any) -> dt.datetime | None:
    found = dt.datetime.fromisoformat(written) if isinstance(written, str) else written
    if not isinstance(found, dt.datetime):
        return None
    return found.astimezone(dt.UTC).replace(tzinfo=None) if found.tzinfo else found


def _date(written: Any) -> dt.date | None:
    found = dt.date.fromisoformat(written) if isinstance(written, str) else written
    return found if type(found) is dt.date else None


def _number(written: Any) -> Decimal | None:
    return None if isinstance(written, bool) else Decimal(str(written))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "string": lambda v: v if isinstance(v, str) else None,
    "boolean": lambda v: v if isinstance(v, bool) else None,
    "int": lambda v: v if type(v) is int else None,
    "bigint": lambda v: v if type(v) is int else None,
    "double": lambda v: float(v) if type(v) in (int, float) else None,
    "decimal": _number,
    "date": _date,
    "timestamp": _time,
}


def _mapping(found: Any, place: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise _wrong(place, f"expected names and values, found {found!r}")
    return found


def _text(found: Any) -> str:
    return "null" if found is None else str(found)


def _wrong(place: str, reason: str) -> CaseError:
    return CaseError(f"{place}: {reason}", "docs/howto/add-a-gold-table.md shows a test")
