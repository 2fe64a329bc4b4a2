"""The function's edge: settings from the environment, failures of one message alone, metrics and logs without
content.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest

from tests.support.ingest_rig import GOOD, NAMES, Rig, message, rig

CONTEXT = SimpleNamespace(
    function_name="ingest",
    memory_limit_in_mb=1769,
    invoked_function_arn="arn:aws:lambda:eu-west-1:1:function:ingest",
    aws_request_id="r",
    get_remaining_time_in_millis=lambda: 300_000,
)
ENVIRONMENT = {
    **{
        "LAKE_ENV": NAMES.env,
        "LAKE_ACCOUNT": NAMES.account,
        "LAKE_REGION": NAMES.region,
        "LAKE_PREFIX": NAMES.prefix,
    },
    **{
        "POWERTOOLS_TRACE_DISABLED": "true",
        "AWS_DEFAULT_REGION": NAMES.region,
    },
    "LAKE_DEAD_LETTERS": f"https://sqs.{NAMES.region}.amazonaws.com/{NAMES.account}/{NAMES.queue('ingest-dlq')}",
    **{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "LAKE_MAX_RECORD": "1000"},
}


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with rig() as made:
        boto3.client("sqs").create_queue(QueueName=NAMES.queue("ingest-dlq"))
        yield made


@pytest.fixture
def edge(lake: Rig, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    sys.modules.pop("lambdas.ingest.handler", None)
    made = importlib.import_module("lambdas.ingest.handler")
    # They keep what was stdout at the first import, which pytest has closed.
    now = SimpleNamespace(write=lambda text: sys.stdout.write(text), flush=bool)  # noqa: PLW0108
    for out in logging.getLogger("ingest").handlers:
        monkeypatch.setattr(out, "stream", now)
    yield made
    sys.modules.pop("lambdas.ingest.handler", None)


def queue(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                **{
                    "messageId": f"m{i}",
                    "receiptHandle": "h",
                    "body": body,
                    "eventSource": "aws:sqs",
                    "awsRegion": NAMES.region,
                },
                **{
                    "attributes": {},
                    "messageAttributes": {},
                    "md5OfBody": "",
                    "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q",
                },
            }
            for i, body in enumerate(bodies)
        ]
    }


def metrics(printed: str) -> dict[tuple[str, str, str], float]:
    """(domain, dataset, metric) → sum of its values."""
    found: dict[tuple[str, str, str], float] = {}
    for line in printed.splitlines():
        if '"_aws"' in line:
            entry = json.loads(line)
            (told,) = entry["_aws"]["CloudWatchMetrics"]
            assert told["Namespace"] == "Lakehouse"
            assert [set(names) for names in told["Dimensions"]] == [
                {"Environment", "Prefix", "Domain", "Dataset"}
            ]
            for metric in told["Metrics"]:
                at = (entry["Domain"], entry["Dataset"], metric["Name"])
                found[at] = found.get(at, 0) + sum(v if isinstance(v := entry[metric["Name"]], list) else [v])
    return found


def letters() -> dict[str, str]:
    """What waits with the dead letters: body → why it was refused."""
    found = boto3.client("sqs").receive_message(
        QueueUrl=ENVIRONMENT["LAKE_DEAD_LETTERS"], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return {m["Body"]: m["MessageAttributes"]["refused"]["StringValue"] for m in found.get("Messages", [])}


def logged(printed: str, text: str) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in printed.splitlines() if line.startswith("{"))
    return [line for line in lines if line.get("message") == text]


def test_a_message_that_can_never_succeed_is_with_the_dead_letters_after_one_try(
    lake: Rig, edge: ModuleType, capsys: pytest.CaptureFixture[str]
):
    good = lake.drop("shop/events/a.json", GOOD)
    lake.s3.put_object(Bucket=NAMES.bucket("bronze"), Key="shop/events/jane.json", Body=GOOD)
    forged = {
        "no event": "the message is no JSON",
        message("shop/events/jane.json", None, bucket=NAMES.bucket("bronze")): (
            "expected an object of lakehouse-test-raw-123456789012-eu-west-1-an, found another bucket's"
        ),
        message("shop/events/jane.json", account="210987654321"): (
            "expected an event of the function's own account, found another's"
        ),
    }
    assert edge.handler(queue(*forged), CONTEXT) == {"batchItemFailures": []}
    assert letters() == forged
    assert (lake.ledger.files(), lake.objects("quarantine")) == ([], {})
    printed = capsys.readouterr()
    assert metrics(printed.out) == {}
    told = logged(printed.out, "message refused")
    assert [(line["level"], line["message_id"], line["reason"]) for line in told] == [
        ("ERROR", f"m{i}", reason) for i, reason in enumerate(forged.values())
    ]
    assert "jane" not in printed.out + printed.err
    assert edge.handler(queue("no event", good), CONTEXT) == {"batchItemFailures": []}
    assert [f.status for f in lake.ledger.files()] == ["accepted"]


def test_a_refused_message_that_cannot_be_set_aside_is_tried_again(lake: Rig, edge: ModuleType):
    good = lake.drop("shop/events/a.json", GOOD)
    boto3.client("sqs").delete_queue(QueueUrl=ENVIRONMENT["LAKE_DEAD_LETTERS"])
    failed = edge.handler(queue("no event", good), CONTEXT)
    assert failed == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert [f.status for f in lake.ledger.files()] == ["accepted"]


def test_names_that_anybody_can_choose_make_no_metrics_of_their_own(
    lake: Rig, edge: ModuleType, capsys: pytest.CaptureFixture[str]
):
    bodies = [
        lake.drop("evil1/x/_SUCCESS", b""),
        lake.drop("shop/evil2/_temporary/0/a.json", GOOD),
        message("evil3/y/gone.json", None, "1"),
        lake.drop("shop/events/_SUCCESS", b""),
    ]
    assert edge.handler(queue(*bodies), CONTEXT) == {"batchItemFailures": []}
    assert metrics(capsys.readouterr().out) == {}


def test_a_batch_reports_only_the_messages_that_failed(
    lake: Rig, edge: ModuleType, capsys: pytest.CaptureFixture[str]
):
    busy = lake.drop("shop/events/busy.json", GOOD)
    (file,) = edge.created_objects(busy, NAMES)
    lake.ledger.claim(file, "another worker")
    bodies = [
        lake.drop("shop/events/a.json", GOOD),
        busy,
        lake.drop("shop/events/b.json", GOOD),
        lake.drop("shop/users/c.json", b""),
        lake.drop("somebody/else's/d.json", GOOD),
        lake.drop("shop/events/folder/", b""),
        message("shop/events/a.json", kind="Object Deleted"),
    ]
    assert edge.handler(queue(*bodies), CONTEXT) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    printed = capsys.readouterr().out
    assert metrics(printed) == {
        ("shop", "events", "FilesAccepted"): 1,
        ("shop", "users", "FilesQuarantined"): 1,
    }
    assert sorted(f.status for f in lake.ledger.files()) == [
        "accepted",
        "claimed",
        "duplicate",
        "quarantined",
        "quarantined",
    ]


def test_neither_log_nor_reason_holds_content(
    lake: Rig, edge: ModuleType, capsys: pytest.CaptureFixture[str]
):
    secret = "jane.doe@example.com"
    contents = [
        f'{{"event_id":"{secret}"}}\n',
        f'[{{"event_id":"{secret}"}}',
        f"{secret},x\n1,2\n",
        f'event_id,ts\n"{secret}',
        f"{{{secret}\n" * 3,
    ]
    edge.handler(queue(*(lake.drop(f"shop/events/{i}", c.encode()) for i, c in enumerate(contents))), CONTEXT)
    assert len(lake.ledger.files()) == len(contents)
    told = [v.decode() for k, v in lake.objects("quarantine").items() if k.endswith(".reason.json")]
    assert len(told) >= 3
    seen = capsys.readouterr()
    assert len(logged(seen.out, "file quarantined")) >= 3
    assert secret not in seen.out + seen.err + "".join(told) + "".join(
        f.detail or "" for f in lake.ledger.files()
    )


def test_limits_come_from_the_environment(edge: ModuleType):
    assert edge.bounds.max_record == 1000
    assert edge.limits({}, disk_free=1000).max_spooled == 900
    assert edge.limits({"LAKE_MAX_SPOOLED": "5", "LAKE_MAX_BYTES": "7"}, disk_free=1000).max_bytes == 7
