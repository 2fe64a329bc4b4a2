"""The tables of quarantined rows: their names and columns, for the engine that writes them and those who ask
them.
"""

from __future__ import annotations

from shared.zones import BY_EVENT_DATE, GATHERED, quarantined_rows_prefix

ALARMING_SHARE = 0.2  # of a dataset's records in quarantine, whatever the contract's thresholds say
COLUMNS = {
    "reasons": "array<string>",
    "columns": "array<string>",
    "raw_record": "string",
    "source_file": "string",
    "source_version": "string",
    "ingested_at": "timestamp",
    "run_id": "string",
    "history": "array<struct<run_id:string,reasons:array<string>>>",
    "event_date": "date",
}


def rows_table(domain: str, dataset: str, layout: str = BY_EVENT_DATE) -> str:
    """Name of the table that holds a dataset's quarantined rows, in the domain's quarantine database."""
    prefix = quarantined_rows_prefix(domain, dataset, layout)
    return prefix.strip("/").split("/", 1)[1].replace("/", "_")


def date_parts(layout: str = BY_EVENT_DATE) -> tuple[str, ...]:
    """The columns that the table has, and is partitioned by, where a domain's rejects stand together."""
    return ("year", "month", "day") if layout == GATHERED else ()
