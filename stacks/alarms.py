"""What must not stay unnoticed; docs/howto/runbook.md says what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from shared.contracts import Contract
from shared.metrics import LEARNT, NAMESPACE, UNKNOWN_DAYS, UNUSUAL
from shared.names import Names

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


def alarm_definitions(
    names: Names,
    contracts: tuple[Contract, ...],
    *,
    ingest_timeout_seconds: int,
    unknown_column_days: int,
    crawls: bool,
) -> list[Alarm]:
    """`crawls`: the environment has the function that crawls a catalogue."""
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
    for contract in contracts:
        result += [
            *_freshness(contract),
            *_unusual(contract),
            *_unknown_columns(contract, unknown_column_days),
        ]
    return result


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


def _freshness(contract: Contract) -> list[Alarm]:
    """Per silver table, and for gold as a whole, against the freshness that the contract promises."""
    promised = {d.name: d.freshness_hours for d in contract.datasets if d.freshness_hours is not None}
    if promised:
        promised["gold"] = max(promised.values())
    return [
        Alarm(
            f"{contract.domain}-{dataset}-freshness",
            f"{contract.domain}: {dataset} is older than the {hours} h that its contract promises",
            NAMESPACE,
            "freshness_hours",
            {"Domain": contract.domain, "Dataset": dataset},
            above=hours,
            statistic="Maximum",
            times=3,
        )
        for dataset, hours in promised.items()
    ]


def _unusual(contract: Contract) -> list[Alarm]:
    """Per dataset, against its own history; which figure it is stands in the run's findings."""
    return [
        Alarm(
            f"{contract.domain}-{dataset.name}-unusual",
            f"{contract.domain}: {dataset.name} is silent, or far from its usual volume or rates",
            NAMESPACE,
            UNUSUAL,
            {"Domain": contract.domain, "Dataset": dataset.name},
        )
        for dataset in contract.datasets
        if any(t.metric in LEARNT for t in dataset.target.thresholds)
    ]


def _unknown_columns(contract: Contract, days: int) -> list[Alarm]:
    return [
        Alarm(
            f"{contract.domain}-{dataset.name}-unknown-columns",
            f"{contract.domain}: {dataset.name} has columns that its contract does not name, for {days} days",
            NAMESPACE,
            UNKNOWN_DAYS,
            {"Domain": contract.domain, "Dataset": dataset.name},
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
