"""The ledger's table for an emulated DynamoDB, under the name by which tests know it."""

from local.ledger_table import create_ledger_table

__all__ = ["create_ledger_table"]
