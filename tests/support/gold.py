"""Rules of gold on Spark over rows that a test gives, without a lake: as a whole, and in a scope."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from cli.gold_cases import Case, Row
from glue_scripts.engine.gold import Lake, Transform
from glue_scripts.engine.gold.lake import Shared
from glue_scripts.engine.gold.promises import in_columns, transformed_rows
from glue_scripts.engine.gold.scope import Scope
from glue_scripts.engine.gold.transforms import transforms_of
from glue_scripts.engine.run.job import Job
from shared.contracts import Column, Contract, Table, contract
from shared.names import Names

EVERYTHING = Scope(everything=True)
DAYS = tuple(dt.date(2026, 5, day) for day in (1, 2, 3, 4))
KEYS = tuple(f"k{number}" for number in range(1, 6))
EMPTY = 0.15  # of the values that may be missing


@dataclass(frozen=True)
class GivenLake(Lake):
    """A lake whose tables are given; gold that is not is computed from the others."""

    frames: dict[str, DataFrame] = field(default_factory=dict)
    rules: Mapping[str, Transform] = field(default_factory=dict)

    def table(self, name: str) -> DataFrame:
        if name not in self.frames:
            whole = GivenLake(
                self.spark, self.job, EVERYTHING, self.shared, frames=self.frames, rules=self.rules
            )
            rows = computed_rows(self.rules[name], whole, self.job.contract.table(name))
            self.frames[name] = rows.localCheckpoint()
        return self.frames[name]


def computed_rows(rule: Transform, lake: Lake, table: Table) -> DataFrame:
    """A table's rows in its columns, as a run computes them."""
    return in_columns(transformed_rows(rule, lake, table), table)


def rules_of(agreed: Contract) -> dict[str, Transform]:
    """The rules of a domain's gold, by table."""
    return transforms_of(agreed.domain)


def lake_of(
    spark: SparkSession, agreed: Contract, given: Mapping[str, DataFrame], scope: Scope = EVERYTHING
) -> GivenLake:
    job = Job(Names("test", "123456789012", "us-east-1"), agreed, "run")
    return GivenLake(spark, job, scope, Shared(), frames=dict(given), rules=rules_of(agreed))


def frame(spark: SparkSession, table: Table, rows: Sequence[Row]) -> DataFrame:
    schema = ", ".join(f"`{c.name}` {c.type}" for c in table.columns)
    return spark.createDataFrame([tuple(map(_utc, row)) for row in rows], schema)


def answer(spark: SparkSession, domain: str, case: Case) -> list[Row]:
    """What Spark computes of a test beside gold's SQL."""
    agreed = contract(domain)
    given = {
        t.name: frame(spark, t, case.given.get(f"{t.zone}.{t.name}", ()))
        for t in agreed.tables
        if t is not case.table
    }
    lake = lake_of(spark, agreed, given)
    rows = computed_rows(lake.rules[case.table.name], lake, case.table).select(*case.columns)
    return [tuple(map(_naive, row)) for row in rows.collect()]


def incremental(
    spark: SparkSession, agreed: Contract, table: Table, seed: int = 1
) -> Iterator[tuple[str, Counter[Any], Counter[Any]]]:
    """For scopes of a table, of which some have dates and some keys, over rows that are drawn: the scope, the
    rows of the whole table that lie in it, and the rows that its rule computes for it.
    """
    drawn = random.Random(seed)
    given = {t.name: frame(spark, t, drawn_rows(t, agreed, drawn)) for t in agreed.silver}
    lake = lake_of(spark, agreed, given)
    whole = lake.table(table.name)
    for scope in _scopes(spark, agreed, table):
        part = GivenLake(spark, lake.job, scope, lake.shared, frames=lake.frames, rules=lake.rules)
        found = _counted(computed_rows(lake.rules[table.name], part, table))
        said = f"{sorted(scope.dates)} {scope.key_column}"
        if table.appended_by:  # the others of the whole stand there already
            yield said, Counter(found.keys() & _counted(whole).keys()), Counter(found.keys())
        else:
            wanted = scope.rows(whole, table.day_column or "event_date").select(*table.column_names)
            yield said, _counted(wanted), found


def _scopes(spark: SparkSession, agreed: Contract, table: Table) -> Iterator[Scope]:
    columns = {d.column for d in table.depends_on if d.column is not None}
    key = next(iter(columns - {"event_date"}), None)
    dates = frozenset({str(DAYS[1])}) if "event_date" in columns else frozenset[str]()
    source = next((agreed.table(d.table) for d in table.depends_on if d.column == key), None)
    texts = source is not None and key is not None and source.column(key).type == "string"
    named = [(f"k{number}" if texts else str(number),) for number in (2, 5)]
    keys = spark.createDataFrame(named, "key string") if key else None
    if dates:
        yield Scope(False, dates)
        yield Scope(False, frozenset(map(str, DAYS[:2])))
    if keys is not None:
        yield Scope(False, frozenset(), key, keys)
        if dates:
            yield Scope(False, dates, key, keys)


def drawn_rows(table: Table, agreed: Contract, drawn: random.Random, count: int = 24) -> list[Row]:
    """Rows of few dates and few keys, so that they meet; those of a key once, but of a log.

    A key has one event date in all tables: those that are computed from each other have it in common.
    """
    rows: dict[Row, Row] = {}
    for number in range(1, count + 1):
        alone = number if len(table.primary_key) == 1 else None
        row = {
            c.name: _drawn(
                c, agreed, drawn, alone if c.name in table.primary_key else None, table.primary_key
            )
            for c in table.columns
        }
        first = str(row[table.primary_key[0]]).removeprefix("k")
        if "event_date" in row and first.isdigit():
            row["event_date"] = DAYS[int(first) % len(DAYS)]
        key = tuple(row[k] for k in table.primary_key) if table.kind != "log" else (number,)
        rows.setdefault(key, tuple(row.values()))
    return list(rows.values())


def _drawn(
    column: Column, agreed: Contract, drawn: random.Random, number: int | None, key: Collection[str]
) -> Any:
    must = column.required or column.name in key
    if not must and drawn.random() < EMPTY:
        return None
    texts = [*KEYS, *itertools.chain(*agreed.parameters.values())]
    if number is not None and column.type in ("string", "int", "bigint"):
        return f"k{number}" if column.type == "string" else number
    match column.type.partition("(")[0]:
        case "string":
            return drawn.choice(KEYS if column.name in key or column.name.endswith("id") else texts)
        case "int" | "bigint":
            return drawn.randrange(1, 6)
        case "double":
            return float(drawn.randrange(8)) / 4
        case "boolean":
            return drawn.random() < 0.5
        case "date":
            return drawn.choice(DAYS)
        case "timestamp":
            return dt.datetime.combine(drawn.choice(DAYS), dt.time(drawn.randrange(24)))
        case "decimal":
            return (
                Decimal(drawn.randrange(100)) / 4
                if column.type.endswith(",2)")
                else Decimal(drawn.randrange(9))
            )
    return None if not must else ({} if column.type.startswith("map") else [])


def _counted(rows: DataFrame) -> Counter[Any]:
    return Counter(
        repr([sorted(v.items()) if isinstance(v, dict) else v for v in row]) for row in rows.collect()
    )


def _utc(value: Any) -> Any:
    return value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value


def _naive(value: Any) -> Any:
    """Spark gives times in the zone of the process."""
    return value.astimezone(dt.UTC).replace(tzinfo=None) if isinstance(value, dt.datetime) else value
