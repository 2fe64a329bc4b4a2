"""Files that silver holds move from bronze to the archive, under their original name, time of ingestion and
run.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from glue_scripts.engine.run.session import Aws
from shared.ledger.model import LedgerFile
from shared.zones import archive_key, is_archived

PARALLEL_COPIES = 16


def archive_files(clients: Aws, files: Iterable[LedgerFile], run_id: str) -> None:
    """Copies, enters the copy in the ledger, then removes: whatever happens in between, the ledger names a
    place where the file is.

    A file that was moved by a run that died before it was processed has its original removed now.
    """
    objects: dict[tuple[str | None, str], list[tuple[LedgerFile, str | None]]] = defaultdict(list)
    all_files = list(files)
    for file, key in _places(
        [f for f in all_files if f.target_key and not is_archived(f.target_key)], run_id
    ):
        objects[file.target_bucket, file.target_key or ""].append((file, key))
    for file in all_files:
        if file.left_key and file.processed_by is None and is_archived(file.target_key or ""):
            objects[file.target_bucket, file.left_key].append((file, None))
    with ThreadPoolExecutor(PARALLEL_COPIES) as pool:
        list(pool.map(lambda moves: _move(clients, *moves), objects.items()))


def _places(files: Iterable[LedgerFile], run_id: str) -> list[tuple[LedgerFile, str]]:
    """Each file's place; files that would get one name are told apart by a number."""
    seen: Counter[str] = Counter()
    places = []
    for file in files:
        key = archive_key(
            file.domain, file.dataset, file.key, dt.datetime.fromisoformat(file.ingested_at), run_id
        )
        seen[key] += 1
        places.append((file, key if seen[key] == 1 else f"{key}-{seen[key]}"))
    return places


def _move(
    clients: Aws, place: tuple[str | None, str], moves: Iterable[tuple[LedgerFile, str | None]]
) -> None:
    """One stored object, which entries of equal name and content share: removed when the last of them has its
    copy.
    """
    bucket, original = place[0] or "", place[1]
    for file, key in moves:
        if key is not None:
            clients.s3.copy({"Bucket": bucket, "Key": original}, bucket, key)
            clients.ledger.moved(file, key)
    clients.s3.delete_object(Bucket=bucket, Key=original)
