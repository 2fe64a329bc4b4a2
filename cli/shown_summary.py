"""A run's summary as people read it: numbers as tables, what needs attention in red at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.exits import Exit
from cli.redrive import next_step
from local.console import fail, print_table, say
from local.errors import with_step
from shared.contracts import contract
from shared.ledger.model import RowCounts
from shared.quarantine import rows_table

if TYPE_CHECKING:
    from cli.summary import Summary

FATES = ("read", "written", "quarantined", "deduplicated", "replaced")
RARE = ("expired", "erased")  # past their retention, of erased people: most lakes have none
SHOWN_REASONS = 20


def fates(*counts: RowCounts) -> tuple[str, ...]:
    """What was read, and what can have become of it; expired only where some are."""
    return (*FATES, *(fate for fate in RARE if any(getattr(c, fate) for c in counts)))


def show(summary: Summary, domain: str, lake: str) -> int:
    """Prints it and returns the command's exit code; `lake`: the option that names the lake, if any."""
    print_counts(summary)
    if not summary.outcome.succeeded:
        return fail(with_step(str(summary.outcome), next_step(summary.outcome, domain, lake)))
    for finding in summary.findings:
        say(f"quality gate ({summary.gate}): {finding}")
    if not summary.balanced:
        again = (
            f"./lake run {domain}{lake} --full-refresh; when it stays, it is a bug of the engine: report it"
        )
        return fail(with_step("NOT balanced: some record has no fate, or two", again))
    return _alarmed(summary, domain, lake) if summary.alarming else 0


def print_counts(summary: Summary) -> None:
    """Records, quarantine, gold, balance and cost; a run that read nothing says so in a line."""
    if not summary.rows:
        say("no record was read: no file was pending")
    else:
        named = fates(*summary.rows.values())
        rows = [
            (d, summary.files[d], *(getattr(counts, f) for f in named)) for d, counts in summary.rows.items()
        ]
        print_table("records", ("dataset", "files", *named), rows)
    if reasons := list(_reasons(summary)):
        columns = ("dataset", "reasons", "columns", "rows")
        print_table("quarantined rows by reason and column", columns, reasons[:SHOWN_REASONS])
        if (more := len(reasons) - SHOWN_REASONS) > 0:
            say(f"… and {more} more combinations")
    if summary.gold:
        print_table(
            "what changed in gold",
            ("table", "rows before", "rows now", "rows written"),
            [(c.table, c.before, c.after, c.written) for c in summary.gold],
        )
    total = summary.total
    line = f"{total.read:,} read = " + " + ".join(f"{getattr(total, f):,} {f}" for f in fates(total)[1:])
    say(f"{line}: {'balanced' if summary.balanced else 'NOT balanced'}")
    say(cost_line(summary))


def _reasons(summary: Summary) -> Iterator[tuple[str, str, str, int]]:
    for found in summary.quarantined:
        yield found.dataset, ", ".join(found.reasons), ", ".join(found.columns), found.rows
    for dataset, counts in summary.rows.items():
        known = sum(q.rows for q in summary.quarantined if q.dataset == dataset)
        if counts.quarantined > known:
            yield dataset, "(as an earlier run found)", "", counts.quarantined - known


def cost_line(summary: Summary) -> str:
    cost = summary.cost
    basis = "as AWS bills them" if cost.measured else "if Glue took as long as this laptop"
    return f"cost {cost.usd:.4f} USD: {cost.dpu_hours:.3f} DPU-hours of Glue's jobs, {basis}"


def _alarmed(summary: Summary, domain: str, lake: str) -> int:
    lines = [f"run {summary.outcome.run_id} succeeded, but much of what it read is in quarantine:"]
    for dataset, share in summary.alarming.items():
        counts = summary.rows[dataset]
        lines.append(f"  {dataset}: {share:.0%} of its records ({counts.quarantined:,} of {counts.read:,})")
        reasons = summary.reasons.get(dataset) or {"": 0}
        lines.append(f"    {quarantine_query(domain, dataset, max(reasons, key=lambda r: reasons[r]), lake)}")
    fail("\n".join(lines))
    return Exit.ALARMED


def quarantine_select(domain: str, dataset: str, reason: str = "") -> str:
    """A statement that shows a dataset's quarantined rows."""
    where = f" where contains(reasons, '{reason}')" if reason else ""
    table = f"quarantine.{rows_table(domain, dataset, contract(domain).layout)}"
    return f"select reasons, columns, raw_record, source_file from {table}{where} limit 20"


def quarantine_query(domain: str, dataset: str, reason: str = "", lake: str = "") -> str:
    """The command that runs it, ready to paste."""
    return f'./lake query --domain {domain}{lake} "{quarantine_select(domain, dataset, reason)}"'
