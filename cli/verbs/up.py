"""`./lake up`: provision and keep running."""

from __future__ import annotations

import argparse
import time

from cli.targets import check_decided, domains_of
from local import laptop, session
from local.aws import process
from local.console import say
from stacks.config import environments

EXAMPLE = "./lake up            # then ./lake drop, ./lake run, ./lake query; ./lake up --stop ends it"


def configure(parser: argparse.ArgumentParser) -> None:
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--stop", action="store_true", help="stop the emulation; data stays")
    choice.add_argument("--reset", action="store_true", help="forget all data first")
    parser.add_argument("--demo", action="store_true", help="the lake of `./lake demo` instead of your own")
    parser.add_argument(
        "--env",
        choices=tuple(environments()),
        help="the environment whose settings the laptop takes (default: dev)",
    )
    parser.add_argument(
        "--warehouse",
        action="store_true",
        help="also load gold into a warehouse: PostgreSQL stands in for Redshift",
    )


def execute(arguments: argparse.Namespace) -> int:
    state = session.DEMO if arguments.demo else session.STATE
    if arguments.stop:
        say(f"stopped; data stays in {state}" if process.stop(state) else "nothing was running")
        return 0
    check_decided(domains_of(arguments.env, demo=arguments.demo))
    if arguments.reset:
        process.reset(state)
    if arguments.env:
        session.choose_environment(state, arguments.env)
    began = time.monotonic()
    target = laptop.provision(state=state, warehouse=arguments.warehouse)
    assert target.endpoint is not None
    say(
        f"the lakehouse runs on this laptop as environment {target.names.env}"
        f" ({time.monotonic() - began:.1f} s)"
    )
    demo = " --demo" if arguments.demo else ""
    redshift = ", PostgreSQL for Redshift" if arguments.warehouse else ""
    say(f"  stand-ins: ministack for AWS, local Spark for Glue, DuckDB for Athena{redshift}")
    say(
        f"  endpoint  {target.endpoint}   (AWS_ENDPOINT_URL for the AWS CLI; access key"
        f" {target.names.account}, any secret)"
    )
    say(f"  drop      s3://{target.names.bucket('raw')}/<domain>/<dataset>/…   or ./lake drop{demo}")
    say(f"  log       {state / process.LOG}")
    return 0
