"""The ledger of contents: what comes twice counts once, and somebody must know whose it is."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from shared.ledger.items import content_key, file_key
from shared.ledger.model import FileId, FileStatus, LedgerFile
from shared.ledger.table import LedgerTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import ConditionCheckTypeDef, PutTypeDef

RETRY_SECONDS = 3600  # the queue delivers a message again well within this time


class Contents(LedgerTable):
    """Contents by their hash: the file that brings each into the lake, and the copies of it."""

    def content_owner(
        self, domain: str, dataset: str, sha256: str, file: FileId, now: float | None = None
    ) -> str | None:
        """`<key>@<version>` of the file that brings this content into the lake; this file when no other one
        does or will.

        None while another file with the same content is in work, waits for its retry or was deferred: only
        its outcome tells. One that was never accepted (deleted before it could be read, or not retried for an
        hour) loses the content to the next that has it.
        """
        now = time.time() if now is None else now
        me = f"{file.key}@{file.version}"
        key = {"pk": content_key(domain, dataset, sha256), "sk": "owner"}
        # The conditional write decides: of two workers that read first, both would find nobody.
        if self._put({**key, "file": me}, "attribute_not_exists(pk)", {}, {}):
            return me
        owner = str((self._get(key) or {"file": me})["file"])
        if owner == me:
            return me
        other, _, version = owner.rpartition("@")
        entry_key = file_key(FileId(file.bucket, other, version))
        if (self._get(entry_key) or {}).get("status") == FileStatus.ACCEPTED:
            return owner
        return (
            me if self._take_over({**key, "file": me}, owner, entry_key, int(now) - RETRY_SECONDS) else None
        )

    def take_content(self, domain: str, dataset: str, sha256: str, file: FileId, owner: str) -> bool:
        """Moves a content from an accepted owner to this file; False when the owner has changed meanwhile."""
        item = {
            "pk": content_key(domain, dataset, sha256),
            "sk": "owner",
            "file": f"{file.key}@{file.version}",
            "before": owner,
        }
        return self._put(item, "#f = :owner", {":owner": owner}, {"#f": "file"})

    def note_copy(self, file: LedgerFile, key: str | None = None) -> None:
        """Remembers that the file's key, or another one, has its content too: when the one that brings it is
        corrected, it is needed.
        """
        key = key or file.key  # hashed below: it may be as long as all that a sort key holds, 1,024 bytes
        item = {
            "pk": content_key(file.domain, file.dataset, file.sha256),
            "sk": f"copy#{hashlib.sha256(key.encode()).hexdigest()}",
        }
        self._patiently(self._table.put_item, Item={**item, "bucket": file.bucket, "key": key})

    def holders_of(self, file: LedgerFile) -> list[tuple[str, str]]:
        """Buckets and keys that have, or once had, a file's content: the owner's and the noted copies'."""
        items = self._query("pk = :p", {":p": content_key(file.domain, file.dataset, file.sha256)})
        return [
            (i["bucket"], i["key"]) if "key" in i else (file.bucket, i["file"].rpartition("@")[0])
            for i in items
        ]

    def owner_before(self, domain: str, dataset: str, sha256: str) -> str | None:
        """From which file the owner of a content took it, if it did."""
        before = (self._get({"pk": content_key(domain, dataset, sha256), "sk": "owner"}) or {}).get("before")
        return None if before is None else str(before)

    def _take_over(
        self, content: dict[str, str], owner: str, entry_key: dict[str, str], silent_since: int
    ) -> bool:
        """Moves a content from its owner, in one transaction with the proof that the owner will not be
        accepted meanwhile.
        """
        alive = "#s IN (:accepted, :deferred) OR (#s = :claimed AND claimed_until >= :since)"
        given_up = f"attribute_not_exists(pk) OR NOT ({alive})"
        statuses = {f":{s}": s for s in (FileStatus.ACCEPTED, FileStatus.DEFERRED, FileStatus.CLAIMED)}
        proof: ConditionCheckTypeDef = {
            "TableName": self._table.name,
            "Key": entry_key,
            "ConditionExpression": given_up,
            "ExpressionAttributeNames": {"#s": "status"},
            "ExpressionAttributeValues": {**statuses, ":since": silent_since},
        }
        move: PutTypeDef = {
            "TableName": self._table.name,
            "Item": content,
            "ConditionExpression": "#f = :owner",
            "ExpressionAttributeNames": {"#f": "file"},
            "ExpressionAttributeValues": {":owner": owner},
        }
        return self._transact([{"ConditionCheck": proof}, {"Put": move}])
