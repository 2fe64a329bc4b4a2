"""S3 → EventBridge → SQS → Lambda, as the ingestion relies on it."""

from __future__ import annotations

import io
import json
import secrets
import time
import zipfile
from typing import Any

import pytest

from local.session import Session

KEYS = [
    "a b.json",
    "a+b.json",
    "a%20b%2F.json",
    "ü/日本 😀.json",
    "d/" + "k" * 1000,
    "e//x//y.json",
    "f/../g.json",
    "amp&=?#;.json",
    "x/ lead and trail ",
]
HANDLER = """
import json, boto3
s3 = boto3.client("s3")
def handler(event, context):
    failed = []
    for record in event["Records"]:
        detail = json.loads(record["body"])["detail"]
        bucket, key = detail["bucket"]["name"], detail["object"]["key"]
        if "fails" in key:
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            s3.copy_object(Bucket=bucket + "-out", Key=key, CopySource={"Bucket": bucket, "Key": key})
    return {"batchItemFailures": failed}
"""


class Chain:
    """A versioned bucket whose new objects reach a queue."""

    def __init__(self, aws: Session) -> None:
        self.aws, self.name = aws, f"chain-{secrets.token_hex(4)}"
        self.s3, self.sqs = aws.client("s3"), aws.client("sqs")
        for bucket in (self.name, f"{self.name}-out"):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        self.s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        self.dead = self._queue("dead", {})
        redrive = json.dumps({"deadLetterTargetArn": self._arn("dead"), "maxReceiveCount": 2})
        self.queue = self._queue("in", {"VisibilityTimeout": "1", "RedrivePolicy": redrive})
        pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [self.name]}},
        }
        aws.client("events").put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        aws.client("events").put_targets(Rule=self.name, Targets=[{"Id": "1", "Arn": self._arn("in")}])

    def put(self, key: str) -> str:
        return str(self.s3.put_object(Bucket=self.name, Key=key, Body=b"{}")["VersionId"])

    def events(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < deadline:
            for message in self.sqs.receive_message(
                QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1
            ).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"])["detail"])
        return found

    def consume(self) -> None:
        """Lets a Lambda read the queue."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("main.py", HANDLER)
        client = self.aws.client("lambda")
        role = "arn:aws:iam::123456789012:role/lambda"
        client.create_function(
            FunctionName=self.name,
            Runtime="python3.14",
            Role=role,
            Handler="main.handler",
            Timeout=30,
            Code={"ZipFile": packed.getvalue()},
        )
        client.create_event_source_mapping(
            FunctionName=self.name,
            EventSourceArn=self._arn("in"),
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )

    def copied(self) -> set[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=f"{self.name}-out")
        return {o["Key"] for page in pages for o in page.get("Contents", [])}

    def _queue(self, what: str, attributes: dict[str, str]) -> str:
        return str(self.sqs.create_queue(QueueName=f"{self.name}-{what}", Attributes=attributes)["QueueUrl"])

    def _arn(self, what: str) -> str:
        return f"arn:aws:sqs:us-east-1:123456789012:{self.name}-{what}"


@pytest.fixture
def chain(aws: Session) -> Chain:
    return Chain(aws)


def test_every_key_arrives_as_it_is(chain: Chain) -> None:
    versions = {key: chain.put(key) for key in KEYS}
    events = chain.events(len(KEYS))
    assert {e["object"]["key"]: e["object"]["version-id"] for e in events} == versions


def test_sequencer_orders_the_versions_of_a_key(chain: Chain) -> None:
    versions = [chain.put("same") for _ in range(3)]
    events = sorted(chain.events(3), key=lambda e: str(e["object"]["sequencer"]).ljust(64, "0"))
    assert [e["object"]["version-id"] for e in events] == versions


def test_deletes_send_nothing_and_an_upload_in_parts_sends_one(chain: Chain) -> None:
    chain.put("x")
    chain.s3.delete_object(Bucket=chain.name, Key="x")
    upload = chain.s3.create_multipart_upload(Bucket=chain.name, Key="big")["UploadId"]
    etag = chain.s3.upload_part(Bucket=chain.name, Key="big", UploadId=upload, PartNumber=1, Body=b"x")[
        "ETag"
    ]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    chain.s3.complete_multipart_upload(Bucket=chain.name, Key="big", UploadId=upload, MultipartUpload=parts)
    assert sorted(e["object"]["key"] for e in chain.events(3, seconds=2)) == ["big", "x"]


def test_a_lambda_drains_the_queue_and_failures_end_in_the_dead_letter_queue(chain: Chain) -> None:
    chain.consume()
    for key in (*KEYS, "this fails"):
        chain.put(key)
    deadline = time.monotonic() + 30
    while chain.copied() != set(KEYS):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    while not (dead := chain.sqs.receive_message(QueueUrl=chain.dead, WaitTimeSeconds=1).get("Messages")):
        assert time.monotonic() < deadline
    assert json.loads(dead[0]["Body"])["detail"]["object"]["key"] == "this fails"


def test_events_wait_while_no_function_may_run_and_are_all_taken_afterwards(chain: Chain) -> None:
    chain.consume()
    functions = chain.aws.client("lambda")
    functions.put_function_concurrency(FunctionName=chain.name, ReservedConcurrentExecutions=0)
    for key in KEYS:
        chain.put(key)
    time.sleep(3)
    waiting = chain.sqs.get_queue_attributes(QueueUrl=chain.queue, AttributeNames=["All"])["Attributes"]
    assert (chain.copied(), waiting["ApproximateNumberOfMessages"]) == (set(), str(len(KEYS)))
    functions.delete_function_concurrency(FunctionName=chain.name)
    deadline = time.monotonic() + 30
    while chain.copied() != set(KEYS):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert chain.sqs.receive_message(QueueUrl=chain.dead).get("Messages") is None
