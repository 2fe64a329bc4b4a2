"""The ledger's table as stacks/ledger.py makes it, for an emulated DynamoDB."""

from __future__ import annotations

from typing import Any


def create_ledger_table(dynamodb: Any, name: str) -> Any:
    """Makes the table in a boto3 DynamoDB resource and returns it."""
    keys = ("pk", "sk", "dataset_id", "state")
    return dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_state",
                "KeySchema": [
                    {"AttributeName": "dataset_id", "KeyType": "HASH"},
                    {"AttributeName": "state", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
