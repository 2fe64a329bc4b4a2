"""List prices of one region at one date, with the page each was read on (prices.json): the only place for a
price.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True)
class Price:
    """`usd` for one `unit`."""

    usd: float
    unit: str
    source: str


@dataclass(frozen=True)
class PriceList:
    region: str
    as_of: str
    note: str
    prices: Mapping[str, Price]


def price_list() -> PriceList:
    content = json.loads(FILE.read_text("utf-8"))
    return PriceList(
        content["region"],
        content["as_of"],
        content["note"],
        {k: Price(**v) for k, v in content["prices"].items()},
    )


def usd_by_name() -> dict[str, float]:
    """USD by name."""
    return {name: price.usd for name, price in price_list().prices.items()}
