"""Records → files of every format, under the names and in the folders that producers choose."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from domains.ecommerce.sample.spell import value
from domains.ecommerce.sample.truth import KEYS, TIMES, Columns

FORMATS = (".csv", ".csv.gz", ".json", ".json.gz", ".ndjson", ".ndjson.gz", ".txt", ".txt.gz", ".parquet")
ALIASES = {
    "event_id": ("eventId", "event-id", "EVENT_ID", "event_uuid", "id"),
    "user_id": ("userID", "User_Id", "uid", "customer_id"),
    "ts": ("timestamp", "event_time", "Time"),
    "tx_id": ("transaction_id", "TxId", "txn_id"),
    "created_at": ("createdAt", "created", "creation_time"),
    "delivered_at": ("deliveredAt", "delivery_time"),
    "updated_at": ("updatedAt", "last_modified", "Modified-At"),
    "phone": ("phone_number", "tel"),
    "amount": ("total", "Amount"),
}
EXTRAS = ("campaign", "device", "context", "ab_group")
COUNTED = ("spelling", "dirt", "file")


@dataclass(frozen=True)
class Style:
    """How one file is written."""

    suffix: str
    names: dict[str, str]
    extra: str | None
    delimiter: str
    lines: bool  # .txt holds JSON lines rather than delimited text
    pretty: bool
    broken: int  # lines that cannot be read
    shuffled: bool

    @property
    def kind(self) -> str:
        base = self.suffix.removesuffix(".gz")
        return {".txt": ".ndjson" if self.lines else ".csv"}.get(base, base)


def style(rng: np.random.Generator, number: int, records: int) -> Style:
    """A style for a file; formats take turns, so that every dataset has them all."""
    suffix = FORMATS[number % len(FORMATS)]
    names = {c: str(rng.choice(ALIASES[c])) for c in ALIASES if rng.random() < 0.3}
    chosen = Style(
        suffix,
        names,
        str(rng.choice(EXTRAS)) if rng.random() < 0.2 else None,
        str(rng.choice(list(",,,;|\t"))),
        bool(rng.random() < 0.5),
        bool(rng.random() < 0.5),
        0,
        bool(rng.random() < 0.3),
    )
    breakable = records >= 60 and chosen.kind in (".csv", ".ndjson") and rng.random() < 0.3
    return replace(chosen, broken=int(rng.integers(1, 3)) if breakable else 0)


def body(rng: np.random.Generator, dataset: str, columns: Columns, rows: np.ndarray, how: Style) -> bytes:
    """The content of a file."""
    names = [c for c in columns if c not in COUNTED]
    if how.shuffled:
        names = [str(n) for n in rng.permutation(names)]
    writers = {".csv": _delimited, ".ndjson": _lines, ".json": _array, ".parquet": _parquet}
    content = writers[how.kind](rng, columns, rows, names, how, dataset)
    return gzip.compress(content, 6, mtime=0) if how.suffix.endswith(".gz") else content


def _cells(
    rng: np.random.Generator, columns: Columns, rows: np.ndarray, names: list[str], as_text: bool
) -> list[list[Any]]:
    """Column by column the written values of the rows."""
    chance = rng.integers(0, 100, len(rows))
    spelling = columns["spelling"][rows]
    picked = [(n, columns[n][rows].tolist()) for n in names]
    return [
        [value(n, v, s, c, as_text) for v, s, c in zip(values, spelling, chance.tolist(), strict=True)]
        for n, values in picked
    ]


def _delimited(
    rng: np.random.Generator, columns: Columns, rows: np.ndarray, names: list[str], how: Style, dataset: str
) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=how.delimiter, lineterminator="\n")
    extra = [how.extra] if how.extra else []
    writer.writerow([*(how.names.get(n, n) for n in names), *extra])
    lines = list(zip(*_cells(rng, columns, rows, names, as_text=True), strict=True))
    writer.writerows((*row, f"x{i % 7}") for i, row in enumerate(lines)) if extra else writer.writerows(lines)
    for i in range(how.broken):
        writer.writerow([f"ragged-{i}", "row"][: max(1, len(names) - 2)])
    return text.getvalue().encode()


def _objects(
    rng: np.random.Generator, columns: Columns, rows: np.ndarray, names: list[str], how: Style
) -> list[dict[str, Any]]:
    """Records as objects; a column that is empty is left out of some of them."""
    written = [how.names.get(n, n) for n in names]
    cells = _cells(rng, columns, rows, names, as_text=False)
    objects = [dict(zip(written, row, strict=True)) for row in zip(*cells, strict=True)]
    if how.extra:
        for i, record in enumerate(objects):
            record[how.extra] = {"page": i % 5, "tags": ["a", 1.5]} if how.extra == "context" else f"x{i % 7}"
    for record in objects[::3]:
        for name in [n for n, v in record.items() if v is None]:
            del record[name]
    return objects


def _lines(
    rng: np.random.Generator, columns: Columns, rows: np.ndarray, names: list[str], how: Style, dataset: str
) -> bytes:
    lines = [orjson.dumps(r) for r in _objects(rng, columns, rows, names, how)]
    key, time = KEYS[dataset], TIMES[dataset]
    lines += [f'{{"{key}": "broken-{i}", "{time}": "2026-01'.encode() for i in range(how.broken)]
    return b"\n".join(lines) + b"\n"


def _array(
    rng: np.random.Generator, columns: Columns, rows: np.ndarray, names: list[str], how: Style, dataset: str
) -> bytes:
    return orjson.dumps(
        _objects(rng, columns, rows, names, how), option=orjson.OPT_INDENT_2 if how.pretty else 0
    )


def _parquet(
    rng: np.random.Generator, columns: Columns, rows: np.ndarray, names: list[str], how: Style, dataset: str
) -> bytes:
    """Half of the files are typed, half hold text only, as exports from anywhere do."""
    cells = dict(zip(names, _cells(rng, columns, rows, names, as_text=True), strict=True))
    arrays = {how.names.get(n, n): pa.array(c, pa.string()) for n, c in cells.items()}
    if how.pretty:
        time = TIMES[dataset]
        arrays[how.names.get(time, time)] = pa.array(
            columns[time][rows].astype("int64"), pa.timestamp("us", "UTC")
        )
        if "age" in names:
            ages = [None if a is None else int(a) for a in columns["age"][rows]]
            arrays["age"] = pa.array(ages, pa.int64())
    out = io.BytesIO()
    pq.write_table(pa.table(arrays), out, compression="snappy", row_group_size=20_000)
    return out.getvalue()
