"""The lake at a glance: what needs attention, how much there is, how fresh it is, what ran last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cli.catalogue_page.markup import Html, element, joined
from cli.console.lake import Lake
from cli.console.page import Page, Visit, address
from cli.console.parts import (
    badge,
    empty,
    heading,
    html,
    link,
    moment,
    next_step,
    no_domain,
    quiet,
    rows,
    size,
)
from cli.console.section import Section
from cli.console.starting import run_address
from cli.counted_files import counted_files
from cli.freshness import Freshness, freshness_of
from cli.overview import Attention
from cli.standing import Standing, standing_of
from cli.stored_tables import stored_table
from cli.wording import counted
from cli.zones_held import ZoneHeld, zones_held
from local.athena import catalog_of
from local.session import Session
from shared.contracts import contract
from shared.ledger.counters import PENDING

SECONDS_OF_SIZES = 30.0  # listing buckets and reading tables' metadata costs more than a look
SECONDS_OF_SIZES_ON_AWS = 600.0
NAMES = {PENDING: "waiting", "claimed": "in work"}
STATES = ("accepted", PENDING, "quarantined", "duplicate", "deferred", "claimed")


@dataclass(frozen=True)
class Held:
    """What of a domain costs more than a look."""

    domain: str
    zones: list[ZoneHeld]
    fresh: list[Freshness]


def build(visit: Visit) -> None:
    lake = visit.lake
    if not lake.domains:
        no_domain()
        return
    Section(
        lake,
        lambda session: standing_of(session, lake.domains, lake.option),
        _show(lake),
        every=3 * lake.seconds,
    )
    every = SECONDS_OF_SIZES_ON_AWS if lake.env else SECONDS_OF_SIZES
    Section(lake, lambda session: [_held(session, d) for d in lake.domains], _show_held, every=every)


def _show(lake: Lake) -> Any:
    def show(found: Standing) -> None:
        _show_attention(found.attention)
        if not any(known["files"] for known in found.domains.values()):
            drop = f"./lake drop PATH --domain DOMAIN --dataset DATASET{lake.option}"
            empty("No file has come yet.", f"drop some on the page Files, or {drop}")
        heading("Files and last runs")
        head = ("domain", *(NAMES.get(s, s) for s in STATES), "last runs, UTC")
        rows(
            "Files by what became of them, and the newest runs",
            head,
            [_domain(domain, known) for domain, known in found.domains.items()],
        )

    return show


def _show_attention(attention: list[Attention]) -> None:
    heading("Needs attention")
    if not attention:
        quiet("Nothing does.")
        return
    quiet(f"{counted(len(attention), 'thing')}, the worst first.")
    items = (
        element(
            "li",
            element("p", element("strong", each.domain or "lake"), " ", each.item.what),
            next_step(each.item.do),
            _way_to(each),
            class_="problem" if each.item.red else "warn",
        )
        for each in attention
    )
    html(element("ul", *items, class_="attention"))


def _way_to(each: Attention) -> Html | None:
    """The page that does what a command does."""
    do, domain = each.item.do, each.domain
    if do.startswith(("./lake run", "./lake redrive", "./lake replay")):
        return element("p", "or on the page ", link("Runs", address("/runs", domain=domain)))
    if do.startswith("./lake status") and "--reasons" in do:
        files = address("/files", domain=domain, outcome="quarantined" if domain else "")
        return element("p", "or on the page ", link("Files", files))
    return None


def _domain(domain: str, known: dict[str, Any]) -> list[Any]:
    counts = [sum(of.get(status, 0) for of in known["files"].values()) for status in STATES]
    return [
        link(domain, address("/files", domain=domain)),
        *counts,
        joined(_run(domain, run) for run in known["runs"]) or "none",
    ]


def _run(domain: str, run: dict[str, str]) -> Html:
    """How it stands and when it began, which leads to its page."""
    began = link(moment(run["started"]), run_address(domain, run["run_id"]))
    return element("div", badge(run["status"]), " ", began)


def _held(session: Session, domain: str) -> Held:
    catalog, now = catalog_of(session), dt.datetime.now(dt.UTC)
    tables = [
        stored_table(catalog, session.names.database(domain, t.zone), t) for t in contract(domain).tables
    ]
    files = counted_files(session, domain, session.ledger.places())
    return Held(
        domain, zones_held(session, catalog, domain, files, tables), freshness_of(session, domain, now)
    )


def _show_held(found: list[Held]) -> None:
    heading("Zones")
    head = ("domain", *(zone.zone for zone in found[0].zones))
    rows("What each zone holds now", head, [(h.domain, *map(_zone, h.zones)) for h in found])
    heading("Freshness")
    fresh = [(h.domain, f.table, _hours(f.hours), _promised(f)) for h in found for f in h.fresh]
    if not fresh:
        quiet("No run has loaded a file yet.")
        return
    rows(
        "Age of the newest file in each table, beside what the contract promises",
        ("domain", "table", "age", "contract"),
        fresh,
    )


def _zone(zone: ZoneHeld) -> Html:
    """Files, rows where they are counted, and bytes."""
    lines = (
        counted(zone.files, "file"),
        None if zone.rows is None else counted(zone.rows, "row"),
        f"{'more than ' if zone.more else ''}{size(zone.bytes)}",
    )
    return joined(element("div", line) for line in lines if line is not None)


def _hours(hours: float) -> str:
    return f"{hours:.1f} h"


def _promised(fresh: Freshness) -> Html:
    if fresh.promised is None:
        return Html("promises nothing")
    return element("span", f"{fresh.promised} h at most ", badge("late" if fresh.late else "in time"))


PAGE = Page("/", "Overview", build)
