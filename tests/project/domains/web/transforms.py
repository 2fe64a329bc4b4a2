"""Gold of the tests' site. The contract describes each table; each function here is its rule."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.gold import Lake, Transform

DIMENSIONS = {
    "app": "app_name",
    "status": "status_code",
    "endpoint": "endpoint",
    "type": "request_type",
    "device": "device",
}
UNKNOWN = "unknown"


def _requests(lake: Lake) -> DataFrame:
    return lake.touched("logs").where("log_type = 'access'")


def _counts_of(dimension: str) -> Column:
    """Map of the dimension's values to their requests, sorted by value, empty without any."""
    chosen = (F.col("dimension") == dimension) & F.col("requests").isNotNull()
    return F.map_from_entries(F.array_sort(F.collect_list(F.when(chosen, F.struct("value", "requests")))))


def daily_activity_by_dimension(lake: Lake) -> DataFrame:
    values = [
        F.struct(
            F.lit(d).alias("dimension"), F.coalesce(F.col(c).cast("string"), F.lit(UNKNOWN)).alias("value")
        )
        for d, c in DIMENSIONS.items()
    ]
    entries = _requests(lake).select(
        F.col("event_date").alias("date"), F.explode(F.array(*values)).alias("entry")
    )
    return entries.groupBy("date", "entry.dimension", "entry.value").agg(F.count("*").alias("requests"))


def daily_activity(lake: Lake) -> DataFrame:
    """A day with errors but no request has empty maps."""
    is_access = F.col("log_type") == "access"
    days = (
        lake.touched("logs")
        .groupBy(F.col("event_date").alias("date"))
        .agg(
            F.count_if(is_access).alias("total_requests"),
            F.count_if(~is_access).alias("total_errors"),
            F.countDistinct("ip_address").alias("unique_ips"),
        )
    )
    maps = daily_activity_by_dimension(lake).groupBy("date")
    counts = maps.agg(
        _counts_of("device").alias("requests_by_device"), _counts_of("type").alias("requests_by_type")
    )
    none = F.expr("map_from_entries(CAST(array() AS array<struct<value:string,requests:bigint>>))")
    return days.join(counts, "date", "left").select(
        "date",
        "total_requests",
        "total_errors",
        "unique_ips",
        *(F.coalesce(c, none).alias(c) for c in ("requests_by_device", "requests_by_type")),
    )


GOLD: dict[str, Transform] = {
    "daily_activity": daily_activity,
    "daily_activity_by_dimension": daily_activity_by_dimension,
}
