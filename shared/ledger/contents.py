"""The ledger of contents: what comes twice counts once, and somebody must know whose it is."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

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

    def take_content(
        self, domain: str, dataset: str, sha256: str, file: FileId, owner: str, *, settled: bool = False
    ) -> bool:
        """Moves a content from an accepted owner to this file; False when the owner has changed meanwhile.

        Also when another worker, while this one slept, gave the file its outcome, unless it is known as
        `settled`.
        """
        item = {
            "pk": content_key(domain, dataset, sha256),
            "sk": "owner",
            "file": f"{file.key}@{file.version}",
            "before": owner,
        }
        if settled:
            return self._put(item, "#f = :owner", {":owner": owner}, {"#f": "file"})
        # In work, or quarantined until a replay.
        statuses = (FileStatus.CLAIMED, FileStatus.DEFERRED, FileStatus.QUARANTINED)
        named = {f":{s}": s for s in statuses}
        return self._move(item, owner, file_key(file), f"#s IN ({', '.join(named)})", named)

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
        return self._move(content, owner, entry_key, given_up, {**statuses, ":since": silent_since})

    def _move(
        self,
        content: dict[str, str],
        owner: str,
        entry_key: dict[str, str],
        condition: str,
        values: dict[str, Any],
    ) -> bool:
        """Writes a content's item in the place of its owner's, if a file's entry meets the condition."""
        proof: ConditionCheckTypeDef = {
            "TableName": self._table.name,
            "Key": entry_key,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#s": "status"},
            "ExpressionAttributeValues": values,
        }
        move: PutTypeDef = {
            "TableName": self._table.name,
            "Item": content,
            "ConditionExpression": "#f = :owner",
            "ExpressionAttributeNames": {"#f": "file"},
            "ExpressionAttributeValues": {":owner": owner},
        }
        return self._transact([{"ConditionCheck": proof}, {"Put": move}])
