"""Reading and writing the ledger's DynamoDB table: conditional writes, and queries page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

INDEX = "by_state"
PLACES = "places"  # partition of the datasets that have files


class LedgerTable:
    """Conditional writes and whole results: what the parts of the ledger share."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._noted_places: set[str] = set()
        self._conditional_failure = table.meta.client.exceptions.ConditionalCheckFailedException
        self._transaction_failure = table.meta.client.exceptions.TransactionCanceledException

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
        arguments = {"FilterExpression": condition, "ExpressionAttributeValues": values}
        for page in self._pages(self._table.scan, arguments):
            yield from page["Items"]

    @staticmethod
    def _pages(operation: Callable[..., Any], arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            page = operation(**arguments)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            arguments = {**arguments, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _note_place(self, place: str) -> None:
        """Remembers that files of a domain and dataset are known, whether or not a contract knows these: once
        a process, before the first of them.
        """
        if place not in self._noted_places:
            self._table.put_item(Item={"pk": PLACES, "sk": place})
            self._noted_places.add(place)

    def _get(self, key: dict[str, str]) -> dict[str, Any] | None:
        item: dict[str, Any] | None = self._table.get_item(Key=key, ConsistentRead=True).get("Item")
        return item

    def _put(
        self, item: dict[str, Any], condition: str, values: dict[str, Any], names: dict[str, str]
    ) -> bool:
        arguments: dict[str, Any] = {"Item": item, "ConditionExpression": condition}
        arguments |= {"ExpressionAttributeValues": values} if values else {}
        arguments |= {"ExpressionAttributeNames": names} if names else {}
        try:
            self._table.put_item(**arguments)
        except self._conditional_failure:
            return False
        return True
