"""The function that fetches a dataset from a web API (lambdas/crawl), and its schedule; only where an
environment names a web API.
"""

from __future__ import annotations

from aws_cdk import Duration
from constructs import Construct

from stacks.accepted import accept
from stacks.access import Access
from stacks.base import LakeStack
from stacks.config import CrawlSettings
from stacks.function import dead_letters, python_function
from stacks.timer import add_timer

ACCEPTED = {
    "LambdaConcurrency": (
        "called by one schedule; a reservation would take a share from the ingest function"
    ),
    "LambdaInsideVPC": (
        "needs the internet for the web API, and AWS services by its own role; nothing of a network of ours"
    ),
}


class Crawl(Construct):
    """The API key is a secret that people make and renew; no template holds it."""

    def __init__(self, stack: LakeStack, crawl: CrawlSettings, *, key_arn: str | None) -> None:
        super().__init__(stack, "Crawl")
        names = stack.names
        self.lost = dead_letters(self, "LostCalls", names.queue("crawl-dlq"))
        access = Access(self, "Access", "lambda.amazonaws.com", names)
        access.write("raw", f"{crawl.dataset}/")
        access.allow(
            ["s3:ListBucket"],
            [names.bucket_arn("raw")],
            when={"StringLike": {"s3:prefix": f"{crawl.dataset}/*"}},
        )
        access.read_secret(crawl.secret_name)
        access.use_key(key_arn)
        self.function = python_function(
            self,
            "Function",
            "crawl",
            access,
            memory_mb=256,
            timeout=Duration.minutes(15),
            lost=self.lost,
            environment={
                "CRAWL_DATASET": crawl.dataset,
                "CRAWL_URL": crawl.url,
                "CRAWL_PAGE_PARAMETER": crawl.page_parameter,
                "CRAWL_SECONDS_BETWEEN": str(crawl.seconds_between),
                "CRAWL_SECRET": crawl.secret_name,
            },
        )
        accept(self.function, ACCEPTED)
        self._on_time(stack, crawl)

    def _on_time(self, stack: LakeStack, crawl: CrawlSettings) -> None:
        access = Access(self, "TimerAccess", "scheduler.amazonaws.com", stack.names)
        access.allow(["lambda:InvokeFunction"], [self.function.function_arn])
        access.allow(["sqs:SendMessage"], [self.lost.queue_arn])
        add_timer(
            self,
            "Daily",
            access,
            crawl.schedule,
            self.function.function_arn,
            enabled=stack.settings.scheduled,
            lost=self.lost,
        )
