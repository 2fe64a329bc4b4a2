"""Both readers of one plan read every text alike: Python, which routes files, and Spark, which fills silver."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from glue_scripts.engine.quarantine.value_rules import of_value
from glue_scripts.engine.read.sql import cast, typed
from shared.values import Declared, Plan, compiled
from tests.support.spelled_texts import PATTERNS, texts

STYLED = {"number_style": ("currency", "percent", "parentheses", "trailing_minus")}
NUMBERS: tuple[dict[str, Any], ...] = (
    {},
    {"decimal_mark": ",", "group_mark": "."},
    {"group_mark": "'’", "number_style": ("currency",)},
    {"decimal_mark": ",", "group_mark": " \u00a0\u202f", **STYLED},
    {"group_mark": ",", **STYLED},
)
TYPES = ("int", "bigint", "double", "decimal(18,2)", "decimal(38,0)", "decimal(5,5)")
MIXED = ("iso", "dd/MM/yyyy", "MM-dd-yyyy HH:mm", "epoch_by_size")
EPOCHS = ("epoch_s", "epoch_ms", "epoch_us", "epoch_ns", "epoch_by_size", "excel_serial", "yyyymmdd")


def plan(kind: str, *sources: str, **declared: Any) -> Plan:
    return compiled("c", kind, Declared(**declared), "shop", sources)


def plans() -> list[Plan]:
    """Each format as a timestamp of UTC and of a zone that changes its clock, and as a date; each type of number
    in each spelling.
    """
    formats = [(f,) for f in ("iso", *EPOCHS, *PATTERNS)] + [MIXED]
    zones = ("UTC", "Europe/Berlin", "Australia/Lord_Howe")
    found = [
        plan("timestamp", formats=f, default_timezone=zones[i % 3], locale=("en", "de", "fr")[i % 3])
        for i, f in enumerate(formats)
    ]
    found += [plan("timestamp", formats=("iso",), default_timezone=zone) for zone in zones]
    found += [plan("date", formats=f) for f in formats]
    found += [plan(t, **spelled) for i, t in enumerate(TYPES) for spelled in (NUMBERS[0], NUMBERS[1 + i % 4])]
    found += [plan("decimal(18,2)", **spelled) for spelled in NUMBERS]
    found += [plan("decimal(18,2)", "json", decimal_mark=","), plan("double", "json", decimal_mark=",")]
    return [*found, plan("boolean"), plan("boolean", booleans=(("1", "ja"), ("0", "nein")))]


def differences(spark: SparkSession, seed: int, count: int) -> tuple[list[tuple[Any, ...]], int]:
    """Texts that the readers read differently, and how many readings there were that gave a value."""
    words, every = list(texts(seed, count)), plans()
    rows = spark.createDataFrame(pa.table({"v": words}))
    wrong, read = [], 0
    for start in range(0, len(every), 8):
        some = every[start : start + 8]
        values = [cast("v", p) for p in some]
        columns = [
            f"unix_micros({v})" if p.kind == "timestamp" else v for p, v in zip(some, values, strict=True)
        ]
        found = rows.selectExpr("v", *(f"{c} AS c{i}" for i, c in enumerate(columns))).collect()
        for text, *by_spark in found:
            for p, other in zip(some, by_spark, strict=True):
                own = p.value(text)
                read += own is not None
                if own != other or type(own) is not type(other):
                    wrong.append((p.type, p.declared.said, text, own, other))
    return wrong, read


def test_both_readers_read_some_thousand_texts_alike(spark: SparkSession) -> None:
    wrong, read = differences(spark, 17, 400)
    assert wrong == []
    assert read > 1000  # 400 texts, 70 plans: most texts are of another spelling


def test_bounds_hold_for_each_element_of_a_list(spark: SparkSession) -> None:
    bounded = plan("array<int>", minimum="0", maximum="9")
    (outside,) = [test for test, reason, _ in of_value("v", bounded) if reason == "out_of_range"]
    lists = spark.sql("SELECT explode(array(array(1, 2), array(1, 10), array(-1), array(), NULL)) AS v")
    rows = lists.selectExpr(f"coalesce({outside}, false)").collect()
    assert [r[0] for r in rows] == [False, True, True, False, False]


def test_what_means_no_value_means_none_in_a_list_too(spark: SparkSession) -> None:
    listed = typed("v", plan("array<int>"), nothing=("", "n/a"))
    rows = (
        spark.createDataFrame(pa.table({"v": ['["", "N/A", " 7 "]', '["x"]']})).selectExpr(listed).collect()
    )
    assert [r[0] for r in rows] == [[None, None, 7], None]


@pytest.mark.slow
def test_both_readers_read_every_text_alike(spark: SparkSession) -> None:
    for seed in range(20):
        assert differences(spark, seed, 10_000)[0] == []
