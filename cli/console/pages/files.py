"""Files by what became of them; new ones by dropping them here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from cli.catalogue_page.markup import Html, element, joined
from cli.console.domains import choose_domain
from cli.console.dropping import drop_zone
from cli.console.page import Page, Visit, address
from cli.console.parts import badge, empty, heading, html, link, moment, quiet, rows, size
from cli.console.section import Section
from cli.counted_files import counted_files
from cli.found_files import Found, found_files
from local.session import Session
from shared.contracts import contract
from shared.ledger.counters import PENDING
from shared.ledger.model import FileStatus, LedgerFile

PATH = "/files"
SHOWN = 50
OUTCOMES = {
    "": "all",
    PENDING: "waiting for a run",
    **{s.value: s.value for s in FileStatus if s not in (FileStatus.CLAIMED,)},
    FileStatus.CLAIMED.value: "in work",
}


def build(visit: Visit) -> None:
    if not (domain := choose_domain(visit, PATH)):
        return
    heading("Drop files")
    drop_zone(visit.lake, domain, visit.asked.get("dataset", ""))
    heading("Files")
    Section(visit.lake, _counts(domain), lambda counts: _show_counts(visit, counts), every=visit.lake.seconds)
    _filters(visit, domain)
    Section(visit.lake, _files(visit, domain), lambda found: _show(visit, found), every=visit.lake.seconds)


def _counts(domain: str) -> Callable[[Session], Counter[str]]:
    def counts(session: Session) -> Counter[str]:
        by_dataset = counted_files(session, domain, session.ledger.places()).by_dataset
        return sum(by_dataset.values(), Counter())

    return counts


def _show_counts(visit: Visit, counts: Mapping[str, int]) -> None:
    """What became of how many files: each number leads to its files."""
    chosen = visit.asked.get("outcome", "")
    total = sum(n for status, n in counts.items() if status != PENDING)
    links = (
        element(
            "a",
            f"{text} {total if not outcome else counts.get(outcome, 0):,}",
            href=address(PATH, domain=visit.domain, outcome=outcome),
            aria_current="true" if outcome == chosen else None,
        )
        for outcome, text in OUTCOMES.items()
        if outcome in ("", PENDING, "accepted", "quarantined", chosen) or counts.get(outcome)
    )
    html(element("nav", joined(links), aria_label="Outcomes", class_="tabs"))


def _filters(visit: Visit, domain: str) -> None:
    """A form of the browser's own: what it asks for stands in the address."""
    chosen = visit.asked.get("dataset", "")
    names = ["", *(d.name for d in contract(domain).datasets)]
    options = (
        element("option", name or "all", value=name, selected=name == chosen or None) for name in names
    )
    html(
        element(
            "form",
            element("input", type="hidden", name="domain", value=domain),
            element("input", type="hidden", name="outcome", value=visit.asked.get("outcome", "")),
            element("label", "Dataset", element("select", *options, name="dataset"), class_="field"),
            element(
                "label",
                "Key contains",
                element("input", type="search", name="key", value=visit.asked.get("key", "")),
                class_="field",
            ),
            element("button", "Search", type="submit"),
            class_="fields",
            role="search",
            method="get",
            action=PATH,
        )
    )


def _files(visit: Visit, domain: str) -> Callable[[Session], Found]:
    asked = visit.asked
    datasets = [asked["dataset"]] if asked.get("dataset") else []

    def files(session: Session) -> Found:
        named = [d.name for d in contract(domain).datasets]
        known = datasets or sorted({*named, *(d for at, d in session.ledger.places() if at == domain)})
        return found_files(session, domain, known, asked.get("outcome", ""), asked.get("key", ""), SHOWN)

    return files


def _show(visit: Visit, found: Found) -> None:
    if not found.files:
        searched = any(visit.asked.get(name) for name in ("outcome", "key", "dataset"))
        step = "choose another outcome or dataset, or search for less" if searched else "drop some above"
        empty("No file like this." if searched else f"No file of {visit.domain} has come yet.", step)
        return
    rows(
        "Files, the newest first",
        ("file", "dataset", "outcome", "reason", "records", "size", "came, UTC"),
        map(_line, found.files),
    )
    if found.more:
        quiet(f"There are more: these are the newest {len(found.files)}. Search to find older ones.")


def _line(file: LedgerFile) -> tuple[Html | str | int | None, ...]:
    return (
        link(file.key.split("/", 2)[-1], address("/file", key=file.key)),
        file.dataset,
        outcome_badge(file),
        file.reason or "",
        file.records or None,
        element("span", size(file.bytes), class_="number") if file.bytes else None,
        moment(file.ingested_at),
    )


def outcome_badge(file: LedgerFile) -> Html:
    waits = file.status is FileStatus.ACCEPTED and file.processed_by is None
    return joined((badge(file.status.value), " ", badge(PENDING) if waits else None))


PAGE = Page(PATH, "Files", build)
