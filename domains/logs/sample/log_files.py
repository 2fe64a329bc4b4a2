"""Records → the files that producers send, with the mess that they send along."""

from __future__ import annotations

import datetime as dt
import gzip
from collections import Counter
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import orjson

from domains.logs.sample.truth import Columns, Period

# What makes a record bad, and the reasons that its column gives: a status that is no number is none of 100 to
# 599 either.
DIRT: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("ip", "300.1.2.3", ("invalid_value",)),
    ("ip", "2001:db8::1::2", ("invalid_value",)),
    ("status", 42, ("invalid_value",)),
    ("status", "twelve", ("invalid_type", "invalid_value")),
    ("timestamp", "not a time", ("invalid_type",)),
    ("timestamp", None, ("missing_timestamp",)),
    ("timestamp", "1999-12-31T23:59:59Z", ("out_of_range",)),
)
UNKNOWN_METHOD = (("request_type", "FETCH", ("invalid_value",)),)
ROWS = "rows"  # beside the reasons, the number of bad rows
DIRT_SHARE = 0.01
ENCODINGS = ("utf-8", "iso-8859-1", "utf-16", "windows-1252")
XML_NAMES = {
    "timestamp": "errorTime",
    "ip": "clientIp",
    "app_name": "service",
    "status": "errorCode",
    "message": "message",
}


def time_of(period: Period, second: int) -> str:
    moment = dt.datetime.combine(period.start, dt.time(), dt.UTC) + dt.timedelta(seconds=int(second))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def records(
    rng: np.random.Generator,
    dataset: str,
    columns: Columns,
    rows: np.ndarray,
    period: Period,
    bad: Counter[str],
) -> list[dict[str, Any]]:
    """The records of one file in random order; bad ones, each bad in one column, stand among them and are
    counted by reason.
    """
    written = [_record(dataset, columns, int(i), period) for i in rng.permutation(rows)]
    good, choices = written[0], DIRT if dataset == "xml_errors" else (*DIRT, *UNKNOWN_METHOD)
    for _ in range(rng.binomial(len(written), DIRT_SHARE)):
        name, value, reasons = choices[rng.integers(len(choices))]
        written.insert(int(rng.integers(len(written) + 1)), good | {name: value})
        bad.update(reasons)
        bad[ROWS] += 1
    return written


def _record(dataset: str, columns: Columns, i: int, period: Period) -> dict[str, Any]:
    record = {
        "timestamp": time_of(period, columns["second"][i]),
        "ip": columns["ip_address"][i],
        "status": int(columns["status_code"][i]),
    }
    if dataset == "xml_errors":
        return record | {"app_name": columns["app_name"][i], "message": columns["message"][i]}
    return record | {
        "user_agent": columns["device"][i],
        "request_type": columns["request_type"][i],
        "endpoint": columns["endpoint"][i],
    }


def ndjson(rng: np.random.Generator, rows: list[dict[str, Any]], broken: int) -> bytes:
    """One object a line; `broken` lines end too early."""
    lines = [orjson.dumps(r | ({"trace": {"id": i}} if i % 50 == 0 else {})) for i, r in enumerate(rows)]
    for _ in range(broken):
        lines.insert(int(rng.integers(len(lines) + 1)), b'{"timestamp": "2026-01-01T00:00:00Z", "ip": "192.0')
    return b"\n".join(lines) + b"\n"


def json_gzip(rows: list[dict[str, Any]]) -> bytes:
    """One array on one line."""
    return gzip.compress(orjson.dumps(rows), 6, mtime=0)


def xml(rows: list[dict[str, Any]], number: int) -> bytes:
    """Documents take turns in encoding, namespace, and in what is an attribute, CDATA or an entity."""
    encoding = ENCODINGS[number % len(ENCODINGS)]
    prefix, declared = ("", "") if number % 2 else ("l:", ' xmlns:l="urn:logs"')
    body = "".join(_error(r, i, prefix) for i, r in enumerate(rows))
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<{prefix}errors{declared}>\n{body}</{prefix}errors>\n'
    )
    return text.encode(encoding)


def _error(record: dict[str, Any], number: int, prefix: str) -> str:
    named = {XML_NAMES[n]: str(v) for n, v in record.items() if v is not None}
    if number % 3 == 0:
        attributes = " ".join(f"{n}={quoteattr(v)}" for n, v in named.items())
        return f"<{prefix}error {attributes}/><!-- {number} -->\n"
    message = named.pop("message", None)
    fields = "".join(f"<{prefix}{n}>{escape(v)}</{prefix}{n}>" for n, v in named.items())
    if message is not None:
        escaped = f"<![CDATA[{message}]]>" if number % 3 == 1 else escape(message)
        fields += f"<{prefix}message>{escaped}</{prefix}message>"
    return f'<{prefix}error severity="high">{fields}</{prefix}error>\n'
