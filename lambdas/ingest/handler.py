"""Entry point of the ingest function: settings and clients once, one queue message at a time, failures of one
never of all, and what no retry makes right with the dead letters at once.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from lambdas.ingest.event import RefusedMessageError, created_objects
from shared.ingestion import COPY, Ingest, Store, file_figures
from shared.ingestion.figures import Figure
from shared.ledger import Ledger
from shared.ledger.model import LedgerFile
from shared.metrics import NAMESPACE, whose
from shared.names import Names
from shared.records import Limits

# For what follows reading: a wait for equal content, copies, the ledger, the rest of a batch of small files
RESERVE_SECONDS = 40
# For what follows the ledger's patience: a claim that is given back, the answer to the queue
LEDGER_RESERVE_SECONDS = 5


def limits(environment: Mapping[str, str], disk_free: int) -> Limits:
    """The defaults, with any of `LAKE_MAX_BYTES`, `LAKE_MAX_DECOMPRESSED`, … in their place; Parquet gets
    most of the free disk.
    """
    given = {
        f.name: int(environment[n]) for f in fields(Limits) if (n := f"LAKE_{f.name.upper()}") in environment
    }
    return Limits(**{"max_spooled": disk_free * 9 // 10, **given})


# Named here, not by POWERTOOLS_SERVICE_NAME: that would be a dimension of each metric, which neither graphs
# nor the bronze job's metrics have.
logger, tracer = Logger(service="ingest"), Tracer(service="ingest")
processor = BatchProcessor(event_type=EventType.SQS)
names = Names.of(os.environ)
config = Config(retries={"mode": "adaptive", "max_attempts": 8})
ledger = Ledger(boto3.resource("dynamodb", config=config).Table(names.ledger_table))
bounds = limits(os.environ, shutil.disk_usage(tempfile.gettempdir()).free)
store = Store(boto3.client("s3", config=config), TransferConfig(**COPY))
sqs = boto3.client("sqs", config=config)
dead_letters = os.environ["LAKE_DEAD_LETTERS"]
ingest = Ingest(names, ledger, store, bounds, lambda: dt.datetime.now(dt.UTC), defers=True)


@tracer.capture_method(capture_response=False)
def handle(record: SQSRecord, lambda_context: LambdaContext) -> None:
    end = time.monotonic() + lambda_context.get_remaining_time_in_millis() / 1000
    timely = replace(
        ingest,
        limits=replace(bounds, deadline=end - RESERVE_SECONDS),
        ledger=ledger.until(end - LEDGER_RESERVE_SECONDS),
    )
    try:
        files = created_objects(record.body, names)
    except RefusedMessageError as refused:
        set_aside(record, str(refused))
        return
    for file in files:
        for outcome in timely.outcomes(file, owner=record.message_id):
            report(outcome)


def set_aside(record: SQSRecord, reason: str) -> None:
    """Gives a message to the dead letters with its reason: five tries would take hours, and end there too."""
    logger.error("message refused", extra={"message_id": record.message_id, "reason": reason})
    sqs.send_message(
        QueueUrl=dead_letters,
        MessageBody=record.body,
        MessageAttributes={"refused": {"DataType": "String", "StringValue": reason}},
    )


def report(outcome: LedgerFile) -> None:
    """Logs and counts what became of a file: names, sizes and reasons, never content."""
    logger.info(
        "file %s",
        outcome.status,
        extra={
            "key": outcome.key,
            "bytes": outcome.bytes,
            "records": outcome.records,
            "reason": outcome.reason,
        },
    )
    for figure in file_figures(outcome):
        count(figure)


def count(figure: Figure) -> None:
    with single_metric(figure.name, MetricUnit(figure.unit), figure.value, namespace=NAMESPACE) as metric:
        for name, value in whose(names).items():
            metric.add_dimension(name, value)
        metric.add_dimension("Domain", figure.domain)
        metric.add_dimension("Dataset", figure.dataset)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, handle, processor, context)
