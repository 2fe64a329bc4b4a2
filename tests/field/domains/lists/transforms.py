"""Things as they are; before the contract knew their tags, silver had none."""

from __future__ import annotations

from pyspark.sql import DataFrame

from glue_scripts.engine.gold import Lake, Transform


def shown(lake: Lake) -> DataFrame:
    things = lake.touched("things")
    tags = "tags" if "tags" in things.columns else "CAST(NULL AS array<string>) AS tags"
    return things.selectExpr("id", "sizes", "prices", tags, "days")


GOLD: dict[str, Transform] = {"shown": shown}
