"""Queue messages of every known shape give object versions; an unknown shape says what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.ingest.event import RefusedMessageError, created_objects
from shared.ledger.model import FileId
from tests.support.ingest_rig import NAMES, message

KEYS = ["a b.csv", "a+b.csv", "100%.csv", "a%20b.csv", "a+b%20c.json", "Zoë/日本.csv", "x" * 1000]
RAW = NAMES.bucket("raw")


def notification(*records: dict[str, Any]) -> str:
    return json.dumps({"Records": list(records)})


def record(key: str, name: str = "ObjectCreated:Put", **more: str) -> dict[str, Any]:
    return {
        "eventVersion": "2.3",
        "eventName": name,
        "s3": {"bucket": {"name": RAW}, "object": {"key": key, **more}},
    }


@pytest.mark.parametrize("key", KEYS)
def test_eventbridge_gives_the_key_as_it_is(key: str):
    assert created_objects(message(key, "v7", "0A"), NAMES) == [FileId(RAW, key, "v7", "0A")]


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("a+b.csv", "a b.csv"),
        ("a%2Bb.csv", "a+b.csv"),
        ("100%25.csv", "100%.csv"),
        ("Zo%C3%AB/%E6%97%A5.csv", "Zoë/日.csv"),
    ],
)
def test_a_notification_has_its_key_encoded(encoded: str, key: str):
    assert created_objects(notification(record(encoded, versionId="v7", sequencer="0A")), NAMES) == [
        FileId(RAW, key, "v7", "0A")
    ]


def test_one_notification_may_announce_several_objects_and_deletions():
    body = notification(
        record("a", sequencer="1"),
        record("b", "ObjectRemoved:Delete"),
        record("c", "s3:ObjectCreated:Copy", versionId="v"),
    )
    assert created_objects(body, NAMES) == [FileId(RAW, "a", "1", "1"), FileId(RAW, "c", "v", "")]


def test_without_version_and_sequencer_the_version_is_null():
    assert created_objects(message("a", None, None), NAMES) == [FileId(RAW, "a", "null", "")]


@pytest.mark.parametrize(
    "body",
    [
        message("a", kind="Object Deleted"),
        message("a", kind="Object Tags Added"),
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": RAW}),
        notification(),
    ],
    ids=["deleted", "tagged", "test event", "no records"],
)
def test_what_announces_no_new_object_is_nothing(body: str):
    assert created_objects(body, NAMES) == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[]", "found neither"),
        ("null", "found neither"),
        ('{"source": "aws.ec2", "detail-type": "x", "detail": {}}', "found neither"),
        ('{"Records": [1]}', "without eventName"),
        ('{"Records": [{"eventName": "ObjectCreated:Put"}]}', "without s3.bucket.name or s3.object.key"),
        (
            f'{{"source": "aws.s3", "account": "{NAMES.account}", "detail-type": "Object Created", "detail": {{"bucket": {{}}}}}}',
            "without detail.bucket.name or detail.object.key",
        ),
        (
            f'{{"source": "aws.s3", "account": "{NAMES.account}", "detail-type": "Object Created", "detail": {{"bucket": {{"name": "b"}}, "object": {{"key": 1}}}}}}',
            "without detail",
        ),
        ('{"Type": "Notification", "Message": "hello"}', "the Message of the SNS notification is no JSON"),
        ('{"Type": "SubscriptionConfirmation", "Message": "{}"}', "SNS asks to confirm a subscription"),
        ("[" * 100_000, "no JSON"),
        (notification(record("a%FF.csv")), "expected a key in URL-encoded UTF-8"),
    ],
)
def test_an_unknown_shape_says_what_is_missing(body: str, told: str):
    with pytest.raises(RefusedMessageError, match=told):
        created_objects(body, NAMES)


def sns(inner: str) -> str:
    """As SNS wraps what it delivers to a queue."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "1",
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t",
            "Message": inner,
            "Timestamp": "2024-03-05T12:00:00.000Z",
        }
    )


def test_what_comes_through_sns_is_read_and_an_envelope_in_an_envelope_is_not():
    assert created_objects(sns(notification(record("a+b.csv", versionId="v7"))), NAMES) == [
        FileId(RAW, "a b.csv", "v7", "")
    ]
    assert created_objects(sns(message("a+b.csv", "v7", "0A")), NAMES) == [FileId(RAW, "a+b.csv", "v7", "0A")]
    assert created_objects(sns('{"Event": "s3:TestEvent"}'), NAMES) == []
    with pytest.raises(RefusedMessageError, match="found neither"):
        created_objects(sns(sns(message("a"))), NAMES)


@pytest.mark.parametrize(
    "bucket",
    [
        "somebody-elses",
        "lakehouse-test-bronze-123456789012-eu-west-1-an",
        "lakehouse-test-raw-210987654321-eu-west-1-an",
        "lakehouse-prod-raw-123456789012-eu-west-1-an",
        "",
    ],
)
def test_an_object_of_another_bucket_is_refused_without_a_word_of_the_message(bucket: str):
    forged = record("secret.csv", versionId="v")
    forged["s3"]["bucket"]["name"] = bucket
    for body in (
        message("secret.csv", bucket=bucket),
        notification(record("a.csv", versionId="v"), forged),
        sns(notification(forged)),
    ):
        with pytest.raises(RefusedMessageError) as refused:
            created_objects(body, NAMES)
        assert str(refused.value) == (
            "expected an object of lakehouse-test-raw-123456789012-eu-west-1-an, found another bucket's"
        )


def test_an_event_of_another_account_or_of_none_is_refused():
    nobodys = json.loads(message("a"))
    del nobodys["account"]
    for body in (
        message("a", account="210987654321"),
        message("a", account="210987654321", kind="Object Deleted"),
        sns(message("a", account="")),
        json.dumps(nobodys),
    ):
        with pytest.raises(RefusedMessageError, match="expected an event of the function's own account"):
            created_objects(body, NAMES)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (message(""), "expected a key of 1 to 1024 bytes, found 0"),
        (message("é" * 513), "expected a key of 1 to 1024 bytes, found 1026"),
        (message("a", "v" * 1025), "expected a version of 1 to 1024 bytes, found 1025"),
        (message("a\ud800.csv"), "expected a key that is Unicode text, found half a character"),
    ],
)
def test_what_s3_cannot_hold_is_refused_before_it_is_asked_for(body: str, told: str):
    with pytest.raises(RefusedMessageError, match=told):
        created_objects(body, NAMES)


def test_a_key_of_1024_bytes_is_read():
    assert created_objects(message("é" * 512), NAMES) == [FileId(RAW, "é" * 512, "v1", "01")]
