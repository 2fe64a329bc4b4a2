"""`./lake up`: provision and keep running."""

from __future__ import annotations

import argparse
import time

from cli.options import add_json
from cli.targets import check_decided, domains_of
from local import laptop, session
from local.aws import process
from local.console import say, write_json
from stacks.config import environments

EXAMPLE = "./lake up            # then ./lake drop, ./lake run, ./lake query; ./lake up --stop ends it"

RESULT = {
    "running": "whether the laptop's lake runs now",
    "state": "folder of its data and its log",
    "environment": "for which it stands (without --stop, as what follows)",
    "endpoint": "the URL for AWS_ENDPOINT_URL",
    "account": "access key and account",
    "raw": "the bucket to drop files into",
}


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
    parser.add_argument(
        "--lineage",
        metavar="URL",
        help="send lineage to this receiver, such as Marquez, instead of the environment's",
    )
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    state = session.DEMO if arguments.demo else session.STATE
    if arguments.stop:
        stopped = process.stop(state)
        say(f"stopped; data stays in {state}" if stopped else "nothing was running")
        write_json(arguments.json, {"running": False, "state": state})
        return 0
    check_decided(domains_of(arguments.env, demo=arguments.demo))
    if arguments.reset:
        process.reset(state)
    if arguments.env:
        session.choose_environment(state, arguments.env)
    began = time.monotonic()
    target = laptop.provision(state=state, warehouse=arguments.warehouse, lineage=arguments.lineage)
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
    write_json(arguments.json, {"running": True, "state": state, **_reached(target)})
    return 0


def _reached(target: session.Session) -> dict[str, str | None]:
    names = target.names
    return {
        "environment": names.env,
        "endpoint": target.endpoint,
        "account": names.account,
        "raw": names.bucket("raw"),
    }
