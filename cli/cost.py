"""What a month of an environment costs: what its templates and contracts hold × its assumed usage × list
prices.

Line by line, so that each can be doubted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.errors import LakeError
from shared.contracts import Contract, Dataset, contract
from shared.metrics import sent
from shared.names import MAINTENANCE
from shared.retention import stored_days
from stacks.prices import Price, dpu_hour_name
from stacks.usage import Usage

DaysOf = Callable[[Contract, Dataset], int | None]
HOURS, DAYS, WEEKS = 730, 30, 4.35  # of a month
UNTIL_MAINTENANCE = 3.5  # days, in the mean: it is weekly
HOURS_OF = {"minute": 1 / 60, "hour": 1, "day": 24}
# Per file. S3's calls, counted at the emulation for 100 and 300 files: the producer's PUT, ingestion's GET
# and COPY, and of a run one LIST, three HEAD and one GET (S3A looks for a folder where a file is named).
# The ledger's units, counted in the code of lambdas/ingest and glue_scripts. A file's entry has 1.2 kB and
# more, two units, in a transaction twice that: claim 1, content 1, outcome 4, its counter 2, read by a run 4;
# and in the index 4 as it arrives, 4 as it is read.
S3_WRITES, S3_READS, LEDGER_WRITES, LEDGER_READS = 3, 5, 20, 4
STATES_PER_RUN = 20
RUNS_BY_HAND = 1  # a day and domain, where nothing starts runs by itself
RUNS_A_DAY = "LAKE_RUNS_A_DAY"  # how the watch is told its bound
POLLS = 5 * 3 * 60 * HOURS  # Lambda keeps five pollers at a queue, twenty seconds each
CHECK_SECONDS = 2
LEDGER_KB_PER_FILE = 3
LEAST_BACKUP_KB = 128  # that an object counts for in a vault
BACKED_UP = ("raw", "bronze")  # which hold all that comes; quarantine next to nothing
TABLE_ZONES = ("silver", "gold")


@dataclass(frozen=True)
class Line:
    """One position. `quantity` is in the price's unit; `domain`: whose it is, none for what all share."""

    service: str
    what: str
    quantity: float
    price: str
    domain: str | None = None

    def usd(self, prices: Mapping[str, Price]) -> float:
        return self.quantity * prices[self.price].usd


@dataclass(frozen=True)
class Stay:
    """For how many months a share of what comes is there, and for how many of these as the current version of
    its object or the row of its table.
    """

    share: float
    months: float
    current: float


@dataclass(frozen=True)
class Resources:
    """The resources of all templates of an environment, each with its logical id."""

    every: Sequence[tuple[str, Mapping[str, Any]]]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [properties for _, properties in self.with_id(kind)]

    def with_id(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        return [(i, r.get("Properties", {})) for i, r in self.every if r["Type"] == kind]

    @property
    def domains(self) -> tuple[str, ...]:
        """By their jobs."""
        named = {str(job["DefaultArguments"]["--domain"]) for job in self.of("AWS::Glue::Job")}
        return tuple(sorted(named))

    @classmethod
    def in_templates(cls, templates: Iterable[Mapping[str, Any]]) -> Resources:
        return cls([resource for t in templates for resource in t["Resources"].items()])


def lines(resources: Resources, usage: Usage) -> list[Line]:
    """Every position that costs something, service by service."""
    parts = (_storage, _backups, _ingestion, _ledger, _runs, _queries, _warehouse, _watching, _security)
    return [line for part in parts for line in part(resources, usage) if line.quantity]


def _storage(resources: Resources, usage: Usage) -> Iterator[Line]:
    for bucket in resources.of("AWS::S3::Bucket"):
        zone = str(bucket["BucketNamePrefix"]).rpartition("-")[2]
        monthly = usage.received_gb * _share(zone, usage)
        tables = zone in TABLE_ZONES
        old = _replaced_days(bucket, resources) if tables else _old_version_days(bucket)
        kept = _kept(resources, usage, retention_days if tables else stored_days, old)
        hot, cold = _months(bucket, kept)
        yield Line("S3", f"{zone}, standard", monthly * hot, "s3_standard_gb_month")
        yield Line("S3", f"{zone}, infrequent access", monthly * cold, "s3_infrequent_gb_month")
        if tables:
            yield Line("S3", f"{zone}, replaced files", monthly * old / DAYS, "s3_standard_gb_month")
    yield Line("S3", "writes of files", usage.received_files * S3_WRITES / 1000, "s3_thousand_writes")
    yield Line("S3", "reads of files", usage.received_files * S3_READS / 1000, "s3_thousand_reads")


def _backups(resources: Resources, usage: Usage) -> Iterator[Line]:
    """Of objects each day has what is new, of the ledger all of it."""
    for plan in resources.of("AWS::Backup::BackupPlan"):
        for rule in plan["BackupPlan"]["BackupPlanRule"]:
            copies = rule.get("CopyActions", [])
            vaults = [rule["Lifecycle"], *(copy["Lifecycle"] for copy in copies)]
            least = usage.received_files * LEAST_BACKUP_KB / 1024**2
            after = [int(kept["DeleteAfterDays"]) for kept in vaults]
            months = sum(_mean(_kept(resources, usage, stored_days, days)) for days in after)
            for zone in BACKED_UP:
                yield Line("Backup", zone, max(usage.received_gb, least) * months, "backup_s3_gb_month")
            days = sum(after)
            yield Line("Backup", "ledger", _ledger_gb(usage) * days, "backup_dynamodb_gb_month")


def _ledger_gb(usage: Usage) -> float:
    return usage.received_files * usage.months_kept * LEDGER_KB_PER_FILE / 1024**2


def _replaced_days(bucket: Mapping[str, Any], resources: Resources) -> float:
    """How long a file stays that its table no longer needs: until maintenance finds that no snapshot has it,
    and then as an old version. Each file that comes to a table is taken to be replaced once, by compaction or
    a newer row.
    """
    snapshots = [
        int(job["DefaultArguments"]["--snapshot_days"])
        for job in resources.of("AWS::Glue::Job")
        if "--snapshot_days" in job["DefaultArguments"]
    ]
    return max(snapshots, default=0) + UNTIL_MAINTENANCE + _old_version_days(bucket)


def _old_version_days(bucket: Mapping[str, Any]) -> int:
    rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    named = "NoncurrentVersionExpiration"
    return max((int(r[named]["NoncurrentDays"]) for r in rules if named in r), default=0)


def _kept(resources: Resources, usage: Usage, days_of: DaysOf, longer: float = 0) -> list[Stay]:
    """How long the files or rows of each dataset stay: as its contract says, and `longer` days as old
    versions of objects or in a vault; for all months without such a promise.
    """
    domains = [contract(domain) for domain in resources.domains]
    most = usage.months_kept
    found = list[Stay]()
    for agreed in domains:
        for dataset in agreed.datasets:
            days = days_of(agreed, dataset)
            months, current = (
                (most, most) if days is None else (min(most, (days + longer) / DAYS), min(most, days / DAYS))
            )
            found.append(Stay(1 / len(domains) / len(agreed.datasets), months, current))
    return found or [Stay(1, most, most)]


def retention_days(_: Contract, dataset: Dataset) -> int | None:
    """After how many days the first run takes out rows of a dataset; None: never."""
    days = dataset.target.retention_days
    return None if days is None else days + 1


def _mean(stays: Iterable[Stay]) -> float:
    return sum(stay.share * stay.months for stay in stays)


def _share(zone: str, usage: Usage) -> float:
    """What a zone gets of each GB received: raw and bronze hold it as it came, quarantine and metrics next
    to nothing.
    """
    return {"raw": 1.0, "bronze": 1.0, "silver": usage.tables_share, "gold": usage.tables_share}.get(
        zone, 0.0
    )


def _months(bucket: Mapping[str, Any], stays: Iterable[Stay]) -> tuple[float, float]:
    """How many months in standard storage and how many in infrequent access, by the bucket's own lifecycle.
    That moves current versions only: an old one stays where it is.
    """
    rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
    days = [t["TransitionInDays"] for rule in rules for t in rule.get("Transitions", [])]
    moved = min(days) / DAYS if days else float("inf")
    hot = cold = 0.0
    for stay in stays:
        standard = moved if stay.current > moved else stay.months
        hot += stay.share * standard
        cold += stay.share * (stay.months - standard)
    return hot, cold


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
        f"nobody has said yet how often and how long the function {name} works",
        "say it in cli/cost.py, then ./lake cost --env NAME",
    )


def _timed(function: str, resources: Resources) -> float:
    """How often in a month enabled schedules call a function, by its logical id."""
    return sum(
        _firings(s["ScheduleExpression"])
        for s in _enabled(resources)
        if s["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    )


def _enabled(resources: Resources) -> list[dict[str, Any]]:
    return [s for s in resources.of("AWS::Scheduler::Schedule") if s["State"] == "ENABLED"]


def _firings(expression: str) -> float:
    """Of a schedule in a month. Ours with cron name one time of the day, of every day or of a weekday."""
    kind, _, fields = expression.rstrip(")").partition("(")
    words = fields.split()
    if kind == "rate":
        return HOURS / (float(words[0]) * HOURS_OF[words[1].rstrip("s")])
    return DAYS if words[4] in ("*", "?") else WEEKS


def _ledger(resources: Resources, usage: Usage) -> Iterator[Line]:
    for _ in resources.of("AWS::DynamoDB::GlobalTable"):
        stored = _ledger_gb(usage)
        yield Line(
            "DynamoDB", "writes", usage.received_files * LEDGER_WRITES / 1_000_000, "dynamodb_million_writes"
        )
        yield Line(
            "DynamoDB", "reads", usage.received_files * LEDGER_READS / 1_000_000, "dynamodb_million_reads"
        )
        yield Line("DynamoDB", "storage", stored, "dynamodb_gb_month")
        yield Line("DynamoDB", "point-in-time recovery", stored, "dynamodb_recovery_gb_month")


def _runs(resources: Resources, usage: Usage) -> Iterator[Line]:
    for job in resources.of("AWS::Glue::Job"):
        domain = str(job["DefaultArguments"]["--domain"])
        times = _times(job, runs(domain, resources, usage), usage)
        dpus = min(usage.job_dpus, job["NumberOfWorkers"] * {"G.1X": 1, "G.2X": 2}[job["WorkerType"]])
        price = dpu_hour_name(flex=job.get("ExecutionClass") == "FLEX")
        what = str(job["Name"])[str(job["Name"]).index(f"-{domain}-") + 1 :]
        yield Line("Glue", what, times * usage.job_minutes / 60 * dpus, price, domain)
    for domain in resources.domains:
        states = (runs(domain, resources, usage) + WEEKS) * STATES_PER_RUN
        what = f"transitions of {domain}"
        yield Line("Step Functions", what, states / 1000, "states_thousand_transitions", domain)


def runs(domain: str, resources: Resources, usage: Usage) -> float:
    """Runs of a domain in a month, without maintenance: those that the watch starts, one for each file and
    its bound at most; those of the contract's schedule; where neither is on, those that people start.
    """
    of_schedule = sum(
        _firings(s["ScheduleExpression"]) for s in _enabled(resources) if _starts(s, f"-{domain}", resources)
    )
    files = usage.received_files / len(resources.domains)
    of_watch = sum(min(bound * DAYS, files) for id, bound in _watches(resources) if _timed(id, resources))
    return of_schedule + of_watch or RUNS_BY_HAND * DAYS


def _watches(resources: Resources) -> list[tuple[str, int]]:
    """The function that starts runs, by its logical id, with the most of a day and domain."""
    told = (
        (id, function.get("Environment", {}).get("Variables", {}))
        for id, function in resources.with_id("AWS::Lambda::Function")
    )
    return [(id, int(variables[RUNS_A_DAY])) for id, variables in told if RUNS_A_DAY in variables]


def _starts(schedule: Mapping[str, Any], ending: str, resources: Resources) -> bool:
    """Whether it starts the state machine whose name ends so."""
    machines = resources.with_id("AWS::StepFunctions::StateMachine")
    ids = [id for id, machine in machines if str(machine["StateMachineName"]).endswith(ending)]
    return schedule["Target"]["Arn"] in [{"Ref": id} for id in ids]


def _times(job: Mapping[str, Any], of_all: float, usage: Usage) -> float:
    """Runs of a job in a month.

    The bronze job has work in every run where files never pass the ingest function, else for large ones only.
    """
    if job["Name"].endswith(f"-{MAINTENANCE}"):
        return WEEKS
    arguments = job["DefaultArguments"]
    if not job["Name"].endswith("-bronze-ingest") or "--source" in arguments:
        return of_all
    as_parquet = any(d.stored_as == "parquet" for d in contract(arguments["--domain"]).datasets)
    return of_all if as_parquet else min(of_all, usage.large_file_runs_per_day * DAYS)


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
            usage.received_gb * usage.tables_share * _mean(_kept(resources, usage, retention_days)),
            "redshift_gb_month",
        )
    for endpoint in resources.of("AWS::EC2::VPCEndpoint"):
        if endpoint.get("VpcEndpointType") == "Interface":
            service = str(endpoint["ServiceName"]).rpartition(".")[2]
            yield Line("VPC", f"endpoint of {service}", HOURS * len(endpoint["SubnetIds"]), "endpoint_hour")


def _watching(resources: Resources, usage: Usage) -> Iterator[Line]:
    alarms = Counter(_domain_of(alarm) for alarm in resources.of("AWS::CloudWatch::Alarm"))
    for domain, number in alarms.items():
        what = f"alarms of {domain}" if domain else "alarms"
        yield Line("CloudWatch", what, number, "cloudwatch_alarm_month", domain)
    dashboards = len(resources.of("AWS::CloudWatch::Dashboard"))
    yield Line("CloudWatch", "dashboards", dashboards, "cloudwatch_dashboard_month")
    for domain in resources.domains:
        metrics = _metrics(domain, resources, usage)
        yield Line("CloudWatch", f"metrics of {domain}", metrics, "cloudwatch_metric_month", domain)
    yield Line("CloudWatch", "logs", usage.log_gb, "cloudwatch_log_gb")


def _metrics(domain: str, resources: Resources, usage: Usage) -> float:
    """Months of a metric: the share of the hours in which files arrive, runs work, and the watch looks."""
    metrics, files = sent(len(contract(domain).datasets)), usage.received_files / len(resources.domains)
    watched = any(_timed(id, resources) for id, _ in _watches(resources))
    return (
        metrics.with_files * min(1, files / HOURS)
        + metrics.with_runs * min(1, runs(domain, resources, usage) / HOURS)
        + metrics.by_watch * watched
    )


def _domain_of(alarm: Mapping[str, Any]) -> str | None:
    return next((str(d["Value"]) for d in alarm.get("Dimensions", ()) if d["Name"] == "Domain"), None)


def _security(resources: Resources, usage: Usage) -> Iterator[Line]:
    yield Line("KMS", "keys", len(resources.of("AWS::KMS::Key")), "kms_key_month")
    secrets = len(resources.of("AWS::SecretsManager::Secret"))
    yield Line("Secrets Manager", "secrets", secrets, "secret_month")
    calls = usage.received_files * (S3_WRITES + S3_READS) / 1_000_000
    yield Line(
        "CloudTrail",
        "data events",
        calls * len(resources.of("AWS::CloudTrail::Trail")),
        "cloudtrail_million_events",
    )
