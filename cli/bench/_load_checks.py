"""Whether a lake under load holds what was dropped: every outcome, its content, the counters, every row."""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cli.bench._load_files import DATASET, DOMAIN, Expected, MadeFile, made_files, records
from cli.bench._wrong import WRONG
from local import athena
from local.errors import LakeError
from local.session import Session
from shared.ledger.model import FileStatus, LedgerFile
from shared.names import INGEST_LETTERS

READERS = 8


def check_ledger(session: Session, truth: Expected, number: int, size: int) -> None:
    """Raises LakeError unless every file has the outcome that it must have, once, with its content where the
    ledger says, and the counters say the same.
    """
    counts = dict(session.ledger.counts(DOMAIN, DATASET))
    reasons = dict(session.ledger.quarantine_reasons(DOMAIN, DATASET))
    if (counts, reasons) != (truth.counts, truth.reasons):
        raise LakeError(
            f"expected {truth.counts} and {truth.reasons}, the ledger counted {counts}, {reasons}", WRONG
        )
    if (recount := session.ledger.recount()).mended or recount.busy:
        raise LakeError(f"counted anew, the ledger's counters were wrong: {recount}", WRONG)
    outcomes = {f.key: f for f in session.ledger.files(DOMAIN)}
    if len(outcomes) != number:
        raise LakeError(f"expected {number} files in the ledger, found {len(outcomes)}", WRONG)
    s3 = session.client("s3")
    with ThreadPoolExecutor(READERS) as pool:
        wrong = [w for w in pool.map(lambda f: _wrong(s3, f, outcomes), made_files(number, size)) if w]
    if wrong:
        raise LakeError(f"{len(wrong)} files are not what they must be, among them {wrong[:3]}", WRONG)
    groups = defaultdict[int, Counter[str]](Counter)
    for file in made_files(number, size):
        if file.reason is None:
            first = file.number if file.twin is None else file.twin
            groups[first][outcomes[file.key].status] += 1
    if twice := [n for n, found in groups.items() if found[FileStatus.ACCEPTED] != 1]:
        raise LakeError(f"of equal contents one counts; not so of file {twice[:3]}", WRONG)


def _wrong(s3: Any, file: MadeFile, outcomes: dict[str, LedgerFile]) -> str | None:
    """What is wrong with the outcome of a file."""
    outcome = outcomes.get(file.key)
    if outcome is None:
        return f"{file.key} has no outcome"
    if file.reason is not None:
        right = outcome.status is FileStatus.QUARANTINED and outcome.reason == file.reason
    else:
        right = outcome.status in (FileStatus.ACCEPTED, FileStatus.DUPLICATE)
    if not right:
        return f"{file.key} is {outcome.status} {outcome.reason}"
    if outcome.target_key is None:
        return None if outcome.status is FileStatus.DUPLICATE else f"{file.key} lies nowhere"
    body = s3.get_object(Bucket=outcome.target_bucket, Key=outcome.target_key)["Body"].read()
    return None if body == file.content else f"{outcome.target_key} has another content"


def check_queue(session: Session) -> None:
    sqs = session.client("sqs")
    for queue in ("ingest", INGEST_LETTERS):
        url = sqs.get_queue_url(QueueName=session.names.queue(queue))["QueueUrl"]
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        if any(int(n) for n in left.values()):
            raise LakeError(f"expected an empty queue {queue}, found {left}", WRONG)


def check_rows(session: Session, number: int, size: int) -> None:
    stored = athena.catalog_of(session).load_table((session.names.database(DOMAIN, "silver"), DATASET))
    columns = ("event_id", "user_id", "age", "price", "message")
    found = stored.scan(selected_fields=columns).to_arrow().to_pylist()
    have = sorted((str(r["event_id"]), *(str(r[c]) for c in columns[1:])) for r in found)
    want = sorted(
        (str(r["event_id"]), *(str(r[c]) for c in columns[1:]))
        for file in made_files(number, size)
        if file.reason is None and file.twin is None
        for r in records(file.number, size)
    )
    if have != want:
        raise LakeError(
            f"silver does not hold the {len(want):,} records that were dropped, but {len(have):,}", WRONG
        )
