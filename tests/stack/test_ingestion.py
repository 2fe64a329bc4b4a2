"""Raw bucket → EventBridge → queue → Lambda."""

from __future__ import annotations

from typing import Any

from tests.stack.conftest import Assembly


def only(assembly: Assembly, kind: str, stack: str = "ingestion") -> dict[str, Any]:
    [found] = [r for place, r in assembly.resources(kind, "dev") if place.startswith(f"dev/{stack}/")]
    return dict(found["Properties"])


def test_a_message_stays_invisible_for_six_runs_and_the_batch_window(assembly: Assembly) -> None:
    for env in ("dev", "test", "prod"):
        timeout = next(r for p, r in assembly.resources("AWS::Lambda::Function", env) if "/ingestion/" in p)[
            "Properties"
        ]["Timeout"]
        window = next(r for _, r in assembly.resources("AWS::Lambda::EventSourceMapping", env))["Properties"][
            "MaximumBatchingWindowInSeconds"
        ]
        queue = next(
            r["Properties"]
            for _, r in assembly.resources("AWS::SQS::Queue", env)
            if "RedrivePolicy" in r["Properties"]
        )
        assert queue["VisibilityTimeout"] >= 6 * timeout + window


def test_a_message_is_tried_five_times_then_kept_aside_for_two_weeks(assembly: Assembly) -> None:
    queues = {
        r["Properties"]["QueueName"]: r["Properties"]
        for p, r in assembly.resources("AWS::SQS::Queue", "dev")
        if "/ingestion/" in p
    }
    assert queues.keys() == {"lakehouse-dev-ingest", "lakehouse-dev-ingest-dlq"}
    assert queues["lakehouse-dev-ingest"]["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queues["lakehouse-dev-ingest-dlq"]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_every_new_object_of_the_raw_bucket_is_sent_empty_ones_too(assembly: Assembly) -> None:
    assert only(assembly, "AWS::Events::Rule")["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["lakehouse-dev-raw-123456789012-us-east-1-an"]}},
    }


def test_one_bad_message_does_not_send_its_batch_back(assembly: Assembly) -> None:
    assert only(assembly, "AWS::Lambda::EventSourceMapping")["FunctionResponseTypes"] == [
        "ReportBatchItemFailures"
    ]


def test_the_function_runs_our_handler_on_arm_and_knows_its_environment(assembly: Assembly) -> None:
    function = only(assembly, "AWS::Lambda::Function")
    assert function["FunctionName"] == "lakehouse-dev-ingest"
    assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
    assert function["Handler"] == "lambdas.ingest.handler.handler"
    variables = function["Environment"]["Variables"]
    [dead] = [
        p.rpartition("/")[2]
        for p, r in assembly.resources("AWS::SQS::Queue", "dev")
        if r["Properties"]["QueueName"] == "lakehouse-dev-ingest-dlq"
    ]
    assert {k: v for k, v in variables.items() if k.startswith("LAKE_")} == {
        "LAKE_PREFIX": "lakehouse",
        "LAKE_ENV": "dev",
        "LAKE_ACCOUNT": "123456789012",
        "LAKE_REGION": "us-east-1",
        "LAKE_DEAD_LETTERS": {"Ref": dead},
        "LAKE_MAX_BYTES": str(1024 * 1024 * 1024),
    }
