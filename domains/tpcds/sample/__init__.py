"""Sample of the tpcds domain: dsdgen's 24 tables at any scale as text files, with duplicate keys, bad rows
and broken files among them.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
from tqdm import tqdm

from domains.tpcds.sample import dsdgen, oracle
from domains.tpcds.sample.text_tables import SENT_TWICE, Outcome, Source, write

SCALE = 0.1
HEADLINES = {
    "net_revenue_by_year": (
        "select d_year, channel, cast(sum(net_revenue) as decimal(18,2)) net_revenue from gold.monthly_trends"
        " group by d_year, channel order by d_year, channel"
    ),
    "segments": (
        "select segment, value_tier, count(*) customers from gold.customer_lifetime_value group by segment,"
        " value_tier order by segment, value_tier"
    ),
}
TRUNCATED = ("store_sales", "store_sales_truncated.dat.gz")


def generate(scale: float, seed: int, out: Path, *, progress: bool = True) -> dict[str, Any]:
    """Writes raw/, truth/ and expected.json below `out` and returns what is expected.

    The same arguments give the same bytes.
    """
    shutil.rmtree(out, ignore_errors=True)
    dsdgen.generate(scale, out / "source")
    raw, truth, done = out / "raw" / "tpcds", out / "truth", dict[str, Outcome]()
    truth.mkdir(parents=True)
    with duckdb.connect(config={"threads": 2}) as con:
        for path in tqdm(
            sorted((out / "source").glob("*.parquet")), unit=" tables", desc="generate", disable=not progress
        ):
            source = Source(con, path.stem, path, seed)
            done[path.stem] = write(source, raw / path.stem)
            con.execute(
                f"copy ({oracle.normalised(con, path)}) to '{truth / path.name}' (format parquet, compression"
                " zstd)"
            )
    shutil.rmtree(out / "source")
    _break_files(raw)
    expected = _expected(scale, seed, done, out / "truth")
    (out / "expected.json").write_text(json.dumps(expected, indent=1))
    return expected


def _break_files(raw: Path) -> None:
    """A file that was cut off on its way, and one that came twice."""
    table, name = TRUNCATED
    whole = min((raw / table).glob("*.gz")).read_bytes()
    (raw / table / name).write_bytes(whole[: len(whole) * 2 // 3])
    sent = min((raw / SENT_TWICE).glob("*.gz"))
    shutil.copy(sent, sent.with_name("sent again.dat.gz"))


def _expected(scale: float, seed: int, done: dict[str, Outcome], truth: Path) -> dict[str, Any]:
    accepted = sum(d.files for d in done.values())
    computed = oracle.expected(truth)
    rows = computed.pop("silver")
    return {
        "domain": "tpcds",
        "scale": scale,
        "seed": seed,
        "files": {"received": accepted + 2, "accepted": accepted, "quarantined": 1, "duplicate": 1},
        "file_reasons": {"corrupt_gzip": 1},
        "rows": {t: _counts(rows[t], d) for t, d in done.items()},
        "quarantine": dict(sorted(sum((d.reasons for d in done.values()), Counter[str]()).items())),
        **computed,
        "tables": {**{f"silver/{t}": n for t, n in rows.items()}, **computed["tables"]},
    }


def _counts(written: int, done: Outcome) -> dict[str, int]:
    return {
        "read": written + done.bad + done.again,
        "written": written,
        "quarantined": done.bad,
        "deduplicated": done.again,
    }
