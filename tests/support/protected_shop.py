"""The tests' shop as its contract has it, and with some of its columns protected."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from shared.contracts import Contract
from shared.contracts.load import document
from shared.contracts.odcs import parsed

Document = dict[str, Any]
# Every way a value is used: a key, what is joined by it, tracked values, a value that nobody needs.
WAYS: dict[str, dict[str, str | None]] = {
    "events": {"user_id": "hash", "email": "hash", "name": None},
    "users_updates": {"user_id": "hash", "email": "hash", "name": "hash", "phone": "hash"},
    "transactions": {"user_id": "hash", "email": "hash", "name": "null"},
    "orders": {"user_id": "hash"},
    "order_lines": {"user_id": "hash"},
}


def properties(document: Document, table: str) -> dict[str, Document]:
    """The columns that a table of silver gives, by name."""
    [found] = [t for t in document["schema"] if t["name"] == f"silver_{table}"]
    return {p["name"]: p for p in found["properties"]}


def protect(column: Document, way: str | None) -> None:
    """Says it in a column's contract; YAML's null is as good as the text."""
    column["classification"] = "confidential"
    column.setdefault("customProperties", []).append({"property": "protect", "value": way})


def shop(ways: Mapping[str, Mapping[str, str | None]] = WAYS) -> Document:
    found = copy.deepcopy(document("shop"))
    for table, columns in ways.items():
        for name, way in columns.items():
            protect(properties(found, table)[name], way)
    return found


def protected_shop(ways: Mapping[str, Mapping[str, str | None]] = WAYS) -> Contract:
    return parsed(shop(ways), "shop.odcs.yaml")
