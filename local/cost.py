"""What a month of an environment costs: what its templates hold × its assumed usage × list prices.

Line by line, so that each can be doubted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.names import MAINTENANCE
from stacks.prices import Price
from stacks.usage import Usage

HOURS, DAYS, WEEKS = 730, 30, 4.35  # of a month
# Per file, counted in the code of lambdas/ingest and glue_scripts: S3 calls, ledger units (an item in the index is written twice).
S3_WRITES, S3_READS, LEDGER_WRITES, LEDGER_READS = 2, 4, 8, 4
STATES_PER_RUN = 20
CRAWLER_DPU_HOURS = 2 * 10 / 60  # two DPUs, ten minutes at least (AWS Glue pricing)
POLLS = 5 * 3 * 60 * HOURS  # Lambda keeps five pollers at a queue, twenty seconds each
CHECK_SECONDS = 2
LEDGER_KB_PER_FILE = 3


@dataclass(frozen=True)
class Line:
    """One position. `quantity` is in the price's unit."""

    service: str
    what: str
    quantity: float
    price: str

    def usd(self, prices: Mapping[str, Price]) -> float:
        return self.quantity * prices[self.price].usd


@dataclass(frozen=True)
class Resources:
    """The resources of all templates of an environment."""

    every: Sequence[Mapping[str, Any]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [r.get("Properties", {}) for r in self.every if r["Type"] == kind]

    @classmethod
    def in_templates(cls, templates: Iterable[Mapping[str, Any]]) -> Resources:
        return cls([r for t in templates for r in t["Resources"].values()])


def lines(resources: Resources, usage: Usage) -> list[Line]:
    """Every position that costs something, service by service."""
    parts = (_storage, _ingestion, _ledger, _runs, _queries, _warehouse, _watching, _security)
    return [line for part in parts for line in part(resources, usage) if line.quantity]


def _storage(found: Resources, usage: Usage) -> Iterator[Line]:
    for bucket in found.of("AWS::S3::Bucket"):
        zone = str(bucket["BucketNamePrefix"]).rpartition("-")[2]
        monthly = usage.landed_gb * _share(zone, usage)
        hot, cold = _months(bucket, usage.months_kept)
        yield Line("S3", f"{zone}, standard", monthly * hot, "s3_standard_gb_month")
        yield Line("S3", f"{zone}, infrequent access", monthly * cold, "s3_infrequent_gb_month")
    yield Line("S3", "writes of files", usage.landed_files * S3_WRITES / 1000, "s3_thousand_writes")
    yield Line("S3", "reads of files", usage.landed_files * S3_READS / 1000, "s3_thousand_reads")


def _share(zone: str, usage: Usage) -> float:
    """What a zone gets of each GB that lands: raw and bronze hold it as it came, quarantine and metrics next to nothing."""
    return {"raw": 1.0, "bronze": 1.0, "silver": usage.tables_share, "gold": usage.tables_share}.get(zone, 0.0)


def _months(bucket: Mapping[str, Any], kept: int) -> tuple[float, float]:
    """How many of the months kept are in standard storage and how many in infrequent access, by the bucket's own lifecycle."""
    rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    days = [t["TransitionInDays"] for rule in rules for t in rule.get("Transitions", [])]
    hot = min(kept, min(days) / DAYS) if days else kept
    return hot, kept - hot


def _ingestion(found: Resources, usage: Usage) -> Iterator[Line]:
    millions = usage.landed_files / 1_000_000
    yield Line("EventBridge", "events of new files", millions * len(_sending(found)), "s3_million_events")
    mappings = len(found.of("AWS::Lambda::EventSourceMapping"))
    yield Line("SQS", "receive, delete, idle polling", mappings * (3 * millions + POLLS / 1_000_000), "sqs_million_requests")
    for function in found.of("AWS::Lambda::Function"):
        calls, seconds = _calls(str(function["FunctionName"]), found, usage)
        name = str(function["FunctionName"]).rpartition("-")[2]
        yield Line("Lambda", f"{name}, time", calls * seconds * function["MemorySize"] / 1024, "lambda_gb_second_arm")
        yield Line("Lambda", f"{name}, calls", calls / 1_000_000, "lambda_million_requests")


def _sending(found: Resources) -> list[dict[str, Any]]:
    return [b for b in found.of("AWS::S3::Bucket") if "EventBridgeConfiguration" in b.get("NotificationConfiguration", {})]


def _calls(function: str, found: Resources, usage: Usage) -> tuple[float, float]:
    """Calls of a month and seconds of each: one per file at the door, one per check of the watch."""
    if function.endswith("-ingest"):
        return usage.landed_files, usage.ingest_seconds_per_file
    checks = [s for s in _enabled(found) if s["ScheduleExpression"] == "rate(5 minutes)"]
    return len(checks) * HOURS * 12, CHECK_SECONDS


def _enabled(found: Resources) -> list[dict[str, Any]]:
    return [s for s in found.of("AWS::Scheduler::Schedule") if s["State"] == "ENABLED"]


def _ledger(found: Resources, usage: Usage) -> Iterator[Line]:
    for _ in found.of("AWS::DynamoDB::GlobalTable"):
        stored = usage.landed_files * usage.months_kept * LEDGER_KB_PER_FILE / 1024**2
        yield Line("DynamoDB", "writes", usage.landed_files * LEDGER_WRITES / 1_000_000, "dynamodb_million_writes")
        yield Line("DynamoDB", "reads", usage.landed_files * LEDGER_READS / 1_000_000, "dynamodb_million_reads")
        yield Line("DynamoDB", "storage", stored, "dynamodb_gb_month")
        yield Line("DynamoDB", "point-in-time recovery", stored, "dynamodb_recovery_gb_month")


def _runs(found: Resources, usage: Usage) -> Iterator[Line]:
    domains, runs = len(found.of("AWS::StepFunctions::StateMachine")), usage.runs_per_day * DAYS
    for job in found.of("AWS::Glue::Job"):
        times = _times(job["Name"], usage)
        dpus = min(usage.job_dpus, job["NumberOfWorkers"] * {"G.1X": 1, "G.2X": 2}[job["WorkerType"]])
        price = "glue_flex_dpu_hour" if job.get("ExecutionClass") == "FLEX" else "glue_dpu_hour"
        yield Line("Glue", job["Name"].partition("-")[2].partition("-")[2], times * usage.job_minutes / 60 * dpus, price)
    yield Line("Glue", "bronze crawlers, one start a run", domains * runs * CRAWLER_DPU_HOURS, "glue_crawler_dpu_hour")
    yield Line("Step Functions", "transitions", domains * runs * STATES_PER_RUN / 1000, "states_thousand_transitions")


def _times(job: str, usage: Usage) -> float:
    """Runs of a job in a month."""
    if job.endswith(f"-{MAINTENANCE}"):
        return WEEKS
    return DAYS * (usage.large_file_runs_per_day if job.endswith("-bronze-ingest") else usage.runs_per_day)


def _queries(found: Resources, usage: Usage) -> Iterator[Line]:
    if found.of("AWS::Athena::WorkGroup"):
        yield Line("Athena", "data scanned", usage.queried_tb, "athena_tb")


def _warehouse(found: Resources, usage: Usage) -> Iterator[Line]:
    for workgroup in found.of("AWS::RedshiftServerless::Workgroup"):
        yield Line("Redshift", "base capacity while it works", workgroup["BaseCapacity"] * usage.warehouse_hours, "redshift_rpu_hour")
        yield Line("Redshift", "storage, a copy of gold", usage.landed_gb * usage.tables_share * usage.months_kept, "redshift_gb_month")
    for endpoint in found.of("AWS::EC2::VPCEndpoint"):
        if endpoint.get("VpcEndpointType") == "Interface":
            service = str(endpoint["ServiceName"]).rpartition(".")[2]
            yield Line("VPC", f"endpoint of {service}", HOURS * len(endpoint["SubnetIds"]), "endpoint_hour")


def _watching(found: Resources, usage: Usage) -> Iterator[Line]:
    yield Line("CloudWatch", "alarms", len(found.of("AWS::CloudWatch::Alarm")), "cloudwatch_alarm_month")
    yield Line("CloudWatch", "dashboards", len(found.of("AWS::CloudWatch::Dashboard")), "cloudwatch_dashboard_month")
    yield Line("CloudWatch", "custom metrics", usage.custom_metrics, "cloudwatch_metric_month")
    yield Line("CloudWatch", "logs", usage.log_gb, "cloudwatch_log_gb")


def _security(found: Resources, usage: Usage) -> Iterator[Line]:
    yield Line("KMS", "keys", len(found.of("AWS::KMS::Key")), "kms_key_month")
    calls = usage.landed_files * (S3_WRITES + S3_READS) / 1_000_000
    yield Line("CloudTrail", "data events", calls * len(found.of("AWS::CloudTrail::Trail")), "cloudtrail_million_events")
