"""Raw bucket → EventBridge → queue → ingest Lambda."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.accepted import accept
from stacks.access import Access
from stacks.base import Lake, LakeStack
from stacks.crawl import Crawl
from stacks.function import dead_letters, python_function

BATCH_WINDOW_SECONDS = 5
MAX_RECEIVES = 5
_BY_QUEUE = "invoked by its queue only: what fails goes to the queue's dead letters"
ACCEPTED = {
    "Serverless-LambdaDLQ": _BY_QUEUE,
    "Serverless-LambdaEventSourceMappingDestination": (
        "a queue as source has no such destination: its redrive policy does that"
    ),
    "LambdaDLQ": _BY_QUEUE,
    "LambdaConcurrency": (
        "bounded by its event source; a reservation would throttle receives and fill the dead letters"
    ),
    "LambdaInsideVPC": ("speaks only to AWS services, over TLS, by its own role; needs nothing of a network"),
}


class IngestionStack(LakeStack):
    def __init__(self, scope: Construct, lake: Lake, *, key_arn: str | None) -> None:
        super().__init__(
            scope,
            "ingestion",
            lake,
            description="Lakehouse: raw bucket to EventBridge, queue and ingest Lambda",
            key_arn=key_arn,
        )
        self.dead_letters = dead_letters(self, "DeadLetters", self.names.queue("ingest-dlq"))
        self.queue = self._ingest_queue()
        self._send_raw_objects()
        self.access = self._access(key_arn)
        self.function = self._function()
        if self.settings.crawl is not None:
            Crawl(self, self.settings.crawl, key_arn=key_arn)

    def _ingest_queue(self) -> sqs.Queue:
        """A message stays invisible for six runs of the function, as AWS asks for, so that a slow file is not
        handed out twice.
        """
        visible_after = 6 * self.settings.ingest_timeout_seconds + BATCH_WINDOW_SECONDS
        return sqs.Queue(
            self,
            "Queue",
            queue_name=self.names.queue("ingest"),
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=Duration.days(4),
            visibility_timeout=Duration.seconds(visible_after),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=MAX_RECEIVES),
        )

    def _send_raw_objects(self) -> None:
        """Every new object, empty ones too: each gets an outcome in the ledger."""
        pattern = events.EventPattern(
            source=["aws.s3"],
            detail_type=["Object Created"],
            detail={"bucket": {"name": [self.names.bucket("raw")]}},
        )
        target = targets.SqsQueue(
            self.queue,
            dead_letter_queue=self.dead_letters,
            retry_attempts=185,  # with 24 hours the most that EventBridge allows: no event may be lost
            max_event_age=Duration.hours(24),
        )
        events.Rule(
            self,
            "RawObjects",
            event_pattern=pattern,
            targets=[target],
            description="New objects of the raw bucket",
        )

    def _access(self, key_arn: str | None) -> Access:
        access = Access(self, "IngestAccess", "lambda.amazonaws.com", self.names)
        access.ingest(self.lake.contracts)
        access.use_key(key_arn)
        access.allow(
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [self.queue.queue_arn]
        )
        access.allow(["sqs:SendMessage"], [self.dead_letters.queue_arn])
        return access

    def _function(self) -> lambda_.Function:
        function = python_function(
            self,
            "Ingest",
            "ingest",
            self.access,
            memory_mb=self.settings.ingest_memory_mb,
            timeout=Duration.seconds(self.settings.ingest_timeout_seconds),
            dependencies=self.lake.dependencies,
            environment={
                "LAKE_DEAD_LETTERS": self.dead_letters.queue_url,
                "LAKE_MAX_BYTES": str(self.settings.ingest_defer_above_mb * 2**20),
            },
        )
        source = sources.SqsEventSource(
            self.queue,
            batch_size=10,
            max_batching_window=Duration.seconds(BATCH_WINDOW_SECONDS),
            max_concurrency=20,
            report_batch_item_failures=True,  # else one failure brings back the whole batch
        )
        function.add_event_source(source)
        accept(function, ACCEPTED)
        return function
