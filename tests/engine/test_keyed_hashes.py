"""Spark's keyed hash of a text is that of the standard library, and its key is in no text of a plan."""

from __future__ import annotations

import hmac
import random

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from glue_scripts.engine.read.keyed_hashes import PADS, keyed_hash_of, with_pads
from shared.keyed_hash import pads

KEY = "Kq7w" * 16
# by plane and by what breaks careless code: NUL, quotes, marks of direction, what combines, the last of each length
ALPHABETS = (
    "abc@.-_ 019",
    "\0\t\n'\"\\`${}",
    "äßÑéİıſ\u0301\u200f\ufeff\u007f\u0080\u07ff\u0800\uffff",
    "🦙👩‍👧\U00010000\U0010ffff",
)


def texts() -> list[str]:
    drawn = random.Random(22)
    odd = [
        "".join(drawn.choices("".join(drawn.sample(ALPHABETS, drawn.randint(1, 4))), k=drawn.randint(0, 90)))
        for _ in range(3_000)
    ]
    # around the blocks of SHA-256, where padding begins another one
    return ["", *odd, *("x" * n for n in (54, 55, 56, 63, 64, 65, 119, 120, 128)), "ÿ" * 200_000]


def rows(spark: SparkSession, texts: list[str | None]) -> DataFrame:
    return spark.createDataFrame([(t,) for t in texts], "t string")


@pytest.mark.parametrize("key", [KEY, "k", "long " * 30])
def test_spark_hashes_as_the_standard_library(spark: SparkSession, key: str) -> None:
    hashed = with_pads(spark, rows(spark, [*texts()]), key).selectExpr("t", f"{keyed_hash_of('t')} AS h")
    found = {r.t: r.h for r in hashed.collect()}
    assert found == {t: hmac.new(key.encode(), t.encode(), "sha256").hexdigest() for t in texts()}


def test_nothing_has_no_hash(spark: SparkSession) -> None:
    hashed = with_pads(spark, rows(spark, [None]), KEY).selectExpr(f"{keyed_hash_of('t')} AS h")
    assert [r.h for r in hashed.collect()] == [None]


def test_the_key_is_in_no_text_of_a_plan_or_of_an_error(spark: SparkSession) -> None:
    known = with_pads(spark, rows(spark, ["a"]), KEY)
    hashed = known.selectExpr(f"{keyed_hash_of('t')} AS h")
    with pytest.raises(AnalysisException) as error:
        known.selectExpr("unknown_column")
    execution = hashed._jdf.queryExecution()  # type: ignore[union-attr]
    shown = f"{execution.toString()} {execution.logical().toJSON()} {execution.optimizedPlan()} {error.value}"
    assert PADS[0] in shown  # the plan is told, or nothing would be shown here
    secrets = [
        KEY,
        *(form(pad) for pad in pads(KEY) for form in (bytes.hex, repr, lambda p: p.decode("latin-1"))),
    ]
    signed = [",".join(str(b - 256 if b > 127 else b) for b in pad[:8]) for pad in pads(KEY)]
    for secret in (*secrets, *signed):
        assert secret[:16].lower() not in shown.lower().replace(" ", "")
