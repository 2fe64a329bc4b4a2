"""Queue messages of every known shape give object versions; an unknown shape says what is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.ingest.event import UnknownEventError, created_objects
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
    assert created_objects(message(key, "v7", "0A")) == [FileId(RAW, key, "v7", "0A")]


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
    assert created_objects(notification(record(encoded, versionId="v7", sequencer="0A"))) == [
        FileId(RAW, key, "v7", "0A")
    ]


def test_one_notification_may_announce_several_objects_and_deletions():
    body = notification(
        record("a", sequencer="1"),
        record("b", "ObjectRemoved:Delete"),
        record("c", "s3:ObjectCreated:Copy", versionId="v"),
    )
    assert created_objects(body) == [FileId(RAW, "a", "1", "1"), FileId(RAW, "c", "v", "")]


def test_without_version_and_sequencer_the_version_is_null():
    assert created_objects(message("a", None, None)) == [FileId(RAW, "a", "null", "")]


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
    assert created_objects(body) == []


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
            '{"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {}}}',
            "without detail.bucket.name or detail.object.key",
        ),
        (
            '{"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": {"key": 1}}}',
            "without detail",
        ),
    ],
)
def test_an_unknown_shape_says_what_is_missing(body: str, told: str):
    with pytest.raises(UnknownEventError, match=told):
        created_objects(body)
