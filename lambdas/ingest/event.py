"""Queue message → object versions. The only place where a key is read from an event.

EventBridge gives keys as they are; classic S3 notifications URL-encode them (Amazon S3 event documentation).
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote_plus

from shared.ledger.model import FileId
from shared.names import Names
from shared.zones import MAX_KEY_BYTES


class RefusedMessageError(ValueError):
    """A message that no retry makes right: no S3 event, or one of an object that is not ours to read.

    Its text says what was expected, and holds nothing of the message.
    """


def created_objects(body: str, names: Names) -> list[FileId]:
    """The object versions of the raw bucket that a message announces, also through SNS; none for deletions
    and test events.

    Raises RefusedMessageError, for a message as a whole.
    """
    event = _parsed(body, "the message")
    match event:
        case {"Type": "Notification", "Message": str(inner)}:  # of an SNS topic between bucket and queue
            event = _parsed(inner, "the Message of the SNS notification")
    files = _announced(event, names)
    for file in files:
        _check(file, names)
    return files


def _parsed(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusedMessageError(f"{what} is no JSON") from error


def _announced(event: Any, names: Names) -> list[FileId]:
    match event:
        case {"source": "aws.s3", **rest} if rest.get("account") != names.account:
            raise RefusedMessageError("expected an event of the function's own account, found another's")
        case {"source": "aws.s3", "detail-type": "Object Created", "detail": dict(detail)}:
            return [_from_eventbridge(detail)]
        case {"source": "aws.s3", "detail-type": str()} | {"Event": "s3:TestEvent"}:
            return []
        case {"Records": list(records)}:
            return [_from_notification(r) for r in records if _is_creation(r)]
        case {"Type": "SubscriptionConfirmation" | "UnsubscribeConfirmation"}:
            raise RefusedMessageError("SNS asks to confirm a subscription: whoever made it has to answer")
    raise RefusedMessageError(
        "expected an EventBridge event of aws.s3 or an S3 notification, also within one of SNS; found neither"
    )


def _from_eventbridge(detail: dict[str, Any]) -> FileId:
    match detail:
        case {"bucket": {"name": str(bucket)}, "object": {"key": str(key), **details}}:
            return _file(bucket, key, details.get("version-id"), details.get("sequencer"))
    raise RefusedMessageError("an Object Created event without detail.bucket.name or detail.object.key")


def _is_creation(record: Any) -> bool:
    match record:
        case {"eventName": str(name)}:
            return name.removeprefix("s3:").startswith("ObjectCreated")
    raise RefusedMessageError("an entry of Records without eventName")


def _from_notification(record: dict[str, Any]) -> FileId:
    match record:
        case {"s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key), **details}}}:
            return _file(bucket, _decoded(key), details.get("versionId"), details.get("sequencer"))
    raise RefusedMessageError("an ObjectCreated record without s3.bucket.name or s3.object.key")


def _decoded(key: str) -> str:
    try:
        return unquote_plus(key, errors="strict")
    except UnicodeDecodeError as error:
        raise RefusedMessageError("expected a key in URL-encoded UTF-8, found other bytes") from error


def _file(bucket: str, key: str, version: object, sequencer: object) -> FileId:
    return FileId(bucket, key, str(version or sequencer or "null"), str(sequencer or ""))


def _check(file: FileId, names: Names) -> None:
    """Raises RefusedMessageError for what can be no object of the raw bucket: no request is made for it."""
    if file.bucket != names.bucket("raw"):
        raise RefusedMessageError(f"expected an object of {names.bucket('raw')}, found another bucket's")
    for what, text in (("key", file.key), ("version", file.version)):
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:  # a lone surrogate, which JSON can spell
            raise RefusedMessageError(
                f"expected a {what} that is Unicode text, found half a character"
            ) from error
        if not 0 < size <= MAX_KEY_BYTES:
            raise RefusedMessageError(f"expected a {what} of 1 to {MAX_KEY_BYTES} bytes, found {size}")
