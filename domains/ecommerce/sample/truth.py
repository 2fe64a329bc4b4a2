"""The clean truth: what happened in the shop, before any mess.

Columns of numpy arrays; times are microseconds since 1970 UTC.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from faker import Faker

Columns = dict[str, Any]
SECOND, MINUTE, DAY = 1_000_000, 60_000_000, 86_400_000_000
REVENUE = ("delivered", "completed", "paid", "shipped", "success")
STATUSES = (*REVENUE, "pending", "cancelled", "returned", "failed")
SHARES = {"events": 0.7, "users": 0.1, "transactions": 0.2}
# Precision of each spelling of a time: the truth only holds what its spelling can say.
SPELLINGS = {
    "iso_z": SECOND,
    "iso_offset": SECOND,
    "iso_local": 1,
    "blank": SECOND,
    "blank_ms": 1000,
    "date": DAY,
    "day_first": DAY,
    "month_first": MINUTE,
    "epoch_s": SECOND,
    "epoch_ms": 1000,
    "epoch_us": 1,
}
FREQUENT = np.array([0.5] + [0.05] * (len(SPELLINGS) - 1))


@dataclass(frozen=True)
class Pools:
    """Realistic values to draw from."""

    names: np.ndarray
    cities: np.ndarray
    countries: np.ndarray
    phones: np.ndarray
    messages: np.ndarray


@dataclass(frozen=True)
class Period:
    """The days of the sample."""

    start: dt.date
    days: int

    @property
    def begin(self) -> int:
        return (
            int(dt.datetime(self.start.year, self.start.month, self.start.day, tzinfo=dt.UTC).timestamp())
            * SECOND
        )

    @property
    def end(self) -> int:
        return self.begin + self.days * DAY


def pools(seed: int) -> Pools:
    """Small pools, made once by Faker."""
    fake = Faker(["en_US", "de_DE", "fr_FR"])
    fake.seed_instance(seed)
    made = {
        "names": (fake.name, 1500),
        "cities": (fake.city, 300),
        "countries": (fake.country_code, 40),
        "phones": (fake.phone_number, 800),
    }
    made["messages"] = (fake.sentence, 300)
    return Pools(**{n: np.array([f() for _ in range(count)], dtype=object) for n, (f, count) in made.items()})


def some(rng: np.random.Generator, values: Any, share: float) -> np.ndarray:
    """The values with a share of them replaced by None."""
    kept = np.array(values, dtype=object)
    kept[rng.random(len(kept)) < share] = None
    return kept


def times(rng: np.random.Generator, count: int, period: Period) -> tuple[np.ndarray, np.ndarray]:
    """Random times of the period, each cut to what its spelling can say, and the spellings."""
    spelling = rng.choice(len(SPELLINGS), count, p=FREQUENT)
    grain = np.array(list(SPELLINGS.values()))[spelling]
    moment = rng.integers(period.begin, period.end, count)
    return moment - moment % grain, np.array(list(SPELLINGS), dtype=object)[spelling]


def cents(rng: np.random.Generator, count: int, most: int) -> np.ndarray:
    """Amounts of money in cents."""
    return rng.integers(0, most, count)


def users_of(count: int) -> np.ndarray:
    return np.array([f"u{i:06d}" for i in range(count)], dtype=object)


def events(rng: np.random.Generator, count: int, period: Period, pool: Pools, users: np.ndarray) -> Columns:
    moment, spelling = times(rng, count, period)
    name = rng.choice(pool.names, count)
    return {
        "event_id": np.array(
            [f"e{period.start:%y%m%d}{i:09d}" for i in rng.permutation(count)], dtype=object
        ),
        "user_id": some(rng, rng.choice(users, count), 0.02),
        "ts": moment,
        "country": some(rng, rng.choice(pool.countries, count), 0.05),
        "email": some(rng, [f"{n.split()[-1].lower()}@example.com" for n in name], 0.3),
        "name": some(rng, name, 0.3),
        "age": some(rng, rng.integers(16, 95, count), 0.2),
        "price": some(rng, cents(rng, count, 500_000), 0.1),
        "amount": some(rng, cents(rng, count, 2_000_000), 0.2),
        "temperature": some(rng, np.round(rng.normal(20, 8, count), 2), 0.3),
        "message": some(rng, rng.choice(pool.messages, count), 0.5),
        "spelling": spelling,
    }


def transactions(
    rng: np.random.Generator, count: int, period: Period, pool: Pools, users: np.ndarray
) -> Columns:
    moment, spelling = times(rng, count, period)
    status = rng.choice(
        np.array(STATUSES, dtype=object), count, p=[0.3, 0.1, 0.1, 0.1, 0.05, 0.1, 0.1, 0.1, 0.05]
    )
    arrived = np.isin(status, ("delivered", "completed", "returned"))
    delivered = (moment + rng.integers(3600, 3 * 86400, count) * SECOND).astype(object)
    delivered -= delivered % SECOND
    delivered[~arrived] = None
    name = rng.choice(pool.names, count)
    return {
        "tx_id": np.array([f"t{period.start:%y%m%d}{i:09d}" for i in rng.permutation(count)], dtype=object),
        "user_id": some(rng, rng.choice(users, count), 0.01),
        "amount": some(rng, cents(rng, count, 3_000_000), 0.03),
        "status": some(rng, status, 0.01),
        "created_at": moment,
        "delivered_at": delivered,
        "email": some(rng, [f"{n.split()[0].lower()}@example.org" for n in name], 0.4),
        "name": some(rng, name, 0.4),
        "age": some(rng, rng.integers(16, 95, count), 0.4),
        "spelling": spelling,
    }


def updates(rng: np.random.Generator, count: int, period: Period, pool: Pools, users: np.ndarray) -> Columns:
    """Updates of users, at most one per user and instant; most say only some of the columns."""
    moment, spelling = times(rng, count, period)
    who = rng.integers(0, len(users), count)
    _, first = np.unique(who.astype(np.int64) * 10**8 + (moment - period.begin) // SECOND, return_index=True)
    first = np.sort(first)
    moment, spelling, who = moment[first], spelling[first], who[first]
    moment, left = moment - moment % SECOND, len(first)
    name = pool.names[who % len(pool.names)]
    return {
        "user_id": users[who],
        "name": some(rng, name, 0.4),
        "email": some(
            rng,
            [
                f"{n.split()[-1].lower()}{d}@example.net"
                for n, d in zip(name, rng.integers(0, 4, left), strict=True)
            ],
            0.4,
        ),
        "phone": some(rng, rng.choice(pool.phones, left), 0.6),
        "city": some(rng, rng.choice(pool.cities, left), 0.5),
        "age": some(rng, 18 + who % 60 + rng.integers(0, 2, left), 0.5),
        "updated_at": moment,
        "spelling": spelling,
    }


TRUTHS = {"events": events, "users": updates, "transactions": transactions}
KEYS = {"events": "event_id", "users": "user_id", "transactions": "tx_id"}
TIMES = {"events": "ts", "users": "updated_at", "transactions": "created_at"}
