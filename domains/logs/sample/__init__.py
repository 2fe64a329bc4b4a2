"""Sample of the logs domain: a file per dataset and day, with bad lines, bad rows, late records, files sent
twice and broken files.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from domains.logs.sample import oracle
from domains.logs.sample.log_files import ROWS as BAD_ROWS
from domains.logs.sample.log_files import json_gzip, ndjson, records, xml
from domains.logs.sample.truth import SHARES, Columns, Period, true_records

START = dt.date(2026, 1, 1)
ROWS = 50_000
HEADLINES = {
    "daily_activity": (
        "select date, total_requests, total_errors, unique_ips from gold.daily_activity order by date"
    ),
    "requests_by_app_and_type": (
        "select * from gold.daily_activity_by_dimension where dimension in ('app', 'type') "
        "order by date, dimension, value"
    ),
}
NAMES = {"ndjson": "access_logs_{}.ndjson", "json_gzip": "api_logs_{}.json.gz", "xml_errors": "errors_{}.xml"}
BROKEN_SHARE = 0.3  # of NDJSON files with lines that cannot be read
EXTERNAL = (
    b"<!DOCTYPE errors [<!ENTITY x SYSTEM"
    b' "file:///etc/hostname">]><errors><error><message>&x;</message></error></errors>'
)
BOMB = (
    b'<!DOCTYPE errors [<!ENTITY a "%s"><!ENTITY b'
    b' "%s">]><errors><error><message>&b;</message></error></errors>'
)
CORRUPT = {
    "ndjson/empty_2026.ndjson": ("empty_file", b""),
    "ndjson/scrambled.ndjson": ("not_text", bytes(range(256)) * 8),
    "json_gzip/cut_2026.json.gz": (
        "corrupt_gzip",
        gzip.compress(b'[{"ip": "192.0.2.1"}]' * 50, mtime=0)[:-6],
    ),
    "json_gzip/open_2026.json.gz": (
        "unparsable",
        gzip.compress(b'[{"ip": "192.0.2.1", "status": 200}, {"ip"', mtime=0),
    ),
    "xml_errors/outside_2026.xml": ("external_entity", EXTERNAL),
    "xml_errors/bomb_2026.xml": ("decompression_bomb", BOMB % (b"ha" * 2000, b"&a;" * 2000)),
    "xml_errors/cut_2026.xml": ("unparsable", b"<errors><error><message>no end"),
}


@dataclass
class Outcome:
    """Counts of one dataset, kept while its files are written."""

    files: int = 0
    broken: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def generate(
    rows: int, days: int, seed: int, out: Path, *, start: dt.date = START, progress: bool = True
) -> dict[str, Any]:
    """Writes raw/, truth/ and expected.json below `out` and returns what is expected.

    The same arguments give the same bytes.

    `rows` is about the number of true records over all three datasets.
    """
    shutil.rmtree(out, ignore_errors=True)
    period = Period(start, days)
    clean = {
        n: true_records(np.random.default_rng([seed, i]), n, max(20 * days, int(rows * share)), period)
        for i, (n, share) in enumerate(SHARES.items())
    }
    oracle.write_truth(out / "truth", list(clean.values()), period)
    done = {n: Outcome() for n in clean}
    with tqdm(total=days * len(clean), unit=" files", desc="generate", disable=not progress) as bar:
        for i, (name, columns) in enumerate(clean.items()):
            rng = np.random.default_rng([seed, 100 + i])
            for day in range(days):
                _write(rng, name, columns, day, period, out, done[name])
                bar.update()
    _write_corrupt(out)
    accepted = sum(d.files for d in done.values())
    gold = oracle.gold(out / "truth")
    counts = {n: len(c["second"]) for n, c in clean.items()}
    expected = {
        "domain": "logs",
        "seed": seed,
        "rows_asked": rows,
        "days": days,
        "files": {
            "received": accepted + 1 + len(CORRUPT),
            "accepted": accepted,
            "quarantined": len(CORRUPT),
            "duplicate": 1,
        },
        "file_reasons": dict(sorted(Counter(reason for reason, _ in CORRUPT.values()).items())),
        "rows": {n: _counts(counts[n], done[n]) for n in clean},
        "quarantine": dict(sorted(_reasons(done).items())),
        **gold,
        "tables": {"silver/logs": sum(counts.values()), **gold["tables"]},
    }
    (out / "expected.json").write_text(json.dumps(expected, indent=1))
    return expected


def _write(
    rng: np.random.Generator, name: str, columns: Columns, day: int, period: Period, out: Path, done: Outcome
) -> None:
    """One file of one day; that of the first NDJSON day comes a second time under another name."""
    rows = records(rng, name, columns, np.flatnonzero(columns["file_day"] == day), period, done.reasons)
    folder = out / "raw" / "logs" / name
    folder.mkdir(parents=True, exist_ok=True)
    broken = (
        int(rng.integers(1, 4)) if name == "ndjson" and rng.random() < BROKEN_SHARE and len(rows) > 50 else 0
    )
    done.broken += broken
    match name:
        case "ndjson":
            content = ndjson(rng, rows, broken)
        case "json_gzip":
            content = json_gzip(rows)
        case _:
            content = xml(rows, day)
    (folder / NAMES[name].format(period.start + dt.timedelta(days=day))).write_bytes(content)
    done.files += 1
    if name == "ndjson" and day == 0:
        (folder / "sent again.ndjson").write_bytes(content)


def _write_corrupt(out: Path) -> None:
    for name, (_, content) in CORRUPT.items():
        (out / "raw" / "logs" / name).write_bytes(content)


def _counts(written: int, done: Outcome) -> dict[str, int]:
    quarantined = done.broken + done.reasons[BAD_ROWS]
    return {"read": written + quarantined, "written": written, "quarantined": quarantined, "deduplicated": 0}


def _reasons(done: dict[str, Outcome]) -> Counter[str]:
    reasons = sum((d.reasons for d in done.values()), Counter[str]())
    del reasons[BAD_ROWS]
    reasons["corrupt_record"] += sum(d.broken for d in done.values())
    return reasons
