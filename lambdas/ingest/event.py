"""Queue message → object versions. The only place where a key is read from an event.

EventBridge gives keys as they are; classic S3 notifications URL-encode them (Amazon S3 event documentation).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus

from shared.ledger.model import FileId


class UnknownEventError(ValueError):
    """A message that is no S3 event at all; it goes to the dead-letter queue for somebody to look at."""


def created_objects(body: str) -> list[FileId]:
    """The object versions that a message announces; none for deletions and test events.

    Raises UnknownEventError.
    """
    try:
        event = json.loads(body)
    except ValueError as error:
        raise UnknownEventError("the message is no JSON") from error
    match event:
        case {"source": "aws.s3", "detail-type": "Object Created", "detail": dict(detail)}:
            return [_from_eventbridge(detail)]
        case {"source": "aws.s3", "detail-type": str()} | {"Event": "s3:TestEvent"}:
            return []
        case {"Records": list(records)}:
            return [_from_notification(r) for r in records if _is_creation(r)]
    raise UnknownEventError("expected an EventBridge event of aws.s3 or an S3 notification, found neither")


def _from_eventbridge(detail: dict[str, Any]) -> FileId:
    match detail:
        case {"bucket": {"name": str(bucket)}, "object": {"key": str(key), **details}}:
            return _file(bucket, key, details.get("version-id"), details.get("sequencer"))
    raise UnknownEventError("an Object Created event without detail.bucket.name or detail.object.key")


def _is_creation(record: Any) -> bool:
    match record:
        case {"eventName": str(name)}:
            return name.removeprefix("s3:").startswith("ObjectCreated")
    raise UnknownEventError("an entry of Records without eventName")


def _from_notification(record: dict[str, Any]) -> FileId:
    match record:
        case {"s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key), **details}}}:
            return _file(bucket, unquote_plus(key), details.get("versionId"), details.get("sequencer"))
    raise UnknownEventError("an ObjectCreated record without s3.bucket.name or s3.object.key")


def _file(bucket: str, key: str, version: object, sequencer: object) -> FileId:
    return FileId(bucket, key, str(version or sequencer or "null"), str(sequencer or ""))
