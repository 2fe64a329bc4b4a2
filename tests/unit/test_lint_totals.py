"""Which columns of gold are sums, as far as code shows it without being run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.lint.totals import sums

HEAD = """\
from pyspark.sql import functions as F

TOTAL = "decimal(38,2)"
MEASURES = ("units", "money")
KINDS = {"boxes": "bigint", "value": TOTAL}


def _sum_where(test):
    return F.coalesce(F.sum(F.when(test, F.col("amount"))), F.lit(0)).cast(TOTAL)


def _total(column):
    return F.expr(f"coalesce(sum({column}), 0)").alias(column)


def _summed(rows):
    return rows.groupBy("day").agg(F.sum("amount").alias("helped"))


def daily(lake):
    days = lake.touched("sales").groupBy("day")
"""
TAIL = """

def other(lake):
    return lake.touched("sales").selectExpr("day", "amount AS never")


GOLD = {"daily": daily, "other": other}
"""


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('days.agg(F.sum("amount").alias("a"))', {"a"}),
        ('days.agg(F.sum("amount").cast(TOTAL).alias("a"))', {"a"}),
        ('days.agg(_sum_where(F.lit(True)).alias("a"))', {"a"}),
        ('days.agg(*(F.sum(n).alias(n) for n in ("a", "b")))', {"a", "b"}),
        ("days.agg(*(F.sum(n).alias(n) for n in MEASURES))", {"units", "money"}),
        ("days.agg(*(_total(n) for n in MEASURES))", {"units", "money"}),
        ('days.agg(_total("a"))', {"a"}),
        (
            'days.agg(*(F.expr(f"CAST(sum({n}) AS {k})").alias(n) for n, k in KINDS.items()))',
            {"boxes", "value"},
        ),
        ('days.agg(F.expr("sum(amount) AS a"))', {"a"}),
        ('days.agg({"amount": "sum"}).selectExpr("day", "`sum(amount)` AS a")', {"a"}),
        ('days.sum("amount").selectExpr("day", "`sum(amount)` AS a")', {"a"}),
        ('days.withColumn("a", F.sum("amount").over(W))', {"a"}),
        ('days.selectExpr("sum(amount) OVER (ORDER BY day) AS a")', {"a"}),
        ('days.selectExpr("coalesce(sum(amount) FILTER (WHERE paid), 0) AS a")', {"a"}),
        ("_summed(days)", {"helped"}),
        ('_summed(days).select(F.col("helped").alias("a"))', {"helped", "a"}),
        ('_summed(days).selectExpr("coalesce(helped, 0) - coalesce(back, 0) AS a")', {"helped", "a"}),
        ('_summed(days).select(F.coalesce("helped", F.lit(0)).alias("a"))', {"helped", "a"}),
        ('days.agg((F.sum("amount") - F.sum("tax")).alias("a"))', {"a"}),
        ('days.agg((F.sum("amount") / F.count("*")).alias("mean"))', set()),
        ('days.selectExpr("sum(amount) / count(*) AS mean")', set()),
        ('days.agg(F.avg("amount").alias("mean"), F.max("amount").alias("most"))', set()),
        (
            '_summed(days).selectExpr("rank() OVER (ORDER BY helped) AS place", "helped > 5 AS big")',
            {"helped"},
        ),
    ],
)
def test_a_name_given_to_a_sum_is_a_total(tmp_path: Path, code: str, found: set[str]) -> None:
    (tmp_path / "transforms.py").write_text(f"{HEAD}    return {code}\n{TAIL}", "utf-8")
    assert sums(tmp_path / "transforms.py") == {"daily": found, "other": set()}


def test_what_a_module_beside_it_sums_counts_too(tmp_path: Path) -> None:
    folder = tmp_path / "domains" / "shop"
    folder.mkdir(parents=True)
    (folder / "channels.py").write_text(HEAD.rpartition("\n\ndef daily")[0], "utf-8")
    (folder / "transforms.py").write_text(
        "from domains.shop.channels import _summed\n\n\ndef daily(lake):\n"
        '    return _summed(lake.touched("sales"))\n\n\nGOLD = {"daily": daily}\n',
        "utf-8",
    )
    assert sums(folder / "transforms.py") == {"daily": {"helped"}}


def test_what_cannot_be_read_has_no_sums(tmp_path: Path) -> None:
    (tmp_path / "transforms.py").write_text("def daily(lake:\n", "utf-8")
    assert sums(tmp_path / "transforms.py") == {}
    assert sums(tmp_path / "none.py") == {}


def test_modules_that_import_each_other_are_read_once_each(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    both = "from __future__ import annotations\n"
    (folder / "transforms.py").write_text(
        f"{both}from domains.shop.parts import _amount\n"
        "def daily(lake):\n    return lake.touched('sales').groupBy('day').agg(_amount())\n"
        "GOLD = {'daily': daily}\n"
    )
    (folder / "parts.py").write_text(
        f"{both}from domains.shop.transforms import daily\n"
        "def _amount():\n    return F.sum('amount').alias('a')\n"
    )
    assert sums(folder / "transforms.py") == {"daily": {"a"}}
