"""How producers spell values: times, numbers, nothing at all."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from domains.ecommerce.sample.mess import Verbatim

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
INDIA = dt.timedelta(hours=5, minutes=30)
NOTHING = ("", "null", "NULL", "None", "NaN", "n/a", "NA", "-", "  ")
MONEY = ("price", "amount")


def time_text(micros: int, spelling: str) -> str | int:
    """A time in one of the spellings; epochs are numbers."""
    epochs = {"epoch_s": 1_000_000, "epoch_ms": 1000, "epoch_us": 1}
    if spelling in epochs:
        return micros // epochs[spelling]
    moment = EPOCH + dt.timedelta(microseconds=micros)
    if spelling == "iso_offset":
        return f"{moment + INDIA:%Y-%m-%dT%H:%M:%S}+05:30"
    if spelling == "blank_ms":
        return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"
    patterns = {
        "iso_z": "%Y-%m-%dT%H:%M:%SZ",
        "iso_local": "%Y-%m-%dT%H:%M:%S.%f",
        "blank": "%Y-%m-%d %H:%M:%S",
        "date": "%Y-%m-%d",
        "day_first": "%d/%m/%Y",
        "month_first": "%m-%d-%Y %H:%M",
    }
    return moment.strftime(patterns[spelling])


def money_text(cents: int, way: int) -> str:
    """An amount: plain mostly, else with thousands separators, a currency sign or blanks around it."""
    sign, whole = "-" if cents < 0 else "", abs(cents)
    plain = f"{sign}{whole // 100}.{whole % 100:02d}"
    ways = {1: f"{sign}{whole // 100:,}.{whole % 100:02d}", 2: f"${plain}", 3: f"  {plain} "}
    return ways.get(way, plain)


def value(column: str, given: Any, spelling: str, chance: int, as_text: bool) -> Any:
    """A cell as it is written.

    `chance` is 0..99 and decides on the mess; `as_text`: the format knows no other type.
    """
    if given is None:
        return NOTHING[chance % len(NOTHING)] if as_text or chance < 30 else None
    if isinstance(given, Verbatim):
        return str(given)
    if column in ("ts", "updated_at", "created_at"):
        spelled = time_text(given, spelling)
        return str(spelled) if as_text or chance < 20 else spelled
    if column == "delivered_at":
        return time_text(given, "iso_z")
    if column in MONEY:
        return money_text(given, chance) if as_text or chance < 10 else given / 100
    if column == "country":
        return f" {given.lower()} " if chance < 10 else given
    if column == "status":
        return given.upper() if chance < 10 else given.capitalize() if chance < 20 else given
    if isinstance(given, np.integer | np.floating):
        given = given.item()
    return str(given) if as_text else given
