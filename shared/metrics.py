"""The names of a run's figures, of which a threshold of a contract names one, and how figures get to
CloudWatch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from shared.reasons import RowReason

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDatumTypeDef

NAMESPACE = "Lakehouse"
DATA_A_REQUEST = 500  # PutMetricData takes 1,000, and 1 MB

COUNTS = (
    *(
        "files",
        "total_rows",
        "written_rows",
        "replaced_rows",
        "duplicates",
        "quarantined_rows",
        "quarantine_rate",
    ),
    *("extra_column_rows", "unknown_columns", "removed_rows", "ambiguous_times"),
)

VOLUME, NULL_JUMP, QUARANTINE_JUMP = "volume_deviation", "null_rate_jump", "quarantine_rate_jump"
SILENCE = "silence"  # hours since the newest file, in parts of what the dataset's history allows
# Figures that are measured against the dataset's own history, and above which value each is a finding where
# no contract says otherwise; absent while there is not enough history (shared/usual).
LEARNT = {VOLUME: 5.0, NULL_JUMP: 5.0, QUARANTINE_JUMP: 5.0, SILENCE: 1.0}
UNUSUAL = "unusual"  # how many of these are findings
UNKNOWN_DAYS = "unknown_column_days"  # since when a dataset has columns that no contract knows

ORPHAN_RATE = "orphan_rate"  # the worst of a silver table's foreign keys
ORPHAN_ROWS = "orphan_rows"  # of a gold table, counted before its commit


def datum(name: str, value: float, unit: str = "None", **dimensions: str) -> MetricDatumTypeDef:
    """One value of a metric as PutMetricData takes it; the unit is one of CloudWatch's."""
    where: list[DimensionTypeDef] = [{"Name": k, "Value": v} for k, v in dimensions.items()]
    return {
        "MetricName": name,
        "Dimensions": where,
        "Value": float(value),
        "Unit": cast("StandardUnitType", unit),
    }


def send(cloudwatch: CloudWatchClient, data: Sequence[MetricDatumTypeDef]) -> None:
    """No data, no request."""
    for start in range(0, len(data), DATA_A_REQUEST):
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data[start : start + DATA_A_REQUEST])


def quarantined(reason: str) -> str:
    return f"quarantined_{reason}"


def null_rate(column: str) -> str:
    return f"null_rate_{column}"


def orphans(column: str) -> str:
    return f"orphans_{column}"


def orphan_rate(column: str) -> str:
    return f"{ORPHAN_RATE}_{column}"


def names(
    columns: Iterable[str], referring: Iterable[str] = (), reasons: Iterable[str] = ()
) -> tuple[str, ...]:
    """Every figure of a silver table with these sent columns, foreign keys and own reasons of its domain, but
    those of columns that no contract knows.
    """
    keys = tuple(referring)
    of_keys = (*map(orphans, keys), *map(orphan_rate, keys), ORPHAN_RATE) if keys else ()
    return (*COUNTS, *LEARNT, *map(quarantined, (*RowReason, *reasons)), *map(null_rate, columns), *of_keys)
