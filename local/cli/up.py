"""`./lake up`: provision and keep running."""

from __future__ import annotations

import argparse
import time

from local import laptop, session
from local.aws import process
from local.console import say

EXAMPLE = "./lake up            # then ./lake drop, ./lake run, ./lake query; ./lake up --stop ends it"


def configure(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--stop", action="store_true", help="stop the emulation; data stays")
    choice.add_argument("--reset", action="store_true", help="forget all data first")


def execute(arguments: argparse.Namespace) -> int:
    if arguments.stop:
        say("stopped; data stays in .lake/aws" if process.stop(session.STATE) else "nothing was running")
        return 0
    if arguments.reset:
        process.reset(session.STATE)
    began = time.monotonic()
    target = laptop.provision()
    assert target.endpoint is not None
    say(f"the lakehouse runs on this laptop ({time.monotonic() - began:.1f} s)")
    say("  stand-ins: ministack for AWS, local Spark for Glue, DuckDB for Athena")
    say(f"  endpoint  {target.endpoint}   (AWS_ENDPOINT_URL for the AWS CLI; access key {target.names.account}, any secret)")
    say(f"  drop      s3://{target.names.bucket('raw')}/<domain>/<dataset>/…   or ./lake drop")
    say(f"  log       {session.STATE / process.LOG}")
    return 0
