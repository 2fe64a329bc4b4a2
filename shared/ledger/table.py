"""Reading and writing the ledger's DynamoDB table: conditional writes, and queries page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

INDEX = "by_state"


class LedgerTable:
    """Conditional writes and whole results: what the parts of the ledger share."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._conditional_failure = table.meta.client.exceptions.ConditionalCheckFailedException
        self._transaction_failure = table.meta.client.exceptions.TransactionCanceledException

    def _query(
        self,
        condition: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
        index: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        arguments: dict[str, Any] = {"KeyConditionExpression": condition, "ExpressionAttributeValues": values}
        arguments |= {"ExpressionAttributeNames": names} if names else {}
        # DynamoDB reads the table consistently, an index never.
        arguments |= {"IndexName": index} if index else {"ConsistentRead": True}
        yield from self._pages(self._table.query, arguments)

    def _scan(self, condition: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from self._pages(
            self._table.scan, {"FilterExpression": condition, "ExpressionAttributeValues": values}
        )

    @staticmethod
    def _pages(operation: Callable[..., Any], arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        while True:
            page = operation(**arguments)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            arguments = {**arguments, "ExclusiveStartKey": page["LastEvaluatedKey"]}

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
