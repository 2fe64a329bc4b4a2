"""The contract of a shop that has one table, `sales`: a document for tests to add to and to spoil."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from shared.contracts import ContractError
from shared.contracts.odcs import parsed

FILE = "shop.odcs.yaml"
SHOP = """
apiVersion: v3.1.0
kind: DataContract
id: shop
name: shop
version: 1.0.0
status: active
domain: shop
description:
  purpose: Sales of a shop.
customProperties:
  - {property: nullSpellings, value: [""]}
schema:
  - name: bronze_sales
    physicalName: sales
    description: What was sold.
    customProperties:
      - {property: layer, value: bronze}
      - {property: formats, value: [csv]}
  - name: silver_sales
    physicalName: sales
    description: One row per sale.
    customProperties:
      - {property: layer, value: silver}
      - {property: kind, value: keyed}
      - {property: source, value: sales}
      - {property: order, value: [sale]}
    properties:
      - name: sale
        logicalType: string
        physicalType: string
        primaryKey: true
        primaryKeyPosition: 1
        description: Its number.
"""
SALES = 1  # of the schema


def shop() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(SHOP)
    return document


def custom(values: dict[str, Any]) -> list[dict[str, Any]]:
    """As customProperties have them."""
    return [{"property": name, "value": value} for name, value in values.items()]


def refusal(document: dict[str, Any]) -> str:
    """What the parser says of a document that it refuses."""
    with pytest.raises(ContractError) as refused:
        parsed(document, FILE)
    return str(refused.value)
