"""Messages that nobody could handle: how many wait in each queue of dead letters, and the ingest queue's
brought back.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.errors import LakeError
from local.session import Session
from shared.names import DEAD_LETTERS, INGEST_LETTERS

POLL_SECONDS = 1.0
SEEN = 10  # messages that SQS shows at once
HIDDEN_SECONDS = 60  # while a message is copied back, nobody else takes it
MISSING = "AWS.SimpleQueueService.NonExistentQueue"
UNKNOWN_ACTION = "InvalidAction"  # how an emulation says that it has no move task


class MoveError(LakeError):
    """SQS did not bring all dead letters back."""


@dataclass(frozen=True)
class Letters:
    """Messages in a queue of dead letters. `since`: when the oldest of the few that were seen was sent."""

    queue: str
    messages: int
    since: dt.datetime | None = None


def waiting(session: Session) -> list[Letters]:
    """The queues of an environment that hold dead letters. No message is read, taken or changed."""
    sqs = session.client("sqs")
    found = (_letters(sqs, session, queue) for queue in DEAD_LETTERS)
    return [letters for letters in found if letters is not None and letters.messages]


def _letters(sqs: Any, session: Session, queue: str) -> Letters | None:
    """None where the environment has no such queue."""
    try:
        url = _url(sqs, session, queue)
    except ClientError as error:
        if error.response["Error"]["Code"] in (MISSING, "QueueDoesNotExist"):
            return None
        raise
    number = _number(sqs, url)
    return Letters(queue, number, _oldest(sqs, url) if number else None)


def _url(sqs: Any, session: Session, queue: str) -> str:
    return str(sqs.get_queue_url(QueueName=session.names.queue(queue))["QueueUrl"])


def _number(sqs: Any, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _oldest(sqs: Any, url: str) -> dt.datetime | None:
    """Shown, not taken: a message stays visible to everybody."""
    page = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=SEEN,
        VisibilityTimeout=0,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["SentTimestamp"],
    )
    sent = [int(m["Attributes"]["SentTimestamp"]) for m in page.get("Messages", [])]
    return dt.datetime.fromtimestamp(min(sent) / 1000, dt.UTC) if sent else None


def move_back(session: Session, told: Callable[[str], None] = lambda _: None) -> int:
    """Brings all dead letters of the ingest queue back to it, and returns how many.

    SQS does it by a task of its own, which an interruption does not stop; where the emulation lacks that,
    they are copied. Raises MoveError when SQS did not bring all back: what it did not stays where it is.
    """
    sqs = session.client("sqs")
    if not _number(sqs, _url(sqs, session, INGEST_LETTERS)):
        return 0
    try:
        return move_by_task(sqs, session, told)
    except ClientError as error:
        if error.response["Error"]["Code"] != UNKNOWN_ACTION:
            raise
        return move_by_hand(sqs, session, told)


def move_by_task(sqs: Any, session: Session, told: Callable[[str], None]) -> int:
    """The destination is named, because EventBridge puts letters there that no queue of SQS has sent."""
    names = session.names
    source, destination = (names.arn("sqs", names.queue(q)) for q in (INGEST_LETTERS, "ingest"))
    sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)
    while True:
        task = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
        moved = int(task.get("ApproximateNumberOfMessagesMoved", 0))
        told(f"{moved:,} moved")
        if task["Status"] != "RUNNING":
            break
        time.sleep(POLL_SECONDS)
    if task["Status"] != "COMPLETED":
        reason = task.get("FailureReason", "no reason given")
        raise MoveError(
            f"the move of dead letters ended {task['Status']} ({reason}) after {moved:,}; the"
            f" others are still in {names.queue(INGEST_LETTERS)}",
            "remove the cause, then give the same command again",
        )
    return moved


def move_by_hand(sqs: Any, session: Session, told: Callable[[str], None]) -> int:
    """Each message is sent before it is deleted: an interruption leaves it in both queues, and an event that
    comes twice changes nothing.
    """
    source, destination = (_url(sqs, session, queue) for queue in (INGEST_LETTERS, "ingest"))
    moved = 0
    while True:
        page = sqs.receive_message(
            QueueUrl=source,
            MaxNumberOfMessages=SEEN,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        )
        if not (messages := page.get("Messages", [])):
            return moved
        for message in messages:
            attributes = message.get("MessageAttributes", {})
            sqs.send_message(QueueUrl=destination, MessageBody=message["Body"], MessageAttributes=attributes)
            sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
        told(f"{moved:,} moved")
