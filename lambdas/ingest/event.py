"""Queue message → object versions. The only place where a key is read from an event.

EventBridge gives keys as they are; classic S3 notifications URL-encode them (Amazon S3 event documentation).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus

from shared.ledger_model import FileId


class UnknownEventError(ValueError):
    """A message that is no S3 event at all; it goes to the dead-letter queue for somebody to look at."""


def created_objects(body: str) -> list[FileId]:
    """The object versions that a message announces; none for deletions and test events. Raises UnknownEventError."""
    try:
        event = json.loads(body)
    except ValueError as error:
        raise UnknownEventError("the message is no JSON") from error
    if not isinstance(event, dict):
        raise UnknownEventError(f"expected a JSON object, found {type(event).__name__}")
    if event.get("source") == "aws.s3" and isinstance(event.get("detail"), dict):
        return _from_eventbridge(event)
    if isinstance(event.get("Records"), list):
        return [
            _from_notification(r) for r in event["Records"] if str(r.get("eventName", "")).removeprefix("s3:").startswith("ObjectCreated")
        ]
    if event.get("Event") == "s3:TestEvent":
        return []
    raise UnknownEventError("neither an EventBridge event of aws.s3 nor an S3 notification")


def _from_eventbridge(event: dict[str, Any]) -> list[FileId]:
    if event.get("detail-type") != "Object Created":
        return []
    found = event["detail"]["object"]
    return [_file(event["detail"]["bucket"]["name"], found["key"], found.get("version-id"), found.get("sequencer", ""))]


def _from_notification(record: dict[str, Any]) -> FileId:
    found = record["s3"]["object"]
    return _file(record["s3"]["bucket"]["name"], unquote_plus(found["key"]), found.get("versionId"), found.get("sequencer", ""))


def _file(bucket: str, key: str, version: str | None, sequencer: str) -> FileId:
    return FileId(bucket, key, version or sequencer or "null", sequencer)
