"""Glue job: keeps the Iceberg tables of a domain quick and small.

Rows stay as they are; only files and old snapshots change.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from pyspark.sql import SparkSession

from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import CATALOG, Job, parsed_job
from glue_scripts.engine.run.lock import Guard, guard
from glue_scripts.engine.run.session import Aws, aws, spark_session
from glue_scripts.engine.silver.tombstones import tombstones_place
from glue_scripts.engine.tables.state import loaded
from shared.contracts.evolution import SWAPPED

PARALLEL_TABLES = 2
# A file that no snapshot knows may be of a commit in work: longer than any run (Iceberg refuses less than one
# day).
ORPHAN_DAYS = 3
READING_DAYS = 1  # a query goes on so long with the snapshot that it began with
COMPACTION = {
    "min-input-files": "5",
    # Merge-on-read leaves delete files; readers pay for each until it is folded in
    "delete-file-threshold": "1",
}


@dataclass(frozen=True)
class Upkeep:
    """What was done to a table: files and snapshots by number."""

    table: str
    rewritten: int
    written: int
    snapshots: int
    orphans: int


def main(spark: SparkSession, job: Job, clients: Aws, snapshot_days: int, now: dt.datetime) -> list[Upkeep]:
    """Looks after every table of the domain that exists; a table that fails does not keep the others from
    their turn.

    Raises TakenOverError, and the first failure of a table when the others have had their turn.
    """
    check = guard(job, clients.ledger)
    with ThreadPoolExecutor(PARALLEL_TABLES) as pool:
        futures = [
            pool.submit(look_after, spark, *table, snapshot_days, now, check) for table in tables(spark, job)
        ]
    done = [f.result() for f in futures]
    for upkeep in done:
        log.info(job, f"looked after {upkeep.table}", **asdict(upkeep))
    return done


def tables(spark: SparkSession, job: Job) -> list[tuple[str, str]]:
    """Identifier and location of the domain's Iceberg tables, each once: datasets may share a table of
    rejected rows.
    """
    known = [(job.identifier(t), job.location(t)) for t in job.contract.tables]
    known += [tombstones_place(job, t) for t in job.contract.silver if t.buries]
    known += [
        (job.quarantine_identifier(d.name), job.quarantine_location(d.name)) for d in job.contract.datasets
    ]
    known.append((job.changes_identifier, job.changes_location))
    return [table for table in dict.fromkeys(known) if spark.catalog.tableExists(table[0])]


def look_after(
    spark: SparkSession, identifier: str, location: str, snapshot_days: int, now: dt.datetime, check: Guard
) -> Upkeep:
    """Compaction first: the files it replaces stay readable by older snapshots until these are expired, days
    later.
    """
    check()
    in_use = in_use_since(spark, identifier, now - dt.timedelta(days=READING_DAYS))
    expired = min(now - dt.timedelta(days=snapshot_days), in_use)
    name = identifier.removeprefix(f"{CATALOG}.")
    options = ", ".join(f"'{k}', '{v}'" for k, v in COMPACTION.items())
    [compacted] = call(spark, "rewrite_data_files", f"table => '{name}', options => map({options})")
    # Drops the delete files that are folded in.
    call(spark, "rewrite_position_delete_files", f"table => '{name}', options => map('rewrite-all', 'true')")
    call(spark, "rewrite_manifests", f"table => '{name}', use_caching => false")
    snapshots = spark.table(f"{identifier}.snapshots").count()
    call(
        spark,
        "expire_snapshots",
        f"table => '{name}', older_than => {literal(expired)}, retain_last => 1, stream_results => true",
    )
    kept = spark.table(f"{identifier}.snapshots").count()
    orphans = _without_orphans(spark, identifier, location, now - dt.timedelta(days=ORPHAN_DAYS))
    return Upkeep(
        name,
        compacted["rewritten_data_files_count"],
        compacted["added_data_files_count"],
        snapshots - kept,
        orphans,
    )


def _without_orphans(spark: SparkSession, identifier: str, location: str, orphaned: dt.datetime) -> int:
    """Removes files that no snapshot knows and that are older than a moment; their number. None where the
    table took the place of another since: queries may still read that one's files, however old they are.
    """
    if int(loaded(spark, identifier).properties().get(SWAPPED) or 0) > orphaned.timestamp() * 1000:
        return 0
    # The slash keeps `users_history` out of what is listed for `users`.
    listed = f"location => '{location}/', prefix_listing => true, older_than => {literal(orphaned)}"
    name = identifier.removeprefix(f"{CATALOG}.")
    return len(call(spark, "remove_orphan_files", f"table => '{name}', {listed}"))


def call(spark: SparkSession, procedure: str, arguments: str) -> list[dict[str, int]]:
    return [row.asDict() for row in spark.sql(f"CALL {CATALOG}.system.{procedure}({arguments})").collect()]


def in_use_since(spark: SparkSession, identifier: str, moment: dt.datetime) -> dt.datetime:
    """When the snapshot was committed that readers saw at a moment, which may be long before it. Where the
    table showed nothing then, the moment.
    """
    table = loaded(spark, identifier)
    seen = [e.snapshotId() for e in table.history() if e.timestampMillis() <= int(moment.timestamp() * 1000)]
    if not seen:
        return moment
    return dt.datetime.fromtimestamp(table.snapshot(seen[-1]).timestampMillis() / 1000, dt.UTC)


def literal(moment: dt.datetime) -> str:
    """SQL of a moment, to the millisecond, as Iceberg has it."""
    return (
        f"TIMESTAMP '{moment.astimezone(dt.UTC).isoformat(' ', 'milliseconds').removesuffix('+00:00')} UTC'"
    )


def snapshot_days(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--snapshot_days", type=int, required=True)
    days: int = parser.parse_known_args(list(argv))[0].snapshot_days
    return days


if __name__ == "__main__":
    job = parsed_job(sys.argv[1:])
    main(
        spark_session(f"{job.domain} maintenance"),
        job,
        aws(job),
        snapshot_days(sys.argv[1:]),
        dt.datetime.now(dt.UTC),
    )
