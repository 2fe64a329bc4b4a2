"""The names of a run's figures: a threshold of a contract names one of them."""

from __future__ import annotations

from collections.abc import Iterable

from shared.reasons import RowReason

COUNTS = (
    *("files", "total_rows", "written_rows", "replaced_rows", "duplicates", "quarantined_rows", "quarantine_rate"),
    *("extra_column_rows", "removed_rows"),
)

ORPHAN_RATE = "orphan_rate"  # the worst of a silver table's foreign keys
ORPHAN_ROWS = "orphan_rows"  # of a gold table, counted before its commit


def quarantined(reason: str) -> str:
    return f"quarantined_{reason}"


def null_rate(column: str) -> str:
    return f"null_rate_{column}"


def orphans(column: str) -> str:
    return f"orphans_{column}"


def orphan_rate(column: str) -> str:
    return f"{ORPHAN_RATE}_{column}"


def names(columns: Iterable[str], referring: Iterable[str] = ()) -> tuple[str, ...]:
    """Every figure of a silver table with these sent columns and foreign keys, but those of columns that no contract knows."""
    keys = tuple(referring)
    of_keys = (*map(orphans, keys), *map(orphan_rate, keys), ORPHAN_RATE) if keys else ()
    return (*COUNTS, *map(quarantined, RowReason), *map(null_rate, columns), *of_keys)
