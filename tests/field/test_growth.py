"""A contract that gained columns and wider types: every kind of table follows, with values for rows that stand
where it is computed, whoever tracks or touches them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from glue_scripts import silver_to_gold
from glue_scripts.engine.gold import Transform, computed
from glue_scripts.engine.gold.promises import TransformError
from glue_scripts.engine.quarantine import rows as quarantine
from shared.contracts import Contract, Table, contract

T1, T2 = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"
BEFORE = {
    "items/1.csv": f"op,item_id,amount,version,changed_at\nU,1,5.00,1,{T1}\nU,2,20.00,1,{T1}\nU,3,7.00,1,{T1}\n"
    f"D,4,,1,{T1}\nU,one,1.00,1,{T1}\nU,5,3.00,1,2026-02-27T10:00:00Z\n",
    "updates/1.csv": f"user_id,city,points,changed_at\nu1,Hanoi,1,{T1}\nu2,Rome,2,{T1}\n",
    "visits/1.csv": f"page,hits,seen_at\n/,9,{T1}\n/a,1,{T1}\n",
    "prices/1.csv": f"sku,price,seen_at\na,1.00,{T1}\nb,2.00,{T1}\n",
    "lines/1.txt": "1|5.00|2026-03-01\n2|6.00|2026-03-01\n",
}
AFTER = {
    "items/2.csv": "op,item_id,amount,version,changed_at,color\n"
    f"U,3000000000,123456789012.34,1,{T2},red\nU,1,6.00,3000000000,{T2},blue\nD,2,,2,{T2},\n"
    "U,4,1.00,1,2026-02-28T10:00:00Z,late\n",
    "updates/2.csv": f"user_id,city,points,changed_at,tier\nu1,,5000000000,{T2},gold\n",
    "visits/2.csv": f"page,hits,seen_at,browser\n/b,5000000000,{T2},Firefox\n/,1,{T2},Safari\n",
    "prices/2.csv": f"sku,price,seen_at,currency\na,10000000000.00,{T2},EUR\n",
    "lines/2.txt": "3000000000|123456789.12|2026-03-02|n\n",
}
NEW = {
    *("color", "tier", "browser", "currency", "note"),  # that files bring
    *("is_large", "is_long", "is_home", "items", "visits"),  # that are computed
}
WIDER = {"bigint": "int", "decimal(18,2)": "decimal(9,2)", "decimal(38,2)": "decimal(18,2)"}
FOLLOWING = ("people", "people_history", "bridge_cities")  # which had no points, as their log had
TABLES: dict[str, tuple[tuple[str, ...], list[tuple[str, ...]]]] = {
    "silver.items": (
        ("item_id", "amount", "version", "color"),
        [
            ("1", "6.00", "3000000000", "blue"),
            ("3", "7.00", "1", "None"),
            ("3000000000", "123456789012.34", "1", "red"),
            ("5", "3.00", "1", "None"),
        ],
    ),
    "silver.items_deleted": (("item_id", "version"), [("2", "2"), ("4", "1")]),
    "silver.updates": (
        ("user_id", "city", "points", "tier"),
        [("u1", "Hanoi", "1", "None"), ("u1", "None", "5000000000", "gold"), ("u2", "Rome", "2", "None")],
    ),
    "silver.people": (
        ("user_id", "city", "points", "tier"),
        [("u1", "Hanoi", "5000000000", "gold"), ("u2", "Rome", "2", "None")],
    ),
    "silver.people_history": (
        ("user_id", "city", "points", "tier", "is_current"),
        [("u1", "Hanoi", "1", "None", "True"), ("u2", "Rome", "2", "None", "True")],
    ),
    "silver.visits": (
        ("page", "hits", "browser"),
        [("/", "1", "Safari"), ("/", "9", "None"), ("/a", "1", "None"), ("/b", "5000000000", "Firefox")],
    ),
    "silver.prices": (("sku", "price", "currency"), [("a", "10000000000.00", "EUR")]),
    "silver.lines": (
        ("line_no", "money", "note"),
        [("1", "5.00", "None"), ("2", "6.00", "None"), ("3000000000", "123456789.12", "n")],
    ),
    "silver.pages": (
        ("page", "hits", "visits"),
        [("/", "10", "2"), ("/a", "1", "1"), ("/b", "5000000000", "1")],
    ),
    "gold.dim_items": (
        ("item_id", "amount", "is_large", "color"),
        [
            ("1", "6.00", "False", "blue"),
            ("3", "7.00", "False", "None"),
            ("3000000000", "123456789012.34", "True", "red"),
            ("5", "3.00", "False", "None"),
        ],
    ),
    "gold.fact_visits": (
        ("hits", "is_long"),
        [("1", "False"), ("1", "False"), ("5000000000", "True"), ("9", "True")],
    ),
    "gold.days": (
        ("day", "total", "items"),
        [
            ("2026-02-27", "3.00", "1"),
            ("2026-03-01", "7.00", "1"),
            ("2026-03-02", "123456789018.34", "2"),
        ],
    ),
    "gold.bridge_cities": (
        ("user_id", "city", "points", "tier"),
        [("u1", "Hanoi", "1", "None"), ("u2", "Rome", "2", "None")],
    ),
    # What stands in a table that rows are appended to is never changed, but by a full refresh.
    "gold.dim_pages": (("page", "is_home"), [("/", "None"), ("/a", "None"), ("/b", "False")]),
}
FEW = (
    *("silver.items", "silver.items_deleted", "silver.updates", "silver.people", "silver.people_history"),
    *("gold.dim_items", "gold.days", "gold.bridge_cities"),
)
REFRESHED = {"gold.dim_pages": [("/", "True"), ("/a", "False"), ("/b", "False")]}


def younger(table: Table) -> Table:
    gone = NEW | ({"points"} if table.name in FOLLOWING else set())
    kept = (c for c in table.columns if c.name not in gone)
    columns = (c if c.name == "page_key" else replace(c, type=WIDER.get(c.type, c.type)) for c in kept)
    return replace(table, columns=tuple(columns))


def young(agreed: Contract) -> Contract:
    """The contract before it grew."""
    tables = {t.name: younger(t) for t in agreed.silver}
    return replace(
        agreed,
        silver=tuple(tables.values()),
        gold=tuple(map(younger, agreed.gold)),
        datasets=tuple(replace(d, target=tables[d.target.name]) for d in agreed.datasets),
    )


def cut(agreed: Contract, transforms: dict[str, Transform]) -> dict[str, Transform]:
    """Transforms as they were for that contract."""
    return {
        n: lambda lake, n=n, t=t: t(lake).select(*agreed.table(n).column_names) for n, t in transforms.items()
    }


def broken(lake: Any) -> Any:
    raise ValueError("once")


def grown(rig: Any, *datasets: str) -> Any:
    """Tables with rows, then the grown contract with its first files; the first attempt of gold dies behind its
    change of a table.
    """
    before = young(contract("growth"))
    of_zone = silver_to_gold.transforms_of
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shared.ingestion.ingest.contract", lambda _: before)
        patched.setattr(computed, "transforms_of", lambda d, zone: cut(before, of_zone(d, zone)))
        drop(rig, BEFORE, datasets)
        rig.gold(rig.silver("run-1", contract=before), **cut(before, of_zone("growth")))
    drop(rig, AFTER, datasets)
    job = rig.silver("run-2")
    with pytest.raises(TransformError):
        rig.gold(job, dim_items=broken)
    rig.gold(job)
    return rig


def drop(rig: Any, files: Mapping[str, str], datasets: Sequence[str]) -> None:
    for name, content in files.items():
        if name.partition("/")[0] in datasets:
            rig.drop(f"growth/{name}", content.encode())


@pytest.fixture(scope="module")
def few(lake: Any) -> Any:
    """Tables by key, a log and its followers, and what gold makes of them."""
    return grown(lake("growth", "field-growth-few"), "items", "updates")


@pytest.fixture(scope="module")
def growth(lake: Any) -> Any:
    """Tables of every kind."""
    return grown(lake("growth"), "items", "updates", "visits", "prices", "lines")


def shown(rig: Any, name: str) -> list[tuple[str, ...]]:
    columns, _ = TABLES[name]
    return sorted(tuple(map(str, row)) for row in rig.rows(name, *columns))


@pytest.mark.field("h22", "A column and a wider type more, also for a log that others follow", "right")
def test_tables_by_key_logs_and_what_follows_have_the_values_of_the_grown_contract(few: Any):
    assert {name: shown(few, name) for name in FEW} == {name: TABLES[name][1] for name in FEW}


@pytest.mark.slow
def test_every_kind_of_table_has_the_values_of_the_grown_contract(growth: Any):
    assert {name: shown(growth, name) for name in TABLES} == {
        name: rows for name, (_, rows) in TABLES.items()
    }


def test_every_table_has_the_types_of_the_grown_contract(few: Any):
    for table in contract("growth").tables:
        live = dict(few.table(f"{table.zone}.{table.name}").dtypes)
        assert {c.name: live[c.name] for c in table.columns} == {c.name: c.type for c in table.columns}
    assert dict(few.table("silver.items_deleted").dtypes)["item_id"] == "bigint"


@pytest.mark.field("h22", "Files of gold after a column was added, which COPY reads by their order", "right")
def test_the_files_of_a_gold_table_have_one_schema(few: Any, spark: Any):
    for name in ("dim_items", "days", "bridge_cities"):
        files = [r["file_path"] for r in few.table(f"gold.{name}.files").collect()]
        kinds = {spark.read.parquet(f.replace("s3://", "s3a://")).schema.simpleString() for f in files}
        assert len(kinds) == 1, name


@pytest.mark.slow
def test_a_full_refresh_gives_the_same(growth: Any):
    """From bronze in the types of its day, too."""
    growth.run("run-3", full_refresh=True)
    assert {n: shown(growth, n) for n in TABLES} == {n: r for n, (_, r) in TABLES.items()} | REFRESHED


@pytest.mark.field(
    "h22", "Rows that an older release put into quarantine, in a table of fewer columns", "right"
)
def test_quarantine_of_an_older_release_is_judged_again(lake: Any):
    rig = lake("growth", "field-growth-old")
    drop(rig, {"prices/1.csv": f"sku,price,seen_at\na,1.00,{T1}\n,2.00,{T1}\n"}, ["prices"])
    with pytest.MonkeyPatch.context() as patched:
        fewer = {n: k for n, k in quarantine.COLUMNS.items() if n != "history"}
        patched.setattr(quarantine, "COLUMNS", fewer)
        rig.silver("run-1")
    rig.silver("run-2", full_refresh=True)
    kept = rig.rows("quarantine.prices_rows", "reasons", "run_id", "history")
    assert kept == [(["missing_key"], "run-1", None)]
