"""What must not stay unnoticed; docs/howto/runbook.md says what to do about each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from shared.contracts import Contract
from shared.metrics import FRESHNESS, LEARNT, NAMESPACE, UNKNOWN_DAYS, UNUSUAL, promised_hours, whose
from shared.names import Names
from stacks.config import ConfigError, Settings

GREATER = "GreaterThanThreshold"
OF_DATASETS = ("freshness", "unusual", "unknown-columns")  # the runbook has one entry for all datasets


@dataclass(frozen=True)
class Alarm:
    """A condition on one metric.

    It holds when `statistic` over `minutes` is above `above`, so many `times` in a row.
    """

    name: str
    meaning: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    above: float = 0
    statistic: str = "Sum"
    minutes: int = 5
    times: int = 1

    @property
    def entry(self) -> str:
        """Where it stands in the runbook."""
        kind = next((end for end in OF_DATASETS if self.name.endswith(f"-{end}")), None)
        return f"domain-dataset-{kind}" if kind else self.name


def lake_alarms(names: Names, *, ingest_timeout_seconds: int, crawls: bool) -> list[Alarm]:
    """Those of what all domains share. `crawls`: the environment has the function that crawls a catalogue."""
    result = _ingestion(names, ingest_timeout_seconds)
    functions = ("ingest", "watch", *(["crawl"] if crawls else []))
    for function in functions:
        where = {"FunctionName": names.function(function)}
        result.append(
            Alarm(f"{function}-errors", f"the {function} function failed", "AWS/Lambda", "Errors", where)
        )
        result.append(
            Alarm(
                f"{function}-throttles",
                f"the {function} function was throttled",
                "AWS/Lambda",
                "Throttles",
                where,
                times=3,
            )
        )
    for queue in (*(f"{function}-dlq" for function in functions), "alerts-dlq"):
        where = {"QueueName": names.queue(queue)}
        metric = "ApproximateNumberOfMessagesVisible"
        result.append(
            Alarm(
                f"{queue}-depth", f"messages wait in {queue}", "AWS/SQS", metric, where, statistic="Maximum"
            )
        )
    return result


def domain_alarms(names: Names, contract: Contract, *, unknown_column_days: int) -> list[Alarm]:
    return [
        *_freshness(names, contract),
        *_unusual(names, contract),
        *_unknown_columns(names, contract, unknown_column_days),
    ]


def _ingestion(names: Names, timeout_seconds: int) -> list[Alarm]:
    """A message older than an hour was tried and failed at least once, or the function cannot keep up."""
    queue, function = {"QueueName": names.queue("ingest")}, {"FunctionName": names.function("ingest")}
    age = "ApproximateAgeOfOldestMessage"
    slow = timeout_seconds * 1000 * 0.8
    return [
        Alarm(
            "ingest-queue-age",
            "a file waits for more than an hour",
            "AWS/SQS",
            age,
            queue,
            above=3600,
            statistic="Maximum",
        ),
        Alarm(
            "ingest-duration",
            "a batch took 80 % of its time",
            "AWS/Lambda",
            "Duration",
            function,
            above=slow,
            statistic="Maximum",
        ),
    ]


def check_promises(settings: Settings, contracts: Iterable[Contract]) -> None:
    """Raises ConfigError where files may wait for a run as long as a contract promises, or longer: its alarm
    would ring, as data is older than the wait when the run ends. A contract's own schedule is not held back.
    """
    waits = 24 / settings.runs_a_day
    for contract in contracts if settings.scheduled else ():
        promised = [d.freshness_hours for d in contract.datasets if d.freshness_hours is not None]
        if not contract.schedule and promised and min(promised) <= waits:
            raise ConfigError(
                f"environment {settings.env}: runs_a_day = {settings.runs_a_day} lets a file wait for"
                f" {waits:g} h, and the contract of {contract.domain} promises a freshness of"
                f" {min(promised)} h: set runs_a_day to {24 // min(promised) + 1}, or promise more hours"
            )


def _freshness(names: Names, contract: Contract) -> list[Alarm]:
    """Per silver table, and for gold as a whole, against the freshness that the contract promises."""
    return [
        Alarm(
            f"{contract.domain}-{dataset}-freshness",
            f"{contract.domain}: {dataset} is older than the {hours} h that its contract promises",
            NAMESPACE,
            FRESHNESS,
            {**whose(names), "Domain": contract.domain, "Dataset": dataset},
            above=hours,
            statistic="Maximum",
            times=3,
        )
        for dataset, hours in promised_hours(contract).items()
    ]


def _unusual(names: Names, contract: Contract) -> list[Alarm]:
    """Per dataset, against its own history; which figure it is stands in the run's findings."""
    return [
        Alarm(
            f"{contract.domain}-{dataset.name}-unusual",
            f"{contract.domain}: {dataset.name} is silent, or far from its usual volume or rates",
            NAMESPACE,
            UNUSUAL,
            {**whose(names), "Domain": contract.domain, "Dataset": dataset.name},
        )
        for dataset in contract.datasets
        if any(t.metric in LEARNT for t in dataset.target.thresholds)
    ]


def _unknown_columns(names: Names, contract: Contract, days: int) -> list[Alarm]:
    return [
        Alarm(
            f"{contract.domain}-{dataset.name}-unknown-columns",
            f"{contract.domain}: {dataset.name} has columns that its contract does not name, for {days} days",
            NAMESPACE,
            UNKNOWN_DAYS,
            {**whose(names), "Domain": contract.domain, "Dataset": dataset.name},
            above=days,
            statistic="Maximum",
            times=3,
        )
        for dataset in contract.datasets
    ]


def add_alarm(scope: Construct, alarm: Alarm, names: Names) -> cloudwatch.CfnAlarm:
    """Tells people when it begins and when it is over.

    No data is no alarm: an idle lakehouse is a healthy one.
    """
    topic = names.arn("sns", names.alerts_topic)
    return cloudwatch.CfnAlarm(
        scope,
        alarm.name,
        alarm_name=names.name(alarm.name),
        alarm_description=f"{alarm.meaning}. See docs/howto/runbook.md#{alarm.entry}.",
        namespace=alarm.namespace,
        metric_name=alarm.metric,
        dimensions=[
            cloudwatch.CfnAlarm.DimensionProperty(name=k, value=v) for k, v in alarm.dimensions.items()
        ],
        statistic=alarm.statistic,
        period=alarm.minutes * 60,
        evaluation_periods=alarm.times,
        threshold=alarm.above,
        comparison_operator=GREATER,
        treat_missing_data="notBreaching",
        alarm_actions=[topic],
        ok_actions=[topic],
    )
