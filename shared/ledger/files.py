"""The ledger of files: who handles a file version, what became of it, and which wait for what."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from shared.ledger.counters import Counters, Tally, difference, tally, unchanged
from shared.ledger.items import claim_state, dataset_id, deferred_id, file_key, file_of, item_of
from shared.ledger.model import OUTCOMES, FileId, FileStatus, LedgerFile
from shared.ledger.table import INDEX
from shared.zones import place_of_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

CLAIM_SECONDS = 900  # the longest a Lambda can run (15 min); a claim older than this has no living owner
CLAIM_KEPT_SECONDS = (
    30 * 86400
)  # its messages live 18 days at most (queue 4, dead letters 14); then DynamoDB may forget it
# The first death of a worker that had a file is not noted, which spares a write a file; after two more, noted
# while they read it, nobody reads it. The queue delivers a message five times.
NOTED_DEATHS = 2
MARKED_TOGETHER = 99  # a transaction of DynamoDB has 100 items, and one counts them


class Claim(Enum):
    """What came of asking for a file version."""

    GRANTED = "granted"
    AGAIN = "again"  # granted, though an earlier grant was not given back: its worker died
    DONE = "done"  # it already has its outcome, or a newer object of the key took its place
    BUSY = "busy"  # another worker holds it; ask again later
    DEADLY = "deadly"  # granted, but those who read it died: nobody shall read it


class Files(Counters):
    """File versions: claims and outcomes."""

    def claim(self, file: FileId, owner: str, now: float | None = None) -> Claim:
        """Asks to be the one that handles this file version; a claim of a dead owner expires after 15
        minutes.
        """
        now = time.time() if now is None else now
        # Another version of a versioned object is there for good, and may have rows that no newer one has.
        if file.version in ("null", file.sequencer) and not self._is_newest(file):
            self._forget(file, owner, now)
            return Claim.DONE
        self._note_place(dataset_id(*place_of_key(file.key)))
        # Its own claim is granted again: the queue may deliver a message twice, and its retry must not wait.
        return self._granted(file, owner, now)

    def _granted(self, file: FileId, owner: str, now: float) -> Claim:
        """What comes of asking; a claim that is granted has this time."""
        held = {"status": FileStatus.CLAIMED, "owner": owner, **_claim_times(file, now)}
        names = {f"#{name}": name for name in held}
        try:
            item = self._patiently(
                self._table.update_item,
                Key=file_key(file),
                UpdateExpression=f"SET {', '.join(f'{n} = :{n[1:]}' for n in names)} ADD grants :one",
                ConditionExpression=(
                    "attribute_not_exists(pk)"
                    " OR (#status = :status AND (claimed_until < :now OR #owner = :owner))"
                ),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    **{f":{name}": value for name, value in held.items()},
                    ":now": int(now),
                    ":one": 1,
                },
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._conditional_failure as refused:
            # boto3 makes Python values of answers only, not of what comes with an error.
            found: dict[str, dict[str, str]] = refused.response["Item"]  # type: ignore[typeddict-item]
            return Claim.BUSY if found["status"]["S"] == FileStatus.CLAIMED else Claim.DONE
        known: dict[str, Any] = item["Attributes"]
        if len(known.get("unfinished", ())) >= NOTED_DEATHS:
            return Claim.DEADLY
        # A reply that was lost and asked for again counts twice: then a reading is noted in vain.
        return Claim.GRANTED if known["grants"] <= 1 else Claim.AGAIN

    @contextmanager
    def noted_reading(self, file: FileId) -> Iterator[None]:
        """Around a look at a file's content: it is known afterwards that the worker which had it died in it.

        A set of marks, so that a request which is repeated changes nothing.
        """
        mark = uuid.uuid4().hex
        self._unfinished(file, "ADD", mark)
        try:
            yield
        finally:
            self._unfinished(file, "DELETE", mark)

    def _unfinished(self, file: FileId, clause: str, mark: str) -> None:
        with suppress(self._conditional_failure):  # it has its outcome, or is forgotten
            self._patiently(
                self._table.update_item,
                Key=file_key(file),
                UpdateExpression=f"{clause} unfinished :mark",
                ConditionExpression="#s = :claimed",
                ExpressionAttributeNames={"#s": "status"},
                ExpressionAttributeValues={":mark": {mark}, ":claimed": FileStatus.CLAIMED},
            )

    def release(self, file: FileId, owner: str, now: float | None = None) -> None:
        """Gives a claim back after a failure: the retry need not wait for it to expire.

        The file stays known as work to be done.
        """
        now = time.time() if now is None else now
        past = int(now) - 1
        place = claim_state(file, past)
        try:
            self._patiently(
                self._table.update_item,
                Key=file_key(file),
                UpdateExpression=(
                    "SET claimed_until = :past, dataset_id = :d, #state = :state ADD grants :less"
                ),
                ConditionExpression="#s = :claimed AND #o = :me",
                ExpressionAttributeNames={"#s": "status", "#o": "owner", "#state": "state"},
                ExpressionAttributeValues={
                    ":past": past,
                    ":d": place["dataset_id"],
                    ":state": place["state"],
                    ":less": -1,
                    ":claimed": FileStatus.CLAIMED,
                    ":me": owner,
                },
            )
        except self._conditional_failure:
            return

    def conclude(self, file: LedgerFile, owner: str) -> LedgerFile | None:
        """Writes the outcome of a file version, or that it is deferred, for the owner of its claim; the last
        step of its ingestion. Returns what the ledger holds then.

        Where another worker was granted the claim meanwhile its outcome stays, which a run may have brought
        to silver since; None while it has none.
        """
        self._note_place(dataset_id(file.domain, file.dataset))
        if self._replace(item_of(file), {"status": FileStatus.CLAIMED, "owner": owner}):
            return file
        held = self._get(file_key(file.file_id))
        return file_of(held) if held and held["status"] != FileStatus.CLAIMED else None

    def commit(self, file: LedgerFile) -> None:
        """Writes what becomes of a file version that has an outcome already."""
        self._note_place(dataset_id(file.domain, file.dataset))
        while not self._replace(item_of(file), self._get(file_key(file.file_id))):
            pass  # somebody else changed it since it was looked at

    def deferred(self, domain: str) -> list[LedgerFile]:
        """Files that wait for the domain's bronze job, oldest first; one that got its outcome this very
        moment may be among them, or one that still stands in raw.
        """
        items = self._query("dataset_id = :d", {":d": deferred_id(domain)}, index=INDEX)
        return [file_of(item) for item in items]

    def enter(self, file: LedgerFile) -> bool:
        """Notes a file that no event told of as deferred.

        False when it is known already, whatever became of it.
        """
        self._note_place(dataset_id(file.domain, file.dataset))
        return self._replace(item_of(file), None)

    def settle(self, file: LedgerFile, *, listed: bool = False) -> bool:
        """Writes the outcome of a file that was deferred. False when it has one: that one stays.

        `listed`: it stays among the deferred ones until `unlist`, as there is something left to do for it.
        """
        before = item_of(replace(file, status=FileStatus.DEFERRED, processed_by=None))
        item = item_of(file) | (before if listed else {})
        return self._replace(item | {"status": file.status}, before)

    def unlist(self, file: LedgerFile) -> None:
        """Nothing is left to do for a file that was deferred: it is found where its outcome belongs."""
        place = item_of(file)
        with suppress(self._conditional_failure):
            self._patiently(
                self._table.update_item,
                Key=file_key(file.file_id),
                UpdateExpression="SET dataset_id = :d, #state = :state",
                ConditionExpression="dataset_id = :listed",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={
                    ":d": place["dataset_id"],
                    ":state": place["state"],
                    ":listed": deferred_id(file.domain),
                },
            )

    def mark_processed(self, files: Iterable[LedgerFile], run_id: str) -> None:
        """Silver holds these files: they are no longer pending.

        A hundred a request; what a crash leaves unmarked, the next run marks. One that waits no longer, for
        it was quarantined meanwhile, is left as it is.
        """
        by_place: dict[str, dict[FileId, LedgerFile]] = {}
        for file in files:
            # By id: DynamoDB refuses a transaction with two changes of one item.
            by_place.setdefault(dataset_id(file.domain, file.dataset), {})[file.file_id] = file
        for place in by_place.values():
            marked = list(place.values())
            for start in range(0, len(marked), MARKED_TOGETHER):
                self._mark(marked[start : start + MARKED_TOGETHER], run_id)

    def _mark(self, files: list[LedgerFile], run_id: str) -> None:
        """Files of one dataset, as the ledger has them or as it had them: then it is asked once more."""
        while files:
            before, after = Tally(), Tally()
            changes: list[TransactWriteItemTypeDef] = []
            for file in files:
                before += tally(item_of(file))
                after += tally(item_of(replace(file, processed_by=run_id)))
                changes.append({"Update": self._processed(file, run_id)})
            if self._transact([*changes, *self._changes(difference(after, before))]):
                return
            found = [self._get(file_key(file.file_id)) for file in files]
            known = [file_of(item) for item in found if item is not None]
            files = [f for f in known if f.status is FileStatus.ACCEPTED or f.later_copy]

    def pending(self, domain: str, dataset: str) -> list[LedgerFile]:
        """Accepted files that no run has brought to silver yet, oldest first."""
        return list(self._by_state(domain, dataset, "pending#"))

    def newest_processed(self, domain: str, dataset: str) -> LedgerFile | None:
        """The file in silver that arrived last; None while silver has none."""
        return self._newest(domain, dataset, "processed#")

    def _newest(self, domain: str, dataset: str, state: str) -> LedgerFile | None:
        page = self._patiently(
            self._table.query,
            IndexName=INDEX,
            KeyConditionExpression="dataset_id = :d AND begins_with(#s, :p)",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={":d": f"{domain}/{dataset}", ":p": state},
            ScanIndexForward=False,
            Limit=1,
        )
        return file_of(page["Items"][0]) if page["Items"] else None

    def arrived(self, domain: str, dataset: str, first: dt.date, last: dt.date) -> list[LedgerFile]:
        """Accepted files that were ingested on these days (UTC) or in between, pending or not."""
        days = (first.isoformat(), (last + dt.timedelta(days=1)).isoformat())
        condition, names = "dataset_id = :d AND #s BETWEEN :first AND :last", {"#s": "state"}
        found: list[LedgerFile] = []
        for state in ("pending", "processed"):
            bounds = {":first": f"{state}#{days[0]}", ":last": f"{state}#{days[1]}"}
            items = self._query(condition, {":d": f"{domain}/{dataset}", **bounds}, names, index=INDEX)
            found += [file_of(item) for item in items]
        return found

    def newest_arrival(self, domain: str, dataset: str) -> LedgerFile | None:
        """The accepted file that arrived last, in silver or not yet."""
        newest = [f for state in ("pending#", "processed#") if (f := self._newest(domain, dataset, state))]
        return max(newest, key=lambda f: f.ingested_at, default=None)

    def accepted(self, domain: str, dataset: str) -> list[LedgerFile]:
        """All accepted files, pending or not."""
        return [f for state in ("pending#", "processed#") for f in self._by_state(domain, dataset, state)]

    def unread_copies(self, domain: str, dataset: str) -> list[LedgerFile]:
        """Duplicates that were written later than the file whose content they have, and that no run has seen:
        their contents are read again.
        """
        return list(self._by_state(domain, dataset, "copy#"))

    def read_copies(self, domain: str, dataset: str) -> list[LedgerFile]:
        """Those that a run has seen."""
        return list(self._by_state(domain, dataset, "read_copy#"))

    def quarantined(self, domain: str, dataset: str) -> list[LedgerFile]:
        """Files that were quarantined as a whole, oldest first."""
        return list(self._by_state(domain, dataset, "quarantined#"))

    def moved(self, file: LedgerFile, key: str) -> None:
        """The stored copy of an accepted file has a new place in its bucket; the one it leaves is kept, to be
        emptied after a crash.
        """
        self._patiently(
            self._table.update_item,
            Key=file_key(file.file_id),
            UpdateExpression="SET target_key = :k, left_key = :l",
            ExpressionAttributeValues={":k": key, ":l": file.target_key},
        )

    def outcome(self, file: FileId) -> LedgerFile | None:
        """What became of a file version; None while nothing has."""
        held = self._get(file_key(file))
        known = file_of(held) if held and "ingested_at" in held else None
        return known if known and known.status in OUTCOMES else None

    def versions_of(self, bucket: str, key: str, *more: FileStatus) -> list[LedgerFile]:
        """The accepted versions of a raw key, and those with an outcome of `more`, oldest first."""
        versions = (
            file_of(i)
            for i in self._query(
                "pk = :p AND begins_with(sk, :v)", {":p": f"file#{bucket}/{key}", ":v": "v#"}
            )
        )
        return sorted(
            (f for f in versions if f.status in (FileStatus.ACCEPTED, *more)), key=lambda f: f.order
        )

    def files(self, domain: str | None = None) -> list[LedgerFile]:
        """Every file version the ledger knows, including claims; reads the whole table, for
        whoever wants the files of a whole lake rather than their number.
        """
        items = self._scan("begins_with(pk, :p) AND begins_with(sk, :v)", {":p": "file#", ":v": "v#"})
        known = (file_of(i) for i in items)
        return sorted(
            (f for f in known if domain in (None, f.domain)), key=lambda f: (f.ingested_at, f.key, f.version)
        )

    def _processed(self, file: LedgerFile, run_id: str) -> UpdateTypeDef:
        as_known = unchanged(item_of(file))
        return {
            "TableName": self._table.name,
            "Key": file_key(file.file_id),
            "UpdateExpression": "SET processed_by = :run, #state = :state",
            "ConditionExpression": as_known["ConditionExpression"],
            "ExpressionAttributeNames": {**as_known["ExpressionAttributeNames"], "#state": "state"},
            "ExpressionAttributeValues": {
                **as_known["ExpressionAttributeValues"],
                ":run": run_id,
                ":state": item_of(replace(file, processed_by=run_id))["state"],
            },
        }

    def _is_newest(self, file: FileId) -> bool:
        """S3 orders the events of one key by `sequencer` (hexadecimal; compared after padding on the right
        with zeros: Amazon S3, "Event message structure").
        """
        if not file.sequencer:
            return True
        padded = file.sequencer.ljust(64, "0")
        key = {"pk": file_key(file)["pk"], "sk": "latest"}
        return self._put(
            {**key, "sequencer": padded}, "attribute_not_exists(pk) OR sequencer <= :s", {":s": padded}, {}
        )

    def _forget(self, file: FileId, owner: str, now: float) -> None:
        """Removes a claim that will have no outcome because a newer version of the key came
        before its retry.
        """
        try:
            self._patiently(
                self._table.delete_item,
                Key=file_key(file),
                ConditionExpression="#s = :claimed AND (claimed_until < :now OR #o = :me)",
                ExpressionAttributeNames={"#s": "status", "#o": "owner"},
                ExpressionAttributeValues={":claimed": FileStatus.CLAIMED, ":now": int(now), ":me": owner},
            )
        except self._conditional_failure:
            return

    def _by_state(self, domain: str, dataset: str, prefix: str) -> Iterator[LedgerFile]:
        values = {":d": f"{domain}/{dataset}", ":p": prefix}
        for item in self._query(
            "dataset_id = :d AND begins_with(#s, :p)", values, {"#s": "state"}, index=INDEX
        ):
            yield file_of(item)


def _claim_times(file: FileId, now: float) -> dict[str, int | str]:
    """`expires_at` is the table's time-to-live attribute: an outcome replaces the item without it, so only
    dead claims ever go.
    """
    until = int(now + CLAIM_SECONDS)
    times = {"claimed_until": until, "expires_at": int(now + CLAIM_KEPT_SECONDS)}
    return {**times, **claim_state(file, until)}
