"""`./lake drop`: files into the raw bucket."""

from __future__ import annotations

import argparse

from cli import drops
from cli.options import add_env, add_json, lake_option, path
from cli.targets import check_decided, domains_of
from cli.targets import current_target as target_of
from cli.wording import counted
from local.console import progress, say, write_json
from shared.contracts import domains

EXAMPLE = (
    "./lake drop /tmp/mine --domain ecommerce --dataset events     # /tmp/mine/shop/a.json →"
    " ecommerce/events/shop/a.json"
)

RESULT = {"bucket": "where the files went", "keys": "of the objects, in the order of the files"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="+",
        type=path,
        metavar="PATH",
        help="files or folders; a folder keeps what is below it",
    )
    parser.add_argument("--domain", choices=domains(), help="whose files they are")
    parser.add_argument(
        "--dataset",
        help="without it the first folder below each PATH is the dataset (without --domain: the first two)",
    )
    parser.add_argument(
        "--anyway", action="store_true", help="also into a domain or dataset that no contract knows"
    )
    add_env(parser)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    plan = drops.planned(arguments.paths, arguments.domain, arguments.dataset)
    if not arguments.anyway:
        drops.refuse_unknown(plan, domains_of(arguments.env, demo=arguments.demo))
    check_decided(d.key.split("/")[0] for d in plan)
    target = target_of(arguments.env, demo=arguments.demo)
    with progress("dropping", len(plan)) as advance:
        drops.upload(target, plan, advance)
    say(
        f"{counted(len(plan), 'file')} dropped into s3://{target.names.bucket('raw')};"
        f" `./lake status{lake_option(arguments)}` shows what becomes of them"
    )
    write_json(arguments.json, {"bucket": target.names.bucket("raw"), "keys": [drop.key for drop in plan]})
    return 0
