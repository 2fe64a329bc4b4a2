"""Keyed hashes (shared/keyed_hash.py) as expressions of Spark, which has SHA-256 but no HMAC."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from shared.keyed_hash import pads

PADS = "_inner_pad", "_outer_pad"


def with_pads(spark: SparkSession, rows: DataFrame, key: str) -> DataFrame:
    """The rows with the columns that `keyed_hash_of` needs, and that no table may hold.

    They come as a row of their own: a literal would stand in the text of every plan, error and event.
    """
    [inner, outer] = pads(key)
    both = spark.createDataFrame([(inner, outer)], f"{PADS[0]} binary, {PADS[1]} binary").coalesce(1)
    return rows.crossJoin(F.broadcast(both))


def keyed_hash_of(text: str) -> str:
    """SQL for the keyed hash of a text, over rows `with_pads`; null where the text is."""
    inner = f"unhex(sha2(concat({PADS[0]}, CAST({text} AS binary)), 256))"
    return f"sha2(concat({PADS[1]}, {inner}), 256)"
