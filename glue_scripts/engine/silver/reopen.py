"""Copies whose content nobody brings any more: the key that brought it was corrected, so the first copy that
is still there brings it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws
from glue_scripts.engine.silver.work import PARALLEL_QUERIES, Work
from shared.contracts import Dataset
from shared.ingestion import bronze_key_of
from shared.ingestion.store import MISSING
from shared.ledger import Ledger
from shared.ledger.model import FileStatus, LedgerFile


def reopen_copies(job: Job, clients: Aws, dataset: Dataset, work: Work) -> list[LedgerFile]:
    """Accepts those copies, and returns them: they are pending then.

    The stored content is copied first; until the ledger holds the new state, they are duplicates.
    """
    if dataset.target.snapshot:
        return []  # it has no copies: every file is accepted
    live = {f.sha256 for f in work.files}
    gone = {f.sha256: f for f in work.superseded if f.sha256 not in live}
    with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
        copies = zip(gone.values(), pool.map(partial(_next, clients.ledger), gone.values()), strict=True)
    accepted = [_accept(job, clients, dataset, f, copy) for f, copy in copies if copy]
    return [f for f in accepted if f is not None]


def _next(ledger: Ledger, gone: LedgerFile) -> LedgerFile | None:
    """The first file that has this content and was skipped for it; None where a file that was accepted has
    it, or none at all.
    """
    newest = [
        v[-1] for place in ledger.holders_of(gone) if (v := ledger.versions_of(*place, FileStatus.DUPLICATE))
    ]
    copies = [f for f in newest if f.sha256 == gone.sha256]
    if any(f.status is FileStatus.ACCEPTED for f in copies):
        return None
    return min(copies, key=lambda f: f.order, default=None)


def _accept(
    job: Job, clients: Aws, dataset: Dataset, gone: LedgerFile, copy: LedgerFile
) -> LedgerFile | None:
    """None where the stored content was deleted: the copy stays a duplicate until it is dropped again, and
    the run goes on.
    """
    bucket, key = job.names.bucket("bronze"), bronze_key_of(copy, dataset)
    try:
        clients.s3.copy({"Bucket": gone.target_bucket or "", "Key": gone.target_key or ""}, bucket, key)
    except clients.s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        missing = f"{copy.key} is needed, but nothing stands at {gone.target_key}; drop the file again"
        log.warning(job, missing, dataset=dataset.name)
        return None
    accepted = replace(
        copy, status=FileStatus.ACCEPTED, target_bucket=bucket, target_key=key, later_copy=None
    )
    clients.ledger.commit(accepted)
    content = (copy.domain, copy.dataset, copy.sha256 or "")
    clients.ledger.take_content(*content, copy.file_id, gone.place, settled=True)
    return accepted
