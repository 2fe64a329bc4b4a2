"""Files that silver holds move from bronze to the archive, under their original name, time of ingestion and run."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from glue_scripts.engine.session import Aws
from shared.ledger_model import LedgerFile
from shared.zones import archive_key, is_archived

PARALLEL_COPIES = 16


def archive(clients: Aws, files: Iterable[LedgerFile], run_id: str) -> None:
    """Copies, tells the ledger, then removes: whatever happens in between, the ledger names a place where the file is."""
    waiting = [f for f in files if f.target_key and not is_archived(f.target_key)]
    with ThreadPoolExecutor(PARALLEL_COPIES) as pool:
        list(pool.map(lambda move: _copy(clients, *move), _places(waiting, run_id)))
        list(
            pool.map(
                lambda place: clients.s3.delete_object(Bucket=place[0], Key=place[1]), {(f.target_bucket, f.target_key) for f in waiting}
            )
        )


def _places(files: Iterable[LedgerFile], run_id: str) -> list[tuple[LedgerFile, str]]:
    """Each file's place; files that would get one name are told apart by a number."""
    seen: Counter[str] = Counter()
    found = []
    for file in files:
        key = archive_key(file.domain, file.dataset, file.key, dt.datetime.fromisoformat(file.ingested_at), run_id)
        seen[key] += 1
        found.append((file, key if seen[key] == 1 else f"{key}-{seen[key]}"))
    return found


def _copy(clients: Aws, file: LedgerFile, key: str) -> None:
    clients.s3.copy({"Bucket": file.target_bucket, "Key": file.target_key}, file.target_bucket, key)
    clients.ledger.moved(file, key)
