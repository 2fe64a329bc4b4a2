"""Arrow arrays → the values of `shared.records.plain`, without Python's own times and decimals: these cannot
hold all that a Parquet file can, and a cell that nobody asked for must not end the reading of a file.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from shared.records.strict_json import Number

EPOCH = dt.datetime(1970, 1, 1)
PER_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
DAY_MICROS = 86_400_000_000
CYCLE_DAYS, CYCLE_YEARS = 146_097, 400  # after which the calendar repeats itself


def values(column: Any) -> list[Any]:
    """The cells of an array: times as ISO 8601, with Z where the file says UTC, else local; whole numbers,
    decimals and doubles as Number; structs and maps as dict, lists as list.
    """
    import pyarrow as pa
    import pyarrow.types as t

    kind = column.type
    if t.is_dictionary(kind):
        words = values(column.dictionary)
        return [None if i is None else words[i] for i in column.indices.to_pylist()]
    if t.is_string(kind) or t.is_large_string(kind) or t.is_boolean(kind) or t.is_null(kind):
        return list(column.to_pylist())
    if t.is_binary(kind) or t.is_large_binary(kind) or t.is_fixed_size_binary(kind):
        return [_text_or_bytes(v) for v in column.to_pylist()]
    if t.is_timestamp(kind):
        end = "Z" if kind.tz is not None else ""
        return [None if n is None else _time(n, kind.unit, end) for n in _integers(column, 64)]
    if t.is_date(kind):
        days = _integers(column, 32 if t.is_date32(kind) else 64)
        return [None if n is None else _day(n if t.is_date32(kind) else n // 86_400_000) for n in days]
    if t.is_struct(kind):
        return _structs(column)
    if t.is_map(kind):
        return _maps(column)
    if t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind):
        return _lists(column)
    if t.is_floating(kind):
        return [None if v is None else Number(_java(v)) for v in column.cast(pa.string()).to_pylist()]
    if t.is_integer(kind):
        return [None if v is None else Number(v) for v in column.cast(pa.string()).to_pylist()]
    if t.is_decimal(kind):  # Arrow writes small ones with an exponent
        texts = column.cast(pa.string()).to_pylist()
        return [None if v is None else Number(f"{Decimal(v):f}" if "E" in v else v) for v in texts]
    if t.is_time(kind) or t.is_duration(kind):
        bits = 32 if t.is_time32(kind) else 64
        return [None if n is None else _clock(n, kind.unit, t.is_time(kind)) for n in _integers(column, bits)]
    return [None if not valid else f"a value of type {kind}" for valid in column.is_valid().to_pylist()]


def _integers(column: Any, bits: int) -> list[Any]:
    import pyarrow as pa

    return list(column.view(pa.int64() if bits == 64 else pa.int32()).to_pylist())


def _structs(column: Any) -> list[Any]:
    names = [column.type.field(i).name for i in range(column.type.num_fields)]
    if not names:
        return [{} if valid else None for valid in column.is_valid().to_pylist()]
    rows = zip(*map(values, column.flatten()), strict=True)
    valid = column.is_valid().to_pylist()
    return [dict(zip(names, row, strict=True)) if v else None for row, v in zip(rows, valid, strict=True)]


def _lists(column: Any) -> list[Any]:
    import pyarrow.compute as pc

    items, at, found = values(column.flatten()), 0, list[Any]()
    for length in pc.list_value_length(column).to_pylist():
        found.append(None if length is None else items[at : at + length])
        at += length or 0
    return found


def _maps(column: Any) -> list[Any]:
    """Maps as objects; of a key given twice the last value counts, as in JSON."""
    offsets, valid = column.offsets.to_pylist(), column.is_valid().to_pylist()
    first, size = offsets[0], offsets[-1] - offsets[0]
    keys = [k if isinstance(k, str) else str(k) for k in values(column.keys.slice(first, size))]
    pairs = list(zip(keys, values(column.items.slice(first, size)), strict=True))
    ends = zip(offsets, offsets[1:], valid, strict=False)
    return [dict(pairs[a - first : b - first]) if v else None for a, b, v in ends]


def _text_or_bytes(value: bytes | None) -> str | bytes | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return value


def _time(number: int, unit: str, end: str) -> str:
    """ISO 8601, without zeros at the end of a fraction, as Spark spells it, which reads most files."""
    micros = number // 1000 if unit == "ns" else number * (1_000_000 // PER_SECOND[unit])
    days, of_day = divmod(micros, DAY_MICROS)
    clock = (EPOCH + dt.timedelta(microseconds=of_day)).time().isoformat()
    return f"{_day(days)}T{clock.rstrip('0') if '.' in clock else clock}{end}"


def _day(days: int) -> str:
    """ISO 8601; a year beyond four digits has a sign, which silver will not take for a date."""
    cycles, rest = divmod(days, CYCLE_DAYS)
    day = (EPOCH + dt.timedelta(days=rest)).date()
    year = day.year + CYCLE_YEARS * cycles
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    return f"{sign}{abs(year):04}-{day:%m-%d}"


def _clock(number: int, unit: str, of_day: bool) -> str:
    micros = number // 1000 if unit == "ns" else number * (1_000_000 // PER_SECOND[unit])
    if of_day and 0 <= micros < DAY_MICROS:
        return (EPOCH + dt.timedelta(microseconds=micros)).time().isoformat()
    return f"{number} {unit}"


def _java(text: str) -> str:
    """A double as Spark spells it, which reads most files: 1.0E10, 12.0, NaN, Infinity."""
    lower = text.lower()
    if lower in ("nan", "-nan", "inf", "-inf"):
        return "NaN" if "nan" in lower else "-Infinity" if text.startswith("-") else "Infinity"
    sign, bare = ("-", text[1:]) if text.startswith("-") else ("", text)
    mantissa, _, exponent = bare.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0").rstrip("0")
    if not digits:
        return f"{sign}0.0"
    leading = len(fraction) - len((whole + fraction).lstrip("0"))
    power = int(exponent or 0) - leading - 1  # of ten, of the first digit
    if len(digits) == 1 and power < -308:  # Java has two, which next to zero say more: 4.9E-324, not 5E-324
        two, _, exponent = f"{float(bare):.1e}".partition("e")
        digits, power = two.replace(".", "").rstrip("0"), int(exponent)
    if not -3 <= power < 7:
        return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    digits = digits.ljust(power + 1, "0")
    return f"{sign}{digits[: power + 1]}.{digits[power + 1 :] or '0'}"
