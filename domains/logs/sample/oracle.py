"""What must come of the sample, from the clean truth alone, by DuckDB. Knows nothing of the product."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from domains import oracle as duck
from domains.logs.sample.truth import Columns, Period

DIMENSIONS = {
    "app": "app_name",
    "status": "status_code",
    "endpoint": "endpoint",
    "type": "request_type",
    "device": "device",
}
SILVER = (
    "event_timestamp",
    "ip_address",
    "device",
    "request_type",
    "status_code",
    "app_name",
    "endpoint",
    "message",
    "log_type",
    "raw_format",
)


def write_truth(folder: Path, parts: list[Columns], period: Period) -> None:
    """Silver's rows, without the key that only silver can give."""
    folder.mkdir(parents=True, exist_ok=True)
    begin = int(dt.datetime.combine(period.start, dt.time(), dt.UTC).timestamp())
    seconds = np.concatenate([p["second"] for p in parts]) + begin
    columns = {"event_timestamp": pa.array(seconds.astype("int64") * 1_000_000).cast(pa.timestamp("us"))}
    for name in SILVER[1:]:
        columns[name] = pa.array(
            np.concatenate([p[name] for p in parts]).tolist(),
            pa.int32() if name == "status_code" else pa.string(),
        )
    pq.write_table(pa.table(columns), folder / "logs.parquet")


def gold_sql() -> dict[str, str]:
    """Gold as DuckDB SQL, written from the domain page."""
    one = (
        "select cast(event_timestamp as date) as date, '{}' as dimension, coalesce(cast({} as varchar),"
        " 'unknown') as value, "
    )
    one += "count(*) requests"
    by_dimension = " union all ".join(
        f"{one.format(dimension, column)} from logs where log_type = 'access' group by all"
        for dimension, column in DIMENSIONS.items()
    )
    return {
        "daily_activity": (
            "select cast(event_timestamp as date) as date, count(*) filter (where log_type = 'access')"
            " total_requests, count(*) filter (where log_type = 'error') total_errors, count(distinct"
            " ip_address) unique_ips from logs group by 1"
        ),
        "daily_activity_by_dimension": by_dimension,
    }


def gold(folder: Path) -> dict[str, Any]:
    """Row counts of the gold tables, and the headlines."""
    sql = gold_sql()
    by_dimension = (
        f"select * from ({sql['daily_activity_by_dimension']}) where dimension in ('app', 'type') order by"
        " date, dimension, value"
    )
    with duck.connected(folder) as con:
        return {
            "tables": {f"gold/{n}": duck.count(con, f"({q})") for n, q in sql.items()},
            "daily_activity": duck.records(con, f"select * from ({sql['daily_activity']}) order by date"),
            "requests_by_app_and_type": duck.records(con, by_dimension),
        }
