"""`contract lint` beyond the standard: SQL, transforms, reports, clashes; each finding with its place and line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
status: active
domain: shop
description: {purpose: Sales of a shop.}
customProperties:
  - {property: nullSpellings, value: [""]}
  - {property: defaultTimezone, value: UTC}
  - {property: parameters, value: {statuses: [paid]}}
  - property: quality
    value:
      - type: custom
        engine: lakehouse
        severity: error
        implementation: {metric: quarantine_rate, maximum: 0.5}
schema:
  - name: bronze_sales
    physicalName: sales
    description: What was sold.
    customProperties: [{property: layer, value: bronze}, {property: formats, value: [csv]}]
  - name: silver_sales
    physicalName: sales
    description: One row per sale.
    customProperties:
      - {property: layer, value: silver}
      - {property: kind, value: keyed}
      - {property: source, value: sales}
      - {property: eventDate, value: at}
      - {property: order, value: [at]}
    properties:
      - name: sale
        logicalType: string
        physicalType: string
        primaryKey: true
        primaryKeyPosition: 1
        description: Its number.
        customProperties: [{property: aliases, value: [id]}]
      - name: at
        logicalType: timestamp
        physicalType: timestamp
        required: true
        description: When.
      - name: amount
        logicalType: number
        physicalType: decimal(10,2)
        description: How much.
        quality:
          - type: sql
            query: SELECT COUNT(*) FROM ${table} WHERE amount < 0
            mustBe: 0
      - name: cents
        logicalType: integer
        physicalType: bigint
        description: The same in cents.
        customProperties: [{property: derived, value: CAST(amount * 100 AS bigint)}]
      - {name: event_date, logicalType: date, physicalType: date, required: true, description: Day of at.}
  - name: gold_daily
    physicalName: daily
    description: Money by day.
    customProperties: [{property: layer, value: gold}, {property: kind, value: mart}]
    properties:
      - name: date
        logicalType: date
        physicalType: date
        primaryKey: true
        primaryKeyPosition: 1
        description: The day.
      - {name: total, logicalType: number, physicalType: "decimal(38,2)", description: The money.}
"""
TRANSFORMS = """\
from pyspark.sql import functions as F


def daily(lake):
    days = lake.touched("sales").groupBy("event_date")
    return days.agg(F.sum("amount").alias("total")).withColumnRenamed("event_date", "date")


GOLD = {"daily": daily}
"""
REPORT = """\
-- Money by day.

SELECT date, total
FROM gold.daily
ORDER BY date
"""


class Linted:
    """Domains that differ in one thing each, linted together: one process for them all."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.names, self.said = (
            folder,
            dict[tuple[str | None, ...], str](),
            dict[str, list[str]](),
        )
        folder.mkdir()
        (folder / "environments.toml").write_bytes((ROOT / "environments.toml").read_bytes())

    def add(self, contract: str, transforms: str | None, report: str) -> None:
        name = self.names.setdefault((contract, transforms, report), f"shop{len(self.names)}")
        domain = self.folder / "domains" / name
        (domain / "reports").mkdir(parents=True, exist_ok=True)
        (domain / "contract.odcs.yaml").write_text(
            contract.replace("domain: shop", f"domain: {name}"), "utf-8"
        )
        (domain / "reports" / "by_day.sql").write_text(report, "utf-8")
        if transforms is not None:
            (domain / "transforms.py").write_text(transforms, "utf-8")

    def run(self) -> Linted:
        done = subprocess.run(
            [sys.executable, "-m", "cli", "contract", "lint"],
            cwd=ROOT,
            env={**os.environ, "LAKE_PROJECT": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stderr
        for line in done.stderr.splitlines():
            if found := re.match(r"(?:domains/)?(shop\d+)[/:] ?(.*)", line):
                text = re.sub(rf": {found[1]}\b", ": shop", found[2])
                self.said.setdefault(found[1], []).append(text)
        return self

    def of(
        self, contract: str = CONTRACT, transforms: str | None = TRANSFORMS, report: str = REPORT
    ) -> list[str]:
        """What lint says of a domain, from the file's name on."""
        return self.said[self.names[contract, transforms, report]]


RIGHT = ["1 datasets, 2 tables: right"]


RESTED_ON = [  # by other parts, which are not wrong for it
    (
        "value: UTC",
        "value: Europe/Berln",
        "10: shop: customProperties.defaultTimezone: 'Europe/Berln' is not a",
    ),
    ('value: [""]', "value: [1]", "9: shop: customProperties.nullSpellings[0]: expected text"),
]
OF_CONTRACT = [
    *RESTED_ON,
    (
        "WHERE amount < 0",
        "WHERE amount <",
        "51: shop.sales.amount: quality[0].query: Spark cannot read 'amount <'",
    ),
    (
        "decimal(38,2)",
        "decimal(18,2)",
        "70: shop.daily.total: physicalType: the transform computes a sum here, which may outgrow"
        " decimal(18,2); use decimal(38,2), in casts of the transform, too",
    ),
    (
        "description: How much.",
        "description: How much.\n        logicalTypeOptions: {maxLength: 9}",
        "49: shop.sales.amount: logicalTypeOptions.maxLength: maxLength is for texts, and the column is a",
    ),
    (
        "WHERE amount < 0",
        "WHERE Amount < 0",
        "51: shop.sales.amount: quality[0].query: 'Amount' is not a column that the row has here; its name is"
        " 'amount', and case counts",
    ),
    (
        "WHERE amount < 0",
        "WHERE tryabs(amount) > 1",
        "51: shop.sales.amount: quality[0].query: Spark 4.1 has no function 'tryabs'",
    ),
    (
        "WHERE amount < 0",
        "WHERE sum(amount) < 0",
        "51: shop.sales.amount: quality[0].query: SUM(amount) is of many rows",
    ),
    (
        "WHERE amount < 0",
        "WHERE amount",
        "51: shop.sales.amount: quality[0].query: 'amount' is a value, expected a test of the row",
    ),
    (
        "WHERE amount < 0",
        "WHERE amount in (select 1)",
        "51: shop.sales.amount: quality[0].query: 'amount in (select 1)': a rule or a derived column is one"
        " expression",
    ),
    (
        "CAST(amount * 100 AS bigint)",
        "CAST(price * 100 AS bigint)",
        "57: shop.sales.cents: customProperties.derived: 'price' is not a column",
    ),
    (
        "CAST(amount * 100 AS bigint)",
        "cents + 1",
        "57: shop.sales.cents: customProperties.derived: 'cents' is not a column",
    ),
    (
        "value: [id]",
        "value: [Amo-unt]",
        "45: shop.sales.amount: 'amount' means both sale and amount (case, blanks, - and _ do not count)",
    ),
    (
        "eventDate, value: at",
        "eventDate, value: cents",
        "30: shop.sales: customProperties.eventDate: cents is derived; ingestion files records by their event date",
    ),
    (
        "order, value: [at]",
        "order, value: [when]",
        "31: shop.sales: customProperties.order: order: when is not",
    ),
    ("amount < 0", "amount < 0  # DECIDE: cents?", "51: shop: not decided yet: cents?"),
    (
        "description: How much.",
        "description: How much.\n        colour: red",
        "45: shop.sales.amount: the standard",
    ),
]

OF_TRANSFORMS = [
    (
        None,
        "transforms.py: shop: there is no such file, but daily are computed by it, or by gold/<table>.sql",
    ),
    (
        "GOLD = {}\n",
        "transforms.py:1: shop.daily: has no transform: GOLD does not name it, and there is no gold/<table>.sql",
    ),
    ("def daily(lake)\n", "transforms.py:1: shop: Python cannot read it: expected ':'"),
    ("\n", "transforms.py: shop: GOLD is missing: a dict of a transform for daily"),
    ("\nGOLD = {'daily': dayly}\n", "transforms.py:2: shop.daily: there is no function dayly"),
    (
        TRANSFORMS.replace("daily(lake)", "daily(lake, day)"),
        "transforms.py:4: shop.daily: daily takes 2 arguments, expected one: the lake",
    ),
    (
        TRANSFORMS.replace('{"daily": daily}', '{"daily": daily, "hourly": daily}'),
        "transforms.py:9: shop.hourly: GOLD has a transform for it; the contract has no such table",
    ),
    (
        TRANSFORMS.replace('"sales"', '"sale"'),
        "transforms.py:5: shop: lake.touched('sale'): the contract has no such table (daily, sales)",
    ),
    (
        TRANSFORMS.replace('lake.touched("sales")', 'lake.table("sales").where(lake.parameter("states")[0])'),
        "transforms.py:5: shop: lake.parameter('states'): the contract has no such parameter (statuses)",
    ),
]

OF_REPORT = [
    ("total\n", "totl\n", "reports/by_day.sql:3: shop.by_day: 'totl' is a column of no table here"),
    (
        "SELECT date, total\nFROM gold.daily",
        "SELECT date,\n  d.totl\nFROM gold.daily d",
        "reports/by_day.sql:4: shop.by_day: d.totl: no such column; there are date, total",
    ),
    (
        "gold.daily",
        "gold.dayly",
        "reports/by_day.sql:4: shop.by_day: gold.dayly is not a table of the contract (gold.daily,"
        " quarantine.sales_rows, silver.sales)",
    ),
    (
        "gold.daily",
        "quarantine.sales",
        "reports/by_day.sql:4: shop.by_day: quarantine.sales is not a table of the contract (gold.daily,",
    ),
    (
        "SELECT date, total\nFROM gold.daily",
        "SELECT reasons, raw_recrd AS date\nFROM quarantine.sales_rows",
        "reports/by_day.sql:3: shop.by_day: 'raw_recrd' is a column of no table here",
    ),
    (
        "gold.daily",
        "daily",
        "reports/by_day.sql:4: shop.by_day: daily: write it with its database, silver.daily or gold.daily",
    ),
    ("ORDER BY date", "ORDER date", "reports/by_day.sql:5: shop.by_day: Athena cannot read it: "),
    ("SELECT date, total\nFROM", "DELETE FROM", "reports/by_day.sql:3: shop.by_day: expected one SELECT"),
    (
        "-- Money by day.",
        "",
        "reports/by_day.sql:1: shop.by_day: begin with a comment that says what the report tells",
    ),
    (
        "by day.\n",
        "by day.\n-- chart: line x=date y=totl\n",
        "reports/by_day.sql:2: shop.by_day: chart: totl: no such column; the answer has date, total",
    ),
    (
        "by day.\n",
        "by day.\n-- chart: pie x=date y=total\n",
        "reports/by_day.sql:1: shop.by_day: expected -- chart: line x=COLUMN y=COLUMN[,COLUMN…] (or bar), found",
    ),
]
DERIVED_TWICE = CONTRACT.replace(
    "      - {name: event_date",
    """\
      - name: euros
        logicalType: integer
        physicalType: bigint
        description: Whole euros.
        customProperties: [{property: derived, value: cents div 100}]
      - {name: event_date""",
)
OF_EVERYTHING = """\
-- Everything at once.
WITH days AS (SELECT s.event_date AS day, count(*) AS n FROM silver.sales s WHERE s._source_file <> '' GROUP BY 1)
SELECT day, n, (SELECT max(total) FROM gold.daily d WHERE d.date = days.day) AS best FROM days
UNION ALL SELECT date, 1, total FROM gold.daily
UNION ALL SELECT q.event_date, cardinality(q.reasons), 0 FROM quarantine.sales_rows q
ORDER BY day
"""
RIGHT_RULES = CONTRACT.replace(
    "            mustBe: 0\n",
    "            mustBe: 0\n"
    + "".join(
        f"          - type: sql\n            query: SELECT COUNT(*) FROM ${{table}} WHERE {rule}\n            mustBe: 0\n"
        for rule in (
            "CAST(amount AS varchar(10)) = 'a' OR CAST(sale AS char(3)) = sale::varchar(3)",
            "amount IS NOT DISTINCT FROM (amount + 1)",
            "timestampdiff(DAY, at, at) > 1 OR timestampadd(HOUR, 1, at) < at",
            "sale LIKE ANY ('a', 'b') OR sale ILIKE ('a') OR amount BETWEEN (1) AND (2)",
            "TRIM(BOTH FROM (sale)) = overlay(sale PLACING ('y') FROM (1) FOR (2)) AND NOT (amount div (2) > 1)",
            "CASE WHEN (amount > 1) THEN (true) ELSE (false) END",
        )
    ),
)
FULL_OF_MISTAKES = (
    CONTRACT.replace("order, value: [at]", "order, value: [when]")
    .replace("version: 1.0.0", "version: 1")
    .replace("physicalType: decimal(10,2)", "physicalType: money")
    .replace("CAST(amount * 100 AS bigint)", "CAST(price AS bigint)"),
    "GOLD = {}\n",
    REPORT.replace("total", "totl"),
)
WITHOUT_GATE = CONTRACT.replace("quarantine_rate, maximum: 0.5", "duplicates, maximum: 5")
ALL = [
    (CONTRACT, TRANSFORMS, REPORT),
    *((CONTRACT.replace(old, new), TRANSFORMS, REPORT) for old, new, _ in OF_CONTRACT),
    *((CONTRACT, transforms, REPORT) for transforms, _ in OF_TRANSFORMS),
    *((CONTRACT, TRANSFORMS, REPORT.replace(old, new)) for old, new, _ in OF_REPORT),
    (DERIVED_TWICE, TRANSFORMS, REPORT),
    (CONTRACT, TRANSFORMS, OF_EVERYTHING),
    (RIGHT_RULES, TRANSFORMS, REPORT),
    FULL_OF_MISTAKES,
    (WITHOUT_GATE, TRANSFORMS, REPORT),
]


@pytest.fixture(scope="module")
def linted(tmp_path_factory: pytest.TempPathFactory) -> Linted:
    together = Linted(tmp_path_factory.mktemp("lint") / "project")
    for each in ALL:
        together.add(*each)
    return together.run()


def test_a_right_domain_has_no_finding(linted: Linted) -> None:
    assert linted.of() == RIGHT


@pytest.mark.parametrize(("old", "new", "said"), OF_CONTRACT)
def test_a_mistake_of_the_contract_is_named_with_its_place_and_line(
    linted: Linted, old: str, new: str, said: str
) -> None:
    lines = linted.of(contract=CONTRACT.replace(old, new))
    assert [line for line in lines if line.startswith(f"contract.odcs.yaml:{said}")], lines


@pytest.mark.parametrize(("old", "new", "_"), RESTED_ON)
def test_what_others_rest_on_is_one_finding(linted: Linted, old: str, new: str, _: str) -> None:
    assert len(linted.of(contract=CONTRACT.replace(old, new))) == 1


def test_a_later_derived_column_may_use_an_earlier_one(linted: Linted) -> None:
    assert linted.of(contract=DERIVED_TWICE) == RIGHT


@pytest.mark.parametrize(("transforms", "said"), OF_TRANSFORMS)
def test_a_mistake_of_the_transforms_is_named_without_running_them(
    linted: Linted, transforms: str | None, said: str
) -> None:
    assert linted.of(transforms=transforms) == [said]


@pytest.mark.parametrize(("old", "new", "said"), OF_REPORT)
def test_a_mistake_of_a_report_is_named_with_its_line(linted: Linted, old: str, new: str, said: str) -> None:
    [line] = linted.of(report=REPORT.replace(old, new))
    assert line.startswith(said)


def test_a_report_may_use_lineage_aliases_and_tables_of_its_own(linted: Linted) -> None:
    assert linted.of(report=OF_EVERYTHING) == RIGHT


def test_all_is_named_at_once_also_what_stands_beside_a_wrong_part(linted: Linted) -> None:
    contract, transforms, report = FULL_OF_MISTAKES
    assert [line.partition(": ")[0] for line in linted.of(contract, transforms, report)] == [
        "contract.odcs.yaml:4",
        "contract.odcs.yaml:31",
        "contract.odcs.yaml:47",
        "contract.odcs.yaml:57",
        "reports/by_day.sql:3",
        "transforms.py:1",
    ]


def test_what_spark_can_read_is_no_unknown_function(linted: Linted) -> None:
    assert linted.of(contract=RIGHT_RULES) == RIGHT


def test_a_gate_that_is_missing_is_proposed_and_fails_nothing(linted: Linted) -> None:
    assert linted.of(contract=WITHOUT_GATE) == [
        "contract.odcs.yaml:23: shop.sales: hint: nothing stops a run in which every row is quarantined; to the"
        " document's quality, or this table's: {type: custom, engine: lakehouse, severity: error, implementation:"
        " {metric: quarantine_rate, maximum: 0.5}}",
        *RIGHT,
    ]
