"""What of a lake stands still until somebody acts: claims without an owner, dead letters, runs that failed or
do not balance. Numbers, names and ages; nothing of what a file holds.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from botocore.exceptions import ClientError

from cli import dead_letters, redrive, runs
from cli.item import Item
from cli.wording import counted
from local.session import Session
from shared.ledger.counts import DeadClaims
from shared.ledger.model import RunResult
from shared.names import INGEST_LETTERS

RUNBOOK = "docs/howto/runbook.md"
DENIED = ("AccessDenied", "AccessDeniedException")
LOOKED_INTO = 5  # failed runs whose step is asked for; each is a request or two
MEANING = {
    INGEST_LETTERS: "events of files that failed five times; these files have no outcome",
    "watch-dlq": "news of runs that the watch function did not handle",
    "crawl-dlq": "calls of the crawl that failed three times",
    "alerts-dlq": "alerts that reached nobody",
}


def items_of(
    session: Session, domain: str, claims: Iterable[tuple[str, DeadClaims]], lake: str
) -> Iterator[Item]:
    """`claims`: by dataset, those whose owner is dead; `lake`: the option that names the lake."""
    yield from of_failures(session, domain, lake)
    yield from of_letters(session, domain, lake)
    yield from of_claims(domain, claims, lake)


def of_failures(session: Session, domain: str, lake: str) -> Iterator[Item]:
    """The newest failure with its cause, and how many came before it since the last success."""
    try:
        failed = runs.failures(session, domain)
    except session.client("stepfunctions").exceptions.StateMachineDoesNotExist:
        return
    if not failed:
        return
    newest = runs.outcome_of(session, domain, failed[0][0])
    yield Item(str(newest), redrive.next_step(newest, domain, lake))
    if earlier := failed[1:]:
        steps = Counter(_short(session, domain, run_id) for run_id, _ in earlier[:LOOKED_INTO])
        listed = "; ".join(f"{n} {step}" for step, n in steps.most_common())
        left = len(earlier) - LOOKED_INTO
        more = f", the newest {LOOKED_INTO} of them" if left > 0 else ""
        yield Item(
            f"{counted(len(earlier), 'run')} failed before it since the last success{more}: {listed}",
            "one success makes up for all of them",
        )


def _short(session: Session, domain: str, run_id: str) -> str:
    outcome = runs.outcome_of(session, domain, run_id)
    place = f" in {outcome.step}" if outcome.step else ""
    return f"{outcome.status}{place}{f' ({outcome.error})' if outcome.error else ''}"


def of_letters(session: Session, domain: str, lake: str) -> Iterator[Item]:
    """Of the whole environment: its domains share the queues."""
    try:
        found = dead_letters.waiting(session)
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        yield Item(
            "dead letters are not known: these credentials may not look into their queues",
            "ask for the rights of docs/howto/deployment.md, `./lake status --env`",
        )
        return
    for letters in found:
        old = f", one of them {age(letters.since)} old" if letters.since else ""
        queue = session.names.queue(letters.queue)
        what = f"{queue}: {counted(letters.messages, 'message')}{old}: {MEANING[letters.queue]}"
        if letters.queue == INGEST_LETTERS:
            yield Item(what, f"remove the cause, then ./lake redrive {domain}{lake} --letters", red=True)
        else:
            yield Item(what, f"{RUNBOOK}#{letters.queue}-depth")


def of_claims(domain: str, claims: Iterable[tuple[str, DeadClaims]], lake: str) -> Iterator[Item]:
    for dataset, dead in claims:
        yield Item(
            f"{dataset}: {counted(dead.files, 'file')} that a worker began and left without an outcome, the"
            f" oldest claim ran out {age(dead.since)} ago",
            f"their messages come again by themselves, or stand in {INGEST_LETTERS}:"
            f" ./lake redrive {domain}{lake} --letters; where neither is so, drop the files again",
        )


def of_balance(domain: str, results: Sequence[RunResult], lake: str) -> Iterator[Item]:
    """Runs whose records are not all accounted for."""
    for result in results:
        if (rows := result.rows).balanced:
            continue
        placed = (
            rows.written + rows.quarantined + rows.deduplicated + rows.replaced + rows.expired + rows.erased
        )
        yield Item(
            f"{result.dataset}: run {result.run_id} read {rows.read:,} records, and {placed:,} are accounted"
            f" for ({rows.written:,} written, {rows.quarantined:,} quarantined, {rows.deduplicated:,}"
            f" deduplicated, {rows.replaced:,} replaced, {rows.expired:,} expired, {rows.erased:,} erased)",
            f"./lake run {domain}{lake} --full-refresh; when it stays, it is a bug of the engine: report it",
            red=True,
        )


def age(since: dt.datetime) -> str:
    """How long ago something was, in its largest unit."""
    hours = max(0.0, (dt.datetime.now(dt.UTC) - since) / dt.timedelta(hours=1))
    if hours < 1:
        return counted(round(hours * 60), "minute")
    return counted(round(hours), "hour") if hours < 48 else counted(round(hours / 24), "day")
