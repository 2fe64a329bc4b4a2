"""Reading and writing the ledger's DynamoDB table: conditional writes, transactions, whole results, and
patience while the table is busy.
"""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

P = ParamSpec("P")
T = TypeVar("T")

INDEX = "by_state"
PLACES = "places"  # partition of the datasets that have files
COUNTED = "counted"  # attribute of a place: counters know all of its files
# A partition takes 1,000 writes a second, and one that is split for its heat more only after minutes.
PATIENCE_SECONDS = 300.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0  # seconds; each pause is twice the one before, less up to half of it
BUSY = {
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TransactionConflictException",
}
CANCELLED = "TransactionCanceledException"
# Reasons of a cancelled transaction that pass; boto3 repeats none of them.
PASSING = {"None", "ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"}
FAILED_CONDITION = "ConditionalCheckFailed"


class LedgerTable:
    """Conditional writes and whole results: what the parts of the ledger share."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._noted_places: set[str] = set()
        self._until = float("inf")
        self._failure = table.meta.client.exceptions.ClientError
        self._conditional_failure = table.meta.client.exceptions.ConditionalCheckFailedException

    def until(self, deadline: float) -> Self:
        """The same ledger, whose patience with a busy table ends at this time of the monotonic clock at the
        latest: its caller has no longer.
        """
        hurried = copy.copy(self)
        hurried._until = deadline
        return hurried

    def _patiently(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The answer of a request, which is repeated while the table is busy: for five minutes, and no longer
        than the caller has. What was refused for that had no effect.
        """
        pauses = self._pauses()
        while True:
            try:
                return call(*args, **kwargs)
            except self._failure as error:
                if not _passes(error.response) or not next(pauses, False):
                    raise

    def _pauses(self) -> Iterator[bool]:
        """True after each wait for a busy table, each longer than the last; ends when the patience does."""
        end = min(time.monotonic() + PATIENCE_SECONDS, self._until)
        pause = FIRST_PAUSE
        while time.monotonic() + pause <= end:
            # By chance: workers that were refused together must not come again together.
            time.sleep(random.uniform(pause / 2, pause))  # nosec B311
            yield True
            pause = min(2 * pause, LONGEST_PAUSE)

    def _transact(self, changes: list[TransactWriteItemTypeDef]) -> bool:
        """All of the changes or none: False when an item is not as a condition wants it."""
        try:
            self._patiently(self._table.meta.client.transact_write_items, TransactItems=changes)
        except self._failure as error:
            if FAILED_CONDITION not in _reasons(error.response):
                raise
            return False
        return True

    def _query(
        self,
        condition: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
        index: str | None = None,
        only: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """`only`: the one attribute that is wanted, by its placeholder in `names`."""
        arguments: dict[str, Any] = {"KeyConditionExpression": condition, "ExpressionAttributeValues": values}
        arguments |= {"ExpressionAttributeNames": names} if names else {}
        # DynamoDB reads the table consistently, an index never.
        arguments |= {"IndexName": index} if index else {"ConsistentRead": True}
        arguments |= {"ProjectionExpression": only} if only else {}
        for page in self._pages(self._table.query, arguments):
            yield from page["Items"]

    def _count(self, condition: str, values: dict[str, Any]) -> int:
        """How many items the index has; none of them leaves DynamoDB. The condition's `#s` is the state."""
        arguments = {
            "IndexName": INDEX,
            "Select": "COUNT",
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": {"#s": "state"},
            "ExpressionAttributeValues": values,
        }
        return sum(page["Count"] for page in self._pages(self._table.query, arguments))

    def _scan(self, condition: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
        arguments = {
            "FilterExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
        }
        for page in self._pages(self._table.scan, arguments):
            yield from page["Items"]

    def _pages(self, operation: Callable[..., Any], arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            page = self._patiently(operation, **arguments)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            arguments = {**arguments, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _note_place(self, place: str, *, fresh: bool = True) -> None:
        """Remembers that files of a domain and dataset are known, whether or not a contract knows these: once
        a process, before the first of them. Of a `fresh` place without files the counters will know all.
        """
        if place in self._noted_places:
            return
        key = {"pk": PLACES, "sk": place}
        if self._get(key) is None:
            # A ledger of before there were places has files, too, that no counter knows.
            counted = fresh and not self._some_items(place, 1)
            self._put({**key, COUNTED: True} if counted else key, "attribute_not_exists(pk)", {}, {})
        self._noted_places.add(place)

    def _some_items(self, place: str, at_most: int) -> list[dict[str, Any]]:
        """Files of a dataset, whatever became of them."""
        page = self._patiently(
            self._table.query,
            IndexName=INDEX,
            KeyConditionExpression="dataset_id = :d",
            ExpressionAttributeValues={":d": place},
            Limit=at_most,
        )
        return page["Items"]

    def _get(self, key: dict[str, str]) -> dict[str, Any] | None:
        found = self._patiently(self._table.get_item, Key=key, ConsistentRead=True)
        item: dict[str, Any] | None = found.get("Item")
        return item

    def _put(
        self, item: dict[str, Any], condition: str, values: dict[str, Any], names: dict[str, str]
    ) -> bool:
        arguments: dict[str, Any] = {"Item": item, "ConditionExpression": condition}
        arguments |= {"ExpressionAttributeValues": values} if values else {}
        arguments |= {"ExpressionAttributeNames": names} if names else {}
        try:
            self._patiently(self._table.put_item, **arguments)
        except self._conditional_failure:
            return False
        return True


def _passes(response: Any) -> bool:
    """Whether a request was refused for want of throughput, or for a transaction that had the item then."""
    code = response["Error"]["Code"]
    return code in BUSY or (code == CANCELLED and _reasons(response) <= PASSING)


def _reasons(response: Any) -> set[str]:
    """Why a transaction was cancelled, item by item; nothing of another request."""
    return {reason["Code"] for reason in response.get("CancellationReasons", ())}
