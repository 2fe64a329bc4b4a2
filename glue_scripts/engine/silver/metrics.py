"""A run's metrics: stored as `metric,value` per dataset and run, and sent to CloudWatch
under the same names.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from glue_scripts.engine.read.bronze_files import BronzeFile
from glue_scripts.engine.silver.batch import Loaded
from shared.contracts import Dataset, folded
from shared.metrics import LEARNT, datum, null_rate, quarantined, send

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

RATES = ("null_rate_", "quarantine_rate", "orphan_rate", *LEARNT)


def run_metrics(
    dataset: Dataset, files: Sequence[BronzeFile], loaded: Loaded, unknown_columns: int = 0
) -> dict[str, float]:
    """Counts as they are, rates as shares of 0 to 1. `unknown_columns`: those that the ledger reports.

    `removed_rows`: rows of older versions of the files that left silver.
    """
    rows = loaded.rows
    accepted = rows.read - rows.quarantined
    counts: dict[str, float] = {
        "files": len(files),
        "total_rows": rows.read,
        "written_rows": rows.written,
        "replaced_rows": rows.replaced,
        "duplicates": rows.deduplicated,
        "quarantined_rows": rows.quarantined,
        "quarantine_rate": rows.quarantined / rows.read if rows.read else 0.0,
        "extra_column_rows": loaded.extra_rows,
        "removed_rows": loaded.removed,
        "ambiguous_times": loaded.ambiguous_times,
    }
    counts |= {quarantined(reason): n for reason, n in loaded.reasons.items()}
    counts |= {null_rate(column): n / accepted if accepted else 0.0 for column, n in loaded.nulls.items()}
    counts["unknown_columns"] = unknown_columns
    return counts | {f"drift_column_{name}": n for name, n in _drift(dataset, files).items()}


def _drift(dataset: Dataset, files: Sequence[BronzeFile]) -> Counter[str]:
    """Columns that no contract knows: in how many files each was seen."""
    return Counter(c for f in files for c in f.profile.columns if folded(c) not in dataset.aliases)


def as_csv(values: Mapping[str, float]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("metric", "value"))
    writer.writerows(
        (name, f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else value)
        for name, value in sorted(values.items())
    )
    return text.getvalue().encode()


def publish(cloudwatch: CloudWatchClient, dataset: Dataset, values: Mapping[str, float]) -> None:
    """Sends the metrics to CloudWatch, without those of single drift columns (their names are the
    producers').
    """
    kept = {name: value for name, value in values.items() if not name.startswith("drift_column_")}
    where = {"Domain": dataset.domain, "Dataset": dataset.name}
    send(
        cloudwatch,
        [
            datum(name, value, "None" if name.startswith(RATES) else "Count", **where)
            for name, value in kept.items()
        ],
    )
