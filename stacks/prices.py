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


def dpu_hour_name(*, flex: bool) -> str:
    """Which price a job pays: Flex has one of its own, from which nothing is taken off again."""
    return "glue_flex_dpu_hour" if flex else "glue_dpu_hour"


def dpu_hour(*, flex: bool) -> Price:
    return price_list().prices[dpu_hour_name(flex=flex)]
