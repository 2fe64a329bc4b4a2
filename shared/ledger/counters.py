"""Files by what became of them, counted in the very transaction that writes the outcome: a look at them costs
the same whatever the ledger holds.

Items: `counter#<domain>/<dataset>#<shard>`, `files`. A dataset has several, in partitions of their own, and a
change goes to any: a burst writes to no single item, of which DynamoDB lets one transaction at a time change
each. A counter may be below zero; their sum is the number.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from shared.ledger.items import dataset_id
from shared.ledger.model import FileStatus
from shared.ledger.table import COUNTED, PLACES, LedgerTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

SHARDS = 16
PENDING = "pending"
REASON = "reason#"
CHANGES = "changes"  # only grows: who counts anew sees by it that somebody wrote meanwhile
RECOUNTS = 3
KEYS_OF_BATCH = 100  # DynamoDB's limit

Tally = Counter[tuple[str, str]]  # (domain/dataset, name) → files


def tally(item: Mapping[str, Any] | None) -> Tally:
    """What a file version counts as: its status, as an accepted one that no run has read also `pending`, as a
    quarantined one also its reason. Nothing while it is only claimed.
    """
    if item is None or item["status"] == FileStatus.CLAIMED:
        return Counter()
    names = [str(item["status"])]
    if item["status"] == FileStatus.ACCEPTED and "processed_by" not in item:
        names.append(PENDING)
    if item["status"] == FileStatus.QUARANTINED:
        names.append(REASON + str(item.get("reason", "")))
    place = dataset_id(str(item.get("domain", "")), str(item.get("dataset", "")))
    return Counter((place, name) for name in names)


def difference(after: Tally, before: Tally) -> dict[str, dict[str, int]]:
    """What changes, by place and name."""
    found: dict[str, dict[str, int]] = {}
    for place, name in {**after, **before}:
        if change := after[place, name] - before[place, name]:
            found.setdefault(place, {})[name] = change
    return found


class Counters(LedgerTable):
    """Counted writes of files, and what was counted."""

    def _replace(self, item: dict[str, Any], before: Mapping[str, Any] | None) -> bool:
        """Writes a file version and what that changes in the counters; False when it is no longer what was
        `before`, and nothing is written.
        """
        put: dict[str, Any] = {"TableName": self._table.name, "Item": item, **unchanged(before)}
        return self._transact([{"Put": put}, *self._changes(difference(tally(item), tally(before)))])  # type: ignore[typeddict-item]

    def _changes(self, differences: Mapping[str, Mapping[str, int]]) -> list[TransactWriteItemTypeDef]:
        return [
            {"Update": self._change(place, random.randrange(SHARDS), change)}  # nosec B311
            for place, change in differences.items()
        ]

    def _change(self, place: str, shard: int, change: Mapping[str, int]) -> UpdateTypeDef:
        names = {f"#n{i}": name for i, name in enumerate([*change, CHANGES])}
        values = {f":n{i}": number for i, number in enumerate([*change.values(), 1])}
        return {
            "TableName": self._table.name,
            "Key": counter_key(place, shard),
            "UpdateExpression": "ADD " + ", ".join(f"#n{i} :n{i}" for i in range(len(names))),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }

    def _is_counted(self, place: str) -> bool:
        return bool((self._get({"pk": PLACES, "sk": place}) or {}).get(COUNTED))

    def _counted(self, places: Iterable[str]) -> dict[str, Counter[str]]:
        """The sums of the places' counters."""
        sums = {place: Counter[str]() for place in places}
        keys = [counter_key(place, shard) for place in sums for shard in range(SHARDS)]
        for start in range(0, len(keys), KEYS_OF_BATCH):
            for item in self._batch(keys[start : start + KEYS_OF_BATCH]):
                place = item["pk"].removeprefix("counter#").rpartition("#")[0]
                numbers = {name: int(n) for name, n in item.items() if name not in ("pk", "sk")}
                sums[place].update(numbers)
        return sums

    def _batch(self, keys: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
        """Items by their keys; what a busy table leaves out is asked for again, as patiently as else. Raises
        TimeoutError.
        """
        wanted: Mapping[str, Any] = {self._table.name: {"Keys": keys, "ConsistentRead": True}}
        pauses = self._pauses()
        while True:
            page = self._patiently(self._table.meta.client.batch_get_item, RequestItems=wanted)
            yield from page["Responses"].get(self._table.name, [])
            wanted = page.get("UnprocessedKeys") or {}
            if not wanted:
                return
            if not next(pauses, False):
                raise TimeoutError("the ledger is too busy to say its counters: ask again in a few minutes")

    def _mend(self, place: str, counted: Mapping[str, int], found: Mapping[str, int]) -> dict[str, int]:
        """Adds what the counters of a place lack, and marks it as counted; returns what was wrong. An outcome
        that is written in between stays right: both only add.
        """
        wrong = {
            name: change
            for name in {**counted, **found}
            if name != CHANGES and (change := found.get(name, 0) - counted.get(name, 0))
        }
        mark: TransactWriteItemTypeDef = {
            "Put": {"TableName": self._table.name, "Item": {"pk": PLACES, "sk": place, COUNTED: True}}
        }
        self._transact([mark, *self._changes({place: wrong} if wrong else {})])
        return wrong


def counter_key(place: str, shard: int) -> dict[str, str]:
    return {"pk": f"counter#{place}#{shard:02d}", "sk": "files"}


def unchanged(before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The condition that a file version still counts as what was read; of a claim, that it is its owner's."""
    if before is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    processed = "attribute_exists" if "processed_by" in before else "attribute_not_exists"
    condition, names = f"#s = :s AND {processed}(processed_by)", {"#s": "status"}
    values = {":s": str(before["status"])}
    if before["status"] == FileStatus.QUARANTINED and "reason" in before:
        condition, values[":r"] = f"{condition} AND #r = :r", before["reason"]
        names["#r"] = "reason"
    if before["status"] == FileStatus.CLAIMED and "owner" in before:
        condition, values[":o"], names["#o"] = f"{condition} AND #o = :o", before["owner"], "owner"
    return {
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
