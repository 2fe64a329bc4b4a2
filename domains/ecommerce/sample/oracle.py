"""What must come of the sample, from the clean truth alone: plain Python for the history, DuckDB for gold.

Knows nothing of the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domains import oracle as duck
from domains.ecommerce.sample.truth import REVENUE, Columns

TRACKED = ("name", "email", "phone", "city", "age")
TIME = pa.timestamp("us")
TYPES = {
    "price": pa.decimal128(18, 2),
    "amount": pa.decimal128(18, 2),
    "age": pa.int32(),
    "temperature": pa.float64(),
}
TIMES = ("ts", "updated_at", "created_at", "delivered_at", "valid_from", "valid_to")


def table(columns: Columns) -> pa.Table:
    """The truth as typed columns."""
    return pa.table({n: _array(n, v) for n, v in columns.items() if n not in ("spelling", "file")})


def _array(name: str, values: Any) -> pa.Array:
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    if name in TIMES:
        return pa.array(listed, pa.int64()).cast(TIME)
    if name in ("price", "amount"):
        exact = pa.array(listed, pa.int64()).cast(pa.decimal128(19, 0))
        return pc.multiply(exact, pa.scalar(Decimal("0.01"), pa.decimal128(3, 2))).cast(TYPES[name])
    return pa.array(listed, TYPES.get(name, pa.bool_() if name == "is_current" else pa.string()))


def states(updates: Columns) -> Iterator[tuple[str, int, tuple[Any, ...]]]:
    """What was known of each user after each of their updates, in order of time."""
    order = np.lexsort((updates["updated_at"], updates["user_id"].astype(str)))
    rows = list(zip(*(updates[c][order].tolist() for c in ("user_id", "updated_at", *TRACKED)), strict=True))
    known: tuple[Any, ...] = ()
    for i, (user, moment, *values) in enumerate(rows):
        if i == 0 or rows[i - 1][0] != user:
            known = (None,) * len(TRACKED)
        known = tuple(new if new is not None else old for new, old in zip(values, known, strict=True))
        yield user, moment, known


def users_and_history(updates: Columns) -> tuple[Columns, Columns]:
    """The newest state of each user, and one interval for each change of it."""
    latest: dict[str, tuple[int, tuple[Any, ...]]] = {}
    history: list[list[Any]] = []
    for user, moment, known in states(updates):
        latest[user] = (moment, known)
        if history and history[-1][0] == user:
            if history[-1][1] == known:
                continue
            history[-1][3] = moment
        history.append([user, known, moment, None])
    users = _columns([(u, *k, m) for u, (m, k) in latest.items()], ("user_id", *TRACKED, "updated_at"))
    names = ("user_id", *TRACKED, "valid_from", "valid_to", "is_current")
    return users, _columns([(u, *k, a, b, b is None) for u, k, a, b in history], names)


def _columns(rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> Columns:
    return {n: [r[i] for r in rows] for i, n in enumerate(names)}


def _mean(total: str, count: str) -> str:
    """An exact mean, half up to the cent, in whole numbers: DuckDB divides decimals as floating point."""
    cents = f"cast({total} * 100 as hugeint)"
    return (
        f"cast(cast((2 * {cents} + {count}) // nullif(2 * {count}, 0) as decimal(18,0)) * 0.01::decimal(3,2)"
        " as decimal(18,2))"
    )


def gold_sql() -> dict[str, str]:
    """Gold as DuckDB SQL, written from the domain page."""
    revenue = f"coalesce(status in ({', '.join(map(repr, REVENUE))}), false)"
    day = "cast(created_at as date)"
    return {
        "dim_users": (
            "select user_id from users union select user_id from events where user_id is not null "
            "union select user_id from transactions where user_id is not null"
        ),
        "dim_country": "select distinct country from events where country is not null",
        "dim_status": (
            f"select distinct status, {revenue} as is_revenue from transactions where status is not null"
        ),
        "dim_date": (
            "select unnest(generate_series(min(d), max(d), interval 1 day))::date as date from (select"
            " cast(ts as date) d from events union all select cast(created_at as date) from transactions)"
        ),
        "fact_events": (
            "select e.event_id, e.user_id, e.ts, cast(e.ts as date) event_date, e.country, u.city user_city,"
            " u.age user_age, u.email user_email from events e left join users u on e.user_id = u.user_id"
        ),
        "fact_transactions": (
            f"select t.tx_id, t.user_id, t.amount, t.status, t.created_at, t.delivered_at, {day} event_date,"
            " u.city user_city, u.age user_age, u.email user_email from transactions t left join users u on"
            " t.user_id = u.user_id"
        ),
        "fact_user_activity": (
            "with e as (select user_id, cast(ts as date) d, count(*) n from events where user_id is not null"
            f" group by all), t as (select user_id, {day} d, count(*) n, sum(amount) filter (where {revenue})"
            " r, sum(amount) s, count(amount) c from transactions where user_id is not null group by all)"
            " select user_id, d as event_date, coalesce(e.n, 0) events_count, coalesce(t.n, 0)"
            f" transactions_count, cast(coalesce(r, 0) as decimal(18,2)) total_revenue, {_mean('s', 'c')}"
            " avg_transaction_amount from e full join t using (user_id, d)"
        ),
        "daily_revenue": (
            f"select {day} as date, count(*) transaction_count, "
            f"cast(coalesce(sum(amount) filter (where {revenue}), 0) as decimal(18,2)) total_revenue, "
            "cast(coalesce(sum(amount), 0) as decimal(18,2)) gross_amount, "
            f"{_mean('sum(amount)', 'count(amount)')} avg_amount, "
            "count(*) filter (where status = 'delivered') delivered_count from transactions group by 1"
        ),
        "daily_active_users": (
            f"with s as (select cast(ts as date) d, user_id, 1 k from events union all select {day}, user_id,"
            " 2 from transactions) select d as date, count(distinct user_id) filter (where k = 1)"
            " event_active_users, count(distinct user_id) filter (where k = 2) tx_active_users,"
            " count(distinct user_id) total_active_users from s group by 1"
        ),
        "user_ltv": (
            "with e as (select user_id, count(*) n, min(ts) a, max(ts) b from events where user_id is not"
            f" null group by 1), t as (select user_id, count(*) n, sum(amount) filter (where {revenue}) r"
            " from transactions where user_id is not null group by 1) select user_id, coalesce(e.n, 0)"
            " event_count, a as first_event, b as last_event, coalesce(t.n, 0) transaction_count,"
            " cast(coalesce(r, 0) as decimal(18,2)) total_revenue, cast(coalesce(r, 0) as decimal(18,2)) ltv"
            " from e full join t using (user_id)"
        ),
    }


def write_truth(folder: Path, tables: dict[str, pa.Table]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        pq.write_table(rows, folder / f"{name}.parquet")


def gold(folder: Path) -> dict[str, Any]:
    """Row counts of all gold tables and the figures of the marts, computed by DuckDB from
    the truth's files.
    """
    sql = gold_sql()
    with duck.connected(folder) as con:
        return {
            "tables": {f"gold/{n}": duck.count(con, f"({q})") for n, q in sql.items()},
            "daily_revenue": duck.records(con, f"select * from ({sql['daily_revenue']}) order by date"),
            "daily_active_users": duck.records(
                con, f"select * from ({sql['daily_active_users']}) order by date"
            ),
            "user_ltv_top": duck.records(
                con, f"select * from ({sql['user_ltv']}) order by ltv desc, user_id limit 20"
            ),
        }
