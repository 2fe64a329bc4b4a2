"""Example files of the drafted shapes: made up with a fixed seed, from the contract's words alone, so that no
value of the data can be in them.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from cli.infer.choice import OPEN, Choice
from cli.infer.draft import Draft, DraftColumn, DraftDataset
from shared.contracts.paths import parsed_path
from shared.values.names import MONTHS, SHORT_DAYS, SHORT_MONTHS, language
from shared.values.patterns import TOKEN

ROWS = 12
SEED = 7
START = dt.datetime(2026, 1, 5, 8, 30)
EPOCH = dt.datetime(1970, 1, 1)
SYLLABLES = ("ka", "lo", "mi", "ne", "ru", "sa", "to", "vi", "be", "do", "fa", "gu")
PER_SECOND = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}


def example_files(draft: Draft) -> dict[str, bytes]:
    """One for each dataset whose questions about spellings are answered, in a format that it accepts."""
    found: dict[str, bytes] = {}
    for dataset in draft.datasets:
        if "filesOf" not in dataset.properties:
            name, content = _file(dataset)
            found[f"example/{dataset.name}.{name}"] = content
    return found


def _file(dataset: DraftDataset) -> tuple[str, bytes]:
    rng = random.Random(f"{SEED} {dataset.name}")
    rows = [_row(dataset, number, rng) for number in range(ROWS)]
    formats = dataset.properties["formats"]
    assert isinstance(formats, list)
    if "ndjson" in formats:
        return "ndjson", "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode()
    if "json" in formats:
        return "json", _document(dataset, rows).encode()
    if "csv" in formats:
        return "csv", _delimited(dataset, rows).encode(_encoding(dataset), errors="replace")
    if "parquet" in formats:
        return "parquet", _parquet(rows)
    if "xml" in formats:
        return "xml", _xml(dataset, rows).encode()
    from cli.infer.workbook import workbook

    flat = [[_header(c) for c in dataset.columns]] + [
        [r.get(_header(c)) for c in dataset.columns] for r in rows
    ]
    return "xlsx", workbook(str(dataset.properties.get("sheet", "Sheet1")), flat)


def _encoding(dataset: DraftDataset) -> str:
    named = dataset.properties.get("encodings")
    return str(named[0]) if isinstance(named, list) else "utf-8"


def _row(dataset: DraftDataset, number: int, rng: random.Random) -> dict[str, Any]:
    """A record as the files have it: nested where paths lead, in an envelope where there is one."""
    row: dict[str, Any] = {}
    around: dict[str, Any] = {}
    for column in sorted(dataset.columns, key=lambda c: c.name):
        if column.from_key:
            continue
        value = _value(column, dataset, number, rng)
        enveloped = dataset.enveloped and column.steps in (
            ("op",),
            ("ts_ms",),
            ("source", "ts_ms"),
            ("source", "lsn"),
        )
        _put(around if enveloped else row, column, value)
    if dataset.enveloped:
        return {"before": None, "after": row, **around}
    return row


def _put(row: dict[str, Any], column: DraftColumn, value: Any) -> None:
    if not column.path:
        row[_header(column)] = value
        return
    *outer, last = parsed_path(column.path).steps
    for step in outer:
        row = row.setdefault(str(step), {})
    row[str(last)] = value


def _header(column: DraftColumn) -> str:
    return column.aliases[0] if column.aliases else column.name


def _value(column: DraftColumn, dataset: DraftDataset, number: int, rng: random.Random) -> Any:
    """A made-up value; numbers are texts in a file of texts, and numbers of JSON elsewhere."""
    choice = column.choice
    formats = dataset.properties["formats"]
    assert isinstance(formats, list)
    texts = bool({"csv", "xml"} & set(formats))
    if dataset.operation.get("column") == column.name:
        return "c" if dataset.enveloped else _upsert(dataset)
    if choice.type.startswith("array<"):
        return [_word(rng), _word(rng)] if "string" in choice.type else []
    if choice.properties.get("json"):
        return {"made_up": number}
    if column.key and choice.type == "string":
        return f"{column.name[:3]}{number:05}"
    if column.key and choice.type in ("int", "bigint"):
        return str(number + 1) if texts else number + 1
    if choice.type in ("date", "timestamp"):
        return _time(choice, number, rng, texts)
    if choice.type == "boolean":
        return _boolean(choice, rng, texts)
    if choice.type == "string":
        return _word(rng)
    return _number(choice, rng, texts)


def _upsert(dataset: DraftDataset) -> str:
    named = dataset.operation.get("upsert")
    return str(named[0]) if isinstance(named, list) and named else "I"


def _word(rng: random.Random) -> str:
    return "".join(rng.choice(SYLLABLES) for _ in range(3))


def _boolean(choice: Choice, rng: random.Random, texts: bool) -> Any:
    words = choice.properties.get("booleans")
    value = rng.random() < 0.5
    if words:
        return words["true" if value else "false"][0]
    return str(value).lower() if texts else value


def _number(choice: Choice, rng: random.Random, texts: bool) -> Any:
    scale = int(choice.type.partition(",")[2].rstrip(")") or 0) if "decimal" in choice.type else 0
    scale = 2 if choice.type == "double" else scale
    number = Decimal(rng.randint(1, 999)) + Decimal(rng.randint(0, 10**scale - 1)).scaleb(-scale)
    mark = choice.properties.get("decimalMark", ".")
    if not texts and mark in (".", OPEN):
        return int(number) if scale == 0 else float(number)
    return str(number).replace(".", mark if mark != OPEN else ".")


def _time(choice: Choice, number: int, rng: random.Random, texts: bool) -> Any:
    when = START + dt.timedelta(hours=7 * number, minutes=rng.randint(0, 59))
    formats = choice.properties.get("formats") or [choice.options.get("format", "iso")]
    first = formats[0]
    if first in PER_SECOND:
        epoch = int((when - EPOCH).total_seconds()) * PER_SECOND[first]
        return str(epoch) if texts else epoch
    if first == "yyyymmdd":
        return f"{when:%Y%m%d}" if texts else int(f"{when:%Y%m%d}")
    if first in ("iso", OPEN):
        zoned = choice.options.get("defaultTimezone") == "UTC"
        return when.date().isoformat() if choice.type == "date" else when.isoformat() + ("Z" if zoned else "")
    return "".join(_fields(first, when, choice.properties.get("locale", "en")))


def _fields(pattern: str, when: dt.datetime, locale: str) -> Iterator[str]:
    """The time as a pattern of java.time has it."""
    for token in TOKEN.finditer(pattern):
        letters = token[0]
        if not token[1]:
            yield letters.strip("'")
            continue
        yield _field(letters, when, language(locale) or "en")


def _field(letters: str, when: dt.datetime, locale: str) -> str:
    plain = {
        "y": when.year if len(letters) != 2 else when.year % 100,
        "d": when.day,
        "H": when.hour,
        "h": when.hour % 12 or 12,
        "m": when.minute,
        "s": when.second,
    }
    match letters[0]:
        case "M" if len(letters) > 2:
            table = SHORT_MONTHS if len(letters) == 3 else MONTHS
            return table[locale].split(" ")[when.month - 1].partition("/")[0]
        case "M":
            return str(when.month).zfill(len(letters))
        case "E":
            return SHORT_DAYS[locale].split(" ")[when.weekday()]
        case "a":
            return "AM" if when.hour < 12 else "PM"
        case "S":
            return "0" * len(letters)
        case "X":
            return "Z"
    return str(plain[letters[0]]).zfill(len(letters))


def _document(dataset: DraftDataset, rows: list[dict[str, Any]]) -> str:
    found: Any = rows
    if records := dataset.properties.get("records"):
        for step in reversed(parsed_path(str(records)).steps):
            found = {str(step): found}
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _delimited(dataset: DraftDataset, rows: list[dict[str, Any]]) -> str:
    import csv

    file = io.StringIO()
    comma = any(c.choice.properties.get("decimalMark") == "," for c in dataset.columns)
    writer = csv.writer(file, delimiter=";" if comma else ",", lineterminator="\n")
    headers = [_header(c) for c in sorted(dataset.columns, key=lambda c: c.name) if not c.from_key]
    line = dataset.properties.get("header")
    if dataset.positional:
        separator = str(dataset.properties["delimiter"])
        ordered = [c.name for c in sorted(dataset.columns, key=lambda c: c.steps)]
        return "".join(separator.join(str(r[n]) for n in ordered) + "\n" for r in rows)
    file.write("made up\n" * (line - 1 if isinstance(line, int) else 0))
    writer.writerow(headers)
    writer.writerows([[r[h] for h in headers] for r in rows])
    return file.getvalue()


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def _xml(dataset: DraftDataset, rows: list[dict[str, Any]]) -> str:
    from xml.sax.saxutils import escape

    def element(name: str, value: Any) -> str:
        if isinstance(value, dict):
            attributes = "".join(
                f' {k[1:]}="{escape(str(v))}"' for k, v in value.items() if k.startswith("@")
            )
            inner = "".join(element(k, v) for k, v in value.items() if not k.startswith(("@", "#")))
            return f"<{name}{attributes}>{inner}{escape(str(value.get('#text', '')))}</{name}>"
        if isinstance(value, list):
            return "".join(element(name, v) for v in value)
        return f"<{name}>{escape(str(value))}</{name}>"

    steps = [
        "records",
        *map(str, parsed_path(str(p)).steps if (p := dataset.properties.get("records")) else ()),
    ]
    inside = "".join(element("record", r) for r in rows)
    for step in reversed(steps):
        inside = f"<{step}>{inside}</{step}>"
    return inside + "\n"
