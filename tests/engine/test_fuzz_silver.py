"""Mutated files that ingestion leaves to Spark's own readers: they give the very records that ours gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from glue_scripts.engine.read.bronze_files import files_in_order, files_table
from glue_scripts.engine.read.readers import records
from shared.contracts import contract
from shared.ledger.model import LedgerFile
from shared.records.shape import Row
from tests.support.figures import Noted
from tests.support.fuzz import read_rows
from tests.support.mutations import mutated
from tests.support.rig import Rig

FAMILIES = {
    "csv": ".csv",
    "ndjson": ".ndjson",
    "json": ".json",
    "typed parquet": ".parquet",
    "parquet": ".parquet",
}
MOST_BYTES = 50_000  # the time goes into files, not into rows
EVENTS = contract("shop").dataset("events")
Told = Counter[tuple[Any, ...]]
BLANKS = str.maketrans("", "", " \t")


def accepted(lake: Rig, count: int) -> Iterator[LedgerFile]:
    """The first mutations that are accepted and left to Spark, as many of each family."""
    for name, suffix in FAMILIES.items():
        found = number = 0
        while found * len(FAMILIES) < count:
            content, number = mutated(name, number), number + 1
            if len(content) > MOST_BYTES:
                continue
            entry = lake.drop(f"shop/events/{name.replace(' ', '-')}-{number - 1}{suffix}", content)
            if entry and entry.status == "accepted" and entry.profile and entry.profile.native:
                found += 1
                yield entry


def by_us(lake: Rig, entry: LedgerFile) -> Told:
    assert entry.profile
    body = lake.s3.get_object(Bucket=entry.target_bucket, Key=entry.target_key)["Body"].read()
    return Counter(map(told, read_rows(body, entry.profile, EVENTS)))


def told(row: Row) -> tuple[Any, ...]:
    return (*(row.values.get(n) for n in EVENTS.sent), extra(row.extra), row.raw)


def extra(cells: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """A nested value of a column that no contract knows has the blanks of its file where Spark reads it: once
    the contract names the column, such files are read again.
    """
    return tuple(sorted((n, v.translate(BLANKS) if v[:1] in "[{" else v) for n, v in cells.items()))


def by_spark(lake: Rig, entries: list[LedgerFile]) -> dict[str, Told]:
    """The records of each file by Spark's readers, under the key that bronze has it at."""
    files = [f for f in files_in_order(entries, EVENTS) if f.native]
    found: dict[str, Told] = {str(f.entry.target_key): Counter() for f in files}
    rows = records(lake.spark, files, files_table(lake.spark, files, EVENTS), EVENTS)
    keys = {f.number: str(f.entry.target_key) for f in files}
    for row in rows.select("_file", *EVENTS.sent, "_extra", "_raw").collect():
        cells = (*(row[n] for n in EVENTS.sent), extra(row["_extra"] or {}), row["_raw"])
        found[keys[row["_file"]]][cells] += 1
    return found


@pytest.mark.parametrize("count", [20, pytest.param(1000, marks=pytest.mark.slow)])
def test_spark_reads_mutated_files_as_we_do_and_a_run_accounts_for_every_record(
    rig: Callable[[str], Rig], count: int, figures: Noted
) -> None:
    lake = rig(f"fuzz{count}")
    entries = list(accepted(lake, count))
    others = by_spark(lake, entries)
    ours = {str(e.target_key): by_us(lake, e) for e in entries if str(e.target_key) in others}
    differing = {k: (ours[k] - others[k], others[k] - ours[k]) for k in ours if ours[k] != others[k]}
    assert differing == {}
    assert len(ours) > count // 2
    lake.silver("run-1")
    counted = lake.results("run-1")["events"].rows
    assert counted.read == sum(f.records for f in lake.ledger.files("shop") if f.status == "accepted")
    assert counted.balanced
    figures(
        "Mutated files read alike by Spark and by us",
        "files of five families",
        f"{len(ours):,} of {len(ours):,}",
    )
