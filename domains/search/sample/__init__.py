"""Sample of the search domain: a Parquet folder a day with the mess that was measured on real files, and a
catalogue of real films.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from domains.search.sample import oracle
from domains.search.sample.truth import Search, films, record, searches

START = dt.date(2022, 6, 1)
ROWS = 20_000
HEADLINES = {
    "searches_by_day": (
        "select event_date, user_state, count(*) searches from gold.search_event group by event_date,"
        " user_state order by event_date, user_state"
    ),
    "devices_and_networks": (
        "select device_type, network_type, isp_group, count(*) searches from gold.search_event "
        "group by device_type, network_type, isp_group order by device_type, network_type, isp_group"
    ),
    "plans": (
        "select s.plan_name, s.plan_type, s.is_paid, count(*) users, count_if(b.is_effective) effective from"
        " gold.bridge_user_plan b join gold.dim_subscription s on s.subscription_key = b.subscription_key"
        " group by s.plan_name, s.plan_type, s.is_paid order by s.plan_name, s.plan_type"
    ),
    "genres": (
        "select c.category_name, count(*) searches from gold.bridge_search_category b join gold.dim_category"
        " c on c.category_key = b.category_key group by c.category_name order by c.category_name"
    ),
}
SCHEMA = pa.schema(
    [
        *(
            (n, pa.string())
            for n in (
                "eventID",
                "datetime",
                "user_id",
                "keyword",
                "category",
                "proxy_isp",
                "platform",
                "networkType",
                "action",
            )
        ),
        ("userPlansMap", pa.list_(pa.string())),
    ]
)
BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"eventID": None}, "missing_key"),
    ({"datetime": None}, "missing_timestamp"),
    ({"datetime": "yesterday"}, "invalid_type"),
    ({"datetime": "1999-12-31 23:59:59"}, "out_of_range"),
    ({"datetime": "13:00:00 PM"}, "invalid_type"),
)
AGAIN = 0.01  # searches that also come as they were a second before, with the keyword in another case


def generate(
    rows: int, days: int, seed: int, out: Path, *, start: dt.date = START, progress: bool = True
) -> dict[str, Any]:
    """Writes raw/, truth/ and expected.json below `out` and returns what is expected.

    The same arguments give the same bytes.
    """
    shutil.rmtree(out, ignore_errors=True)
    rng, known = random.Random(seed + 1), films()
    originals = searches(rows, days, start, seed, known)
    again = [earlier(s) for s in originals if s.kind == "case" and s.when.second and rng.random() < AGAIN]
    sent: set[str] = set()
    bad: Counter[str] = Counter()
    raw = out / "raw" / "search"
    for day in tqdm(range(days), unit=" days", desc="generate", disable=not progress):
        folder = start + dt.timedelta(days=day)
        own = [_sent(rng, s, s.keyword) for s in originals if s.folder == folder]
        sent |= {r["keyword"].strip() for r in own if r["keyword"] is not None}
        own += [_sent(rng, s, (s.keyword or "").swapcase()) for s in again if s.folder == folder]
        for change, reason in BAD if own else ():
            own.append(own[0] | {"eventID": f"bad-{seed}-{day}-{len(own)}"} | change)
            bad[reason] += 1
        rng.shuffle(own)
        _write(raw / "customer_search" / f"{folder:%Y%m%d}", own)
    oracle.write_truth(out / "truth", originals, known, sent)
    first = min((raw / "customer_search").rglob("*.parquet"))
    (first.parent / "sent again.parquet").write_bytes(first.read_bytes())
    (first.parent / "cut.parquet").write_bytes(first.read_bytes()[:-40])
    crawled = raw / "movies" / "page_date=2022-06-01" / "movies.ndjson"
    crawled.parent.mkdir(parents=True)
    crawled.write_bytes(
        b"".join(orjson.dumps(record(f) | {"crawled_at": "2022-06-01T00:00:00Z"}) + b"\n" for f in known)
    )
    written, quarantined = len(originals), bad.total()
    accepted = sum(1 for _ in (raw / "customer_search").rglob("part-*.parquet")) + 1
    none = {"quarantined": 0, "deduplicated": 0}
    expected = {
        "domain": "search",
        "seed": seed,
        "rows_asked": rows,
        "days": days,
        "files": {"received": accepted + 2, "accepted": accepted, "quarantined": 1, "duplicate": 1},
        "file_reasons": {"corrupt_parquet": 1},
        "rows": {
            "customer_search": {
                "read": written + quarantined + len(again),
                "written": written,
                "quarantined": quarantined,
                "deduplicated": len(again),
            },
            "movies": {"read": len(known), "written": len(known), **none},
        },
        "quarantine": dict(sorted(bad.items())),
        **oracle.gold(out / "truth"),
    }
    (out / "expected.json").write_text(json.dumps(expected, indent=1))
    return expected


def earlier(search: Search) -> Search:
    return replace(search, when=search.when - dt.timedelta(seconds=1))


def _sent(rng: random.Random, search: Search, keyword: str | None) -> dict[str, Any]:
    """A search as producers send it."""
    return {
        "eventID": search.event_id,
        "datetime": _time(rng, search),
        "user_id": search.user_id,
        "keyword": None if keyword is None else rng.choice((str, _padded, _decomposed))(keyword),
        "category": search.category,
        "proxy_isp": search.proxy_isp,
        "platform": search.platform,
        "networkType": search.network,
        "action": "search",
        "userPlansMap": list(search.plans) if search.plans else rng.choice(([], None)),
    }


def _time(rng: random.Random, search: Search) -> str:
    """Fractions of one to four digits, clocks of twelve hours without a date, Buddhist years.

    A clock alone only in its own folder.
    """
    when, draw = search.when, rng.random()
    if draw < 0.1 and search.folder == when.date():
        return when.strftime("%I:%M:%S ") + (
            rng.choice(("PM", "CH")) if when.hour >= 12 else rng.choice(("AM", "SA"))
        )
    if draw < 0.2:
        return f"{when.year + 543}{when:-%m-%d %H:%M:%S}"
    return f"{when:%Y-%m-%d %H:%M:%S}.{'0' * rng.randint(1, 4)}"


def _padded(keyword: str) -> str:
    return f"  {keyword} "


def _decomposed(keyword: str) -> str:
    return unicodedata.normalize("NFD", keyword)


def _write(folder: Path, records: list[dict[str, Any]]) -> None:
    """Two files a day."""
    folder.mkdir(parents=True)
    middle = len(records) // 2
    for i, part in enumerate((records[:middle], records[middle:])):
        if part:
            pq.write_table(pa.Table.from_pylist(part, SCHEMA), folder / f"part-{i}.parquet")
