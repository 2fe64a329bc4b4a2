"""What a month of an environment costs: what its templates hold × its assumed usage × list prices.

Line by line, so that each can be doubted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.errors import LakeError
from shared.contracts import contract
from shared.names import MAINTENANCE
from stacks.prices import Price
from stacks.usage import Usage

HOURS, DAYS, WEEKS = 730, 30, 4.35  # of a month
HOURS_OF = {"minute": 1 / 60, "hour": 1, "day": 24}
# Per file, counted in the code of lambdas/ingest and glue_scripts: S3 calls, ledger units. A file's entry has
# 1.2 kB and more, two units, in a transaction twice that: claim 1, content 1, outcome 4, its counter 2, read
# by a run 4; and in the index 4 as it arrives, 4 as it is read.
S3_WRITES, S3_READS, LEDGER_WRITES, LEDGER_READS = 2, 4, 20, 4
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
    """The resources of all templates of an environment, each with its logical id."""

    every: Sequence[tuple[str, Mapping[str, Any]]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [properties for _, properties in self.with_id(kind)]

    def with_id(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        return [(i, r.get("Properties", {})) for i, r in self.every if r["Type"] == kind]

    @classmethod
    def in_templates(cls, templates: Iterable[Mapping[str, Any]]) -> Resources:
        return cls([resource for t in templates for resource in t["Resources"].items()])


def lines(resources: Resources, usage: Usage) -> list[Line]:
    """Every position that costs something, service by service."""
    parts = (_storage, _ingestion, _ledger, _runs, _queries, _warehouse, _watching, _security)
    return [line for part in parts for line in part(resources, usage) if line.quantity]


def _storage(resources: Resources, usage: Usage) -> Iterator[Line]:
    for bucket in resources.of("AWS::S3::Bucket"):
        zone = str(bucket["BucketNamePrefix"]).rpartition("-")[2]
        monthly = usage.received_gb * _share(zone, usage)
        hot, cold = _months(bucket, usage.months_kept)
        yield Line("S3", f"{zone}, standard", monthly * hot, "s3_standard_gb_month")
        yield Line("S3", f"{zone}, infrequent access", monthly * cold, "s3_infrequent_gb_month")
    yield Line("S3", "writes of files", usage.received_files * S3_WRITES / 1000, "s3_thousand_writes")
    yield Line("S3", "reads of files", usage.received_files * S3_READS / 1000, "s3_thousand_reads")


def _share(zone: str, usage: Usage) -> float:
    """What a zone gets of each GB received: raw and bronze hold it as it came, quarantine and metrics next
    to nothing.
    """
    return {"raw": 1.0, "bronze": 1.0, "silver": usage.tables_share, "gold": usage.tables_share}.get(
        zone, 0.0
    )


def _months(bucket: Mapping[str, Any], kept: int) -> tuple[float, float]:
    """How many of the months kept are in standard storage and how many in infrequent access, by the bucket's
    own lifecycle.
    """
    rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    days = [t["TransitionInDays"] for rule in rules for t in rule.get("Transitions", [])]
    hot = min(kept, min(days) / DAYS) if days else kept
    return hot, kept - hot


def _ingestion(resources: Resources, usage: Usage) -> Iterator[Line]:
    millions = usage.received_files / 1_000_000
    yield Line("EventBridge", "events of new files", millions * len(_sending(resources)), "s3_million_events")
    mappings = len(resources.of("AWS::Lambda::EventSourceMapping"))
    yield Line(
        "SQS",
        "receive, delete, idle polling",
        mappings * (3 * millions + POLLS / 1_000_000),
        "sqs_million_requests",
    )
    for id, function in resources.with_id("AWS::Lambda::Function"):
        name = str(function["FunctionName"]).rpartition("-")[2]
        calls, seconds = _calls(name, _timed(id, resources), function, usage)
        yield Line(
            "Lambda", f"{name}, time", calls * seconds * function["MemorySize"] / 1024, "lambda_gb_second_arm"
        )
        yield Line("Lambda", f"{name}, calls", calls / 1_000_000, "lambda_million_requests")


def _sending(resources: Resources) -> list[dict[str, Any]]:
    return [
        b
        for b in resources.of("AWS::S3::Bucket")
        if "EventBridgeConfiguration" in b.get("NotificationConfiguration", {})
    ]


def _calls(name: str, timed: float, function: Mapping[str, Any], usage: Usage) -> tuple[float, float]:
    """Calls of a month and seconds of each: one per file for ingestion; the others by their timers, a crawl
    as long as it may work.
    """
    match name:
        case "ingest":
            return usage.received_files, usage.ingest_seconds_per_file
        case "watch":
            return timed, CHECK_SECONDS
        case "crawl":
            return timed, function["Timeout"]
    raise LakeError(
        f"nobody has said yet how often and how long the function {name} works: say it in local/cost.py"
    )


def _timed(function: str, resources: Resources) -> float:
    """How often in a month enabled schedules call a function, by its logical id."""
    enabled = (s for s in resources.of("AWS::Scheduler::Schedule") if s["State"] == "ENABLED")
    return sum(
        _firings(s["ScheduleExpression"])
        for s in enabled
        if s["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    )


def _firings(expression: str) -> float:
    """Of a schedule in a month. Ours with cron name one time of the day, of every day or of a weekday."""
    kind, _, fields = expression.rstrip(")").partition("(")
    words = fields.split()
    if kind == "rate":
        return HOURS / (float(words[0]) * HOURS_OF[words[1].rstrip("s")])
    return DAYS if words[4] in ("*", "?") else WEEKS


def _ledger(resources: Resources, usage: Usage) -> Iterator[Line]:
    for _ in resources.of("AWS::DynamoDB::GlobalTable"):
        stored = usage.received_files * usage.months_kept * LEDGER_KB_PER_FILE / 1024**2
        yield Line(
            "DynamoDB", "writes", usage.received_files * LEDGER_WRITES / 1_000_000, "dynamodb_million_writes"
        )
        yield Line(
            "DynamoDB", "reads", usage.received_files * LEDGER_READS / 1_000_000, "dynamodb_million_reads"
        )
        yield Line("DynamoDB", "storage", stored, "dynamodb_gb_month")
        yield Line("DynamoDB", "point-in-time recovery", stored, "dynamodb_recovery_gb_month")


def _runs(resources: Resources, usage: Usage) -> Iterator[Line]:
    domains, runs = len(resources.of("AWS::StepFunctions::StateMachine")), usage.runs_per_day * DAYS
    for job in resources.of("AWS::Glue::Job"):
        times = _times(job, usage)
        dpus = min(usage.job_dpus, job["NumberOfWorkers"] * {"G.1X": 1, "G.2X": 2}[job["WorkerType"]])
        price = "glue_flex_dpu_hour" if job.get("ExecutionClass") == "FLEX" else "glue_dpu_hour"
        yield Line(
            "Glue",
            job["Name"].partition("-")[2].partition("-")[2],
            times * usage.job_minutes / 60 * dpus,
            price,
        )
    yield Line(
        "Glue",
        "bronze crawlers, one start a run",
        domains * runs * CRAWLER_DPU_HOURS,
        "glue_crawler_dpu_hour",
    )
    yield Line(
        "Step Functions", "transitions", domains * runs * STATES_PER_RUN / 1000, "states_thousand_transitions"
    )


def _times(job: Mapping[str, Any], usage: Usage) -> float:
    """Runs of a job in a month.

    The bronze job has work in every run where files never pass the ingest function, else for large ones only.
    """
    if job["Name"].endswith(f"-{MAINTENANCE}"):
        return WEEKS
    arguments, of_all = job["DefaultArguments"], usage.runs_per_day * DAYS
    if not job["Name"].endswith("-bronze-ingest") or "--source" in arguments:
        return of_all
    as_parquet = any(d.stored_as == "parquet" for d in contract(arguments["--domain"]).datasets)
    return of_all if as_parquet else usage.large_file_runs_per_day * DAYS


def _queries(resources: Resources, usage: Usage) -> Iterator[Line]:
    if resources.of("AWS::Athena::WorkGroup"):
        yield Line("Athena", "data scanned", usage.queried_tb, "athena_tb")


def _warehouse(resources: Resources, usage: Usage) -> Iterator[Line]:
    for workgroup in resources.of("AWS::RedshiftServerless::Workgroup"):
        yield Line(
            "Redshift",
            "base capacity while it works",
            workgroup["BaseCapacity"] * usage.warehouse_hours,
            "redshift_rpu_hour",
        )
        yield Line(
            "Redshift",
            "storage, a copy of gold",
            usage.received_gb * usage.tables_share * usage.months_kept,
            "redshift_gb_month",
        )
    for endpoint in resources.of("AWS::EC2::VPCEndpoint"):
        if endpoint.get("VpcEndpointType") == "Interface":
            service = str(endpoint["ServiceName"]).rpartition(".")[2]
            yield Line("VPC", f"endpoint of {service}", HOURS * len(endpoint["SubnetIds"]), "endpoint_hour")


def _watching(resources: Resources, usage: Usage) -> Iterator[Line]:
    yield Line("CloudWatch", "alarms", len(resources.of("AWS::CloudWatch::Alarm")), "cloudwatch_alarm_month")
    yield Line(
        "CloudWatch",
        "dashboards",
        len(resources.of("AWS::CloudWatch::Dashboard")),
        "cloudwatch_dashboard_month",
    )
    yield Line("CloudWatch", "custom metrics", usage.custom_metrics, "cloudwatch_metric_month")
    yield Line("CloudWatch", "logs", usage.log_gb, "cloudwatch_log_gb")


def _security(resources: Resources, usage: Usage) -> Iterator[Line]:
    yield Line("KMS", "keys", len(resources.of("AWS::KMS::Key")), "kms_key_month")
    calls = usage.received_files * (S3_WRITES + S3_READS) / 1_000_000
    yield Line(
        "CloudTrail",
        "data events",
        calls * len(resources.of("AWS::CloudTrail::Trail")),
        "cloudtrail_million_events",
    )
