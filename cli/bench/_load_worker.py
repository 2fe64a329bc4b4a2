"""A worker of the load benchmark: takes messages from the ingest queue as Lambda's poller does, gives them to
the function's own handler, and ends when the queue is empty.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from local.aws import process
from local.session import Session, laptop_session

BATCH = 10  # as stacks/ingestion.py has it
RETRY_SECONDS = 3  # after which a message that failed comes again; half an hour on AWS
FUNCTION_SECONDS = 300


def main(state: Path) -> int:
    emulation = process.running(state)
    assert emulation is not None
    session = laptop_session(emulation)
    name = session.names.function("ingest")
    configuration = session.client("lambda").get_function_configuration(FunctionName=name)
    os.environ.update(configuration["Environment"]["Variables"], POWERTOOLS_TRACE_DISABLED="true")
    from lambdas.ingest import handler as function  # reads its environment when it is imported

    handled, failed, ended = 0, 0, time.time()
    taken: list[float] = []
    for batch, answer, seconds in _answers(session, function.handler, name):
        handled += len(batch)
        failed += len(answer["batchItemFailures"])
        taken.append(seconds)
        ended = time.time()
    told = {"handled": handled, "failed": failed, "ended": ended, "seconds": taken}
    sys.stderr.write(json.dumps(told) + "\n")
    return 0


def _answers(session: Session, handler: Any, name: str) -> Any:
    """Batches of messages with the function's answer and the seconds that it took, until none is left, hidden
    ones included: a busy emulation answers with none though many wait. Messages that failed are shown again
    soon.
    """
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName=session.names.queue("ingest"))["QueueUrl"]
    while True:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1)
        batch = found.get("Messages", [])
        if not batch:
            if not _left(sqs, url):
                return
            continue
        began = time.monotonic()
        answer = handler({"Records": [_record(m) for m in batch]}, _context(name))
        seconds = time.monotonic() - began
        failures = {f["itemIdentifier"] for f in answer["batchItemFailures"]}
        done = [m for m in batch if m["MessageId"] not in failures]
        if done:
            sqs.delete_message_batch(
                QueueUrl=url,
                Entries=[{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(done)],
            )
        for message in (m for m in batch if m["MessageId"] in failures):
            sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=RETRY_SECONDS
            )
        yield batch, answer, seconds


def _left(sqs: Any, url: str) -> int:
    """Messages of the queue, those that a worker has included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "",
        "awsRegion": "",
    }


def _context(name: str) -> SimpleNamespace:
    end = time.monotonic() + FUNCTION_SECONDS
    return SimpleNamespace(
        function_name=name,
        memory_limit_in_mb=1769,
        invoked_function_arn=name,
        aws_request_id="load",
        get_remaining_time_in_millis=lambda: int(1000 * (end - time.monotonic())),
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
