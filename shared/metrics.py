"""The names of a run's figures, of which a threshold of a contract names one, and how figures get to
CloudWatch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from shared.names import DOMAIN_JOBS, Names
from shared.reasons import RowReason

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef, MetricDatumTypeDef

    from shared.contracts import Contract

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


# What CloudWatch is sent: what an alarm or the dashboard reads. Each costs $0.30 a month for every dataset or
# job; all other figures are in the metrics bucket and in the ledger, which cost next to nothing.
FRESHNESS, PENDING = "freshness_hours", "pending_files"
OF_FILES = ("FilesAccepted", "FilesQuarantined")
OF_RUNS = ("written_rows", "quarantined_rows", "quarantine_rate", UNUSUAL)
OF_WATCH = (PENDING, FRESHNESS, UNKNOWN_DAYS)
OF_JOBS = ("job_seconds", "job_dpu_hours")
GOLD = "gold"  # stands for all gold tables of a domain, which are as fresh as each other


@dataclass(frozen=True)
class Sent:
    """How many metrics of a domain CloudWatch is sent at most, by what sends them: each is paid for in the
    hours in which it has a value ("Amazon CloudWatch pricing").
    """

    with_files: int
    with_runs: int
    by_watch: int

    @property
    def total(self) -> int:
        return self.with_files + self.with_runs + self.by_watch


def promised_hours(contract: Contract) -> dict[str, int]:
    """How old the newest file of each silver table may be, and of GOLD; empty where nothing is promised."""
    promised = {d.name: d.freshness_hours for d in contract.datasets if d.freshness_hours is not None}
    return {**promised, GOLD: max(promised.values())} if promised else {}


def sent(datasets: int) -> Sent:
    """Of a domain with so many datasets."""
    of_jobs, of_gold = len(DOMAIN_JOBS) * len(OF_JOBS), 1
    return Sent(
        datasets * len(OF_FILES), datasets * len(OF_RUNS) + of_jobs, datasets * len(OF_WATCH) + of_gold
    )


def datum(name: str, value: float, unit: str = "None", **dimensions: str) -> MetricDatumTypeDef:
    """One value of a metric as PutMetricData takes it; the unit is one of CloudWatch's."""
    where: list[DimensionTypeDef] = [{"Name": k, "Value": v} for k, v in dimensions.items()]
    return {
        "MetricName": name,
        "Dimensions": where,
        "Value": float(value),
        "Unit": cast("StandardUnitType", unit),
    }


def whose(names: Names) -> dict[str, str]:
    """Dimensions of all our metrics, alarms and graphs: two environments of an account are never added up."""
    return {"Environment": names.env, "Prefix": names.prefix}


def send(cloudwatch: CloudWatchClient, names: Names, figures: Sequence[MetricDatumTypeDef]) -> None:
    """With the dimensions of the environment. No figures, no request."""
    ours: list[DimensionTypeDef] = [{"Name": k, "Value": v} for k, v in whose(names).items()]
    data: list[MetricDatumTypeDef] = [{**f, "Dimensions": [*ours, *f["Dimensions"]]} for f in figures]
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
