"""Example files of the drafted shapes: made up with a fixed seed, from the contract's words alone, so that no
value of the data can be in them.
"""

from __future__ import annotations

import io
import json
import random
from typing import Any

from cli.infer.draft import Draft, DraftColumn, DraftDataset
from cli.infer.example_values import made_up_value
from shared.contracts.paths import parsed_path

ROWS = 12
SEED = 7


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
    from cli.infer.workbook import ods, workbook

    flat = [[_header(c) for c in dataset.columns]] + [
        [r.get(_header(c)) for c in dataset.columns] for r in rows
    ]
    sheet = str(dataset.properties.get("sheet", "Sheet1"))
    return ("xlsx", workbook(sheet, flat)) if "xlsx" in formats else ("ods", ods(sheet, flat))


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
        value = made_up_value(column, dataset, number, rng)
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
