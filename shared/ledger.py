"""The ledger: which file versions arrived, what became of each, and what each run did. One DynamoDB table.

Items (`pk`, `sk`):
  file#<bucket>/<key> , v#<version>      a file version (LedgerFile)
  file#<bucket>/<key> , latest           newest sequencer seen of this key
  content#<domain>/<dataset>/<sha256> , owner   first file version with this content
  content#<domain>/<dataset>/<sha256> , copy#<hash of key>   another key that has this content, where rows follow their file
  run#<domain> , <run id>#<dataset>      RunResult
  run#<domain> , <run id>                summary that the state machine reads: gate, changed
  attempt#<domain>/<dataset> , open      a run began to write the dataset and has not finished
  gate#<domain> , halt                   the run whose quality gate halted, until somebody accepts it
  lock#<domain> , lock                   which run owns the domain
Index `by_state` (`dataset_id`, `state`): accepted files under `<domain>/<dataset>` as `pending#<ingested_at>#<key>` or `processed#…`,
put aside ones as `quarantined#…`; files that were handed over under `handed_over#<domain>` as `<ingested_at>#…`; nothing else is in it.
Every write that decides something is conditional, so a repeated or late event changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import fields
from enum import Enum
from typing import Any

from shared.ledger_model import OUTCOMES, FileId, FileStatus, LedgerFile, Profile, RunResult

INDEX = "by_state"
CLAIM_SECONDS = 900  # the longest a Lambda can run (15 min); a claim older than this has no living owner
CLAIM_KEPT_SECONDS = 30 * 86400  # its messages live 18 days at most (queue 4, dead letters 14); then DynamoDB may forget it
RETRY_SECONDS = 3600  # the queue delivers a message again well within this time
KEY_BYTES_IN_STATE = 256
TRANSACTION_ITEMS = 100  # DynamoDB's limit
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds
PASSING = {"None", "ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"}  # reasons for which a transaction is repeated


class Claim(Enum):
    """What came of asking for a file version."""

    GRANTED = "granted"
    DONE = "done"  # it already has its outcome, or a newer version of the key was seen
    BUSY = "busy"  # another worker holds it; ask again later


class Ledger:
    """Access to the ledger table. `table` is a boto3 DynamoDB Table resource."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._conditional_failure = table.meta.client.exceptions.ConditionalCheckFailedException
        self._transaction_failure = table.meta.client.exceptions.TransactionCanceledException

    # --- files -------------------------------------------------------------------------------------------------------------------

    def claim(self, file: FileId, owner: str, now: float | None = None) -> Claim:
        """Asks to be the one that handles this file version; a claim of a dead owner expires after 15 minutes."""
        now = time.time() if now is None else now
        if not self._is_newest(file):
            self._forget(file, owner, now)
            return Claim.DONE
        granted = self._put(
            {**_file_key(file), "status": FileStatus.CLAIMED, "owner": owner, **_claim_times(now)},
            "attribute_not_exists(pk) OR (#s = :claimed AND (claimed_until < :now OR #o = :me))",
            {":claimed": FileStatus.CLAIMED, ":now": int(now), ":me": owner},
            {"#s": "status", "#o": "owner"},
        )
        if granted:
            return Claim.GRANTED
        held = self._get(_file_key(file))
        return Claim.BUSY if held and held["status"] == FileStatus.CLAIMED else Claim.DONE

    def release(self, file: FileId, owner: str, now: float | None = None) -> None:
        """Gives a claim back after a failure: the retry need not wait for it to expire. The file stays known as work to be done."""
        now = time.time() if now is None else now
        try:
            self._table.update_item(
                Key=_file_key(file),
                UpdateExpression="SET claimed_until = :past",
                ConditionExpression="#s = :claimed AND #o = :me",
                ExpressionAttributeNames={"#s": "status", "#o": "owner"},
                ExpressionAttributeValues={":past": int(now) - 1, ":claimed": FileStatus.CLAIMED, ":me": owner},
            )
        except self._conditional_failure:
            return

    def content_owner(self, domain: str, dataset: str, sha256: str, file: FileId, now: float | None = None) -> str | None:
        """`<key>@<version>` of the file that brings this content into the lake; this file when no other one does or will.

        None while another file with the same content is in work, waits for its retry or was handed over: only its outcome tells.
        One that was never accepted (deleted before it could be read, or not retried for an hour) loses the content to the next that has it.
        """
        now = time.time() if now is None else now
        me = f"{file.key}@{file.version}"
        key = {"pk": _content_key(domain, dataset, sha256), "sk": "owner"}
        if self._put({**key, "file": me}, "attribute_not_exists(pk)", {}, {}):
            return me
        owner = str((self._get(key) or {"file": me})["file"])
        if owner == me:
            return me
        other, _, version = owner.rpartition("@")
        entry_key = _file_key(FileId(file.bucket, other, version))
        if (self._get(entry_key) or {}).get("status") == FileStatus.ACCEPTED:
            return owner
        return me if self._take_over({**key, "file": me}, owner, entry_key, int(now) - RETRY_SECONDS) else None

    def take_content(self, domain: str, dataset: str, sha256: str, file: FileId, owner: str) -> bool:
        """Moves a content from an accepted owner to this file; False when the owner has changed meanwhile."""
        item = {"pk": _content_key(domain, dataset, sha256), "sk": "owner", "file": f"{file.key}@{file.version}", "before": owner}
        return self._put(item, "#f = :owner", {":owner": owner}, {"#f": "file"})

    def note_copy(self, file: LedgerFile, key: str | None = None) -> None:
        """Remembers that the file's key, or another one, has its content too: when the one that brings it is corrected, it is needed."""
        key = key or file.key
        item = {"pk": _content_key(file.domain, file.dataset, file.sha256), "sk": f"copy#{hashlib.sha256(key.encode()).hexdigest()}"}
        self._table.put_item(Item={**item, "bucket": file.bucket, "key": key})

    def holders_of(self, file: LedgerFile) -> list[tuple[str, str]]:
        """Buckets and keys that have, or once had, a file's content: the owner's and the noted copies'."""
        found = self._query("pk = :p", {":p": _content_key(file.domain, file.dataset, file.sha256)})
        return [(i["bucket"], i["key"]) if "key" in i else (file.bucket, i["file"].rpartition("@")[0]) for i in found]

    def owner_before(self, domain: str, dataset: str, sha256: str) -> str | None:
        """From which file the owner of a content took it, if it did."""
        before = (self._get({"pk": _content_key(domain, dataset, sha256), "sk": "owner"}) or {}).get("before")
        return None if before is None else str(before)

    def versions_of(self, bucket: str, key: str, *more: FileStatus) -> list[LedgerFile]:
        """The accepted versions of a raw key, and those with an outcome of `more`, oldest first."""
        found = (_file(i) for i in self._query("pk = :p AND begins_with(sk, :v)", {":p": f"file#{bucket}/{key}", ":v": "v#"}))
        return sorted((f for f in found if f.status in (FileStatus.ACCEPTED, *more)), key=lambda f: f.arrival)

    def _take_over(self, content: dict[str, str], owner: str, entry_key: dict[str, str], silent_since: int) -> bool:
        """Moves a content from its owner, in one transaction with the proof that the owner will not be accepted meanwhile."""
        alive = "#s IN (:accepted, :handed_over) OR (#s = :claimed AND claimed_until >= :since)"
        given_up = f"attribute_not_exists(pk) OR NOT ({alive})"
        statuses = {f":{s}": s for s in (FileStatus.ACCEPTED, FileStatus.HANDED_OVER, FileStatus.CLAIMED)}
        proof = {
            "TableName": self._table.name,
            "Key": entry_key,
            "ConditionExpression": given_up,
            "ExpressionAttributeNames": {"#s": "status"},
            "ExpressionAttributeValues": {**statuses, ":since": silent_since},
        }
        move = {
            "TableName": self._table.name,
            "Item": content,
            "ConditionExpression": "#f = :owner",
            "ExpressionAttributeNames": {"#f": "file"},
            "ExpressionAttributeValues": {":owner": owner},
        }
        try:
            self._table.meta.client.transact_write_items(TransactItems=[{"ConditionCheck": proof}, {"Put": move}])
        except self._transaction_failure:
            return False
        return True

    def commit(self, file: LedgerFile) -> None:
        """Writes the outcome of a file version, or that it is handed over; the last step of its ingestion."""
        self._table.put_item(Item=_item(file))

    def handed_over(self, domain: str) -> list[LedgerFile]:
        """Files that wait for the domain's bronze job, oldest first; one that got its outcome this very moment may be among them."""
        found = self._query("dataset_id = :d", {":d": handed_over_id(domain)}, index=INDEX)
        return [_file(item) for item in found]

    def enter(self, file: LedgerFile) -> bool:
        """Notes a file that no event told of as handed over. False when it is known already, whatever became of it."""
        return self._put(_item(file), "attribute_not_exists(pk)", {}, {})

    def settle(self, file: LedgerFile) -> bool:
        """Writes the outcome of a file that was handed over. False when it has one: that one stays."""
        return self._put(_item(file), "#s = :handed_over", {":handed_over": FileStatus.HANDED_OVER}, {"#s": "status"})

    def mark_processed(self, files: Iterable[LedgerFile], run_id: str) -> None:
        """Silver holds these files: they are no longer pending. A hundred a request; what a crash leaves unmarked, the next run marks."""
        changes = [{"Update": self._processed(file, run_id)} for file in {f.file_id: f for f in files}.values()]
        for start in range(0, len(changes), TRANSACTION_ITEMS):
            self._transact(changes[start : start + TRANSACTION_ITEMS])

    def _processed(self, file: LedgerFile, run_id: str) -> dict[str, Any]:
        return {
            "TableName": self._table.name,
            "Key": _file_key(file.file_id),
            "UpdateExpression": "SET processed_by = :r, #s = :state",
            "ExpressionAttributeNames": {"#s": "state"},
            "ExpressionAttributeValues": {":r": run_id, ":state": _state(file, "processed")["state"]},
        }

    def _transact(self, changes: list[dict[str, Any]]) -> None:
        """All of the changes or none. boto3 does not repeat a transaction that was cancelled for want of throughput."""
        for pause in (*PAUSES, None):
            try:
                self._table.meta.client.transact_write_items(TransactItems=changes)
                return
            except self._transaction_failure as error:
                reasons = {r["Code"] for r in error.response["CancellationReasons"]}
                if pause is None or not reasons <= PASSING:
                    raise
            time.sleep(pause)

    def pending(self, domain: str, dataset: str) -> list[LedgerFile]:
        """Accepted files that no run has brought to silver yet, oldest first."""
        return list(self._by_state(domain, dataset, "pending#"))

    def newest_processed(self, domain: str, dataset: str) -> LedgerFile | None:
        """The file in silver that arrived last; None while silver has none."""
        found = self._table.query(
            IndexName=INDEX,
            KeyConditionExpression="dataset_id = :d AND begins_with(#s, :p)",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={":d": f"{domain}/{dataset}", ":p": "processed#"},
            ScanIndexForward=False,
            Limit=1,
        )
        return _file(found["Items"][0]) if found["Items"] else None

    def accepted(self, domain: str, dataset: str) -> list[LedgerFile]:
        """All accepted files, pending or not."""
        return [f for state in ("pending#", "processed#") for f in self._by_state(domain, dataset, state)]

    def quarantined(self, domain: str, dataset: str) -> list[LedgerFile]:
        """Files that were put aside as a whole, oldest first."""
        return list(self._by_state(domain, dataset, "quarantined#"))

    def moved(self, file: LedgerFile, key: str) -> None:
        """The stored copy of an accepted file has a new place in its bucket; the one it leaves is kept, to be emptied after a crash."""
        self._table.update_item(
            Key=_file_key(file.file_id),
            UpdateExpression="SET target_key = :k, left_key = :l",
            ExpressionAttributeValues={":k": key, ":l": file.target_key},
        )

    def outcome(self, file: FileId) -> LedgerFile | None:
        """What became of a file version; None while nothing has."""
        held = self._get(_file_key(file))
        found = _file(held) if held and "ingested_at" in held else None
        return found if found and found.status in OUTCOMES else None

    def files(self, domain: str | None = None) -> list[LedgerFile]:
        """Every file version the ledger knows, including claims; reads the whole table, for status and tests."""
        items = self._scan("begins_with(pk, :p) AND begins_with(sk, :v)", {":p": "file#", ":v": "v#"})
        found = (_file(i) for i in items)
        return sorted((f for f in found if domain in (None, f.domain)), key=lambda f: (f.ingested_at, f.key, f.version))

    # --- runs --------------------------------------------------------------------------------------------------------------------

    def record_run(self, result: RunResult) -> None:
        """Stores what a run did; the same run and dataset again replaces its record."""
        key = {"pk": f"run#{result.domain}", "sk": f"{result.run_id}#{result.dataset}"}
        self._table.put_item(Item={**key, "result": result.to_json(), "gate": result.gate})

    def runs(self, domain: str, run_id: str | None = None) -> list[RunResult]:
        """Results of all runs of a domain, or of one."""
        names = {":p": f"run#{domain}", ":s": f"{run_id}#"} if run_id else {":p": f"run#{domain}"}
        condition = "pk = :p AND begins_with(sk, :s)" if run_id else "pk = :p"
        found = [RunResult.from_json(i["result"]) for i in self._query(condition, names) if "result" in i]
        return sorted(found, key=lambda r: (r.finished_at, r.dataset))

    def open_attempt(self, domain: str, dataset: str, run_id: str) -> bool:
        """Says that a run begins to write a dataset. Returns whether an earlier one began and never finished."""
        key = {"pk": f"attempt#{domain}/{dataset}", "sk": "open"}
        interrupted = self._get(key) is not None
        self._table.put_item(Item={**key, "run_id": run_id})
        return interrupted

    def close_attempt(self, domain: str, dataset: str) -> None:
        """Says that a dataset was written completely."""
        self._table.delete_item(Key={"pk": f"attempt#{domain}/{dataset}", "sk": "open"})

    def record_summary(self, domain: str, run_id: str, gate: str, changed: bool, findings: Iterable[str] = ()) -> None:
        """What the state machine decides on after silver: `gate` is pass, warn or halt; `changed` tells whether gold has work."""
        item = {"pk": f"run#{domain}", "sk": run_id, "gate": gate, "changed": changed, "findings": "; ".join(findings)}
        self._table.put_item(Item=item)

    def halt(self, domain: str, run_id: str, findings: Iterable[str]) -> None:
        """Closes the gate of a domain: gold stays as it is until somebody accepts the findings."""
        self._table.put_item(Item={"pk": f"gate#{domain}", "sk": "halt", "run_id": run_id, "findings": "; ".join(findings)})

    def halted_by(self, domain: str) -> str | None:
        """The run that closed the domain's gate, or None while it is open."""
        held = self._get({"pk": f"gate#{domain}", "sk": "halt"})
        return str(held["run_id"]) if held else None

    def accept_halt(self, domain: str) -> None:
        """Opens the gate of a domain again."""
        self._table.delete_item(Key={"pk": f"gate#{domain}", "sk": "halt"})

    def lock_owner(self, domain: str) -> str | None:
        """Id of the run that owns the domain now."""
        held = self._get({"pk": f"lock#{domain}", "sk": "lock"})
        return str(held["run_id"]) if held else None

    # --- the table -----------------------------------------------------------------------------------------------------------------

    def _is_newest(self, file: FileId) -> bool:
        """S3 orders the events of one key by `sequencer` (hexadecimal; compared after left-padding, S3 event documentation)."""
        if not file.sequencer:
            return True
        padded = file.sequencer.rjust(64, "0")
        key = {"pk": _file_key(file)["pk"], "sk": "latest"}
        return self._put({**key, "sequencer": padded}, "attribute_not_exists(pk) OR sequencer <= :s", {":s": padded}, {})

    def _forget(self, file: FileId, owner: str, now: float) -> None:
        """Removes a claim that will have no outcome because a newer version of the key came before its retry."""
        try:
            self._table.delete_item(
                Key=_file_key(file),
                ConditionExpression="#s = :claimed AND (claimed_until < :now OR #o = :me)",
                ExpressionAttributeNames={"#s": "status", "#o": "owner"},
                ExpressionAttributeValues={":claimed": FileStatus.CLAIMED, ":now": int(now), ":me": owner},
            )
        except self._conditional_failure:
            return

    def _by_state(self, domain: str, dataset: str, prefix: str) -> Iterator[LedgerFile]:
        values = {":d": f"{domain}/{dataset}", ":p": prefix}
        for item in self._query("dataset_id = :d AND begins_with(#s, :p)", values, {"#s": "state"}, index=INDEX):
            yield _file(item)

    def _query(
        self, condition: str, values: dict[str, Any], names: dict[str, str] | None = None, index: str | None = None
    ) -> Iterator[dict[str, Any]]:
        arguments: dict[str, Any] = {"KeyConditionExpression": condition, "ExpressionAttributeValues": values}
        arguments |= {"ExpressionAttributeNames": names} if names else {}
        arguments |= {"IndexName": index} if index else {"ConsistentRead": True}
        yield from self._pages(self._table.query, arguments)

    def _scan(self, condition: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from self._pages(self._table.scan, {"FilterExpression": condition, "ExpressionAttributeValues": values})

    @staticmethod
    def _pages(operation: Any, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            page = operation(**arguments)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            arguments = {**arguments, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _get(self, key: dict[str, str]) -> dict[str, Any] | None:
        item: dict[str, Any] | None = self._table.get_item(Key=key, ConsistentRead=True).get("Item")
        return item

    def _put(self, item: dict[str, Any], condition: str, values: dict[str, Any], names: dict[str, str]) -> bool:
        arguments: dict[str, Any] = {"Item": item, "ConditionExpression": condition}
        arguments |= {"ExpressionAttributeValues": values} if values else {}
        arguments |= {"ExpressionAttributeNames": names} if names else {}
        try:
            self._table.put_item(**arguments)
        except self._conditional_failure:
            return False
        return True


def _claim_times(now: float) -> dict[str, int]:
    """`expires_at` is the table's time-to-live attribute: an outcome replaces the item without it, so only dead claims ever go."""
    return {"claimed_until": int(now + CLAIM_SECONDS), "expires_at": int(now + CLAIM_KEPT_SECONDS)}


def _file_key(file: FileId) -> dict[str, str]:
    return {"pk": f"file#{file.bucket}/{file.key}", "sk": f"v#{file.version}"}


def _content_key(domain: str, dataset: str, sha256: str | None) -> str:
    return f"content#{domain}/{dataset}/{sha256}"


def handed_over_id(domain: str) -> str:
    """Key of the index under which a domain's files wait for its bronze job; the state machine looks there too."""
    return f"handed_over#{domain}"


def _item(file: LedgerFile) -> dict[str, Any]:
    item = {**_file_key(file.file_id), **_attributes(file)}
    if file.status is FileStatus.ACCEPTED:
        item |= _state(file, "processed" if file.processed_by else "pending")
    elif file.status is FileStatus.QUARANTINED:
        item |= _state(file, "quarantined")
    elif file.status is FileStatus.HANDED_OVER:
        item |= {"dataset_id": handed_over_id(file.domain), "state": _place_in_state(file)}
    return item


def _state(file: LedgerFile, state: str) -> dict[str, str]:
    return {"dataset_id": f"{file.domain}/{file.dataset}", "state": f"{state}#{_place_in_state(file)}"}


def _place_in_state(file: LedgerFile) -> str:
    """Orders the files of a state by arrival. A sort key holds 1,024 bytes and a raw key alone can have as many: it keeps its start."""
    start = file.key.encode()[:KEY_BYTES_IN_STATE].decode(errors="ignore")
    return f"{file.ingested_at}#{start}#{file.version}"


def _attributes(file: LedgerFile) -> dict[str, Any]:
    values = {f.name: getattr(file, f.name) for f in fields(file)}
    values["profile"] = file.profile.to_json() if file.profile else None
    values["event_dates"] = json.dumps(file.event_dates)
    return {k: v for k, v in values.items() if v is not None}


def _file(item: dict[str, Any]) -> LedgerFile:
    bucket, _, key = item["pk"].removeprefix("file#").partition("/")
    known = {f.name: item[f.name] for f in fields(LedgerFile) if f.name in item}
    known |= {n: int(item.get(n, 0)) for n in ("bytes", "records", "unreadable_records")}
    known |= {"event_dates": tuple(json.loads(item.get("event_dates", "[]")))}
    known |= {"profile": Profile.from_json(item["profile"]) if "profile" in item else None}
    identity = {"bucket": bucket, "key": key, "version": item["sk"].removeprefix("v#")}
    return LedgerFile(**{"domain": "", "dataset": "", **known, **identity, "status": FileStatus(item["status"])})
