"""Entry point of the scheduled crawl.

Settings come from the environment, the API key from Secrets Manager.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import asdict
from typing import Any

import boto3
from botocore.config import Config

from lambdas.crawl.crawl import Crawl
from lambdas.crawl.web import Web
from shared.names import Names

names = Names.of(os.environ)
config = Config(retries={"mode": "standard", "max_attempts": 5})
s3 = boto3.client("s3", config=config)
secrets = boto3.client("secretsmanager", config=config)


def handler(event: dict[str, Any], context: Any) -> None:
    """Raises what keeps it from going on: the schedule's retry goes on behind the last good page."""
    key = secrets.get_secret_value(SecretId=os.environ["CRAWL_SECRET"])["SecretString"]
    web = Web(
        os.environ["CRAWL_URL"],
        os.environ["CRAWL_PAGE_PARAMETER"],
        key,
        float(os.environ["CRAWL_SECONDS_BETWEEN"]),
    )
    crawl = Crawl(
        s3,
        names.bucket("raw"),
        os.environ["CRAWL_DATASET"],
        web,
        lambda: dt.datetime.now(dt.UTC),
        lambda: context.get_remaining_time_in_millis() / 1000,
    )
    print(json.dumps(asdict(crawl())))  # noqa: T201 - the function's log
