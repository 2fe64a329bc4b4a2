"""Entry point of the ingest function: settings and clients once, one queue message at a time, failures of one never of all."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from lambdas.ingest.event import created_objects
from lambdas.ingest.ingest import NOWHERE, Ingest
from lambdas.ingest.store import Store
from shared.ledger import Ledger
from shared.ledger_model import LedgerFile
from shared.names import Names
from shared.reasons import FileReason
from shared.records import Limits


def limits(environment: Mapping[str, str], disk_free: int) -> Limits:
    """The defaults, with any of `LAKE_MAX_BYTES`, `LAKE_MAX_DECOMPRESSED`, … in their place; Parquet gets most of the free disk."""
    given = {f.name: int(environment[n]) for f in fields(Limits) if (n := f"LAKE_{f.name.upper()}") in environment}
    return Limits(**{"max_spooled": disk_free * 9 // 10, **given})


logger, tracer = Logger(), Tracer()
processor = BatchProcessor(event_type=EventType.SQS)
names = Names(*(os.environ[f"LAKE_{name}"] for name in ("ENV", "ACCOUNT", "REGION", "PREFIX")))
config = Config(retries={"mode": "adaptive", "max_attempts": 8})
ledger = Ledger(boto3.resource("dynamodb", config=config).Table(names.ledger_table))
bounds = limits(os.environ, shutil.disk_usage(tempfile.gettempdir()).free)
ingest = Ingest(names, ledger, Store(boto3.client("s3", config=config)), bounds, lambda: dt.datetime.now(dt.UTC))


@tracer.capture_method(capture_response=False)
def handle(record: SQSRecord) -> None:
    for file in created_objects(record.body):
        outcome = ingest(file, owner=record.message_id)
        if outcome is not None:
            report(outcome)


def report(outcome: LedgerFile) -> None:
    """Logs and counts an outcome: names, sizes and reasons, never content."""
    logger.info(
        "file %s", outcome.status, extra={"key": outcome.key, "bytes": outcome.bytes, "records": outcome.records, "reason": outcome.reason}
    )
    unknown = outcome.reason == FileReason.UNKNOWN_DATASET  # names that anybody can choose would make metrics without end
    domain, dataset = (NOWHERE, NOWHERE) if unknown else (outcome.domain, outcome.dataset)
    counted = {f"Files{outcome.status.capitalize()}": (MetricUnit.Count, 1), "BytesIngested": (MetricUnit.Bytes, outcome.bytes)}
    for name, (unit, value) in counted.items():
        with single_metric(name, unit, value, namespace="Lakehouse") as metric:
            metric.add_dimension("Domain", domain)
            metric.add_dimension("Dataset", dataset)


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, handle, processor, context)
