"""A live Iceberg table follows its contract where that is safe, and is left alone where it is not."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from glue_scripts.engine.tables.iceberg import MigrationNeededError, Stored, append, prepare
from shared.contracts.evolution import Shape, breaks

NUMBERS = itertools.count()
OLD = {
    "id": "string",
    "amount": "decimal(9,2)",
    "visits": "int",
    "ratio": "float",
    "city": "string",
    "day": "date",
    "sizes": "array<int>",
}


@pytest.fixture
def table(spark: Any, rig: Any) -> Stored:
    """A table with one row, of columns that contracts had once."""
    names = rig(f"evo{next(NUMBERS)}").names
    made = Stored(
        f"glue_catalog.{names.database('shop', 'gold')}.t",
        f"s3://{names.bucket('gold')}/shop/mart/t",
        OLD,
        ("day",),
    )
    prepare(spark, made)
    append(
        spark.sql(
            "SELECT 'a' id, 1.25BD amount, 7 visits, float(0.5) ratio, 'Hanoi' city, DATE'2026-01-01' day,"
            " array(1, null) sizes"
        ),
        made,
    )
    return made


def test_new_columns_and_wider_types_are_applied_and_rows_stay(spark: Any, table: Stored) -> None:
    wider = {**OLD, "amount": "decimal(18,2)", "visits": "bigint", "ratio": "double", "country": "string"}
    wider |= {"sizes": "array<bigint>", "tags": "array<string>"}
    assert not prepare(spark, dataclasses.replace(table, columns=wider))
    assert dict(spark.table(table.identifier).dtypes) == wider
    assert [tuple(map(str, r)) for r in spark.table(table.identifier).collect()] == [
        ("a", "1.25", "7", "0.5", "Hanoi", "2026-01-01", "[1, None]", "None", "None"),
    ]


def test_anything_else_is_refused_and_changes_nothing_until_the_printed_migration_ran(
    spark: Any, table: Stored
) -> None:
    wanted = {
        "id": "string",
        "amount": "decimal(9,2)",
        "visits": "int",
        "ratio": "float",
        "town": "string",
        "day": "date",
        "extra": "date",
        "sizes": "array<int>",
    }
    with pytest.raises(MigrationNeededError, match=r"city is not in the contract"):
        prepare(spark, dataclasses.replace(table, columns=wanted))
    with pytest.raises(MigrationNeededError, match=r"visits is int, the contract says string"):
        prepare(spark, dataclasses.replace(table, columns={**OLD, "visits": "string", "extra": "date"}))
    assert dict(spark.table(table.identifier).dtypes) == OLD  # not even the safe part
    old, new = (Shape("mart", c, frozenset(), ("id",), ("day",)) for c in (OLD, wanted))
    statements = [s for b in breaks("shop", table.identifier, old, new) for s in b.migration]
    rename = next(s for s in statements if "RENAME" in s)
    spark.sql(rename.partition(":")[2].strip().removesuffix(";"))
    prepare(spark, dataclasses.replace(table, columns=wanted))
    assert [(r["id"], r["town"], r["extra"]) for r in spark.table(table.identifier).collect()] == [
        ("a", "Hanoi", None)
    ]


def test_the_printed_drop_makes_way_for_the_contract(spark: Any, table: Stored) -> None:
    wanted = {n: t for n, t in OLD.items() if n != "ratio"}
    old, new = (Shape("mart", c, frozenset(), ("id",), ("day",)) for c in (OLD, wanted))
    (found,) = breaks("shop", table.identifier, old, new)
    spark.sql(found.migration[0].removesuffix(";"))
    prepare(spark, dataclasses.replace(table, columns=wanted))
    assert spark.table(table.identifier).columns == list(wanted)


def test_how_values_are_protected_is_fixed_with_the_column(spark: Any, table: Stored) -> None:
    """A new column may be protected in any way, also one whose name a dropped column had."""
    told = {**OLD, "mail": "string"}
    hashed = dataclasses.replace(table, columns=told, protected={"mail": "hash"})
    prepare(spark, hashed)
    prepare(spark, hashed)
    for ways in ({}, {"mail": "null"}, {"mail": "hash", "city": "hash"}):
        with pytest.raises(
            MigrationNeededError, match=r"(mail is protected: hash|city is protected: none), the"
        ):
            prepare(spark, dataclasses.replace(hashed, protected=ways))
    spark.sql(f"ALTER TABLE {table.identifier} DROP COLUMN mail")
    plain = dataclasses.replace(table, columns=told)
    prepare(spark, plain)
    prepare(spark, plain)
    with pytest.raises(MigrationNeededError, match="mail is protected: none, the contract says hash"):
        prepare(spark, hashed)
