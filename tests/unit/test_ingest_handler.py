"""The function's edge: settings from the environment, failures of one message alone, metrics and logs without
content.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

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
        "POWERTOOLS_SERVICE_NAME": "ingest",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "AWS_DEFAULT_REGION": NAMES.region,
    },
    **{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "LAKE_MAX_RECORD": "1000"},
}


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with rig() as made:
        yield made


@pytest.fixture
def edge(lake: Rig) -> Iterator[ModuleType]:
    sys.modules.pop("lambdas.ingest.handler", None)
    yield importlib.import_module("lambdas.ingest.handler")
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
            for metric in told["Metrics"]:
                at = (entry["Domain"], entry["Dataset"], metric["Name"])
                found[at] = found.get(at, 0) + sum(v if isinstance(v := entry[metric["Name"]], list) else [v])
    return found


def test_a_batch_reports_only_the_messages_that_failed(
    lake: Rig, edge: ModuleType, capsys: pytest.CaptureFixture[str]
):
    bodies = [
        lake.drop("shop/events/a.json", GOOD),
        "no event",
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
        ("shop", "events", "FilesDuplicate"): 1,
        ("shop", "events", "BytesIngested"): 2 * len(GOOD),
        ("shop", "users", "FilesQuarantined"): 1,
        ("shop", "users", "BytesIngested"): 0,
        ("unknown", "unknown", "FilesQuarantined"): 1,
        ("unknown", "unknown", "BytesIngested"): len(GOOD),
    }
    assert sorted(f.status for f in lake.ledger.files()) == [
        "accepted",
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
    assert secret not in seen.out + seen.err + "".join(told) + "".join(
        f.detail or "" for f in lake.ledger.files()
    )


def test_limits_come_from_the_environment(edge: ModuleType):
    assert edge.bounds.max_record == 1000
    assert edge.limits({}, disk_free=1000).max_spooled == 900
    assert edge.limits({"LAKE_MAX_SPOOLED": "5", "LAKE_MAX_BYTES": "7"}, disk_free=1000).max_bytes == 7
