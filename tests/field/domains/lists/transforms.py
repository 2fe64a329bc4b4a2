"""Things as they are; before the contract knew their tags, silver had none."""

from __future__ import annotations

from pyspark.sql import DataFrame

from glue_scripts.engine.gold import Lake, Transform


def shown(lake: Lake) -> DataFrame:
    things = lake.touched("things")
    columns = ("id", "sizes", "prices", "tags", "days")
    return things.select(*(c for c in columns if c in things.columns))


GOLD: dict[str, Transform] = {"shown": shown}
