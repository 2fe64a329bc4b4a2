"""A smoke: drop, wait, run, compare, remove."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from botocore.exceptions import ClientError

from cli import remote_athena, results, runs
from cli.smoke.definition import Definition, Received, Rows, SmokeError
from cli.smoke.removal import DROPPED, refuse_others, remove
from local import athena
from local.console import say, spinner
from local.session import Session
from shared.ledger.model import FileId, LedgerFile
from shared.names import DOMAIN_JOBS

LEASE_SECONDS = 3600
OUTCOME_SECONDS = 600.0  # a new function starts cold, and the queue gives messages in batches
STOP_SECONDS = 600.0
AT_WORK = ("STARTING", "RUNNING", "STOPPING")
SETTLE_SECONDS = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0


def smoke(session: Session, made: Definition, *, anyway: bool = False) -> list[str]:
    """What is not as it must be; nothing: the environment works. All data of the domain is removed before and
    after, whatever happens in between. Raises SmokeError before anything is done where another smoke goes on
    (unless `anyway`), or where somebody's data might be lost.
    """
    refuse_others(session, made.domain)
    token = secrets.token_hex(4)
    placed: dict[str, FileId] = {}
    with _alone(session, made.domain, token, anyway=anyway), _removed(session, made.domain, placed):
        received = made.files(token)
        say(f"{len(received)} files are dropped into the domain {made.domain}")
        _drop(session, made.domain, token, received, placed)
        wrong = _wrong_outcomes(session, received, placed)
        wrong += _wrong_run(session, made.domain)
        if not wrong:
            found = {name: _answer(session, sql, made.domain) for name, sql in made.queries.items()}
            wrong = results.differences(dict(made.expected(received)), found)
        return wrong


@contextmanager
def _alone(session: Session, domain: str, token: str, *, anyway: bool) -> Iterator[None]:
    """Two at once would remove each other's files."""
    now = int(time.time())
    if not session.ledger.lease(domain, token, now, now + LEASE_SECONDS, anyway=anyway):
        raise SmokeError(
            f"another smoke of {domain} goes on, or one was killed within the hour",
            "wait for it, or say --anyway",
        )
    try:
        yield
    finally:
        session.ledger.end_lease(domain, token)


@contextmanager
def _removed(session: Session, domain: str, placed: Mapping[str, FileId]) -> Iterator[None]:
    """Before: what a smoke left that was killed. After: all, once no file is in work any more."""
    _stop_runs(session, domain)
    remove(session, domain)
    try:
        yield
    finally:
        say("its data is removed …")
        _within(SETTLE_SECONDS, lambda: all(map(session.ledger.outcome, placed.values())))
        _stop_runs(session, domain)
        remove(session, domain)


def _drop(session: Session, domain: str, token: str, received: Received, placed: dict[str, FileId]) -> None:
    """Notes what was placed as soon as it is."""
    s3, bucket = session.client("s3"), session.names.bucket("raw")
    for name, (content, _) in received.items():
        dataset, _, file = name.partition("/")
        key = f"{domain}/{dataset}/{DROPPED}{token}/{file}"
        version = s3.put_object(Bucket=bucket, Key=key, Body=content)["VersionId"]
        placed[name] = FileId(bucket, key, version)


def _wrong_outcomes(session: Session, received: Received, placed: dict[str, FileId]) -> list[str]:
    """Waits until every file has an outcome, and compares."""
    outcomes: dict[str, LedgerFile] = {}

    def all_known() -> bool:
        for name in placed.keys() - outcomes.keys():
            if outcome := session.ledger.outcome(placed[name]):
                outcomes[name] = outcome
        return len(outcomes) == len(placed)

    with spinner("ingestion"):
        if not _within(OUTCOME_SECONDS, all_known):
            missing = ", ".join(sorted(placed.keys() - outcomes.keys()))
            return [
                f"ingestion: no outcome of {missing} within {OUTCOME_SECONDS:.0f} s: see the ingest function"
            ]
    said = {
        name: f"{o.status}{f' ({o.reason}: {o.detail})' if o.reason else ''}" for name, o in outcomes.items()
    }
    return [
        f"ingestion: {name} is {said[name]}, expected {expected}"
        for name, (_, expected) in received.items()
        if outcomes[name].status != expected
    ]


def _wrong_run(session: Session, domain: str) -> list[str]:
    run_id = runs.start(session, domain, {})
    with spinner(f"run {run_id}") as show:
        outcome = runs.follow(session, domain, run_id, show, runs.tell)
    say(str(outcome))
    return [] if outcome.succeeded else [str(outcome)]


def _answer(session: Session, sql: str, domain: str) -> Rows:
    """A query's rows as text: Athena gives nothing else."""
    answer = (
        athena.run(session, sql, [domain], domain)
        if session.endpoint
        else remote_athena.run(session, sql, [domain], domain, anew=True)
    )
    return [
        {
            name: None if cell is None else str(results.plain(cell))
            for name, cell in zip(answer.columns, row, strict=True)
        }
        for row in answer.rows
    ]


def _stop_runs(session: Session, domain: str) -> None:
    """Nothing may write while the data is removed; a job goes on for a while when its execution has ended.
    Raises SmokeError when one does not end.
    """
    for run_id in runs.running(session, domain):
        with suppress(ClientError):  # it has ended meanwhile
            runs.stop(session, domain, run_id)
    if not _within(STOP_SECONDS, lambda: not runs.running(session, domain) and not _jobs(session, domain)):
        raise SmokeError(
            f"runs or jobs of {domain} do not end: its data was not removed", "./lake smoke again later"
        )


def _jobs(session: Session, domain: str) -> list[str]:
    """The domain's jobs that write."""
    glue, jobs = session.client("glue"), [session.names.job(domain, s) for s in DOMAIN_JOBS]
    return [
        j for j in jobs if any(r["JobRunState"] in AT_WORK for r in glue.get_job_runs(JobName=j)["JobRuns"])
    ]


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    """Asks again and again, ever more rarely."""
    end, pause = time.monotonic() + seconds, FIRST_PAUSE
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)
    return True
