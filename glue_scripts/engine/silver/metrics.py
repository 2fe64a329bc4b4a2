"""A run's metrics: stored as `metric,value` per dataset and run; what alarms and graphs read is sent to
CloudWatch under the same names.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from glue_scripts.engine.read.bronze_files import BronzeFile
from glue_scripts.engine.silver.batch import Loaded, unknown_names
from shared.contracts import Dataset
from shared.metrics import OF_RUNS, datum, null_rate, quarantined, send
from shared.names import Names

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


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
    """Columns that no contract knows, as many as are observed: in how many files each was seen."""
    names = {*unknown_names(dataset, files)[0]}
    return Counter(c for f in files for c in f.profile.columns if c in names)


def as_csv(values: Mapping[str, float]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("metric", "value"))
    writer.writerows(
        (name, f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else value)
        for name, value in sorted(values.items())
    )
    return text.getvalue().encode()


def publish(
    cloudwatch: CloudWatchClient, names: Names, dataset: Dataset, values: Mapping[str, float]
) -> None:
    """Sends those of the metrics to CloudWatch that an alarm or a graph reads."""
    where = {"Domain": dataset.domain, "Dataset": dataset.name}
    units = {name: "None" if name.endswith("_rate") else "Count" for name in OF_RUNS if name in values}
    figures = [datum(name, values[name], unit, **where) for name, unit in units.items()]
    send(cloudwatch, names, figures)
