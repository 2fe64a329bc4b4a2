"""`./lake cost`: what a month of an environment costs."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from cli.cost import Line, Resources, lines
from cli.options import add_json
from local.assembly import stacks
from local.console import print_table, say, write_json
from local.synth import LOCAL_CONTEXT, synthesize
from stacks.config import environments, settings
from stacks.prices import PriceList, price_list

EXAMPLE = "./lake cost --env prod --json cost.json"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", choices=tuple(environments()), required=True)
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    usage, priced = settings(arguments.env).usage, price_list()
    with tempfile.TemporaryDirectory() as folder:
        assembly = synthesize([arguments.env], Path(folder), LOCAL_CONTEXT)
        resources = Resources.in_templates([json.loads(s.template.read_text()) for s in stacks(assembly)])
    cost_lines = lines(resources, usage)
    report = document(arguments.env, cost_lines, priced, usage.model_dump())
    _print(arguments.env, report)
    write_json(arguments.json, report)
    return 0


def document(env: str, cost_lines: list[Line], priced: PriceList, usage: dict[str, Any]) -> dict[str, Any]:
    """The estimate as values: lines, sums per service, and all that they rest on."""
    positions: list[dict[str, Any]] = [
        {
            "service": line.service,
            "what": line.what,
            "quantity": line.quantity,
            "unit": priced.prices[line.price].unit,
            "usd_per_unit": priced.prices[line.price].usd,
            "usd": line.usd(priced.prices),
            "source": priced.prices[line.price].source,
        }
        for line in cost_lines
    ]
    services: Counter[str] = Counter()
    for position in positions:
        services[position["service"]] += position["usd"]
    return {
        "env": env,
        "region": priced.region,
        "prices_as_of": priced.as_of,
        "note": priced.note,
        "usage": usage,
        "lines": positions,
        "services": dict(services),
        "total_usd": sum(services.values()),
    }


def _print(env: str, report: dict[str, Any]) -> None:
    columns = ("service", "what", "quantity", "unit", "USD each", "USD a month")
    rows = [
        (
            p["service"],
            p["what"],
            f"{p['quantity']:,.3f}",
            p["unit"],
            f"{p['usd_per_unit']:.10g}",
            f"{p['usd']:,.2f}",
        )
        for p in report["lines"]
    ]
    print_table(
        f"{env}: estimate of a month, prices of {report['region']} as of {report['prices_as_of']}",
        columns,
        rows,
    )
    print_table(
        "per service",
        ("service", "USD a month"),
        [(s, f"{usd:,.2f}") for s, usd in report["services"].items()],
    )
    say(f"total {report['total_usd']:,.2f} USD a month. {report['note']}")
    say("usage assumed (environments.toml): " + ", ".join(f"{k} {v:g}" for k, v in report["usage"].items()))
