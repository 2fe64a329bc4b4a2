"""`./lake cost`: what a month of an environment costs."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.cost import Resources, lines
from cli.options import add_json
from local.assembly import stacks
from local.console import print_table, say, write_json
from local.synth import LOCAL_CONTEXT, synthesize
from stacks.config import environments, settings
from stacks.prices import PriceList, price_list
from stacks.usage import Usage

EXAMPLE = "./lake cost --env prod --json cost.json"
RESULT = {
    "env": "the environment",
    "region": "whose prices these are",
    "prices_as_of": "their date",
    "note": "what the prices leave out",
    "usage": "assumed, from environments.toml",
    "lines": "of each: service, what, quantity, unit, usd_per_unit, usd, source",
    "services": "USD a month by service",
    "domains": "by name: own_usd, usd with its part of what all share, usd_per_gb_received",
    "usd_per_gb_received": "null where nothing is received",
    "total_usd": "a month",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", choices=tuple(environments()), required=True, help="of environments.toml")
    add_json(parser)


def execute(arguments: argparse.Namespace) -> int:
    usage, priced = settings(arguments.env).usage, price_list()
    with tempfile.TemporaryDirectory() as folder:
        assembly = synthesize([arguments.env], Path(folder), LOCAL_CONTEXT)
        resources = Resources.in_templates([json.loads(s.template.read_text()) for s in stacks(assembly)])
    report = document(arguments.env, resources, usage, priced)
    _print(arguments.env, report)
    write_json(arguments.json, report)
    return 0


def document(env: str, resources: Resources, usage: Usage, priced: PriceList) -> dict[str, Any]:
    """The estimate as values: lines, sums by service, by domain and by GB received, and all that they rest
    on.
    """
    cost_lines = lines(resources, usage)
    positions: list[dict[str, Any]] = [
        {
            "service": line.service,
            "what": line.what,
            "domain": line.domain,
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
    total = sum(services.values())
    return {
        "env": env,
        "region": priced.region,
        "prices_as_of": priced.as_of,
        "note": priced.note,
        "usage": usage.model_dump(),
        "lines": positions,
        "services": dict(services),
        "domains": _by_domain(positions, resources.domains, usage.received_gb),
        "total_usd": total,
        "usd_per_gb_received": total / usage.received_gb if usage.received_gb else None,
    }


def _by_domain(
    positions: Sequence[Mapping[str, Any]], domains: Sequence[str], received_gb: float
) -> dict[str, dict[str, float | None]]:
    """What is a domain's own, that and its part of what all share, and that for each GB it received. What all
    share and the GB received are divided evenly: nothing says in advance whose they are.
    """
    shared = sum(p["usd"] for p in positions if p["domain"] is None)
    found: dict[str, dict[str, float | None]] = {}
    for domain in domains:
        own = sum(p["usd"] for p in positions if p["domain"] == domain)
        usd = own + shared / len(domains)
        per_gb = usd / (received_gb / len(domains)) if received_gb else None
        found[domain] = {"own_usd": own, "usd": usd, "usd_per_gb_received": per_gb}
    return found


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
    print_table(
        "per domain; what all share and the GB received are divided evenly",
        ("domain", "its own, USD a month", "with its part of what all share", "USD per GB received"),
        [
            (d, *(_amount(of[k]) for k in ("own_usd", "usd", "usd_per_gb_received")))
            for d, of in report["domains"].items()
        ],
    )
    say(
        f"total {report['total_usd']:,.2f} USD a month,"
        f" {_amount(report['usd_per_gb_received'])} USD per GB received. {report['note']}"
    )
    say("usage assumed (environments.toml): " + ", ".join(f"{k} {v:g}" for k, v in report["usage"].items()))


def _amount(usd: float | None) -> str:
    return "-" if usd is None else f"{usd:,.2f}"
